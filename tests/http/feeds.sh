# Goal: a server runs the feeds of its lab when they are due, by itself, as the account that added
# them, and says what failed.
feeds=$(dirname "$DOSI")/tests/feed_server
mkfifo "$WORK/hours"
"$feeds" <"$WORK/hours" >"$WORK/port" &
exec 7>"$WORK/hours"
for _ in $(seq 100); do [ -s "$WORK/port" ] && break; sleep 0.05; done
port=$(cat "$WORK/port")
[ -n "$port" ] || fail "the local source did not start"
"$DOSI" init "$WORK/lab" >/dev/null
cd "$WORK/lab"
printf 'f1xture+key/==' | "$DOSI" source add air --kind airkorea --as sample/air-feed --every 1h --key-stdin \
  --base-url "http://127.0.0.1:$port/airkorea" >/dev/null || fail "add"
printf 'wrong' | "$DOSI" source add bad --kind seoul-open-data --as sample/bad --every 1h --key-stdin \
  --base-url "http://127.0.0.1:$port" >/dev/null || fail "add"
"$DOSI" serve --port 0 >serve.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; exec 7>&-; rm -rf "$WORK"' EXIT

rows() { "$DOSI" sql 'select count(*) as n from "sample/air-feed"' --format csv 2>/dev/null | tail -1 | tr -d '\r'; }
for _ in $(seq 200); do [ "$(rows)" = 25 ] && grep -q INFO-100 feeds/log.txt 2>/dev/null && break; sleep 0.1; done
[ "$(rows)" = 25 ] || fail "the feed did not run by itself: $(rows) $(cat serve.log feeds/log.txt)"
"$DOSI" source list >list.txt
grep -q "25 rows, 25 new" list.txt || fail "the list tells what it did: $(cat list.txt)"
grep -q "failed: .*INFO-100" list.txt || fail "the list tells what failed: $(cat list.txt)"
"$DOSI" audit list --limit 50 2>/dev/null | grep -q feed || "$DOSI" audit 2>/dev/null | grep -q feed || grep -rq '"feed"' audit || fail "the audit names the channel"
kill $server
wait $server || fail "the server ended with $?"
