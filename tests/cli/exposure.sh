# Goal: air.exposure agrees with the maps it stands for, adds up from neighbourhoods to the city,
# follows people counted by the hour, and covers the sample city's truth as often as it says.
cd "$WORK"
"$DOSI" init lab > /dev/null && cd lab
"$DOSI" sample --scale small > /dev/null 2>&1
names=pm25_ugm3,pm10_ugm3,o3_ppm
"$DOSI" run air.qc --input observations=sample/air-hourly --input stations=sample/stations --out qc > qc.txt 2>&1 || fail "air.qc"
"$DOSI" run geo.krige --input observations=qc/observations.parquet --input stations=sample/stations --input area=sample/dong \
  --param value=$names --param by=time --param weights=pairs --param cutoff_m=25000 --out map > map.txt 2>&1 ||
  fail "geo.krige: $(cat map.txt)"
"$DOSI" run geo.zonal --input map=map/map.csv --input grid=map/grid.csv --input areas=sample/dong \
  --param value=$names --param by=time --out zonal > zonal.txt 2>&1 || fail "geo.zonal: $(cat zonal.txt)"

# People who all gather in one neighbourhood at noon.
"$DOSI" sql 'SELECT DISTINCT dong FROM "sample/dong" ORDER BY dong' --format csv > dong.csv
python3 - <<'PY'
import csv, datetime
dong = [r["dong"] for r in csv.DictReader(open("dong.csv"))]
with open("people.csv", "w") as out:
    out.write("dong,time,population\n")
    for d in dong:
        for hour in range(24):
            when = datetime.datetime(2025, 3, 1) + datetime.timedelta(hours=hour + 1)
            out.write("%s,%s,%d\n" % (d, when.isoformat(), 100000 if hour == 11 and d == dong[7] else 0 if hour == 11 else 1000))
PY
run_exposure() { # FOLDER [OPTION...]
  local folder=$1; shift
  "$DOSI" run air.exposure --input observations=qc/observations.parquet --input stations=sample/stations --input areas=sample/dong \
    --input models=map/models.csv --param value=$names --param group=district "$@" --out "$folder" > "$folder.txt" 2>&1 ||
    fail "air.exposure: $(cat "$folder.txt")"
}
# Without effects it is the maps' own mean; with them, as it comes, below.
run_exposure home --param offset= --param crowd_m=0 --param draw_in=false --param home_share=0.66 --param infiltration=pm25_ugm3=0.5:0.15
"$DOSI" add people.csv --as sample/people --quiet > /dev/null || fail "people.csv"
run_exposure noon --param offset= --param crowd_m=0 --input people=sample/people --param people_by=day
"$DOSI" sql 'SELECT time, cell, pm25_ugm3, pm10_ugm3, o3_ppm FROM "sample/air-truth"' --format csv > truth.csv
"$DOSI" sql 'SELECT min(x) AS x, min(y) AS y FROM "sample/air-truth"' --format csv > corner.csv
"$DOSI" sql 'SELECT cell, x, y FROM "sample/air-truth" WHERE time = (SELECT min(time) FROM "sample/air-truth")' --format csv > cells.csv
python3 - <<'PY' || fail "the grid of the truth"
import csv
cells = [(int(r["cell"]), float(r["x"]), float(r["y"])) for r in csv.DictReader(open("cells.csv"))]
size = min(b[1] - a[1] for a, b in zip(cells, cells[1:]) if b[1] > a[1])
first = cells[0]
other = next(c for c in cells if c[1] == first[1] and c[2] > first[2])
columns = round((other[0] - first[0]) * size / (other[2] - first[2]))
row, column = divmod(first[0], columns)
rows = max(c[0] for c in cells) // columns + 1
with open("grid.csv", "w") as out:
    out.write("x0,y0,cell_m,n_columns,n_rows,srid\n%r,%r,%r,%d,%d,5186\n" %
              (first[1] - (column + 0.5) * size, first[2] - (row + 0.5) * size, size, columns, rows))
PY
"$DOSI" run geo.zonal --input map=sample/air-truth --input grid=grid.csv --input areas=sample/dong \
  --param value=$names --param by=time --out truth > truth.txt 2>&1 || fail "truth by neighbourhood: $(cat truth.txt)"
python3 - <<'PY' || fail "what came out"
import csv, math
from collections import defaultdict
names = ["pm25_ugm3", "pm10_ugm3", "o3_ppm"]
def read(path): return list(csv.DictReader(open(path)))
key = lambda r: (r["time"], r["dong"])
zonal = {key(r): r for r in read("zonal/zonal.csv")}
truth = {key(r): r for r in read("truth/zonal.csv")}
home, total = read("home/zonal.csv"), {r["time"]: r for r in read("home/total.csv")}
assert len(home) == len(zonal) == 168 * 60 and len(total) == 168
sums = defaultdict(lambda: [0.0, 0.0, 0.0])
inside = {v: 0 for v in names}
for r in home:
    people = float(r["population"])
    for v in names:
        mean, se, low, high = (float(r[v + s]) for s in ("", "_se", "_low", "_high"))
        assert abs(mean - float(zonal[key(r)][v])) <= 1e-6 * max(1, abs(mean)), (key(r), v) # the map's own mean
        assert se > 0 and low < mean < high and 0 <= float(r[v + "_share_above"]) <= 1
        s = sums[r["time"], v]
        s[0] += people; s[1] += people * mean; s[2] += people * se
        inside[v] += low <= float(truth[key(r)][v]) <= high
for (time, v), (people, value, se) in sums.items():
    city = total[time]
    assert abs(float(city[v]) - value / people) < 1e-6 and float(city["population"]) == people
    assert float(city[v + "_se"]) < se / people * (1 + 1e-9)     # areas' errors partly cancel
    if v == "pm10_ugm3": assert float(city[v + "_se"]) < 0.9 * se / people
    assert float(city[v + "_share_low"]) <= float(city[v + "_share_above"]) + 0.2
for v, n in inside.items():
    print(v, "truth of a neighbourhood inside its 95 %% interval: %.1f %%" % (100 * n / len(home)))
    assert 0.90 <= n / len(home) <= 0.99, (v, n / len(home))
districts = read("home/groups.csv")
assert len(districts) % 168 == 0 and 60 > len(districts) // 168 > 1
noon = {key(r): r for r in read("noon/zonal.csv")}
where = sorted({r["dong"] for r in home})[7]
for time, city in ((r["time"], r) for r in read("noon/total.csv")):
    if not time.endswith("T12:00:00"): continue
    for v in names: # everybody is there
        assert abs(float(city[v]) - float(noon[time, where][v])) < 1e-9
        assert abs(float(city[v + "_se"]) - float(noon[time, where][v + "_se"])) < 1e-9
    assert float(city["population"]) == 100000
periods = [r for r in read("home/periods.csv") if r["variable"] == "pm25_ugm3"]
whole = [r for r in periods if r["hours"] == "168"]
assert len(whole) == 61 + len(districts) // 168 and len(periods) == 8 * len(whole) # seven days and all
for r in whole:
    mean, se, home_mean, breathed, doubt = (float(r[c]) for c in ("mean", "se", "residents", "breathed", "breathed_se"))
    assert se > 0 and abs(breathed - (0.1 + 0.9 * 0.5) * home_mean) < 1e-9 and doubt > 0.1 * breathed
levels = read("home/levels.csv")
by = {(r["time"], r["variable"], r["level"]): float(r["share"]) for r in levels}
assert all(by[t, v, "3"] <= by[t, v, "2"] + 1e-9 for t, v, level in by if level == "2")
PY

# By itself: stations by roads have an offset, and there is more in the air where more people are.
names=no2_ppm,o3_ppm
"$DOSI" sql 'SELECT time, cell, no2_ppm, o3_ppm FROM "sample/air-truth"' --format csv > truth2.csv
"$DOSI" run geo.zonal --input map=sample/air-truth --input grid=grid.csv --input areas=sample/dong \
  --param value=$names --param by=time --out truth2 > truth2.txt 2>&1 || fail "truth of NO2: $(cat truth2.txt)"
run_all() { # FOLDER [OPTION...]
  local folder=$1; shift
  "$DOSI" run air.exposure --input observations=qc/observations.parquet --input stations=sample/stations --input areas=sample/dong \
    --param value=$names --param weights=pairs --param micro_m=300 --param levels=false --param threshold= "$@" --out "$folder" > "$folder.txt" 2>&1 ||
    fail "air.exposure: $(cat "$folder.txt")"
}
run_all effects
run_all plain --param offset= --param crowd_m=0 --param draw_in=false
run_all without --param offset= --param crowd_m=0 --param draw_in=false --param leave_out=roadside
grep -q "4 of 14 sites have an offset" effects.txt || fail "no offset: $(cat effects.txt)"
grep -q "have an offset" plain.txt && fail "an offset though none was asked for"
python3 - <<'PY' || fail "what effects are worth"
import csv
names = ["no2_ppm", "o3_ppm"]
def read(path): return list(csv.DictReader(open(path)))
truth = {(r["time"], r["dong"]): r for r in read("truth2/zonal.csv")}
def judge(folder):
    rows, city, out = read(folder + "/zonal.csv"), {}, {}
    for v in names:
        for r in rows:
            sums = city.setdefault((r["time"], v), [0.0, 0.0])
            sums[0] += float(r["population"]) * float(truth[r["time"], r["dong"]][v])
            sums[1] += float(r["population"])
        square = sum((float(r[v]) - float(truth[r["time"], r["dong"]][v])) ** 2 for r in rows) / len(rows)
        inside = [float(r[v + "_low"]) <= city[r["time"], v][0] / city[r["time"], v][1] <= float(r[v + "_high"]) for r in read(folder + "/total.csv")]
        out[v] = square ** 0.5, sum(inside) / len(inside)
    return out
effects, plain, without = judge("effects"), judge("plain"), judge("without")
for v in names:
    print(v, "error and share of the city's means inside: effects %.4g %.3f, all alike %.4g %.3f, without roadside %.4g %.3f" %
          (effects[v] + plain[v] + without[v]))
    assert effects[v][0] < plain[v][0] and effects[v][0] < 1.02 * without[v][0], v
    assert effects[v][1] >= 0.85, v
models = {r["variable"]: r for r in read("effects/models.csv")}
assert all(float(r["crowd_sd"]) >= 0 and float(r["offset_sd"]) > 0 for r in models.values())
assert all(r["crowd_sd"] == "" and r["offset_sd"] == "" for r in read("plain/models.csv"))
PY
