# Goal: looks that fail, files that are damaged, histories and greetings that are too long neither
# flood those who are told nor lose what matters.
cd "$WORK"
"$DOSI" init lab >/dev/null
cat > receiver.py <<'PY'
import http.server, json
class Receiver(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open("calls.txt", "a") as f: f.write(f"{self.path} {body['change']} {body['alert']['zone']}\n")
        self.send_response(204); self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
PY
: > calls.txt
python3 receiver.py > receiver.port & receiver=$!
server= stream=
stop_all() { for p in $stream $server $receiver; do kill $p 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$WORK"; }
trap stop_all EXIT
for _ in $(seq 100); do [ -s receiver.port ] && break; sleep 0.05; done
at=http://127.0.0.1:$(cat receiver.port)
want() { [ "$1" = "$2" ] || fail "$3: expected \"$1\", got \"$2\""; }
state() { python3 -c "import json; d=json.load(open('alerts/state.json')); print($1)"; }
# hours VALUES...: PM2.5 of one station, from 1 May.
hours() {
    echo station,time,pm25_ugm3
    h=0
    for v in "$@"; do
        printf 'a,2023-05-01 %02d:00,%s\n' $h "$v"
        h=$((h + 1))
    done
}
add() { "$DOSI" add "$WORK/air.csv" --as sample/air >/dev/null || fail "the hours are not taken"; }
cd lab

# The first look fails: the next one is as if it were the first, and what is over is no news.
hours 20 20 > ../air.csv
add
"$DOSI" alerts watch city --dataset sample/air >/dev/null
"$DOSI" alerts hook desk --url "$at/desk" >/dev/null
hours many few > ../air.csv
add
"$DOSI" alerts run >/dev/null || true
want True "$(state '"pm25_ugm3" in d["looked"]["city"]["message"]')" "the failed look is told"
hours 20 80 80 30 20 > ../air.csv
add
"$DOSI" alerts run >/dev/null
want 1 "$(state 'len(d["alerts"])')" "the advisory is in the history"
want 0 "$(state 'len(d["events"])')" "and no news"
want 0 "$(wc -l < ../calls.txt)" "nobody is told of it"

# The zones' column goes: the watch says so, and the advisory that stands is not withdrawn.
printf 'station,zone\na,north\n' > ../zones.csv
"$DOSI" add ../zones.csv --as sample/zones >/dev/null
"$DOSI" alerts watch zoned --dataset sample/air --stations sample/zones --zone zone >/dev/null
hours 20 80 80 30 20 80 80 > ../air.csv
add
"$DOSI" alerts run >/dev/null
printf 'station,area\na,north\n' > ../zones.csv
"$DOSI" add ../zones.csv --as sample/zones >/dev/null
hours 20 80 80 30 20 80 80 80 > ../air.csv
add
"$DOSI" alerts run >/dev/null || true
want 'sample/zones has no column "zone" any more' "$(state 'd["looked"]["zoned"]["message"]')" "the column that went is told"
want "all north" "$(state '" ".join(sorted(a["zone"] for a in d["alerts"] if a["released_us"] is None))')" "what stands"
"$DOSI" alerts unwatch zoned

# A damaged webhook stops no other.
"$DOSI" alerts hook zest --url "$at/zest" >/dev/null
"$DOSI" alerts hook aaa --url "$at/aaa" >/dev/null
echo '{' > alerts/hooks/aaa.json
: > ../calls.txt
hours 20 80 80 30 20 80 80 80 30 > ../air.csv
add
"$DOSI" alerts run >/dev/null || true
want "/desk released all /zest released all" "$(sort ../calls.txt | tr '\n' ' ' | sed 's/ $//')" "the others are told"
rm alerts/hooks/aaa.json

# No more webhooks than are listed.
python3 - <<'PY'
for i in range(198):
    open(f"alerts/hooks/x{i}.json", "w").write('{"name": "x%d", "url": "http://127.0.0.1:1/", "watch": "none"}' % i)
PY
! "$DOSI" alerts hook onemore --url "$at/x" 2>said.txt >/dev/null || fail "more webhooks than are listed"
grep -q "200 hooks" said.txt || fail "why not: $(cat said.txt)"
"$DOSI" alerts hook desk --url "$at/desk" >/dev/null || fail "one that is there can still be set"
rm alerts/hooks/x*.json
"$DOSI" alerts unwatch city
"$DOSI" alerts unhook desk
"$DOSI" alerts unhook zest

# More alerts than are kept: the latest stay, over any number of looks, in the order of their issue.
many() { python3 - "$1" <<'PY' > "$WORK/many.csv"
import datetime, sys
print("station,time,o3_ppm")
for z in range(10):
    for h in range(1060 + int(sys.argv[1])):
        t = datetime.datetime(2023, 5, 1) + datetime.timedelta(hours=h)
        print(f"s{z},{t:%Y-%m-%d %H:%M},{0.13 if h % 2 else 0.05}")
PY
"$DOSI" add "$WORK/many.csv" --as sample/many >/dev/null || fail "many hours"; }
python3 -c "
print('station,zone')
for z in range(10): print(f's{z},z{z}')" > ../zones.csv
"$DOSI" add ../zones.csv --as sample/manyzones >/dev/null
many 0
"$DOSI" alerts watch many --dataset sample/many --stations sample/manyzones --zone zone >/dev/null
"$DOSI" alerts run >/dev/null
latest='sorted((a["issued_us"], a["zone"], a["id"]) for a in d["alerts"])[-20:]'
first=$(state "$latest")
want 11 "$(state 'len({a["zone"] for a in d["alerts"]})')" "every zone has its latest, and the one before"
many 1
"$DOSI" alerts run >/dev/null
want "$first" "$(state "$latest")" "the latest are the same after the next look"
want True "$(state '4900 <= len(d["alerts"]) <= 5010')" "not more than are kept"
want True "$(state '[a["issued_us"] for a in d["alerts"]] == sorted(a["issued_us"] for a in d["alerts"])')" "in the order of their issue"

# More was missed than a stream takes at once: it is told so, once, and goes on.
"$DOSI" describe sample/many --visibility public >/dev/null
python3 - <<'PY'
import json
d = json.load(open("alerts/state.json"))
alert = d["alerts"][-1]
d["events"] = [{"id": 100000 + i, "change": "released", "at_utc_us": 1, "alert": {**alert, "zone": "far away " * 60}} for i in range(500)]
d["next"] = 100500
json.dump(d, open("alerts/state.json", "w"))
PY
"$DOSI" serve --port 0 > serve.log 2>&1 & server=$!
base=
for _ in $(seq 100); do
    base=$(sed -n 's/.*\(http:\/\/127\.0\.0\.1:[0-9]*\).*/\1/p' serve.log | head -1)
    [ -n "$base" ] && curl -fsS "$base/api/v1/me" >/dev/null 2>&1 && break
    sleep 0.1
done
curl -sN -H "Last-Event-ID: 100000" "$base/api/v1/events" > events.txt & stream=$!
for _ in $(seq 100); do grep -q '^id: 100499' events.txt && break; sleep 0.1; done
sleep 0.5
kill -0 $stream 2>/dev/null || fail "the stream was cut off: $(wc -c < events.txt) bytes"
want 1 "$(grep -c '^event: missed' events.txt)" "it is told that it missed some"
want 0 "$(grep -c '^event: alert' events.txt)" "and not each of them"
want "id: 100499" "$(grep '^id:' events.txt | tail -1)" "and where it is"
