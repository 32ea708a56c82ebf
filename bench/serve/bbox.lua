-- limit=10 within a random box of about 1 km.
local base = os.getenv("BENCH_ITEMS")
local extra = os.getenv("BENCH_EXTRA") or ""
function init(args) math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000) end
function request()
    local x, y = 126.80 + 0.37 * math.random(), 37.43 + 0.25 * math.random()
    return wrk.format("GET", string.format("%s?limit=10&bbox=%.5f,%.5f,%.5f,%.5f%s", base, x, y, x + 0.01, y + 0.01, extra))
end
function done(summary, latency)
    io.write(string.format("RESULT %.0f %.2f %.2f %d\n", summary.requests / summary.duration * 1e6,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.errors.status))
end
