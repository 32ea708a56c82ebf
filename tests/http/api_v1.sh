# Goal: what the web pages use answers as docs/api.md says, to the right people only.

cd "$WORK"
password=$("$DOSI" init lab --title "시험 연구소" | sed -n 's/.*password[^:]*: *//p' | head -1)
[ -n "$password" ] || fail "init shows no one-time password"
cd lab
"$DOSI" sample --scale small --hours 48 >/dev/null
: >serve.log
"$DOSI" serve --port 0 >serve.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$WORK"' EXIT
for _ in $(seq 100); do
    base=$(sed -n 's/.*\(http:\/\/127\.0\.0\.1:[0-9]*\).*/\1/p' serve.log | head -1)
    [ -n "$base" ] && curl -fsS "$base/api/v1/me" >/dev/null 2>&1 && break
    sleep 0.1
done
[ -n "$base" ] || { cat serve.log; fail "the server does not start"; }

# json EXPRESSION: evaluates a Python expression over the JSON on stdin as `d`.
json() { python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }
# want TEXT GOT WHAT
want() { [ "$1" = "$2" ] || fail "$3: expected $1, got $2"; }
code() { curl -s -o reply.txt -w '%{http_code}' "$@"; }

want None "$(curl -fsS "$base/api/v1/me" | json 'd["user"]')" "a visitor is nobody"
want "시험 연구소" "$(curl -fsS "$base/api/v1/me" | json 'd["lab"]["title"]')" "the lab's title"
want +09:00 "$(curl -fsS "$base/api/v1/me" | json 'd["lab"]["zone"]')" "the lab's zone"
want 17 "$(curl -fsS "$base/api/v1/datasets?organisation=sample" | json 'len(d["datasets"])')" "sample parts are public"
want True "$(curl -fsS "$base/api/v1/datasets/sample/dong" | json 'd["simulated"] and d["has_geometry"]')" "simulated is said"
want 60 "$(curl -fsS "$base/api/v1/datasets/sample/dong/rows?limit=5" | json 'd["total"]')" "total of a page"
want 5 "$(curl -fsS "$base/api/v1/datasets/sample/dong/rows?limit=5" | json 'len(d["rows"])')" "rows of a page"
want 400 "$(code "$base/api/v1/datasets/sample/dong/rows?limit=x")" "a limit that is no number"
want 404 "$(code "$base/api/v1/datasets/sample/nothing")" "no such dataset"
want 61 "$(curl -fsS "$base/api/v1/datasets/sample/dong/download?format=csv" | wc -l)" "CSV has a header and all rows"
want PAR1 "$(curl -fsS "$base/api/v1/datasets/sample/dong/download?format=parquet" | head -c4)" "Parquet is Parquet"
want 60 "$(curl -fsS "$base/api/v1/datasets/sample/dong/download?format=geojson" | json 'len(d["features"])')" "GeoJSON"
curl -fsS "$base/api/v1/datasets/sample/air-hourly/lineage" | json 'd["edges"][0]["to"]' | grep -q '^sample/air-hourly@1$' || fail "lineage ends in the dataset"
curl -fsS "$base/api/v1/dcat" | json 'd["@context"] and 1' >/dev/null || fail "DCAT is not JSON"

# Signing in: wrong, then right; a change by cookie needs the header; sessions end.
want 401 "$(code -X POST "$base/api/v1/session" -d '{"name":"admin","password":"wrong-password"}')" "a wrong password"
want 422 "$(code -X POST "$base/api/v1/session" -d '{"name":')" "a body that is no JSON"
want 200 "$(code -c jar -X POST "$base/api/v1/session" -d "{\"name\":\"admin\",\"password\":\"$password\"}")" "the one-time password"
grep -q HttpOnly jar || fail "the cookie is readable by scripts"
want True "$(curl -fsS -b jar "$base/api/v1/me" | json 'd["must_change_password"]')" "it must be changed"
want 403 "$(code -b jar -X POST "$base/api/v1/password" -d '{"old":"a","new":"b"}')" "a change without X-Dosi"
want 204 "$(code -b jar -H 'X-Dosi: 1' -X POST "$base/api/v1/password" -d "{\"old\":\"$password\",\"new\":\"correct horse battery\"}")" "a new password"
want False "$(curl -fsS -b jar "$base/api/v1/me" | json 'd["must_change_password"]')" "changed"
want 201 "$(code -b jar -H 'X-Dosi: 1' -X POST "$base/api/v1/tokens" -d '{"label":"test","scopes":["see","read"],"days":1}')" "a token"
token=$(json 'd["token"]' <reply.txt)
id=$(json 'd["id"]' <reply.txt)
want admin "$(curl -fsS -H "Authorization: Bearer $token" "$base/api/v1/me" | json 'd["user"]["name"]')" "the token's account"
want 1 "$(curl -fsS -b jar "$base/api/v1/tokens" | json 'len(d["tokens"])')" "tokens are listed"
want 3 "$(curl -fsS -H "Authorization: Bearer $token" -X POST "$base/api/v1/sql" -d '{"sql":"select dong from \"sample/dong\" limit 3"}' | json 'len(d["rows"])')" "SQL by token"
want 204 "$(code -b jar -H 'X-Dosi: 1' -X DELETE "$base/api/v1/tokens/$id")" "the token ends"
want 401 "$(code -H "Authorization: Bearer $token" "$base/api/v1/me")" "an ended token"

# What is not public is not there for a visitor, and is for its people.
"$DOSI" describe sample/air-truth --visibility private >/dev/null
want 404 "$(code "$base/api/v1/datasets/sample/air-truth")" "private, to a visitor"
want 200 "$(code -b jar "$base/api/v1/datasets/sample/air-truth")" "private, to the administrator"
want 401 "$(code "$base/api/v1/audit")" "the audit log, to a visitor"
want True "$(curl -fsS -b jar "$base/api/v1/audit?limit=5" | json 'd["verified"] and len(d["records"]) == 5')" "the audit log"

# Methods as processes.
want 200 "$(code "$base/ogc/processes")" "processes"
want air.cai "$(curl -fsS "$base/ogc/processes/air.cai" | json 'd["id"]')" "a process"
want 404 "$(code "$base/ogc/processes/air.nothing")" "no such process"
want 401 "$(code -X POST "$base/ogc/processes/air.cai/execution" -d '{"inputs":{"observations":"sample/air-hourly"}}')" "running needs a person"
want 200 "$(code -b jar -H 'X-Dosi: 1' -X POST "$base/ogc/processes/air.cai/execution" -d '{"inputs":{"observations":"sample/air-hourly"}}')" "run and wait"
want 201 "$(code -b jar -H 'X-Dosi: 1' -H 'Prefer: respond-async' -X POST "$base/ogc/processes/air.cai/execution" -d '{"inputs":{"observations":"sample/air-hourly"}}')" "run as a job"
job=$(json 'd["jobID"]' <reply.txt)
for _ in $(seq 200); do
    state=$(curl -fsS -b jar "$base/ogc/jobs/$job" | json 'd["status"]')
    [ "$state" = accepted ] || [ "$state" = running ] || break
    sleep 0.1
done
want successful "$state" "the job's end"
want 200 "$(code -b jar "$base/ogc/jobs/$job/results")" "the job's results"
want 404 "$(code "$base/ogc/jobs/$job")" "another's job"
want 400 "$(code -b jar -H 'X-Dosi: 1' -X POST "$base/ogc/processes/air.cai/execution" -d '{"inputs":{"nothing":1}}')" "an input that there is not"

# Events: a new version is told to those who may see it.
timeout 300 curl -sN "$base/api/v1/events" >events.txt &
listener=$!
sleep 0.5
"$DOSI" sample --scale small --hours 24 >/dev/null
for _ in $(seq 200); do # all that is told of it: until nothing new has come for a second
    before=$(wc -c <events.txt)
    sleep 1
    grep -q '^event: version' events.txt && [ "$(wc -c <events.txt)" = "$before" ] && break
done
kill $listener
wait $listener || true
grep -q '^event: version' events.txt || fail "no event of a new version"
grep -q 'air-truth"' events.txt && fail "an event of a dataset that a visitor may not see" || true

kill $server
wait $server || fail "the server does not end well"
"$DOSI" audit verify >/dev/null || fail "the audit log is not whole"
