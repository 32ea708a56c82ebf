# Goal: a server watches a dataset, raises and clears alerts once each, tells its event streams and
# a signed webhook that fails at first, and neither repeats nor forgets an alert over a restart,
# nor where the dataset keeps only its last hours. A damaged webhook stops no other.
cd "$WORK"
"$DOSI" init lab >/dev/null
cat > receiver.py <<'PY'
import http.server, hashlib, hmac, json, os, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        secret = open("secret.txt").read().strip()
        said = self.headers["X-Dosi-Signature"]
        mac = hmac.new(secret.encode(), self.headers["X-Dosi-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
        fails = os.path.exists("down")
        with open("calls.txt", "a") as f: f.write(json.dumps({"ok": said == "sha256=" + mac, "failed": fails, "event": self.headers["X-Dosi-Event"], "body": json.loads(body)}) + "\n")
        self.send_response(503 if fails else 204); self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
PY
: > calls.txt
python3 receiver.py > receiver.port & receiver=$!
server=
stop_all() { [ -z "$server" ] || { kill $server 2>/dev/null; wait $server 2>/dev/null; } || true; kill $receiver 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$WORK"; }
trap stop_all EXIT
for _ in $(seq 100); do [ -s receiver.port ] && break; sleep 0.05; done
hook=http://127.0.0.1:$(cat receiver.port)/alerts

# hours FIRST LAST VALUES...: PM2.5 of two zones' stations; the south has the values.
hours() { python3 - "$@" <<'PY'
import sys
values = [float(v) for v in sys.argv[1:]]
print("station,time,pm25_ugm3,o3_ppm")
for s in ("a", "b", "c"):
    for h, v in enumerate(values):
        print(f"{s},2023-04-01 {h + 1:02d}:00,{v if s != 'c' else 20},0.03")
PY
}
cd lab
printf 'station,zone\na,south\nb,south\nc,east\n' > ../stations.csv
"$DOSI" add ../stations.csv --as sample/zones --visibility public >/dev/null || fail "stations"
hours 20 80 80 30 80 > ../air.csv
"$DOSI" add ../air.csv --as sample/air --visibility public >/dev/null || fail "air"
"$DOSI" alerts watch seoul --dataset sample/air --stations sample/zones --zone zone > said.txt || fail "watch: $(cat said.txt)"
"$DOSI" alerts hook desk --url "$hook" > said.txt || fail "hook: $(cat said.txt)"
sed -n 's/^secret, shown once: //p' said.txt > ../secret.txt
[ "$(wc -c < ../secret.txt)" = 65 ] || fail "no secret is shown"
if "$DOSI" alerts hook bad --url ftp://x 2>said.txt; then fail "a webhook by ftp"; fi
if "$DOSI" alerts watch bad --dataset sample/nothing 2>said.txt; then fail "a watch of nothing"; fi

start() {
    : > serve.log
    "$DOSI" serve --port 0 > serve.log 2>&1 & server=$!
    for _ in $(seq 100); do
        base=$(sed -n 's/.*\(http:\/\/127\.0\.0\.1:[0-9]*\).*/\1/p' serve.log | head -1)
        [ -n "$base" ] && curl -fsS "$base/api/v1/me" >/dev/null 2>&1 && return
        sleep 0.1
    done
    cat serve.log; fail "the server does not start"
}
json() { python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }
want() { [ "$1" = "$2" ] || fail "$3: expected $1, got $2; $(cat alerts/log.txt)"; }
alerts() { curl -fsS "$base/api/v1/alerts$1"; }
wait_for() { for _ in $(seq 300); do [ "$(alerts "" | json "$1")" = "$2" ] && return; sleep 0.1; done; fail "$3: $(alerts "") $(cat alerts/log.txt)"; }
calls() { wc -l < ../calls.txt; }

start
wait_for 'len(d["alerts"])' 1 "the advisory that began and ended before the watch is in the history"
want "advisory south released 0" "$(alerts "" | json '" ".join([d["alerts"][0]["level"], d["alerts"][0]["zone"], d["alerts"][0]["ended_by"]]) + " " + str(len([a for a in d["alerts"] if not a["released"]]))')" "its end"
want "2023-04-01T03:00:00+09:00" "$(alerts "" | json 'd["alerts"][0]["issued"]')" "its hour"
want 0 "$(calls)" "what was over before the watch is not told"

# A new version with two hours above: raised, told to the stream and to the webhook.
curl -sN "$base/api/v1/events" > events.txt & stream=$!
for _ in $(seq 50); do grep -q . events.txt 2>/dev/null && break; sleep 0.1; done
touch ../down
hours 20 80 80 30 80 90 95 > ../air.csv
"$DOSI" add ../air.csv --as sample/air >/dev/null
wait_for 'len([a for a in d["alerts"] if not a["released"]])' 1 "the new advisory stands"
for _ in $(seq 100); do grep -q '^event: alert' events.txt && [ "$(calls)" -ge 1 ] && break; sleep 0.1; done
grep -A1 '^event: alert' events.txt | grep -q '"change":"issued"' || fail "no event: $(cat events.txt)"
want True "$(tail -1 ../calls.txt | json 'd["ok"] and d["failed"] and d["body"]["change"] == "issued"')" "the message is signed"
want 1 "$(curl -fsS "$base/api/v1/alerts?active=true&zone=south" | json 'len(d["alerts"])')" "active alerts of a zone"
want 0 "$(curl -fsS "$base/api/v1/alerts?active=true&zone=east" | json 'len(d["alerts"])')" "none in the other"

# Over a restart nothing is told again; the message that failed is still to be delivered.
kill $stream 2>/dev/null; wait $stream 2>/dev/null || true
kill $server; wait $server || true
before=$(calls)
rm ../down
python3 - <<'PY'
import json
s = json.load(open("alerts/state.json"))
assert len(s["outbox"]) == 1 and s["outbox"][0]["tries"] >= 1, s["outbox"]
assert s["outbox"][0]["due_us"] > s["events"][-1]["at_utc_us"] + 20e6, "no pause before the next try"
s["outbox"][0]["due_us"] = 0 # do not wait half a minute for it
json.dump(s, open("alerts/state.json", "w"))
PY
start
for _ in $(seq 100); do [ "$(calls)" -gt "$before" ] && break; sleep 0.1; done
want $((before + 1)) "$(calls)" "one more try"
want True "$(tail -1 ../calls.txt | json 'd["ok"] and not d["failed"]')" "delivered at last"
want 2 "$(alerts "" | json 'len(d["alerts"])')" "no alert twice"

# Released: one event, one message. The same file again is no new version.
hours 20 80 80 30 80 90 95 30 > ../air.csv
"$DOSI" add ../air.csv --as sample/air >/dev/null
wait_for 'len([a for a in d["alerts"] if not a["released"]])' 0 "released"
for _ in $(seq 100); do [ "$(calls)" -gt $((before + 1)) ] && break; sleep 0.1; done
want released "$(tail -1 ../calls.txt | json 'd["body"]["change"]')" "the release is told"
want 95 "$(alerts "" | json 'max(a["peak"] for a in d["alerts"])')" "the peak"
"$DOSI" alerts list > list.txt
grep -q "webhook desk .*delivered" list.txt || fail "the list tells what was delivered: $(cat list.txt)"
"$DOSI" describe sample/air --visibility private >/dev/null
want 0 "$(alerts "" | json 'len(d["alerts"]) + len(d["watches"])')" "alerts of a private dataset, to a visitor"
"$DOSI" audit list --limit 100 > audit.txt
grep -q "alerts.hook" audit.txt && grep -q "alerts.watch" audit.txt || fail "who subscribed is not in the audit"
want $((before + 2)) "$(calls)" "no message twice"

# A dataset that keeps only its last hours: 50 issues nothing, but releases nothing either.
kill $server; wait $server || true; server=
tail_of() { hours "$@" | sed "s/2023-04-01/2023-04-02/" > ../air.csv; "$DOSI" add ../air.csv --as sample/air >/dev/null; "$DOSI" alerts run > said.txt || fail "run: $(cat said.txt)"; }
state() { python3 -c "import json; d=json.load(open('alerts/state.json')); a=d['alerts']; print($1)"; }
standing='len([x for x in a if x["released_us"] is None])'
tail_of 80 90 95
want "3 1" "$(state "len(a), $standing" | tr -d '(),')" "an advisory stands"
calls_before=$(calls)
hours 20 20 50 50 50 | sed -n '1p;/ 0[345]:/p' | sed "s/2023-04-01/2023-04-02/" > ../air.csv
"$DOSI" add ../air.csv --as sample/air >/dev/null
"$DOSI" alerts run > said.txt || fail "run: $(cat said.txt)"
want "3 1 95.0" "$(state "len(a), $standing, a[-1]['peak']" | tr -d '(),')" "it stands though its beginning is gone"
want "$calls_before" "$(calls)" "it is neither withdrawn nor issued again"

# The file of a webhook before "desk" is damaged: it is named, and "desk" is told.
"$DOSI" alerts hook aaa --url "$hook" >/dev/null || fail "a second webhook"
printf '{"url":' > alerts/hooks/aaa.json
hours 20 20 50 50 50 30 | sed -n '1p;/ 0[456]:/p' | sed "s/2023-04-01/2023-04-02/" > ../air.csv
"$DOSI" add ../air.csv --as sample/air >/dev/null
"$DOSI" alerts run > said.txt || fail "run: $(cat said.txt)"
want "3 0 released" "$(state "len(a), $standing, a[-1]['ended_by']" | tr -d "(),'")" "it is released"
want "$((calls_before + 1)) released" "$(calls) $(tail -1 ../calls.txt | json 'd["body"]["change"]')" "the webhook after the damaged one is told"
grep -q "webhook aaa .*damaged" said.txt || fail "the damaged webhook is not named: $(cat said.txt)"
"$DOSI" alerts list | grep -q "webhook desk .*delivered" || fail "the list ends at the damaged webhook"
want "alerts/hooks/aaa.json is damaged" "$(state "d['hooks']['aaa']['message']")" "what its message waits for"
want 1 "$(state "len([m for m in d['outbox'] if m['hook'] == 'aaa'])")" "its message waits for it to be mended"
