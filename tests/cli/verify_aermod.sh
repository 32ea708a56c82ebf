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
