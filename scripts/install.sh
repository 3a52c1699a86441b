#!/usr/bin/env bash
# Installs what Flotilla's build needs and this Debian 12 does not have yet. Nothing else is touched.
#
#   scripts/install.sh [--lint] [--list]
#
#   --lint   also what scripts/lint.sh needs
#   --list   only prints what is missing

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The README's table says what each library is for.
packages=(
  g++ cmake ninja-build ccache pkg-config curl ca-certificates
  libasio-dev libboost-test-dev libcaf-dev libcli11-dev libcurl4-openssl-dev libexpected-dev libicu-dev
  librestinio-dev librocksdb-dev libsodium-dev libspdlog-dev nlohmann-json3-dev prometheus-cpp-dev
)
lint_packages=(clang-format clang-tidy shellcheck)

list_only=false
for argument in "$@"; do
  case "$argument" in
    --lint) packages+=("${lint_packages[@]}") ;;
    --list) list_only=true ;;
    -h | --help) usage "$0"; exit 0 ;;
    *) fail "unknown option '$argument'" "Try scripts/install.sh --help" ;;
  esac
done

have dpkg-query || fail "this is no Debian system: dpkg is missing." \
  "Install these packages' equivalents yourself: ${packages[*]}"

is_installed() { [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

# The conformance tests take any node from 18 on with its npm, whoever installed it.
have node || packages+=(nodejs)
have npm || packages+=(npm)

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done

if $list_only; then
  ((${#missing[@]} == 0)) || printf '%s\n' "${missing[@]}"
  exit 0
fi
if ((${#missing[@]} == 0)); then
  step "All ${#packages[@]} packages that the build needs are installed"
  exit 0
fi

step "Installing ${#missing[@]} of ${#packages[@]} packages: ${missing[*]}"
[[ $EUID -eq 0 ]] || say "This needs root; sudo may ask for your password."
say "Reading the package lists"
as_root apt-get update -qq || fail "apt-get update" \
  "Is there a network, and is /etc/apt/sources.list right? Then run scripts/install.sh again."
as_root apt-get install --yes --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" || fail "apt-get install" \
  "Read apt's own words above. On anything but Debian 12 (bookworm) a package may have another name." \
  "After a broken installation: apt-get --fix-broken install. Then run scripts/install.sh again."
step "Installed"
