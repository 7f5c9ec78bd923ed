#!/usr/bin/env bash
# Installs what building, running and testing Binferry needs, on Debian 12 or later.
#
# Packages of the distribution only; nothing is configured and no service is started: the database
# servers are unpacked into the cache by deploy/dev/stack. Quick, and without a network, where all is
# there already. Run it as root or as a user with sudo.
#
#   deploy/install.sh            everything
#   deploy/install.sh --build    only what building needs
set -euo pipefail

build=(
  build-essential cmake ninja-build ccache mold clang clang-format libclang-rt-14-dev pkg-config
  protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libgrpc++-dev libabsl-dev libpqxx-dev
  librdkafka-dev libre2-dev libmariadb-dev libgtest-dev libgmock-dev googletest libbenchmark-dev libspdlog-dev
  libcli11-dev nlohmann-json3-dev libyaml-cpp-dev libzstd-dev libsodium-dev libssl-dev libcurl4-openssl-dev
  zlib1g-dev dpkg-dev xz-utils
)
runtime=(
  default-jre-headless maven debian-archive-keyring ca-certificates procps
  python3 python3-pytest python3-pytest-xdist python3-yaml python3-pymysql python3-cryptography
  python3-confluent-kafka python3-grpcio python3-protobuf libnuma1 libaio1
)
if [[ ${1:-} == --build ]]; then
  runtime=()
fi

# What later releases call otherwise.
renamed() {
  case "$1" in
    libclang-rt-14-dev) echo libclang-rt-dev ;;
    libaio1) echo libaio1t64 ;;
    libnuma1) echo libnuma1 ;;
  esac
}

# Virtual packages and packages of another name count too: what matters is that dpkg has one of them.
installed() {
  local state
  state=$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) && [[ $state == installed ]]
}

missing=()
for package in "${build[@]}" "${runtime[@]}"; do
  other=$(renamed "$package")
  installed "$package" || { [[ -n $other ]] && installed "$other"; } || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || {
    echo "install.sh: not root and no sudo; as root: apt-get install ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi

# One at a time: apt-get itself gives up at once where another holds its lock.
apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -q)
log=$(mktemp)
ticker=
trap 'rm -f "$log"; [[ -z $ticker ]] || kill "$ticker"' EXIT
exec {never}<> <(:) # Reading it waits without a process of its own.
tick() {
  while true; do
    read -r -t 10 -u "$never" || true
    echo "   $SECONDS s  apt-get $1: $(tail -n 1 "$log" | cut -c 1-100)"
  done
}
run() {
  tick "$1" &
  ticker=$!
  "${as_root[@]}" "${apt[@]}" "$@" >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    echo "install.sh: apt-get $1 failed" >&2
    exit 1
  }
  kill "$ticker"
  ticker=
}

echo "installing ${#missing[@]} packages: ${missing[*]}"
run update
chosen=()
for package in "${missing[@]}"; do
  if ! apt-cache show "$package" >/dev/null 2>&1; then
    package=$(renamed "$package")
  fi
  chosen+=("$package")
done
run install -y --no-install-recommends "${chosen[@]}"
