#!/usr/bin/env bash
# Configures and builds. The release program ends at build/release/flotilla.
#
#   scripts/build.sh [PRESET] [CMAKE BUILD OPTIONS…]
#
#   PRESET   release (the default), debug, asan or fuzz; see CMakePresets.json
#   e.g.     scripts/build.sh release --target flotilla
#
# FLOTILLA_JOBS sets how many compilers run at once; else it follows from the cores and the free memory.

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

preset=release
case "${1:-}" in
  -h | --help) usage "$0"; exit 0 ;;
  '' | -*) ;;
  *) preset="$1"; shift ;;
esac

for tool in cmake ninja c++; do
  have "$tool" || fail "$tool is missing." "Run scripts/install.sh first."
done
cd "$FLOTILLA_ROOT"

step "Configuring the preset '$preset'"
cmake --preset "$preset" || fail "configuring" \
  "Run scripts/install.sh, which installs what is missing, and try again." \
  "Where an old build is in the way: rm -r build/$preset"

jobs="${FLOTILLA_JOBS:-$(compile_jobs)}"
step "Building with $jobs compilers at once (the first build takes some minutes)"
cmake --build --preset "$preset" --parallel "$jobs" "$@" || fail "building" \
  "The compiler's words stand above. Where it was killed, memory ran out: FLOTILLA_JOBS=1 scripts/build.sh $preset"
step "Built in build/$preset"
