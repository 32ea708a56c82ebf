# Goal: air-now runs from a fresh lab to layers of the map; a second run computes nothing; one
# parameter recomputes what depends on it and nothing else; two runs at once both end well.
cd "$WORK"
"$DOSI" init lab > /dev/null && cd lab
"$DOSI" sample --scale small > /dev/null 2>&1
export DOSI_STUDIES="$ROOT/studies"
"$DOSI" study list | grep -q "air-now" || fail "air-now is not listed"
"$DOSI" study run air-now > first.txt || fail "the first run"
grep -q "computed 5 of 5 steps" first.txt || fail "first run: $(head -1 first.txt)"
grep -q "leave-one-out of" first.txt || fail "leave-one-out is not reported"
"$DOSI" study run air-now > second.txt || fail "the second run"
grep -q "computed 0 of 5 steps" second.txt || fail "second run: $(head -1 second.txt)"
grep -q "nothing to compute" second.txt || fail "the second run does not say so"
"$DOSI" study run air-now --param cell_m=1000 > third.txt || fail "the third run"
grep -q "computed 2 of 5 steps" third.txt || fail "third run: $(head -1 third.txt)"
grep -q "parameter cell_m: 500 -> 1000" third.txt || fail "the third run does not say what changed"

"$DOSI" layers list > layers.json
python3 - <<'PY' || fail "layers"
import json
d = json.load(open("layers.json"))
ids = {l["id"]: l for l in d["layers"]}
for wanted in ("sample.air-map.pm25", "sample.air-dong.pm25", "sample.air-index.cai", "sample.air-qc.pm25"):
    assert ids[wanted]["simulated"] and ids[wanted]["times"]["count"] == 168, wanted
grid = ids["sample.air-map.pm25"]
assert grid["version"] == 2 and grid["grid"]["columns"] > 3 and len(grid["grid"]["corners"]) == 4
assert grid["uncertainty"] in ids and d["base"]["sample"]["dong"] == "sample.dong"
PY
"$DOSI" layers frame sample.air-map.pm25 --time 2025-03-03T05:00:00+09:00 > frame.json
"$DOSI" layers series sample.air-index.cai --key 900001 > series.json
"$DOSI" sql 'SELECT cell, pm25_ugm3 AS v FROM "sample/air-map" WHERE time = TIMESTAMP '"'2025-03-03 05:00:00'" --format csv > frame.csv
python3 - <<'PY' || fail "the frame is not what SQL says"
import csv, json
layers = {l["id"]: l for l in json.load(open("layers.json"))["layers"]}
grid = layers["sample.air-map.pm25"]["grid"]
frame = json.load(open("frame.json"))
assert frame["time"] == "2025-03-03T05:00:00+09:00" and len(frame["values"]) == grid["columns"] * grid["rows"]
n = 0
for row in csv.DictReader(open("frame.csv")):
    r, c = divmod(int(row["cell"]), grid["columns"])
    shown = frame["values"][(grid["rows"] - 1 - r) * grid["columns"] + c]
    assert abs(shown - float(row["v"])) <= 0.051, (row, shown) # frames round to what the layer's range needs
    n += 1
assert n > 10 and sum(v is not None for v in frame["values"]) == n
series = json.load(open("series.json"))
assert len(series["times"]) == len(series["values"]) == 168 and series["key"] == "900001" and series["label"]
PY

"$DOSI" study run air-now --param cell_m=800 > one.txt 2>&1 & one=$!
"$DOSI" study run air-now --param cell_m=900 > two.txt 2>&1 & two=$!
wait $one || fail "one of two at once: $(cat one.txt)"
wait $two || fail "two of two at once: $(cat two.txt)"
"$DOSI" show sample/air-dong > shown.txt
grep -q "sample/air-hourly@1" shown.txt || fail "the lineage does not reach the measurements"
"$DOSI" audit verify > /dev/null || fail "audit"
