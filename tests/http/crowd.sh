# Goal: many clients at once, while another process writes to the same lab: readers, SQL, the audit page, sign-ins,
# event streams opened and dropped, jobs started and stopped, alerts with a webhook. Nothing answers 500, what was there
# stays readable, the server ends cleanly, the audit is whole. Built with the preset `thread`, a race is a failure too.
# DOSI_CROWD_SECONDS sets how long.
cd "$WORK"
"$DOSI" init lab >/dev/null
cat > receiver.py <<'PY'
import http.server
class Receiver(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204); self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
PY
server=
python3 receiver.py > receiver.port & receiver=$!
stop_all() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    kill "$receiver" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$WORK"
}
trap stop_all EXIT
for _ in $(seq 100); do [ -s receiver.port ] && break; sleep 0.05; done
cd lab
"$DOSI" sample --scale small --hours 24 >/dev/null 2>&1
printf 'station,zone\na,south\nb,south\n' > ../stations.csv
printf 'station,time,pm25_ugm3\na,2023-04-01 01:00,20\nb,2023-04-01 01:00,20\n' > ../air.csv
"$DOSI" add ../stations.csv --as sample/zones --visibility public >/dev/null
"$DOSI" add ../air.csv --as sample/watched --visibility public >/dev/null
"$DOSI" alerts watch south --dataset sample/watched --stations sample/zones --zone zone >/dev/null
"$DOSI" alerts hook desk --url "http://127.0.0.1:$(cat ../receiver.port)/" >/dev/null
token=$("$DOSI" token create crowd --scopes see,read,describe,write,manage --days 1 | grep -oE '[A-Za-z0-9_-]{24,}' | head -1)
[ -n "$token" ] || fail "no token"
mkdir ../web && echo '<p>web</p>' > ../web/index.html

cat > ../crowd.py <<'PY'
import http.client, json, os, random, socket, subprocess, sys, threading, time
port, token, dosi, seconds = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
until, counts, faults, lock = time.time() + seconds, {}, [], threading.Lock()
holder = {"Authorization": "Bearer " + token}

def ask(method, path, body=None, headers=holder):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        c.request(method, path, body, headers)
        r = c.getresponse()
        data = r.read()
    finally:
        c.close()
    with lock:
        counts[r.status] = counts.get(r.status, 0) + 1
        if r.status >= 500 and r.status not in (503, 504): faults.append((method, path, r.status, data[:300]))
    return r.status, data

def bare():  # no Host: the server names itself in its links
    s = socket.create_connection(("127.0.0.1", port), timeout=120)
    s.sendall(b"GET /ogc/ HTTP/1.0\r\n\r\n")
    text = b""
    while part := s.recv(65536): text += part
    s.close()
    if b"http://127.0.0.1:%d/" % port not in text: faults.append(("bare", text[:300]))

reads = ["/api/v1/me", "/api/v1/datasets", "/api/v1/datasets/sample/air-hourly", "/api/v1/datasets/sample/air-hourly/rows?limit=20",
         "/api/v1/studies", "/api/v1/jobs", "/api/v1/layers", "/api/v1/alerts", "/ogc/", "/ogc/collections?f=json", "/",
         "/ogc/collections/sample.dong/items?limit=20", "/ogc/collections/sample.dong/items?limit=5&crs=http://www.opengis.net/def/crs/EPSG/0/5186",
         "/ogc/collections/sample.dong/tiles/WebMercatorQuad/10/396/873", "/api/v1/datasets/sample/watched/download?format=csv",
         "/api/v1/datasets/sample/watched/lineage", "/api/v1/datasets/sample/watched", "/api/v1/datasets/sample/zones/dcat"]
def reader(n):
    random.seed(n)
    who = holder if n % 2 else {}
    for path in random.sample(reads, 3): ask("GET", path, headers=who)
def query(n):
    ask("POST", "/api/v1/sql", json.dumps({"sql": f'select count(*) from "sample/air-hourly" where {n} > 0'}))
def audit(n): ask("GET", "/api/v1/audit?limit=50")
def signs_in(n):
    ask("POST", "/api/v1/session", json.dumps({"name": f"nobody-{n}", "password": "wrong-password"}), {})
    status, data = ask("POST", "/api/v1/tokens", json.dumps({"label": "crowd", "scopes": ["see"], "days": 1}))
    if status == 201: ask("DELETE", f"/api/v1/tokens/{json.loads(data)['id']}")
def stream(n):
    s = socket.create_connection(("127.0.0.1", port), timeout=120)
    after = f"Last-Event-ID: {n % 5}\r\n" if n % 3 == 0 else ""
    s.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n{after}Authorization: Bearer {token}\r\n\r\n".encode())
    if n % 4: s.recv(4096)
    time.sleep(n % 7 * 0.1)
    s.close()
def job(n):
    status, data = ask("POST", "/ogc/processes/air.cai/execution", '{"inputs":{"observations":"sample/air-hourly"}}', {**holder, "Prefer": "respond-async"})
    if status != 201: return
    id = json.loads(data)["jobID"]
    time.sleep(n % 3 * 0.3)
    ask("DELETE", f"/ogc/jobs/{id}")
    time.sleep(0.5)
def other_process(n):
    level = 20 if n % 3 == 2 else 90
    with open("../more.csv", "w") as f:
        f.write("station,time,pm25_ugm3\n")
        for h in range(1, 4 + n % 20):
            for s in "ab": f.write(f"{s},2023-04-01 {h:02d}:00,{level + h}\n")
    p = subprocess.run([dosi, "add", "../more.csv", "--as", "sample/watched"], capture_output=True, text=True)
    if p.returncode: faults.append(("add", p.returncode, p.stderr[-3000:]))

def client(work):
    n = 0
    while time.time() < until and len(faults) < 5:
        try: work(n)
        except OSError as e: faults.append((work.__name__, repr(e)))
        n += 1
    with lock: counts[work.__name__] = counts.get(work.__name__, 0) + n
works = [reader] * 4 + [query] * 2 + [audit, signs_in, stream, stream, stream, job, other_process, lambda n: bare()]
threads = [threading.Thread(target=client, args=(w,)) for w in works]
for t in threads: t.start()
for t in threads: t.join()
print(counts)
for f in faults: print("FAULT", f)
must = ["reader", "query", "audit", "signs_in", "stream", "job", "other_process"]
sys.exit(1 if faults or any(counts.get(w, 0) == 0 for w in must) or not counts.get(201) else 0)
PY

# A port known beforehand, so that clients wait at the door while the server starts.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$DOSI" serve --port "$port" --rate 0 --web ../web > ../said 2> ../complaints & server=$!
for _ in $(seq 300); do
    printf 'GET /ogc/ HTTP/1.0\r\n\r\n' 2>/dev/null > "/dev/tcp/127.0.0.1/$port" && break
    sleep 0.02
done 2>/dev/null
for _ in $(seq 200); do grep -q "Dosi is at" ../said && break; sleep 0.1; done
grep -q "Dosi is at" ../said || fail "the server does not start: $(cat ../complaints)"
python3 ../crowd.py "$port" "$token" "$DOSI" "${DOSI_CROWD_SECONDS:-10}" > ../crowd.txt 2>&1 ||
    { head -c 8000 ../crowd.txt; head -c 12000 ../complaints; fail "the crowd"; }
[ -z "${DOSI_CROWD_SHOW:-}" ] || cat ../crowd.txt
kill "$server"
code=0; wait "$server" || code=$?; server=
[ "$code" = 0 ] || { head -c 20000 ../complaints; fail "the server ended with $code"; }
if grep -l "ThreadSanitizer" ../complaints jobs/*/log.txt alerts/log.txt feeds/log.txt > ../raced 2>/dev/null; then
    while read -r file; do head -c 12000 "$file"; done < ../raced
    fail "a race"
fi
"$DOSI" audit verify > ../verified.txt || fail "the audit: $(cat ../verified.txt)"
"$DOSI" sql 'select count(*) as n from "sample/watched"' >/dev/null || fail "the dataset that was written to"
