# Goal: air-year runs on the sample city to layers; its means are those of the hourly maps that
# geo.krige draws with the same variogram, and its dong means are what it says they are.
cd "$WORK"
"$DOSI" init lab > /dev/null && cd lab
"$DOSI" sample --scale small > /dev/null 2>&1
export DOSI_STUDIES="$ROOT/studies"
"$DOSI" study run air-year --param cell_m=400 > first.txt || fail "the first run: $(cat first.txt)"
grep -q "computed 2 of 2 steps" first.txt || fail "first run: $(head -1 first.txt)"
"$DOSI" study run air-year --param cell_m=400 > second.txt || fail "the second run"
grep -q "computed 0 of 2 steps" second.txt || fail "second run: $(head -1 second.txt)"
"$DOSI" layers list > layers.json
"$DOSI" sql 'SELECT * FROM "sample/air-year"' --format csv > cells.csv
"$DOSI" sql 'SELECT count(*) AS n, count(DISTINCT dong) AS dong, count(DISTINCT time) AS hours, min(pm10_ugm3_variance) AS least FROM "sample/air-dong-hourly"' --format csv > hourly.csv
"$DOSI" sql 'SELECT * FROM "sample/air-year-models"' --format csv > models.csv
python3 - <<'PY' || fail "what came out"
import csv, json
layers = {l["id"]: l for l in json.load(open("layers.json"))["layers"]}
assert layers["sample.air-year.pm25"]["times"] is None and layers["sample.air-year.pm25"]["grid"]["columns"] > 3
assert layers["sample.air-dong-hourly.pm25"]["times"]["count"] == 168
cells = list(csv.DictReader(open("cells.csv")))
assert len(cells) > 100
for row in cells:
    for v in ("pm25_ugm3", "pm10_ugm3", "o3_ppm", "no2_ppm", "co_ppm", "so2_ppm"):
        mean, sd, above, high, most = (float(row[v + s]) for s in ("", "_sd", "_above", "_high", "_max"))
        assert 0 < mean <= most and sd > 0 and 0 <= above <= 168 and high <= most, (row["cell"], v)
hourly = next(csv.DictReader(open("hourly.csv")))
assert int(hourly["hours"]) == 168 and int(hourly["n"]) == 168 * int(hourly["dong"]) and float(hourly["least"]) > 0
assert [m["variable"] for m in csv.DictReader(open("models.csv"))][0] == "pm25_ugm3"
PY
"$DOSI" layers frame sample.air-year.pm25 > /dev/null || fail "the mean cannot be drawn"

# The same from hourly maps drawn one by one.
for method in geo.krige air.year; do
  areas=area; [ "$method" = air.year ] && areas=areas
  "$DOSI" run "$method" --input observations=sample/air-hourly --input stations=sample/stations \
    --input "$areas=sample/dong" --param value=pm10_ugm3 --param by=time --param cell_m=800 \
    --param weights=pairs --param cutoff_m=25000 --param reject=0 --out "$method" > run.txt 2>&1 ||
    fail "$method does not run: $(cat run.txt)"
done
python3 - <<'PY' || fail "the mean is not that of the hourly maps"
import csv
from collections import defaultdict
maps = defaultdict(list)
for row in csv.DictReader(open("geo.krige/map.csv")):
    if row["pm10_ugm3"]: maps[row["cell"]].append(float(row["pm10_ugm3"]))
cells = list(csv.DictReader(open("air.year/cells.csv")))
assert len(cells) == len(maps) > 20
for row in cells:
    hours = maps[row["cell"]]
    assert abs(float(row["pm10_ugm3"]) - sum(hours) / len(hours)) < 1e-6
    assert abs(float(row["pm10_ugm3_max"]) - max(hours)) < 1e-6
    assert float(row["pm10_ugm3_above"]) == sum(v > 100 for v in hours)
PY
