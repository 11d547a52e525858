#!/usr/bin/env bash
# Sees to it that what the recipes need is there, for their tests, which skip without it: Polars of npm, and pandas, SciPy,
# scikit-learn and the shell of SQLite of Debian. It takes about a minute.
set -euo pipefail
cd "$(dirname "$0")/recipes"

if timeout 120 npx -y pnpm@10.34.9 install --ignore-workspace --frozen-lockfile >/dev/null; then
  echo "Polars of npm"
else
  echo "no Polars: it could not be installed, and its recipe is not run"
fi

if command -v sqlite3 >/dev/null && /usr/bin/python3 -c 'import pandas, scipy, sklearn' 2>/dev/null; then
  echo "pandas, SciPy, scikit-learn and SQLite, which are there already"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "no more: there is no apt-get here, and recipes without their tools are not run"
  exit 0
fi
if ! timeout 240 bash -c 'apt-get update -qq &&
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-pandas python3-scipy python3-sklearn sqlite3 >/dev/null'; then
  echo "no more: Debian's could not be installed, and recipes without their tools are not run"
  exit 0
fi
echo "Debian's pandas $(/usr/bin/python3 -c 'import pandas; print(pandas.__version__)'), SciPy, scikit-learn and SQLite"
