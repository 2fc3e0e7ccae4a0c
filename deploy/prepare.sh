# Sourced by deploy/quickstart and Tests/run: installs what a build and a local pool need, and builds with progress.
# Everything here checks first and does nothing when nothing is missing.
# shellcheck shell=bash

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
environment="$repository/.venv"
python="$environment/bin/python"

# Libraries that the build links with, and pkg-config to find them.
build_packages=(libnghttp2-dev libprotobuf-c-dev libsimdjson-dev libxxhash-dev zlib1g-dev pkg-config)

note() { printf '%s\n' "== $*" >&2; }

fail() {
  printf '%s\n' "error: $*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "installing packages needs root or sudo: $*"
  fi
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages NAME... — installs the Debian packages of that list that are missing.
install_packages() {
  local name
  local missing=()
  command -v dpkg-query >/dev/null \
    || fail "this is not Debian or Ubuntu; install the equivalents of $* and use --bin-dir with your own build"
  for name in "$@"; do
    is_installed "$name" || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  note "installing ${missing[*]}"
  as_root apt-get update -qq </dev/null
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    </dev/null >/dev/null
}

prepare_build() {
  command -v swift >/dev/null || fail "no swift in PATH; install Swift 6.1 or later from https://swift.org/install"
  install_packages "${build_packages[@]}"
}

# prepare_python — makes .venv with Envoy and the Python packages, anew when their lists change.
prepare_python() {
  local packages="$repository/deploy/localpool/requirements.txt"
  local replacements="$repository/deploy/localpool/replacements.txt"
  local installed="$environment/installed.txt"
  cat "$packages" "$replacements" | cmp -s - "$installed" && return 0
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv
  note "installing Envoy and Python packages into ${environment#"$repository"/}"
  python3 -m venv --clear "$environment"
  "$python" -m pip install --quiet --disable-pip-version-check --requirement "$packages"
  "$python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
    --requirement "$replacements"
  cat "$packages" "$replacements" >"$installed"
}

# Run-time exclusivity checks find mistakes in Swift code that compile-time checks cannot see. They cost a tenth of the
# time of a request; a debug build (`swift test`) has them.
optimizations=(-Xswiftc -enforce-exclusivity=unchecked)

# build [ARGUMENT...] — `swift build` in release mode, its output in a log file shown on failure, with signs of life.
# shellcheck disable=SC2120
build() (
  log=$(mktemp -t epp-build.XXXXXX)
  trap 'kill "$builder" 2>/dev/null || true; rm -f "$log"' EXIT
  started=$SECONDS
  shown=0
  note "building (release); the first build takes some minutes"
  swift build --package-path "$repository" -c release "${optimizations[@]}" "$@" </dev/null >"$log" 2>&1 &
  builder=$!
  while kill -0 "$builder" 2>/dev/null; do
    elapsed=$((SECONDS - started))
    step=$(grep -aoE '^\[[0-9]+/[0-9]+\]' "$log" | tail -n 1 || true)
    if [ -t 2 ]; then
      printf '\r   %d:%02d %s   ' $((elapsed / 60)) $((elapsed % 60)) "$step" >&2
    elif [ $((elapsed - shown)) -ge 30 ]; then
      shown=$elapsed
      printf '   %d:%02d %s\n' $((elapsed / 60)) $((elapsed % 60)) "$step" >&2
    fi
    sleep 1
  done
  [ ! -t 2 ] || printf '\r\033[K' >&2
  if ! wait "$builder"; then
    tail -n 60 "$log" >&2
    fail "the build failed"
  fi
  note "built in $((SECONDS - started)) s"
)
