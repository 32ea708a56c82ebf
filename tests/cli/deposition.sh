# Goal: air.deposition sums what falls: coarse dust more than fine, and nearer; rain brings down what a dry
# hour does not; twice the emission is twice the deposit; what cannot be is refused.
"$DOSI" init "$WORK/lab" >/dev/null
cd "$WORK/lab"
"$DOSI" sample --scale small >/dev/null 2>&1
"$DOSI" run air.met --input weather=sample/weather-hourly --out "$WORK/met" >/dev/null 2>&1 || fail "air.met"
# A dusty yard of two sizes, and one that emits twice as much.
cat >"$WORK/dust.csv" <<'CSV'
source,x,y,height_m,width_m,dust_gs,double_gs,diameter_um,density_gcm3
yard,60000,400000,3,50,1,2,30,2.65
CSV
sed 's/,30,/,2,/' "$WORK/dust.csv" >"$WORK/fine.csv"
"$DOSI" sql 'select time from "sample/weather-hourly" where rain_mm > 2 order by time limit 1' --format csv >"$WORK/wet.csv"
wet="$(tail -1 "$WORK/wet.csv" | tr ' ' 'T' | cut -c1-16)"
fall() {
    "$DOSI" run air.deposition --input weather="$WORK/met/met.csv" --param value=dust_gs,double_gs --param cell_m=200 --param margin_m=1000 \
        --param from="$wet" --param to="$wet" "$@" >"$WORK/said" 2>&1
}
fall --input sources="$WORK/dust.csv" --input rain=sample/weather-hourly --out "$WORK/coarse" || fail "coarse: $(cat "$WORK/said")"
grep -q "hours: 1, 1 of them with rain" "$WORK/said" || fail "the report: $(cat "$WORK/said")"
fall --input sources="$WORK/fine.csv" --input rain=sample/weather-hourly --out "$WORK/small" || fail "fine: $(cat "$WORK/said")"
fall --input sources="$WORK/dust.csv" --out "$WORK/dry" || fail "without rain: $(cat "$WORK/said")"
python3 - "$WORK" <<'PY' || fail "what fell"
import csv, sys
def rows(name): return list(csv.DictReader(open(f"{sys.argv[1]}/{name}/map.csv")))
def total(name, column): return sum(float(r[column]) for r in rows(name))
coarse, small, dry = (total(n, "dust_dry_gm2") for n in ("coarse", "small", "dry"))
print(f"dry: coarse {coarse:.4g}, fine {small:.4g}; wet: {total('coarse', 'dust_wet_gm2'):.4g}")
assert coarse > 5 * small > 0, "coarse dust settles"
assert total("coarse", "dust_wet_gm2") > total("small", "dust_wet_gm2") > 0, "rain takes the coarse first"
assert total("dry", "dust_wet_gm2") == 0, "no rain, no washout"
assert dry > coarse, "what rain takes does not fall dry"
for r in rows("coarse"):
    for way in ("dry", "wet"):
        one, two = float(r[f"dust_{way}_gm2"]), float(r[f"double_{way}_gm2"])
        assert abs(two - 2 * one) <= 1e-12 * one, r
# No more falls than was emitted in the hour (cells of 200 m see the plume well enough for that).
fallen = (coarse + total("coarse", "dust_wet_gm2")) * 200 * 200
assert 0 < fallen < 3 * 3600, fallen
PY
sed 's/,2.65$/,-1/' "$WORK/dust.csv" >"$WORK/bad.csv"
fall --input sources="$WORK/bad.csv" --out "$WORK/no" && fail "a density of -1 was taken"
grep -q "row 1: particles of 30 um and -1 g/cm3" "$WORK/said" || fail "not named: $(cat "$WORK/said")"
fall --input sources="$WORK/dust.csv" --param value=nothing_gs --out "$WORK/no" && fail "a column that is not there was taken"
grep -q nothing_gs "$WORK/said" || fail "not named: $(cat "$WORK/said")"
echo "what falls is right"
