# Goal: readings that were made of known multiples of modelled contributions give those multiples
# back, from one model or two; where readings say nothing the prior stays; what is wrong is named.
python3 - "$WORK" <<'PY'
import math, random, sys
random.seed(3)
w = sys.argv[1]
said = open(f"{w}/said.csv", "w")
roads, stacks = open(f"{w}/roads.csv", "w"), open(f"{w}/stacks.csv", "w")
print("station,time,pm25_ugm3,pm25_ugm3_flag", file=said)
for f in (roads, stacks):
    print("station,time,group,pm25_ugm3", file=f)
for t in range(240):
    at = f"2025-03-{1 + t // 24:02d}T{t % 24:02d}:00:00"
    background = 20 + 5 * math.sin(t / 7)
    for s in range(6):
        a, b, c = (abs(random.gauss(4, 3)) for _ in range(3))
        if s == 5 and t % 2 == 0:
            a = b = 0  # no row: nothing is added then
        value = background + 2 * s + 0.5 * a + 2 * b + c + random.gauss(0, 0.5)
        bad = t % 50 == 7  # a flagged reading is not used
        print(f"s{s},{at},{900 if bad else round(value, 3)},{1 if bad else 0}", file=said)
        if a > 0:
            print(f"s{s},{at},arterial,{a}\ns{s},{at},local,{b}", file=roads)
        print(f"s{s},{at},stack,{c}", file=stacks)
    print(f"s5,{at},faraway,0", file=stacks)
PY
run() { "$DOSI" run air.scale --param value=pm25_ugm3 --param modelled=pm25_ugm3 "$@"; }
run --input observations="$WORK/said.csv" --input contributions="$WORK/roads.csv" --input more="$WORK/stacks.csv" \
    --param prior_sd=1 --out "$WORK/out" >"$WORK/report" || fail "air.scale"
grep -q "4 groups from 1410 readings of 6 stations at 240 hours" "$WORK/report" || fail "the report: $(cat "$WORK/report")"
python3 - "$WORK/out" <<'PY' || fail "factors"
import csv, sys
groups = {r["group"]: {k: float(v) for k, v in r.items() if k != "group"} for r in csv.DictReader(open(f"{sys.argv[1]}/groups.csv"))}
for name, true in {"local": 2, "stack": 1, "arterial": 0.5}.items():
    g = groups[name]
    print(name, g)
    assert abs(g["factor"] - true) < 0.05 and g["averaging"] > 0.9, name
    assert 0 < g["factor_sd"] < 0.05, name
far = groups["faraway"]
assert abs(far["factor"] - 1) < 1e-9 and abs(far["factor_sd"] - 1) < 1e-9 and far["averaging"] < 1e-9, far
stations = list(csv.DictReader(open(f"{sys.argv[1]}/stations.csv")))
for name in {r["station"] for r in stations}:  # what the groups and the rest add is all there is
    assert abs(sum(float(r["share"]) for r in stations if r["station"] == name) - 1) < 1e-9, name
PY
! run --input observations="$WORK/said.csv" --input contributions="$WORK/roads.csv" --param modelled=nox_ugm3 \
    --out "$WORK/no" 2>"$WORK/why" || fail "a column that is not there"
grep -q nox_ugm3 "$WORK/why" || fail "which column: $(cat "$WORK/why")"
! run --input observations="$WORK/said.csv" --input contributions="$WORK/roads.csv" --param value=nothing \
    --out "$WORK/no" 2>"$WORK/why" || fail "a value that is no pollutant"
grep -q nothing "$WORK/why" || fail "which value: $(cat "$WORK/why")"
sed 's/2025-03/2024-03/' "$WORK/roads.csv" >"$WORK/other.csv"
! run --input observations="$WORK/said.csv" --input contributions="$WORK/other.csv" --out "$WORK/no" 2>"$WORK/why" ||
    fail "other hours"
grep -q "only 0 readings" "$WORK/why" || fail "why: $(cat "$WORK/why")"
