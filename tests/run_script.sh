#!/usr/bin/env bash
# Runs one script test: $1 the script, $2 the program. Gives it $DOSI, an empty $WORK, and `fail`.
set -euo pipefail
script=$(realpath "$1")
DOSI=$(realpath "$2")
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SHARED="$ROOT/../shared"
WORK=$(mktemp -d)
export DOSI ROOT SHARED WORK
trap 'rm -rf "$WORK"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*"; exit 77; }
need_shared() { [ -d "$SHARED/data" ] || skip "needs ../shared, which is absent"; }
# shellcheck disable=SC1090
. "$script"
