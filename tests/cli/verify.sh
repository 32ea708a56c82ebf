# Goal: `dosi verify air` passes on right rows, fails on a wrong one, and lists what it does not
# know; the reference folder passes when it is there.
head='station,time_kst,so2_ppm,co_ppm,o3_ppm,no2_ppm,pm10_24h_pred,pm25_24h_pred,khai_official,note'
mkdir -p "$WORK/good/deep" "$WORK/bad" "$WORK/none"
{ echo "$head"
  echo "종로구,2022-05-02 02:00,0.002,0.2,0.010,0.008,30,15,50,full"
  echo "종로구,2022-05-02 03:00,0.002,0.2,0.010,0.061,20,36,151,full"
  echo "종로구,2022-05-02 04:00,0.002,0.2,0.090,0.061,,,101,gas-driven"
  echo "종로구,2022-05-02 05:00,0.002,0.2,0.010,0.032,20,10,52,EXCEPTION: shown to 3 decimals"
} > "$WORK/good/deep/more_rows.csv"
echo "what is this" > "$WORK/good/other.txt"
"$DOSI" verify air "$WORK/good" > "$WORK/out" || fail "right rows are out: $(cat "$WORK/out")"
grep -q "verify air: 3 cases, 0 out of tolerance, 1 of 2 files not checked" "$WORK/out" ||
  fail "summary: $(tail -1 "$WORK/out")"
grep -q "not checked: other.txt" "$WORK/out" || fail "the unknown file is not listed"
grep -q "EXCEPTION: shown" "$WORK/out" || fail "the excepted row is not listed"

sed 's/,50,full/,51,full/' "$WORK/good/deep/more_rows.csv" > "$WORK/bad/rows.csv"
status=0; "$DOSI" verify air "$WORK/bad" > "$WORK/out" || status=$?
[ "$status" = 1 ] || fail "a wrong row gives exit $status"
grep -q "^OUT" "$WORK/out" || fail "the wrong row is not marked"
grep -q "3 cases, 1 out of tolerance" "$WORK/out" || fail "summary: $(tail -1 "$WORK/out")"

# Columns in another order, quoted, behind a byte order mark, lines ended as Windows does.
mkdir "$WORK/turned"
python3 - "$WORK/good/deep/more_rows.csv" "$WORK/turned/rows.csv" <<'PY'
import csv, sys
with open(sys.argv[1], encoding="utf-8") as old, open(sys.argv[2], "w", encoding="utf-8-sig", newline="") as new:
    out = csv.writer(new, quoting=csv.QUOTE_ALL)
    for row in csv.reader(old):
        out.writerow(row[::-1])
PY
"$DOSI" verify air "$WORK/turned" > "$WORK/out" || fail "turned rows are out: $(cat "$WORK/out")"
grep -q "verify air: 3 cases, 0 out of tolerance, 0 of 1 files not checked" "$WORK/out" ||
  fail "turned rows: $(tail -1 "$WORK/out")"

status=0; "$DOSI" verify air "$WORK/none" > /dev/null 2>&1 || status=$?
[ "$status" = 3 ] || fail "an empty folder gives exit $status"
status=0; "$DOSI" verify cheese "$WORK/good" > /dev/null 2>&1 || status=$?
[ "$status" = 3 ] || fail "an unknown subject gives exit $status"

[ -d "$SHARED/reference/air" ] || skip "the rest needs ../shared, which is absent"
mkdir "$WORK/real"
cp "$SHARED"/reference/air/{cai_golden.csv,gstat/meuse*.csv,openair/*.gz} "$WORK/real"
cp "$SHARED"/reference/air/prairie_grass/{PGARCS,modelParamList}.txt "$WORK/real"
"$DOSI" verify air "$WORK/real" > "$WORK/out" || fail "references: $(grep ^OUT "$WORK/out")"
