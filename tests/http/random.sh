# Goal: random requests, for a while, neither stop the server nor get a 500 from it; at its end nothing leaks.
# DOSI_RANDOM_SECONDS and DOSI_RANDOM_SEED set how long and which; bench/soak does it for half an hour.

"$DOSI" init "$WORK/lab" >/dev/null
cd "$WORK/lab"
"$DOSI" sample --scale small --hours 24 >/dev/null 2>&1
token=$("$DOSI" token create random --scopes see,read --days 1 | grep -oE '[A-Za-z0-9_-]{24,}' | head -1)
[ -n "$token" ] || fail "no token"
"$DOSI" serve --port 0 --web "$WORK" >"$WORK/said" 2>"$WORK/complaints" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$WORK"' EXIT
for _ in $(seq 100); do
    grep -q "Dosi is at" "$WORK/said" && break
    sleep 0.1
done
port=$(sed -n 's/^Dosi is at .*:\([0-9]*\)\/ .*/\1/p' "$WORK/said")
[ -n "$port" ] || fail "the server does not start: $(cat "$WORK/complaints")"
DOSI_RANDOM_TOKEN=$token "$(dirname "$DOSI")/tests/random_requests" "$port" "${DOSI_RANDOM_SECONDS:-20}" \
    "${DOSI_RANDOM_SEED:-1}" 2>"$WORK/faults" || {
    head -c 6000 "$WORK/faults"
    tail -c 6000 "$WORK/complaints"
    fail "random requests"
}
curl -fs "http://127.0.0.1:$port/ogc/" >/dev/null || fail "the server no longer answers"
[ -n "${DOSI_RANDOM_SHOW:-}" ] && cat "$WORK/faults"
kill $server
wait $server || { tail -c 8000 "$WORK/complaints"; fail "the server ended with $?"; }
