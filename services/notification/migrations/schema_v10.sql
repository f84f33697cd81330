-- Chats of contacts; what has been read in an inbox. Frozen: a later change is a file of its own.

alter table contacts add column chat text;
alter table notifications add column read_at timestamptz;
create index notifications_inbox on notifications (person, created_at desc, id desc)
    where to_position is null and channel = 'inbox';
