#!/usr/bin/env bash
# Sees to it that a PostgreSQL server answers on 127.0.0.1:5432, with a database "test" and no password asked:
# the one that is there, or else Debian's.
set -euo pipefail

answers() { (exec 3<>/dev/tcp/127.0.0.1/5432) 2>/dev/null; }
as_postgres() { (cd / && su postgres -c "$1"); }

if answers; then
  echo "the one that runs already"
  exit 0
fi
if ! command -v pg_ctlcluster >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null
fi
version=$(ls /etc/postgresql | sort -n | tail -1)
sed -i -E 's#^(host +all +all +127\.0\.0\.1/32 +).*#\1trust#' "/etc/postgresql/$version/main/pg_hba.conf"
pg_ctlcluster --skip-systemctl-redirect "$version" main restart
for _ in $(seq 60); do
  if answers; then break; fi
  sleep 1
done
answers || { echo "PostgreSQL $version does not answer on 127.0.0.1:5432"; exit 1; }
as_postgres "psql -Atqc \"select 1 from pg_database where datname = 'test'\"" | grep -q 1 || as_postgres "createdb test"
echo "Debian's PostgreSQL $version, started"
