#!/usr/bin/env bash
# Sees to it that what the recipes need is there, for their tests, which skip without it: pandas, SciPy and scikit-learn of
# Debian, and the shell of SQLite. It takes about a minute.
set -euo pipefail

if command -v sqlite3 >/dev/null && /usr/bin/python3 -c 'import pandas, scipy, sklearn' 2>/dev/null; then
  echo "what is there already"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "none: there is no apt-get here, and the tests of recipes without their tools are skipped"
  exit 0
fi
if ! timeout 240 bash -c 'apt-get update -qq &&
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-pandas python3-scipy python3-sklearn sqlite3 >/dev/null'; then
  echo "none: Debian's could not be installed, and the tests of recipes without their tools are skipped"
  exit 0
fi
echo "Debian's pandas $(/usr/bin/python3 -c 'import pandas; print(pandas.__version__)')"
