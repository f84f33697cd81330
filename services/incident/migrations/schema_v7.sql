-- When an imported incident was declared; of our own `created_at` says it. Frozen: a later change is a file of its own.

alter table incidents add column declared_at timestamptz;
