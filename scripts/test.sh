#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. The last lines are ctest's own summary.
#
#   scripts/test.sh [--asan | --debug] [--no-install] [CTEST OPTIONS…]
#
#   --asan         with AddressSanitizer and UndefinedBehaviorSanitizer
#   --debug        with assertions and without optimisation
#   --no-install   does not look for missing packages
#   e.g.           scripts/test.sh -R storage

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly TESTS_AT_ONCE=2

preset=release
install=true
while (($# > 0)); do
  case "$1" in
    --asan) preset=asan ;;
    --debug) preset=debug ;;
    --no-install) install=false ;;
    -h | --help) usage "$0"; exit 0 ;;
    *) break ;;
  esac
  shift
done

scripts="$FLOTILLA_ROOT/scripts"
if $install; then "$scripts/install.sh"; fi
"$scripts/build.sh" "$preset"

step "Running the tests"
cd "$FLOTILLA_ROOT"
exec ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$TESTS_AT_ONCE" "$@"
