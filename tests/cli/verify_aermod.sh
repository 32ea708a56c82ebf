# Goal: `dosi verify air` runs an AERMOD deck, and compares hours, the highest of each receptor and
# the tables of the summary; a wrong number in any of them is found.
from="$SHARED/reference/air/aermod"
[ -d "$from" ] || skip "needs ../shared, which is absent"
mkdir "$WORK/good" "$WORK/bad"
cp "$from"/{aertest.inp,AERMET2.SFC,AERMET2.PFL,AERTEST_01H.PST.gz,AERTEST_01H.PLT.gz,AERTEST.SUM} \
  "$WORK/good"
"$DOSI" verify air "$WORK/good" > "$WORK/out" || fail "EPA's case is out: $(cat "$WORK/out")"
grep -q "7 cases, 0 out of tolerance, 0 of 6 files not checked" "$WORK/out" ||
  fail "summary: $(tail -1 "$WORK/out")"

cp "$WORK"/good/{aertest.inp,AERMET2.SFC,AERMET2.PFL} "$WORK/bad"
sed 's/ 329.96015/ 339.96015/; s/ 17.19044/ 17.49044/' "$WORK/good/AERTEST.SUM" \
  > "$WORK/bad/AERTEST.SUM"
gzip -dc "$WORK/good/AERTEST_01H.PST.gz" | sed 's/ 753.65603/ 763.65603/' \
  > "$WORK/bad/AERTEST_01H.PST"
status=0; "$DOSI" verify air "$WORK/bad" > "$WORK/out" || status=$?
[ "$status" = 1 ] || fail "wrong numbers give exit $status"
grep -q "6 cases, 3 out of tolerance" "$WORK/out" || fail "wrong numbers: $(cat "$WORK/out")"

# Hours that are calm or missing shorten averages, to no less than three quarters of them (of
# three hours: all). Figures of AERMOD 26135, as the project atmmod/pyaermod recorded what it
# printed (tests/fixtures/output_parser/calm_missing).
mkdir "$WORK/calm"
cp "$from/AERMET2.PFL" "$WORK/calm"
awk 'NR > 1 { if ($5 == 5) $16 = 0
    if ($3 == 1 && $5 == 12 || ($3 == 2 || $3 == 3) && $5 == 20) $16 = $17 = 999 } { print }' \
  "$from/AERMET2.SFC" > "$WORK/calm/CALM.SFC"
cat > "$WORK/calm/calm.inp" <<'END'
CO STARTING
   MODELOPT  CONC FLAT DFAULT
   AVERTIME  1 3 24 PERIOD
   POLLUTID  SO2
CO FINISHED
SO STARTING
   LOCATION  STACK1  POINT  0.0  0.0  0.0
   SRCPARAM  STACK1  100.0  65.0  425.0  18.0  3.0
   SRCGROUP  ALL
SO FINISHED
RE STARTING
   GRIDPOLR  GRID1  STA
   GRIDPOLR  GRID1  ORIG  0.0  0.0
   GRIDPOLR  GRID1  DIST  100 200 300 400 500 600 700 800 900 1000
   GRIDPOLR  GRID1  GDIR  36 0 10
   GRIDPOLR  GRID1  END
RE FINISHED
ME STARTING
   SURFFILE  CALM.SFC
   PROFFILE  AERMET2.PFL
   PROFBASE  0.0
ME FINISHED
OU STARTING
   RECTABLE  3  1-10
OU FINISHED
END
# A table: its title $1, HIGH or nothing $2, and the values from the highest on.
table() {
  echo "*** THE SUMMARY OF $1 RESULTS ***"
  echo "** CONC OF SO2 IN MICROGRAMS/M**3 **"
  local rank=0 start='ALL     ' value
  for value in "${@:3}"; do
    rank=$((rank + 1))
    echo "$start ${2} ${rank}TH $([ "$2" ] || echo HIGHEST) VALUE IS $value AT (0, 0)"
    start='        '
  done
}
{
  table 'MAXIMUM PERIOD (    96 HRS)' '' 5.22191 5.07276 4.95084 4.85525 4.76524 4.70666 4.61012
  table 'HIGHEST  1-HR' HIGH 76.07952
  table 'HIGHEST  3-HR' HIGH 52.64624 41.81475m 28.40940 17.64721 12.89706 5.90786 3.37717 \
    2.63736c 1.58964c 1.45795
  table 'HIGHEST 24-HR' HIGH 15.94753b 5.08775b 0.58158b 0.26960b
} > "$WORK/calm/calm.out"
"$DOSI" verify air "$WORK/calm" > "$WORK/out" || fail "calm hours: $(cat "$WORK/out")"
grep -q "4 cases, 0 out of tolerance, 0 of 4 files not checked" "$WORK/out" ||
  fail "calm hours: $(cat "$WORK/out")"
