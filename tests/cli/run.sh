# Goal: `dosi run` works on plain files without a lab, writes results with their lineage, gives
# the same bytes at any thread count, and says what is wrong with what it is given.
cd "$WORK"
{ echo "station,time,x,y,pm25_ugm3,pm10_ugm3,o3_ppm,no2_ppm"
  for hour in 1 2 3; do
    for i in 1 2 3 4 5 6 7 8; do
      echo "s$i,2020-02-01 0$hour:00,$((200000 + i * 700 % 2900)),$((550000 + i * i * 130 % 3100)),$((20 + i * hour % 7)),$((40 + i)),0.03,0.02"
    done
  done
} > air.csv
"$DOSI" methods > list.txt
for id in air.cai air.qc geo.krige geo.variogram geo.zonal; do
  grep -q "^$id " list.txt || fail "no method $id"
  "$DOSI" methods show "$id" --json > "$id.json"
  python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); assert d["id"]+".json"==sys.argv[1] and d["title"]["ko"]' "$id.json" ||
    fail "descriptor of $id"
done
"$DOSI" methods --json | python3 -c 'import json,sys; assert len(json.load(sys.stdin)) >= 5'

krige() { "$DOSI" run geo.krige --input observations=air.csv --param value=pm25_ugm3 --param by=time \
  --param cell_m=250 "$@" > /dev/null; }
krige --param fit=false --param nugget=1 --param psill=5 --param range_m=900 --out one --threads 1
krige --param fit=false --param nugget=1 --param psill=5 --param range_m=900 --out two --threads 2
for file in map.csv map.parquet grid.csv loo.csv models.csv run.json; do
  cmp "one/$file" "two/$file" || fail "$file differs between 1 and 2 threads"
done
head -1 one/map.csv | grep -q "^time,cell,x,y,pm25_ugm3,pm25_ugm3_variance" || fail "map columns"
rows=$(($(wc -l < one/map.csv) - 1))
cells=$(python3 -c 'import csv; r=list(csv.DictReader(open("one/grid.csv"))); assert len(r)==1; print(int(r[0]["n_columns"])*int(r[0]["n_rows"]))')
[ "$rows" = $((3 * cells)) ] || fail "$rows rows for 3 maps of $cells cells"
python3 - <<'PY' || fail "run.json"
import json
run = json.load(open("one/run.json"))
assert run["method"] == "geo.krige" and run["version"] >= 1 and run["program"]
assert run["parameters"]["range_m"] == "900" and run["parameters"]["search"] == "auto"
assert len(run["inputs"][0]["hash"]) == 64 and run["inputs"][0]["rows"] == 24
PY
"$DOSI" run air.qc --input observations=air.csv --out qc --format parquet > /dev/null
[ ! -e qc/observations.csv ] || fail "--format parquet wrote CSV"
"$DOSI" run air.cai --input observations=qc/observations.parquet --param capture=0.05 --out cai > /dev/null
[ "$(wc -l < cai/index.csv)" = 25 ] || fail "an index row for each of 24 readings"
"$DOSI" run geo.variogram --input observations=air.csv --param value=pm25_ugm3 --param by=time --out vg > /dev/null
grep -q "^pm25_ugm3,spherical," vg/models.csv || fail "no spherical fit"

refuses() { # what it must say, then the arguments
  local words=$1; shift
  if "$DOSI" run "$@" --out refused 2> said.txt > /dev/null; then fail "accepted: $*"; fi
  grep -q "$words" said.txt || fail "\"$words\" is not in: $(cat said.txt)"
  [ ! -e refused ] || fail "results of a run that failed: $*"
}
refuses 'no method "geo.kridge"' geo.kridge
refuses 'has no input "observation"' geo.krige --input observation=air.csv
refuses 'parameter value must be given' geo.krige --input observations=air.csv
refuses 'nmax is "0"' geo.krige --input observations=air.csv --param value=pm25_ugm3 --param nmax=0
refuses 'one of auto|global|local' geo.krige --input observations=air.csv --param value=a --param search=x
refuses 'no column "pm99"' geo.krige --input observations=air.csv --param value=pm99
refuses 'input "observations" is missing' air.cai
refuses 'absent.csv' air.cai --input observations=absent.csv

# Datasets of a lab, by reference, through the gate.
"$DOSI" init lab > /dev/null
(cd lab && "$DOSI" add ../air.csv --as sample/air-hourly --quiet > /dev/null)
(cd lab && "$DOSI" run air.cai --input observations=sample/air-hourly --param capture=0.05 --out ../cai2 > /dev/null 2>&1) ||
  fail "a dataset as input"
cmp cai/index.csv cai2/index.csv || fail "a dataset gives another index than its file"
grep -q '"from":"sample/air-hourly@1"' cai2/run.json || fail "the version is not in the lineage"
