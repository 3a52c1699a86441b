#!/usr/bin/env bash
# Checks our code: its form with clang-format, its substance with clang-tidy, and the scripts with shellcheck.
#
#   scripts/lint.sh [--all] [--fix] [--format-only]
#
#   --all          every file; else those that differ from the branch 'main', and those not committed yet
#   --fix          writes what can be corrected
#   --format-only  without clang-tidy, which takes minutes

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly BASE_BRANCH=main
readonly OUR_FOLDERS='^(include|core|storage|providers|mcp|actors|runtime|http|cli|tests|examples|bench)/'

all=false fix=false tidy=true
for argument in "$@"; do
  case "$argument" in
    --all) all=true ;;
    --fix) fix=true ;;
    --format-only) tidy=false ;;
    -h | --help) usage "$0"; exit 0 ;;
    *) fail "unknown option '$argument'" "Try scripts/lint.sh --help" ;;
  esac
done
cd "$FLOTILLA_ROOT"
needed=(clang-format shellcheck)
if $tidy; then needed+=(clang-tidy); fi
for tool in "${needed[@]}"; do
  have "$tool" || fail "$tool is missing." "Run scripts/install.sh --lint first."
done

# The files to check, one a line.
candidates() {
  if $all; then
    git ls-files
  else
    git diff --name-only --diff-filter=d "$(git merge-base HEAD "$BASE_BRANCH" 2>/dev/null || echo HEAD)"
  fi
  git ls-files --others --exclude-standard
}
mapfile -t files < <(candidates | sort -u)
sources=() scripts=()
for file in "${files[@]}"; do
  [[ -f "$file" ]] || continue
  case "$file" in
    *.cpp | *.hpp) if [[ "$file" =~ $OUR_FOLDERS ]]; then sources+=("$file"); fi ;;
    *.sh | .ci/run) scripts+=("$file") ;;
  esac
done

bad=0
if ((${#sources[@]} > 0)); then
  step "clang-format: ${#sources[@]} files"
  if $fix; then
    clang-format -i "${sources[@]}"
  else
    clang-format --dry-run --Werror "${sources[@]}" || bad=1
  fi
fi

if ((${#scripts[@]} > 0)); then
  step "shellcheck: ${#scripts[@]} files"
  shellcheck -x "${scripts[@]}" || bad=1
fi

mapfile -t units < <(printf '%s\n' "${sources[@]}" | grep '\.cpp$' || true)
if $tidy && ((${#units[@]} > 0)); then
  # Its own build folder: clang cannot read the precompiled headers of another compiler.
  mkdir -p build
  cmake --preset release -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >build/lint.log 2>&1 ||
    fail "configuring for clang-tidy" "See build/lint.log"
  step "clang-tidy: ${#units[@]} files"
  tidy_options=(-p build/lint --quiet)
  if $fix; then tidy_options+=(--fix); fi
  # -t says which file is being checked.
  printf '%s\0' "${units[@]}" | xargs -0 -n 1 -P "$(compile_jobs)" -t clang-tidy "${tidy_options[@]}" || bad=1
fi

((bad == 0)) || fail "lint" "scripts/lint.sh --fix corrects what can be corrected by itself."
step "Nothing to object to"
