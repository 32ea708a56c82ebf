#!/usr/bin/env bash
# Drives the pages in Chromium. With a program, against a lab of its own: a small sample city, its
# study run, served on a free port. Without one, against the made-up lab (mock.mjs).
# Usage: tests/web/run.sh [DOSI]. Screenshots are left in test-output/web.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
dosi=${1:-${DOSI:-}}

work=$(mktemp -d)
server=""
finish() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
    rm -rf "$work"
}
trap finish EXIT

[ -f web/dist/index.html ] || npx --no-install vite build web

if [ -n "$dosi" ]; then
    dosi=$(realpath "$dosi")
    "$dosi" init "$work/lab" --title "도시데이터사이언스연구소" >"$work/init"
    DOSI_PASSWORD=$(sed -n 's/^One-time password.*: //p' "$work/init")
    cd "$work/lab"
    "$dosi" sample --scale small >"$work/sample"
    "$dosi" study run "$root/studies/air-now.yaml" --org sample >"$work/study"
    "$dosi" alerts watch sample --dataset sample/air-hourly --stations sample/stations \
        --zone district >"$work/alerts"
    "$dosi" alerts run >>"$work/alerts"
    : >"$work/serve"
    DOSI_STUDIES="$root/studies" "$dosi" serve --port 0 --web "$root/web/dist" >"$work/serve" 2>&1 &
    server=$!
    for _ in $(seq 100); do
        DOSI_URL=$(sed -n 's,.*\(http://[0-9.]*:[0-9]*\).*,\1,p' "$work/serve" | head -1)
        [ -z "$DOSI_URL" ] || break
        kill -0 "$server" 2>/dev/null || { cat "$work/serve"; exit 1; }
        sleep 0.1
    done
    [ -n "$DOSI_URL" ] || { echo "the server did not say its address"; cat "$work/serve"; exit 1; }
    export DOSI_URL DOSI_PASSWORD
    cd "$root"
fi
node --test tests/web/pages.test.mjs
