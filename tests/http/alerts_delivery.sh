# Goal: receivers that fail, hang, refuse or redirect hold up nobody, get their messages in order
# and once, and what is given up is told; a process that is killed repeats no message that was
# taken; a stream that comes back gets what it missed.
cd "$WORK"
"$DOSI" init lab > init.txt
password=$(sed -n 's/^One-time password.*: //p' init.txt)
cat > receiver.py <<'PY'
import http.server, json, os, threading, time
lock = threading.Lock()
class Receiver(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = self.path.strip("/")
        bad = os.path.exists("bad-" + name)
        with lock, open("calls.txt", "a") as f:
            f.write(f"{name} {'bad' if bad else 'ok'} {body['change']} {body['alert']['zone']} {body['id']}\n")
        if bad and name == "hang": time.sleep(60)
        self.send_response({"fail": 500, "moved": 302}.get(name, 204) if bad else 204)
        if bad and name == "moved": self.send_header("Location", "/good")
        self.end_headers()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.daemon_threads = True
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
closed=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')

# hours VALUES...: PM2.5 of two zones over midnight and the end of a month, from 30 April, 20:00.
hours() { python3 - "$@" <<'PY' > "$WORK/air.csv"
import datetime, sys
print("station,time,pm25_ugm3")
first = datetime.datetime(2023, 4, 30, 20)
for zone in ("north", "south"):
    for h, v in enumerate(sys.argv[1:]):
        if v != "-": print(f"{zone},{first + datetime.timedelta(hours=h):%Y-%m-%d %H:%M},{v}")
PY
}
add() { "$DOSI" add "$WORK/air.csv" --as sample/air "$@" >/dev/null || fail "the hours are not taken"; }
want() { [ "$1" = "$2" ] || fail "$3: expected \"$1\", got \"$2\"; $(cat "$WORK/calls.txt")"; }
taken() { awk -v n="$1" '$1 == n && $2 == "ok" {printf "%s%s:%s", s, $3, $4; s=" "}' ../calls.txt; }
outbox() { python3 -c "import json; d=json.load(open('alerts/state.json')); print($1)"; }
edit() { python3 -c "
import json
d = json.load(open('alerts/state.json'))
for m in d['outbox']:
    $1
json.dump(d, open('alerts/state.json', 'w'))"; }
cd lab
printf 'station,zone\nnorth,north\nsouth,south\n' > ../stations.csv
"$DOSI" add ../stations.csv --as sample/zones --visibility public >/dev/null
hours 20 20
add --visibility public
"$DOSI" alerts watch city --dataset sample/air --stations sample/zones --zone zone >/dev/null
"$DOSI" alerts run >/dev/null
for name in good fail hang moved; do "$DOSI" alerts hook $name --url "$at/$name" >/dev/null; done
touch ../bad-fail ../bad-hang ../bad-moved
"$DOSI" alerts hook closed --url "http://127.0.0.1:$closed/" >/dev/null

# Two zones reach an advisory with the hour that ends at midnight; four of five receivers are bad.
hours 20 20 20 80 80
add
"$DOSI" alerts run > said.txt
want "issued:north issued:south" "$(taken good)" "bad receivers hold up nobody"
"$DOSI" alerts list --active > list.txt
want 2 "$(grep -c '2023-05-01T00:00' list.txt)" "the advisory is of midnight, of the next month"
want 8 "$(outbox 'len(d["outbox"])')" "two messages wait for each of four"
want "4" "$(outbox 'sum(m["tries"] for m in d["outbox"])')" "one try each: the second message waits for the first"
want "bad bad bad" "$(awk '$1 != "good" {printf "%s%s", s, $2; s=" "}' ../calls.txt)" "no redirect is followed"
"$DOSI" alerts run >/dev/null
want 5 "$(wc -l < ../calls.txt)" "nothing is tried before its pause"

# The second message, due before the first, still waits; then both come, in order, once.
rm ../bad-fail ../bad-moved
edit "m['due_us'] = 0 if m['tries'] == 0 else m['due_us']"
"$DOSI" alerts run >/dev/null
want "" "$(taken fail)" "the order is kept"
edit "m['due_us'] = 0 if m['hook'] in ('fail', 'moved') else m['due_us']"
"$DOSI" alerts run >/dev/null
want "issued:north issued:south" "$(taken fail)" "delivered when the receiver is well again"
want "issued:north issued:south" "$(taken moved)" "and where it was redirected"
want "issued:north issued:south" "$(taken good)" "once"

# The last try of two receivers: given up, and told.
edit "
    if m['tries'] > 0: m.update(tries=11, due_us=0)"
"$DOSI" alerts run >/dev/null
want 0 "$(outbox 'len([m for m in d["outbox"] if m["event"]["alert"]["zone"] == "north"])')" "given up after twelve"
"$DOSI" alerts list > list.txt
grep -q 'not told: closed of "issued"' list.txt || fail "the list does not tell: $(cat list.txt)"
grep -q 'not told: hang of "issued"' list.txt || fail "the list does not tell: $(cat list.txt)"
"$DOSI" audit list --limit 50 > audit.txt
want 2 "$(grep -c 'alerts.deliver.*given up after 12 tries.*failed' audit.txt)" "the audit tells"
"$DOSI" audit verify >/dev/null || fail "the audit log is not whole"

# Killed while a receiver hangs: who was told is not told again, who was not is.
"$DOSI" alerts unhook closed
"$DOSI" alerts unhook hang
"$DOSI" alerts hook hang --url "$at/hang" >/dev/null
hours 20 20 20 80 80 30
add
: > ../calls.txt
touch ../bad-hang
"$DOSI" alerts run >/dev/null 2>&1 & run=$!
for _ in $(seq 200); do [ "$(grep -c ok ../calls.txt)" -ge 3 ] && grep -q hang ../calls.txt && break; sleep 0.05; done
for _ in $(seq 200); do [ "$(outbox 'len([m for m in d["outbox"] if m["hook"] == "good"])')" -lt 2 ] && break; sleep 0.05; done
sleep 0.3
kill -9 $run; wait $run 2>/dev/null || true
rm ../bad-hang
edit "m['due_us'] = 0"
"$DOSI" alerts run >/dev/null
for name in good fail moved hang; do want "released:north released:south" "$(taken $name)" "once each over a kill: $name"; done
want 0 "$(outbox 'len(d["outbox"])')" "nothing is left"
"$DOSI" alerts run >/dev/null
want 4 "$(outbox 'len([e for e in d["events"]])')" "no event twice"

# An outage: hours without readings neither raise nor clear; server stopped in the middle of it.
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
stop() { kill $server; wait $server || true; server=; }
listen() { curl -sN "$@" "$base/api/v1/events" > events.txt & stream=$!; for _ in $(seq 100); do grep -q '^id:' events.txt && return; sleep 0.1; done; fail "no greeting: $(cat events.txt)"; }
unlisten() { kill $stream; wait $stream 2>/dev/null || true; stream=; }
heard() { sed -n 's/^data: {"id":[0-9]*,"change":"\([a-z]*\)".*"zone":"\([a-z]*\)".*/\1:\2/p' events.txt | tr '\n' ' '; }
wait_heard() { for _ in $(seq 200); do [ "$(heard)" = "$1" ] && return; sleep 0.1; done; fail "$2: expected \"$1\", heard \"$(heard)\"; $(cat events.txt)"; }
start
listen
want "" "$(heard)" "what was before is not told to who comes anew"
hours 20 20 20 80 80 30 80 90 - - 50
add
wait_heard "issued:north issued:south " "the new advisories"
id=$(sed -n 's/^id: //p' events.txt | tail -1)
unlisten
stop
before=$(wc -l < ../calls.txt)
start
listen -H "Last-Event-ID: $id"
want "" "$(heard)" "who heard all hears nothing again after a restart"
unlisten
sleep 4
want "$before" "$(wc -l < ../calls.txt)" "no webhook hears it again"
want 2 "$("$DOSI" alerts list --active | grep -c '2023-05-01T03:00')" "the advisory stands through the outage"
hours 20 20 20 80 80 30 80 90 - - 50 34
add
for _ in $(seq 100); do [ "$(taken good | wc -w)" -ge 6 ] && break; sleep 0.1; done
listen -H "Last-Event-ID: $id"
wait_heard "released:north released:south " "what was missed is told to who comes back"
unlisten
listen
want "" "$(heard)" "and not to who comes anew"
unlisten
listen -H "Last-Event-ID: 0"
want 8 "$(heard | wc -w)" "all since the beginning"
unlisten

# Administrators see what was not delivered, visitors do not; nor a private dataset's events.
jar=cookies.txt
curl -fsS -c $jar -H 'Content-Type: application/json' -d "{\"name\":\"admin\",\"password\":\"$password\"}" "$base/api/v1/session" >/dev/null || fail "cannot sign in"
curl -fsS -b $jar -c $jar -H 'X-Dosi: 1' -H 'Content-Type: application/json' -d "{\"old\":\"$password\",\"new\":\"a new long password 1\"}" "$base/api/v1/password" >/dev/null || fail "no new password"
curl -fsS -c $jar -H 'Content-Type: application/json' -d '{"name":"admin","password":"a new long password 1"}' "$base/api/v1/session" >/dev/null || fail "cannot sign in again"
curl -fsS -b $jar "$base/api/v1/alerts" > all.json
python3 - <<'PY' || fail "what an administrator sees: $(cat all.json)"
import json
d = json.load(open("all.json"))
lost = [u for a in d["alerts"] for u in a["undelivered"]]
assert sorted(u["webhook"] for u in lost) == ["closed", "hang"], lost
assert all(u["change"] == "issued" and u["why"] and u["given_up"] for u in lost), lost
assert {h["name"]: h["waiting"] for h in d["webhooks"]} == {"good": 0, "fail": 0, "hang": 0, "moved": 0}, d["webhooks"]
assert all(h["message"] == "delivered" for h in d["webhooks"])
PY
curl -fsS "$base/api/v1/alerts" > all.json
if grep -q -e undelivered -e webhooks all.json; then fail "visitors see webhooks"; fi
"$DOSI" describe sample/air --visibility private >/dev/null
listen -H "Last-Event-ID: 0"
want "" "$(heard)" "events of a private dataset, to a visitor"
unlisten
stop
