-- Subjects of messages stand here sealed, as in the log. Frozen: a later change is a file of its own.

alter table notifications alter column subject type jsonb using to_jsonb(subject);
