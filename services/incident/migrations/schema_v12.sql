-- What a source stated beside is shown, never searched. Frozen: a later change is a file of its own.

alter table incidents alter column stated type text using stated::text;
