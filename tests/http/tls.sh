# Goal: with a certificate and key the server speaks TLS 1.2 or newer and nothing else, and says so to browsers.

command -v openssl >/dev/null || skip "needs openssl, which is absent"
"$DOSI" init "$WORK/lab" >/dev/null
cd "$WORK/lab"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$WORK/key.pem" -out "$WORK/certificate.pem" -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
"$DOSI" serve --port 0 --certificate "$WORK/certificate.pem" >"$WORK/said" 2>&1 &&
    fail "a certificate without a key is taken"
"$DOSI" serve --port 0 --certificate "$WORK/certificate.pem" --key "$WORK/key.pem" >"$WORK/said" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$WORK"' EXIT
for _ in $(seq 100); do
    grep -q "Dosi is at" "$WORK/said" && break
    sleep 0.1
done
port=$(sed -n 's/^Dosi is at https:.*:\([0-9]*\)\/ .*/\1/p' "$WORK/said")
[ -n "$port" ] || fail "the server does not say that it speaks TLS: $(cat "$WORK/said")"
ask() { curl -sS --cacert "$WORK/certificate.pem" --connect-to "localhost:$port:127.0.0.1:$port" "$@"; }
ask -D "$WORK/head" "https://localhost:$port/ogc/" >"$WORK/landing" || fail "no answer over TLS"
grep -q "\"https://localhost:$port/ogc/conformance\"" "$WORK/landing" || fail "links do not say https"
grep -qi '^Strict-Transport-Security: max-age=' "$WORK/head" || fail "no Strict-Transport-Security"
ask --tls-max 1.1 "https://localhost:$port/ogc/" >/dev/null 2>&1 && fail "TLS 1.1 is spoken"
curl -s "http://127.0.0.1:$port/ogc/" >/dev/null && fail "plain HTTP is answered"
kill $server
wait $server || fail "the server ended with $?"
