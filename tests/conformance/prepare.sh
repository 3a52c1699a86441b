#!/usr/bin/env bash
# Installs the npm packages that the conformance tests use, where they are not there as the lock file names them.
# ctest runs this once before those tests. It needs a network the first time only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly ATTEMPTS=3 PAUSE_SECONDS=2 OLDEST_NODE=18

fail() {
  printf 'Failed: %s\n' "$@" >&2
  exit 1
}

for tool in node npm; do
  command -v "$tool" >/dev/null || fail "$tool is missing. Run scripts/install.sh, which installs it."
done
major="$(node --version | sed -E 's/^v([0-9]+).*/\1/')"
((major >= OLDEST_NODE)) || fail "node $(node --version) is too old: at least $OLDEST_NODE is needed."

# The copy is made last: an installation that was interrupted is made again.
if cmp -s package-lock.json node_modules/.lock-of-this-installation; then
  echo "The packages are there."
  exit 0
fi
for ((attempt = 1; attempt <= ATTEMPTS; attempt++)); do
  if npm ci --no-audit --no-fund --ignore-scripts; then
    cp package-lock.json node_modules/.lock-of-this-installation
    exit 0
  fi
  echo "npm ci failed ($attempt of $ATTEMPTS)" >&2
  if ((attempt < ATTEMPTS)); then sleep "$PAUSE_SECONDS"; fi
done
fail "npm ci, $ATTEMPTS times. Is there a network, and does 'npm ping' reach the registry?" \
  "Without one, leave these tests out: ctest -E '^conformance'"
