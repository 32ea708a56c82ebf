# Goal: GDAL, a client that others wrote, reads collections whole and in part, in every coordinate system,
# and counts what SQL counts; and it decodes the tiles.

"$DOSI" init "$WORK/lab" >/dev/null
cd "$WORK/lab"
"$DOSI" sample --scale small >/dev/null
"$DOSI" serve --port 0 --web "$WORK" >"$WORK/said" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server || true; rm -rf "$WORK"' EXIT
for _ in $(seq 100); do
    grep -q "Dosi is at" "$WORK/said" && break
    sleep 0.1
done
base=$(sed -n 's/^Dosi is at \([^ ]*\)\/ .*/\1/p' "$WORK/said")
[ -n "$base" ] || fail "the server does not say where it is"
ogc="$base/ogc"

# Number of features that ogrinfo counts; further arguments are its options.
count() {
    ogrinfo -ro -so -q "$@" 2>"$WORK/complaints" >/dev/null || true
    ogrinfo -ro -so "$@" 2>>"$WORK/complaints" | sed -n 's/^Feature Count: //p'
}
sql() { "$DOSI" sql "$1" --format csv | tail -n +2 | tr -d '\r'; }
same() { [ "$2" = "$3" ] || fail "$1: GDAL has $2, expected $3; $(cat "$WORK/complaints" 2>/dev/null)"; }

same "dong" "$(count "OAPIF:$ogc" sample.dong)" "$(sql 'select count(*) from "sample/dong"')"
same "stations" "$(count "OAPIF:$ogc" sample.stations)" "$(sql 'select count(*) from "sample/stations"')"
same "hours" "$(count "OAPIF:$ogc" sample.air-hourly)" "$(sql 'select count(*) from "sample/air-hourly"')"

# Whole, page by page: every feature once, attributes and all.
ogr2ogr -f GPKG "$WORK/dong.gpkg" "OAPIF:$ogc" sample.dong -oo PAGE_SIZE=7 -nln dong
same "pages of dong" "$(count "$WORK/dong.gpkg" dong)" "$(sql 'select count(*) from "sample/dong"')"
people=$(ogrinfo -ro -q "$WORK/dong.gpkg" -sql 'select sum(population) as p from dong' | sed -n 's/.*p (.*) = //p')
same "population" "$people" "$(sql 'select sum(population)::bigint from "sample/dong"')"

# In part: what the server says meets a box is what GDAL finds in its own copy (GeoJSON: for GeoPackage it
# counts boxes, not shapes).
ogr2ogr -f GeoJSON "$WORK/dong.json" "$WORK/dong.gpkg" dong -lco COORDINATE_PRECISION=9
extent=$(ogrinfo -ro -so "$WORK/dong.gpkg" dong | sed -n 's/^Extent: (\(.*\), \(.*\)) - (\(.*\), \(.*\))/\1 \2 \3 \4/p')
read -r west south east north <<<"$extent"
for share in 0.1 0.3 0.5 0.9; do
    x=$(awk "BEGIN { print $west + ($east - $west) * $share }")
    y=$(awk "BEGIN { print $south + ($north - $south) * $share }")
    expected=$(count "$WORK/dong.json" dong -spat "$west" "$south" "$x" "$y")
    same "dong in $share" "$(count "OAPIF:$ogc" sample.dong -spat "$west" "$south" "$x" "$y")" "$expected"
    said=$(curl -s "$ogc/collections/sample.dong/items?limit=1&bbox=$west,$south,$x,$y" | sed 's/.*"numberMatched":\([0-9]*\).*/\1/')
    same "numberMatched in $share" "$said" "$expected"
done

# Other coordinate systems: the same places, whichever axis comes first.
for epsg in 4326 5186 5179 3857; do
    uri="http://www.opengis.net/def/crs/EPSG/0/$epsg"
    ogr2ogr -f GeoJSON "$WORK/$epsg.json" "$WORK/dong.gpkg" dong -t_srs "EPSG:$epsg" -lco COORDINATE_PRECISION=2 \
        -lco RFC7946=NO
    curl -sD "$WORK/head" "$ogc/collections/sample.dong/items?limit=1000&crs=$uri" >"$WORK/served.json"
    grep -qi "^Content-Crs: <$uri>" "$WORK/head" || fail "no Content-Crs for $epsg"
    python3 - "$WORK/$epsg.json" "$WORK/served.json" "$epsg" <<'END' || fail "coordinates in EPSG:$epsg"
import json, sys
ours = {f["properties"]["dong"]: f for f in json.load(open(sys.argv[2]))["features"]}
gdal = json.load(open(sys.argv[1]))["features"]
flip = sys.argv[3] in ("4326", "5186", "5179")
assert len(ours) == len(gdal)
def first(g):
    c = g["coordinates"]
    while isinstance(c[0], list):
        c = c[0]
    return c
for f in gdal:
    a, b = first(f["geometry"]), first(ours[f["properties"]["dong"]]["geometry"])
    if flip:
        b = b[::-1]
    assert abs(a[0] - b[0]) < 0.02 and abs(a[1] - b[1]) < 0.02, (a, b)
END
done

# A box in metres, north first, as EPSG:5186 is written.
box=$(python3 - "$WORK/5186.json" <<'END'
import json
import sys
points = []
def walk(c):
    if isinstance(c[0], list):
        for i in c:
            walk(i)
    else:
        points.append(c)
for f in json.load(open(sys.argv[1]))["features"]:
    walk(f["geometry"]["coordinates"])
xs, ys = [p[0] for p in points], [p[1] for p in points]
x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
print(min(xs), min(ys), x, y)
END
)
read -r west south east north <<<"$box"
expected=$(count "$WORK/5186.json" dong -spat "$west" "$south" "$east" "$north")
uri=http://www.opengis.net/def/crs/EPSG/0/5186
said=$(curl -s "$ogc/collections/sample.dong/items?bbox=$south,$west,$north,$east&bbox-crs=$uri" |
    sed 's/.*"numberMatched":\([0-9]*\).*/\1/')
same "a box in metres" "$said" "$expected"

# Conditions and times: what SQL counts.
district=$(sql 'select min(district) from "sample/dong"')
said=$(curl -s "$ogc/collections/sample.dong/items?district=$district" | sed 's/.*"numberMatched":\([0-9]*\).*/\1/')
same "district $district" "$said" "$(sql "select count(*) from \"sample/dong\" where district = '$district'")"
middle=$(sql 'select strftime(min(time) + (max(time) - min(time)) / 2, '"'%Y-%m-%dT%H:%M:%S'"') from "sample/air-hourly"')
said=$(curl -s "$ogc/collections/sample.air-hourly/items?datetime=../$middle%2B09:00" | sed 's/.*"numberMatched":\([0-9]*\).*/\1/')
same "hours until $middle" "$said" "$(sql "select count(*) from \"sample/air-hourly\" where time <= '$middle'")"

# Tiles: GDAL decodes them; ids and attributes are the features'.
read -r x y <<<"$(python3 - "$WORK/4326.json" <<'END'
import json, math, sys
c = json.load(open(sys.argv[1]))["features"][0]["geometry"]["coordinates"]
while isinstance(c[0], list):
    c = c[0]
n = 2 ** 11
print(int((c[0] + 180) / 360 * n), int((1 - math.asinh(math.tan(math.radians(c[1]))) / math.pi) / 2 * n))
END
)"
curl -s "$ogc/collections/sample.dong/tiles/WebMercatorQuad/11/$y/$x" >"$WORK/tile.pbf"
ogr2ogr -f GeoJSON "$WORK/tile.json" "$WORK/tile.pbf" sample.dong -oo Z=11 -oo X="$x" -oo Y="$y" -oo CLIP=NO \
    -t_srs EPSG:4326 || fail "GDAL cannot decode the tile"
curl -s "$ogc/collections/sample.dong/items?limit=1000" >"$WORK/all.json"
python3 - "$WORK/tile.json" "$WORK/all.json" 11 "$x" "$y" <<'END' || fail "the tile's features"
import json, math, sys
tile = json.load(open(sys.argv[1]))["features"]
features = {f["id"]: f for f in json.load(open(sys.argv[2]))["features"]}
n, x, y = 2 ** int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
m = 64 / 4096
def lat(v):
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * v / n))))
west, east = (x - m) / n * 360 - 180, (x + 1 + m) / n * 360 - 180
south, north = lat(y + 1 + m), lat(y - m)
def points(c):
    if isinstance(c[0], list):
        for i in c:
            yield from points(i)
    else:
        yield c
def box(f):
    ps = list(points(f["geometry"]["coordinates"]))
    return min(p[0] for p in ps), min(p[1] for p in ps), max(p[0] for p in ps), max(p[1] for p in ps)
seen = set()
unit = 360 / n / 4096
for f in tile:
    own = dict(f["properties"])
    fid = own.pop("mvt_id", f.get("id"))
    whole = features[fid]
    for key, value in own.items():
        assert whole["properties"][key] == value, (key, value, whole["properties"][key])
    seen.add(fid)
    a, b = box(f), box(whole)
    if b[0] > west and b[2] < east and b[1] > south and b[3] < north:  # whole in the tile
        assert all(abs(p - q) < 2 * unit for p, q in zip(a, b)), (a, b)
inside = {i for i, f in features.items() if any(west < p[0] < east and south < p[1] < north
                                                for p in points(f["geometry"]["coordinates"]))}
assert inside <= seen, (inside - seen)
assert len(seen) == len(tile) > 3
END

# What is not there, not allowed, or not understood.
code() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
same "no such collection" "$(code "$ogc/collections/sample.nothing")" 404
same "no such parameter" "$(code "$ogc/collections/sample.dong/items?colour=red")" 400
same "no such box" "$(code "$ogc/collections/sample.dong/items?bbox=1,2,3")" 400
same "no such tile" "$(code "$ogc/collections/sample.dong/tiles/WebMercatorQuad/3/8/0")" 404
same "no such feature" "$(code "$ogc/collections/sample.dong/items/0")" 404
"$DOSI" describe sample/dong --visibility private >/dev/null
same "a private collection" "$(code "$ogc/collections/sample.dong/items")" 404
curl -s "$ogc/collections" | grep -q '"id":"sample.dong"' && fail "a private collection is listed"
kill $server
wait $server || fail "the server did not end well: $?"
