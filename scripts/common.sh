# SPDX-License-Identifier: Apache-2.0
#
# What scripts/try and scripts/test share: installing what is missing and running a step quietly.
# Sourced, not run. Everything that these print goes to stderr, so stdout is free for an answer.

# shellcheck shell=bash disable=SC2034,SC2191
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Debian packages, each with the command that makes it unnecessary where there is one.
to_build=(g++=g++ cmake=cmake ninja-build=ninja libfmt-dev nlohmann-json3-dev libyaml-cpp-dev
          libcli11-dev libhwy-dev libtinyxml2-dev catch2 python3=python3)
to_test=("${to_build[@]}" clang-format-14=clang-format-14 clang-tidy-14=clang-tidy-14 python3-jsonschema
         python3-markdown libxml2-utils=xmllint)

say() { printf '%s\n' "$*" >&2; }

is_there() {  # PACKAGE[=COMMAND]
  [[ $1 == *=* ]] && command -v "${1#*=}" >/dev/null && return
  [[ $(dpkg-query -W -f '${db:Status-Status}' "${1%%=*}" 2>/dev/null) == installed ]]
}

# Asks for a password only where somebody can type one.
as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"
  elif [[ -t 0 ]]; then sudo "$@"
  else sudo -n "$@"; fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

install_packages() {
  apt update || say "apt-get update failed; trying with the lists that are here"
  apt install --yes --no-install-recommends "$@"
}

# Installs those of the packages that are absent, and does not touch apt if none is.
need() {  # PACKAGE[=COMMAND]…
  local package missing=()
  command -v dpkg-query >/dev/null || return 0  # not Debian: cmake will say what it lacks
  for package; do is_there "$package" || missing+=("${package%%=*}"); done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
    say "These packages are missing, and there is no sudo to install them with. As root:"
    say "    apt-get install --no-install-recommends ${missing[*]}"
    exit 1
  fi
  step "install ${#missing[@]} packages" install_packages "${missing[@]}"
}

# Runs a command and says how long it took; what it printed is shown only if it fails.
step() {  # NAME COMMAND…
  local name=$1 log started=$SECONDS
  shift
  mkdir -p build/log
  log=build/log/${name//[^a-z0-9]/-}.log
  printf '%-22s' "$name" >&2
  if "$@" >"$log" 2>&1; then
    printf '%5d s\n' $((SECONDS - started)) >&2
  else
    printf ' FAILED\n' >&2
    failure "$log" >&2
    say "$name failed: $*"
    say "all of its output: $log"
    exit 1
  fi
}

# What a person wants of a failed step: without the tests that passed, and not without end.
failure() {  # LOG
  grep -vE '^ +Start +[0-9]+: |Test +#[0-9]+: .* Passed +[0-9.]+ sec$' "$1" | tail -n 200
}

# From nothing, folders compiled as one are built in half of the time.
configure() { cmake --preset "$1" -DCMAKE_UNITY_BUILD=ON; }

build() {  # PRESET [TARGET…]
  configure "$1" && cmake --build "build/$1" ${2:+--target "${@:2}"} -- --quiet
}
