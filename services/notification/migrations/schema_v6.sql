-- Quiet hours of contacts; notifications that are held. Frozen: a later change is a file of its own.

alter table contacts add column quiet_hours jsonb not null default 'null';
alter table notifications add column held boolean not null default false;
create index notifications_way on notifications (contact, channel, created_at) where to_position is null;
