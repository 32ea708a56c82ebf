# Goal: from the readings of the sample city's stations and its weather, at least four fifths of its
# stacks are found within 300 m and 30 % of their strength, and intervals contain the truth; where
# places are known, strengths are.
"$DOSI" init "$WORK/lab" >/dev/null
cd "$WORK/lab"
"$DOSI" sample --scale small >/dev/null 2>&1
"$DOSI" run air.qc --input observations=sample/air-hourly --input stations=sample/stations --out "$WORK/qc" >/dev/null 2>&1
"$DOSI" run air.inverse --input observations="$WORK/qc/observations.parquet" --input stations=sample/stations \
    --input weather=sample/weather-hourly --param value=so2_ppm --out "$WORK/found" >"$WORK/said" || fail "air.inverse"
grep -q "sources from" "$WORK/said" || fail "the report: $(cat "$WORK/said")"
"$DOSI" sql "select source, so2_gs, geometry from \"sample/emission-sources\" where kind='stack'" --format csv >"$WORK/true.csv"
python3 - "$WORK/true.csv" "$WORK/found/sources.csv" <<'PY' || fail "too few stacks were found"
import csv, math, re, sys
place = lambda row: tuple(map(float, re.findall(r"[-\d.]+", row["geometry"])))
true = [(place(r), float(r["so2_gs"])) for r in csv.DictReader(open(sys.argv[1]))]
found = [(place(r), float(r["strength_gs"])) for r in csv.DictReader(open(sys.argv[2]))]
def apart(a, b):
    return math.hypot((a[0] - b[0]) * 111320 * math.cos(math.radians(a[1])), (a[1] - b[1]) * 111000)
n = sum(any(apart(p, g) <= 300 and abs(s / q - 1) <= 0.3 for g, s in found) for p, q in true)
print(f"{n} of {len(true)} stacks found")
sys.exit(0 if n >= 0.8 * len(true) else 1)
PY
# Intervals are honest: three of the four true strengths, at least, are within those of 95 %.
python3 - "$WORK/true.csv" "$WORK/found/sources.csv" <<'PY' || fail "intervals without the truth"
import csv, re, sys
place = lambda row: tuple(map(float, re.findall(r"[-\d.]+", row["geometry"])))
found = list(csv.DictReader(open(sys.argv[2])))
n = 0
for t in csv.DictReader(open(sys.argv[1])):
    x, y = place(t)
    f = min(found, key=lambda r: (place(r)[0] - x) ** 2 + (place(r)[1] - y) ** 2)
    n += float(f["lower_gs"]) <= float(t["so2_gs"]) <= float(f["upper_gs"])
sys.exit(0 if n >= 3 else 1)
PY

# Known places, nothing thought of their strengths before.
"$DOSI" derive "select source, height_m, geometry from \"sample/emission-sources\" where kind='stack'" --as sample/known >/dev/null ||
    fail "derive"
"$DOSI" run air.inverse --input observations="$WORK/qc/observations.parquet" --input stations=sample/stations \
    --input weather=sample/weather-hourly --input known=sample/known --param value=so2_ppm --out "$WORK/weighed" >/dev/null 2>"$WORK/why" ||
    fail "known sources: $(cat "$WORK/why")"
[ "$(wc -l <"$WORK/weighed/sources.csv")" = 5 ] || fail "four known sources are weighed"
"$DOSI" run air.inverse --input observations="$WORK/qc/observations.parquet" --input stations=sample/stations \
    --input weather=sample/weather-hourly --input known=sample/known --param value=so2_ppm --param model_error=0 \
    --out "$WORK/sure" >/dev/null 2>&1 || fail "no model error"
python3 - "$WORK/weighed/sources.csv" "$WORK/sure/sources.csv" <<'PY' || fail "model_error is a tenth of the strength in the interval"
import csv, math, sys
wide, narrow = (list(csv.DictReader(open(f))) for f in sys.argv[1:])
sd = lambda r: (float(r["upper_gs"]) - float(r["strength_gs"])) / 1.96
fine = all(abs(sd(a) / math.hypot(sd(b), 0.1 * float(b["strength_gs"])) - 1) < 1e-3 for a, b in zip(wide, narrow))
sys.exit(0 if fine else 1)
PY
! "$DOSI" run air.inverse --input observations="$WORK/qc/observations.parquet" --input stations=sample/stations \
    --input weather=sample/weather-hourly --param value=o3_ppm --out "$WORK/o3" 2>"$WORK/why" || fail "ozone has no sources"
grep -q "made in the air" "$WORK/why" || fail "why not: $(cat "$WORK/why")"
