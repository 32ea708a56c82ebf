-- Vector tiles of zoom 14 all over the city.
local base = os.getenv("BENCH_TILES")
local n = 2 ^ 14
local function column(lon) return math.floor((lon + 180) / 360 * n) end
local function row(lat)
    local r = math.rad(lat)
    return math.floor((1 - math.log(math.tan(r) + 1 / math.cos(r)) / math.pi) / 2 * n)
end
local x0, x1, y0, y1 = column(126.81), column(127.17), row(37.68), row(37.44)
function init(args) math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000) end
function request()
    local x, y = math.random(x0, x1), math.random(y0, y1)
    local path = base:gsub("{x}", x):gsub("{y}", y)
    return wrk.format("GET", path)
end
function done(summary, latency)
    io.write(string.format("RESULT %.0f %.2f %.2f %d\n", summary.requests / summary.duration * 1e6,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.errors.status))
end
