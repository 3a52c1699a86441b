# shellcheck shell=bash
# What the scripts share: where the checkout is, how they speak, how they become root. To be sourced.

set -euo pipefail

FLOTILLA_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export FLOTILLA_ROOT
readonly MIB_PER_COMPILER=1400  # what one compiler process may take where CAF or RESTinio is included
export DEBIAN_FRONTEND=noninteractive

if [[ -t 1 ]]; then
  bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' red='' plain=''
fi

# step TEXT: says what is done next, with the seconds since the script began.
step() { printf '%s==> [%3ds] %s%s\n' "$bold" "$SECONDS" "$*" "$plain"; }
say() { printf '    %s\n' "$*"; }
# fail TEXT [WHAT TO DO]…: ends the script.
fail() {
  printf '%sFailed: %s%s\n' "$red" "$1" "$plain" >&2
  shift
  if (($# > 0)); then printf '%s\n' "$@" | sed 's/^/        /' >&2; fi
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND…: with sudo where we are not root.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif have sudo; then
    sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else
    fail "'$1' needs root, and there is no sudo." "Run the script as root, or install sudo."
  fi
}

# usage FILE: prints the comment at a script's top, which is its help.
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$1"; }

# compile_jobs: how many compilers may run at once on this machine's cores and memory.
compile_jobs() {
  local cores available_mib by_memory
  cores="$(nproc)"
  available_mib="$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)"
  by_memory=$((available_mib / MIB_PER_COMPILER))
  ((by_memory >= 1)) || by_memory=1
  ((cores < by_memory)) && echo "$cores" || echo "$by_memory"
}
