-- Subscriptions that page by an escalation policy. Frozen: a later change is a file of its own.

alter table subscriptions alter column contact drop not null;
alter table subscriptions alter column channel drop not null;
alter table subscriptions add column escalation_policy text;
create index subscriptions_policy on subscriptions (escalation_policy)
    where to_position is null and not retired and escalation_policy is not null;
