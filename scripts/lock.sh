#!/bin/sh
# Writes requirements/*.txt from pyproject.toml: every package pinned with its hashes, for every platform, and no address in them.
# `sh scripts/lock.sh` keeps the pins that still fit; `sh scripts/lock.sh --upgrade` takes the newest.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "make lock needs uv on PATH" >&2; exit 1; }

compile() {
  out=$1; shift
  uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
    --generate-hashes --no-emit-index-url --no-header --no-annotate "$@" --output-file "requirements/$out.txt"
}

# The largest first: the smaller ones are bound by it, so that a package has one version in all of them.
compile dev "$@" --extra test --extra dev --group pyproject.toml:build pyproject.toml
compile test "$@" --extra test --constraint requirements/dev.txt pyproject.toml
compile run "$@" --constraint requirements/dev.txt pyproject.toml
compile build "$@" --constraint requirements/dev.txt --group pyproject.toml:build
compile peers "$@" --group pyproject.toml:peers

if grep -n '://' requirements/*.txt; then echo "a lock names an address" >&2; exit 1; fi
wc -l requirements/*.txt
