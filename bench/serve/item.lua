-- One feature by id.
local base = os.getenv("BENCH_ITEMS")
local extra = os.getenv("BENCH_EXTRA") or ""
function init(args) math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000) end
function request() return wrk.format("GET", string.format("%s/%d%s", base, math.random(1, 600000), extra)) end
function done(summary, latency)
    io.write(string.format("RESULT %.0f %.2f %.2f %d\n", summary.requests / summary.duration * 1e6,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.errors.status))
end
