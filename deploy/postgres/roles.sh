#!/usr/bin/env bash
# Run once by the postgres image: the role that migrates, and the one that the services use.
set -euo pipefail

psql --set=ON_ERROR_STOP=1 --set=owner="$TOCSIN_OWNER_PASSWORD" --set=app="$TOCSIN_APP_PASSWORD" \
    --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role tocsin_owner login createdb password :'owner';
create role tocsin_app login password :'app';
SQL
