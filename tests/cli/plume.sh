# Goal: the true emissions of the sample city's stacks, run forward, give what its stations got from
# them; changes of emissions give the difference of two runs; every shape of source has its place.
"$DOSI" init "$WORK/lab" >/dev/null
cd "$WORK/lab"
"$DOSI" sample --scale small >/dev/null 2>&1
plume() { "$DOSI" run air.plume --input sources=sample/emission-sources --input places=sample/stations --param only=stack "$@"; }
plume --input weather=sample/weather-hourly --param model=classes --param map=none --param height_m=0 \
    --param from=2025-03-01T01:00 --param to=2025-03-10T00:00 --out "$WORK/truth" >"$WORK/said" 2>&1 || fail "classes: $(cat "$WORK/said")"
grep -q "sources: 4 stacks, 0 volumes, 0 lines, 0 areas" "$WORK/said" || fail "the report: $(cat "$WORK/said")"
"$DOSI" sql 'select station, time, so2_ppm from "sample/air-truth-stations"' --format csv >"$WORK/true.csv"
python3 - "$WORK/true.csv" "$WORK/truth" <<'PY' || fail "forward of the truth"
import csv, math, sys
told = {(r["station"], r["time"]): float(r["so2_ugm3"]) for r in csv.DictReader(open(sys.argv[2] + "/receptors.csv"))}
sums = {}
for r in csv.DictReader(open(sys.argv[1])):
    key = r["station"], r["time"]
    if key in told:
        s = sums.setdefault(r["station"], [0, 0, 0])
        s[0] += 1; s[1] += told[key]; s[2] += float(r["so2_ppm"]) * 1e3 * 64 / 24.45
x, y = [s[1] / s[0] for s in sums.values()], [s[2] / s[0] for s in sums.values()]
mx, my = sum(x) / len(x), sum(y) / len(y)
sxy, sxx, syy = (sum((a - mx) * (b - my) for a, b in zip(p, q)) for p, q in ((x, y), (x, x), (y, y)))
print(f"{len(x)} stations: slope {sxy / sxx:.4f}, r {sxy / math.sqrt(sxx * syy):.4f}, without stacks {my - mx:.2f} ug/m3")
# What is left is the background and heating: the same nearly everywhere, and smaller than the stacks where these count.
assert len(x) == 14 and abs(sxy / sxx - 1) < 0.05 and sxy / math.sqrt(sxx * syy) > 0.97
assert all(b > a for a, b in zip(x, y))
# What each stack adds is what all add.
shares = {}
for r in csv.DictReader(open(sys.argv[2] + "/contributions.csv")):
    shares[r["station"]] = shares.get(r["station"], 0) + float(r["so2_ugm3"])
hours = len({t for _, t in told})
for name in sums:
    mean = sum(v for (s, _), v in told.items() if s == name) / hours
    assert abs(shares.get(name, 0) - mean) < 1e-9 * max(mean, 1e-3), name
PY

# A city's roofs beside its stacks are no groups of theirs, however many they are.
"$DOSI" derive --as sample/many "SELECT source, kind, height_m, so2_gs, diameter_m, gas_ms, gas_c, geometry FROM \"sample/emission-sources\" WHERE kind = 'stack'
UNION ALL SELECT 'roof-' || i, 'heating', 10, 0.01, 0.3, 1, 60, geometry FROM (SELECT geometry FROM \"sample/emission-sources\" LIMIT 1) s, range(600) t(i)" >/dev/null || fail "many sources"
"$DOSI" run air.plume --input sources=sample/many --input places=sample/stations --param only=stack --input weather=sample/weather-hourly \
    --param model=classes --param map=none --param from=2025-03-01T01:00 --param to=2025-03-01T06:00 --out "$WORK/many" >"$WORK/said" 2>&1 || fail "more than 500 sources that are left out: $(cat "$WORK/said")"
[ "$(cut -d, -f2 "$WORK/many/contributions.csv" | sort -u | grep -c roof)" = 0 ] || fail "roofs among the groups"

# By similarity: leaving a stack out is the difference of two runs, and halving it half of that.
"$DOSI" run air.met --input weather=sample/weather-hourly --out "$WORK/met" >/dev/null 2>&1 || fail "air.met"
day() { plume --input weather="$WORK/met/met.csv" --param from=2025-03-03T01:00 --param to=2025-03-03T12:00 --param cell_m=500 "$@" >/dev/null 2>"$WORK/why"; }
day --param without=stack-2 --out "$WORK/without" || fail "without: $(cat "$WORK/why")"
day --param scale=stack-2=0.5 --out "$WORK/half" || fail "half: $(cat "$WORK/why")"
day --param only=stack-1,stack-3,stack-4 --out "$WORK/rest" || fail "rest: $(cat "$WORK/why")"
day --param group=kind --param map=groups --out "$WORK/groups" || fail "groups: $(cat "$WORK/why")"
day --param map=hours --threads 1 --out "$WORK/hours" || fail "hours: $(cat "$WORK/why")"
python3 - "$WORK" <<'PY' || fail "differences"
import csv, sys
read = lambda d: {int(r["cell"]): r for r in csv.DictReader(open(f"{sys.argv[1]}/{d}/map.csv"))}
place = lambda r: (round(float(r["x"])), round(float(r["y"])))
without, half, groups = read("without"), read("half"), read("groups")
rest = {place(r): float(r["so2_ugm3"]) for r in read("rest").values()}
n = 0
for c, r in without.items():
    base, change = float(r["so2_ugm3"]), float(r["so2_ugm3_change"])
    assert change <= 1e-9 * base and abs(float(half[c]["so2_ugm3_change"]) - change / 2) < 1e-9 * base + 1e-12
    assert abs(float(groups[c]["so2_ugm3"]) - base) < 1e-9 * base + 1e-15 and groups[c]["group"] == "stack"
    if place(r) in rest:
        n += 1
        assert abs(rest[place(r)] - base - change) < 1e-9 * base + 1e-12, (rest[place(r)], base, change)
assert n > 100 and min(float(r["so2_ugm3_change"]) for r in without.values()) < -0.5
mean = {}
for r in csv.DictReader(open(f"{sys.argv[1]}/hours/map.csv")):
    mean[int(r["cell"])] = mean.get(int(r["cell"]), 0) + float(r["so2_ugm3"]) / 12
assert all(abs(mean[c] - float(r["so2_ugm3"])) < 1e-9 * mean[c] + 1e-12 for c, r in without.items())
PY
! day --param without=stack-9 --out "$WORK/no" || fail "a stack that is not there"
grep -q "stack-9" "$WORK/why" || fail "which stack: $(cat "$WORK/why")"
! day --param scale=stack-1 --out "$WORK/no" || fail "no factor"
grep -q "name=factor" "$WORK/why" || fail "which form: $(cat "$WORK/why")"
! plume --input weather=sample/weather-hourly --out "$WORK/no" 2>"$WORK/why" >/dev/null || fail "weather without similarity"
grep -q "air.met" "$WORK/why" || fail "where from: $(cat "$WORK/why")"

# A small area, a volume and a strip of one strength are one source to a place far away.
python3 - "$WORK" <<'PY'
import sys
w = sys.argv[1]
rows = {"volume": "POINT (200000 550000)", "line": "LINESTRING (199990 550000, 200010 550000)",
        "area": "POLYGON ((199990 549990, 200010 549990, 200010 550010, 199990 550010, 199990 549990))"}
open(f"{w}/places.csv", "w").write("station,x,y\nnear,200000,549900\nfar,200000,548000\n")
open(f"{w}/weather.csv", "w").write("time,wind_speed_ms,wind_direction_deg,temperature_c,stability,mixing_m,friction_velocity_ms,"
    "mo_length_m,convective_velocity_ms,mechanical_height_m,convective_height_m,heat_flux_wm2\n"
    "2025-03-03T12:00:00,3,360,15,D,800,0.4,500,0,600,0,-5\n")
import json
def lonlat(x, y):  # near the middle of EPSG:5186 degrees are good enough to make small shapes
    import math
    return [127 + (x - 200000) / (111320 * math.cos(math.radians(37.548))), 38 + (y - 600000) / 110996.0]
def shape(wkt):
    import re
    numbers = [lonlat(*map(float, p.split())) for p in re.findall(r"[-\d.]+ [-\d.]+", wkt)]
    return {"POINT": ("Point", numbers[0]), "LINES": ("LineString", numbers), "POLYG": ("Polygon", [numbers])}[wkt[:5]]
features = [{"type": "Feature", "properties": {"source": k, "height_m": 5.0, "width_m": 20.0, "nox_gs": 1.0},
             "geometry": dict(zip(("type", "coordinates"), shape(v)))} for k, v in rows.items()]
json.dump({"type": "FeatureCollection", "features": features}, open(f"{w}/shapes.geojson", "w"))
PY
"$DOSI" add "$WORK/shapes.geojson" --as sample/shapes >/dev/null 2>"$WORK/why" || fail "shapes: $(cat "$WORK/why")"
for model in similarity classes; do
    "$DOSI" run air.plume --input sources=sample/shapes --input weather="$WORK/weather.csv" --input places="$WORK/places.csv" \
        --param value=nox_gs --param model=$model --param map=none --out "$WORK/$model" >"$WORK/said" 2>&1 || fail "$model: $(cat "$WORK/said")"
    grep -q "sources: 0 stacks, 1 volumes, 1 lines, 1 areas; 0 without a place" "$WORK/said" || fail "shapes: $(cat "$WORK/said")"
    python3 - "$WORK/$model/contributions.csv" <<'PY' || fail "shapes of sources by $model"
import csv, sys
rows = {(r["station"], r["group"]): float(r["nox_ugm3"]) for r in csv.DictReader(open(sys.argv[1]))}
far = [rows["far", k] for k in ("volume", "line", "area")]
near = [rows["near", k] for k in ("volume", "line", "area")]
print(far, near)
# By similarity stacks and volumes meander, lines and areas do not: AERMOD has it so.
assert abs(far[1] / far[2] - 1) < 0.01 and min(far) > 0.1 and min(near) > 5 * max(far)
assert abs(far[0] / far[2] - 1) < 0.15 if "classes" in sys.argv[1] else far[0] < far[2]
PY
done

# Dust falls: rows of one source are its sizes, and what is coarse falls sooner; rain brings more down; a gas is taken up.
cat >"$WORK/dust.csv" <<'CSV'
source,x,y,height_m,diameter_m,gas_ms,gas_c,dust_gs,diameter_um,density_gcm3,fine_share,deposition_ms
mill,200000,550000,30,1,8,60,0.5,5,2.5,,
mill,200000,550000,30,1,8,60,0.5,30,2.5,,
fine,200000,550000,30,1,8,60,1,1,,0.8,
gas,200000,550000,30,1,8,60,1,,,,0.01
air,200000,550000,30,1,8,60,1,,,,
CSV
dust() { "$DOSI" run air.plume --input sources="$WORK/dust.csv" --input places="$WORK/places.csv" --param value=dust_gs "$@" >"$WORK/said" 2>&1; }
sed -e '1s/$/,rain_mm,humidity_pct,pressure_hpa/' -e '2s/$/,4,90,1005/' "$WORK/weather.csv" >"$WORK/wet.csv"
for one in mill fine gas air; do
    dust --input weather="$WORK/weather.csv" --param only=$one --param map=none --out "$WORK/dry-$one" || fail "dry $one: $(cat "$WORK/said")"
    dust --input weather="$WORK/wet.csv" --param only=$one --param map=none --out "$WORK/wet-$one" || fail "wet $one: $(cat "$WORK/said")"
done
dust --input weather="$WORK/wet.csv" --param without=mill --param cell_m=100 --out "$WORK/all" || fail "all of them: $(cat "$WORK/said")"
python3 - "$WORK" <<'PY' || fail "what falls"
import csv, sys
read = lambda d: {r["station"]: r for r in csv.DictReader(open(f"{sys.argv[1]}/{d}/receptors.csv"))}["far"]
f = lambda d, k: float(read(d)["dust_" + k])
for one in ("mill", "fine", "gas"):
    assert f("dry-" + one, "dry_gm2h") > 0 and f("dry-" + one, "wet_gm2h") == 0, one
    assert f("dry-" + one, "ugm3") < f("dry-air", "ugm3"), one
    assert (f("wet-" + one, "wet_gm2h") > 0) == (one != "gas"), one  # a velocity alone says nothing of rain
assert "dust_dry_gm2h" not in read("dry-air")
assert f("wet-mill", "ugm3") < f("dry-mill", "ugm3") and f("dry-mill", "dry_gm2h") > f("dry-fine", "dry_gm2h")
assert abs(f("wet-air", "ugm3") - f("dry-air", "ugm3")) < 1e-12
for k in ("ugm3", "dry_gm2h", "wet_gm2h"):  # what all bring is the sum; without the mill it lacks the mill's
    parts = [f("wet-" + one, k) for one in ("mill", "fine", "gas", "air") if k == "ugm3" or one != "air"]
    assert abs(f("all", k) - sum(parts)) < 1e-9 * sum(parts) and abs(f("all", k + "_change") + parts[0]) < 1e-9 * sum(parts), k
cells = list(csv.DictReader(open(f"{sys.argv[1]}/all/map.csv")))
# No more lies on the map than was emitted in the hour: 3 g/s that deposit.
down = sum((float(r["dust_dry_gm2h"]) + float(r["dust_wet_gm2h"])) * 100 * 100 for r in cells) / (3 * 3600)
print(f"{100 * down:.1f} % of what can falls within the map")
assert 0.005 < down < 0.9, down
PY
! dust --input weather="$WORK/weather.csv" --param model=classes --out "$WORK/no" || fail "classes deposit"
grep -q "diameter_um" "$WORK/said" || fail "why not: $(cat "$WORK/said")"
# The columns that are told are those that are read; a density that cannot be is the usual one.
"$DOSI" methods show air.plume >"$WORK/told"
for name in $(head -1 "$WORK/dust.csv" | tr , ' '); do
    case $name in x | y | dust_gs) continue ;; esac
    grep -q "$name" "$WORK/told" || fail "air.plume does not tell of its column $name"
done
for density in -2 0 1; do
    printf 'source,x,y,height_m,dust_gs,diameter_um,density_gcm3\nmill,200000,550000,30,2,20,%s\n' $density >"$WORK/dust.csv"
    dust --input weather="$WORK/weather.csv" --param map=none --out "$WORK/density$density" || fail "density $density, a whole number of g/s: $(cat "$WORK/said")"
    cmp "$WORK/density$density/receptors.csv" "$WORK/density-2/receptors.csv" || fail "density $density"
done

# A road is left out in the same words.
"$DOSI" run air.road_emission --input links=sample/roads --out "$WORK/roads" >/dev/null 2>&1 || fail "air.road_emission"
road() { "$DOSI" run air.road --input links=sample/roads --input emissions="$WORK/roads/emissions.parquet" --input weather=sample/weather-hourly \
    --param from=2025-03-03T09:00 --param to=2025-03-03T09:00 --param cell_m=1000 "$@" >/dev/null 2>"$WORK/why"; }
road --param changed=L00001,L00002 --out "$WORK/closed" || fail "changed: $(cat "$WORK/why")"
road --param without=L00001,L00002 --out "$WORK/left" || fail "without: $(cat "$WORK/why")"
cmp "$WORK/closed/map.csv" "$WORK/left/map.csv" || fail "two ways to close a road"
road --param scale=arterial=0.5 --out "$WORK/class" || fail "a class: $(cat "$WORK/why")"
python3 -c "import csv,sys; m=min(float(r['nox_ugm3_change']) for r in csv.DictReader(open(sys.argv[1]))); assert m < -0.1, m" "$WORK/class/map.csv" || fail "half the arterials"
