#!/usr/bin/env bash
# Sees to it that a browser is there for the tests of reports, which skip without one: the one that is there, or else
# Debian's, which takes about twenty seconds.
set -euo pipefail

if command -v chromium >/dev/null; then
  echo "the one that is there already"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "none: there is no apt-get here, and the tests in a browser are skipped"
  exit 0
fi
if ! timeout 180 bash -c 'apt-get update -qq &&
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null'; then
  echo "none: Debian's could not be installed, and the tests in a browser are skipped"
  exit 0
fi
echo "Debian's $(chromium --version --no-sandbox)"
