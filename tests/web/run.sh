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
    "$dosi" sample --scale small --hours 672 >"$work/sample"
    . "$root/tests/web/results.sh"
    # The sample city is not bad enough for alerts: one that was over, and one that stands.
    { echo station,zone; echo a,north; echo b,south; } >"$work/zones.csv"
    {
        echo station,time,pm25_ugm3
        h=0
        for v in 20 80 80 30 20 90 160; do
            h=$((h + 1))
            echo "a,2020-02-01 0$h:00,$v"
            echo "b,2020-02-01 0$h:00,20"
        done
    } >"$work/hours.csv"
    for name in zones hours; do
        "$dosi" add "$work/$name.csv" --as "sample/alert-$name" --visibility public >/dev/null
    done
    "$dosi" alerts watch sample --dataset sample/alert-hours --stations sample/alert-zones \
        --zone zone >"$work/alerts"
    "$dosi" alerts hook desk --url http://127.0.0.1:9/ >>"$work/alerts"
    "$dosi" alerts run >>"$work/alerts"
    # Its twelfth try fails as well: given up.
    python3 - <<'PY'
import json
state = json.load(open("alerts/state.json"))
for message in state["outbox"]:
    message.update(tries=11, due_us=0)
json.dump(state, open("alerts/state.json", "w"))
PY
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
[ -z "$dosi" ] || node --test tests/web/air.test.mjs
