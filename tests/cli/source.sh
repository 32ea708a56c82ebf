# Goal: a feed is added with its key out of sight, runs against a server that answers as the
# official one does, joins only what is new to its dataset, and says what failed and when it is
# due again.
server=$(dirname "$DOSI")/tests/feed_server
mkfifo "$WORK/hours"
"$server" <"$WORK/hours" >"$WORK/port" &
exec 7>"$WORK/hours"
for _ in $(seq 100); do [ -s "$WORK/port" ] && break; sleep 0.05; done
port=$(cat "$WORK/port")
[ -n "$port" ] || fail "the local server did not start"
"$DOSI" init "$WORK/lab" >/dev/null
cd "$WORK/lab"
key='f1xture+key/=='
printf '%s\n' "$key" >"$WORK/key"
"$DOSI" source add air --kind airkorea --as sample/air-feed --every 1h --key-file "$WORK/key" \
  --base-url "http://127.0.0.1:$port/airkorea" >out.txt || fail "add"
! grep -q f1xture out.txt || fail "the key is printed"

# The key is nowhere in the lab as it is.
! grep -rqF "f1xture" . || fail "the key stands in: $(grep -rlF f1xture .)"
[ "$(stat -c %a secrets/feed-air.sealed)" = 600 ] || fail "the sealed key can be read by others"

"$DOSI" source run air | tee out.txt
grep -q "25 rows in 1 calls, 25 new, 0 changed, version 1" out.txt || fail "first run"
"$DOSI" source run air | grep -q "25 rows in 1 calls, 0 new, 0 changed$" || fail "the same hour is no new version"
echo >&7; sleep 0.2
"$DOSI" source run air | grep -q "25 new, 0 changed, version 2" || fail "the next hour is a new version"
n=$("$DOSI" sql 'select count(*) as n, count(pm25_ugm3) as m from "sample/air-feed"' --format csv | tail -1 | tr -d '\r')
[ "$n" = "50,48" ] || fail "50 rows, 48 values: $n"

# Nothing is due: nothing runs. A wrong key is said in words, without the key.
[ -z "$("$DOSI" source run --due)" ] || fail "nothing is due yet"
printf 'f1xture-wrong' | "$DOSI" source add bad --kind seoul-open-data --key-stdin --as sample/bad \
  --base-url "http://127.0.0.1:$port" >/dev/null
! "$DOSI" source run --due >out.txt 2>&1 || fail "a wrong key is a failure"
grep -q "INFO-100: the key is not valid" out.txt || fail "what is wrong: $(cat out.txt)"
"$DOSI" source list >out.txt
grep -q "failed: the API answers INFO-100" out.txt || fail "the list tells it: $(cat out.txt)"
! grep -rqF "f1xture" . || fail "the key stands in: $(grep -rlF f1xture .)"

# The calls of a day are kept to.
"$DOSI" source add few --kind airkorea --as sample/few --daily-limit 1 --key-file "$WORK/key" \
  --base-url "http://127.0.0.1:$port/airkorea" >/dev/null
"$DOSI" source run few >/dev/null
! "$DOSI" source run few >out.txt 2>&1 || fail "one call a day"
grep -q "used up" out.txt || fail "the limit is said: $(cat out.txt)"

"$DOSI" source remove bad >/dev/null
[ ! -e secrets/feed-bad.sealed ] || fail "its key goes with it"
! "$DOSI" source run bad 2>out.txt || fail "it is gone"
! "$DOSI" source add x --kind airkorea --as sample/x --key-file "$WORK/key" --base-url file:///etc \
  2>/dev/null || fail "only http"
! "$DOSI" source add ../x --kind airkorea --as sample/x --key-file "$WORK/key" 2>/dev/null || fail "a name that is a path"
"$DOSI" audit verify >/dev/null || fail "the audit"
exec 7>&-
wait

# Seoul's stations have the names by which its people know them, roads as well; others their code.
printf 'station,lat,lon\n111123,37.572,127.005\n111143,37.541,127.05\n238111,35.1,129.0\n' > "$WORK/stations.csv"
"$DOSI" add "$WORK/stations.csv" --source airkorea-stations --as sample/named --quiet || fail "the stations are not taken"
"$DOSI" sql 'SELECT station, name, kind FROM "sample/named" ORDER BY station' --format csv | tr -d '\r' > names.txt
printf 'station,name,kind\n111123,종로구,urban\n111143,강변북로,roadside\n238111,238111,\n' | diff - names.txt || fail "names of stations"
