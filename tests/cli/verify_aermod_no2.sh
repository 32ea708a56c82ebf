# Goal: NO2 of an AERMOD deck is what EPA's own hourly concentrations give by hand: the deck is
# run as NOx, and what is to come out is made of EPA's results by a few lines of awk.
from="$SHARED/reference/air/aermod"
[ -d "$from" ] || skip "needs ../shared, which is absent"

# The case $1: EPA's deck with the method $2, lines $3 of the CO and $4 of the SO pathway; what
# is expected is what awk's lines $5 make (v) of EPA's value (c), its stamp (t) and ozone (o3).
check_case() {
  local folder="$WORK/$1"
  mkdir "$folder"
  cp "$from"/AERMET2.{SFC,PFL} "$WORK/ozone.dat" "$folder"
  sed -e "s/PROFBASE .*/&\n   STARTEND 88 3 1 88 3 $days/" -e "s/MODELOPT .*/MODELOPT CONC FLAT $2/; s/POLLUTID .*/POLLUTID NO2/" \
    -e '/SUMMFILE/d; /PLOTFILE/d' "$from/aertest.inp" |
    awk -v halves="$halves" 'halves == 2 && /STACK1/ && !/ORIG/ {
        sub(/ 500\.0/, " 250.0"); print; sub(/STACK1/, "STACK2") } { print }' |
    awk -v control="$3" -v sources="$4" '/RUNORNOT/ { print control }
      /SRCGROUP/ { print sources } { print }' | sed "$change" > "$folder/aertest.inp"
  gzip -dc "$from/AERTEST_01H.PST.gz" | awk -v ozone="$WORK/ozone.dat" '
    function least(a, b) { return a < b ? a : b }
    BEGIN { while ((getline line < ozone) > 0) { split(line, f)
              hourly[f[1] * 1000000 + f[2] * 10000 + f[3] * 100 + f[4]] = f[5] * 1.96 } }
    $9 > 88030000 + 100 * '"$days"' + 24 { next }
    { c = $3; t = $9; o3 = hourly[t]; '"$5"'
      if (c < 0.02) v = 0 # five decimals are not enough of it
      printf "%14.5f%14.5f%14.5f%s\n", $1, $2, v, substr($0, 43) }' \
    > "$folder/AERTEST_01H.PST"
  "$DOSI" verify air "$folder" > "$WORK/out" || fail "$1 is out: $(cat "$WORK/out")"
  grep -q "verify air: 1 cases, 0 out of tolerance" "$WORK/out" ||
    fail "$1: $(cat "$WORK/out")"
}

halves=1 change='' days=4
# Ozone of 0 to 35 ppb by the hour; hour 7 of each day is missing.
for day in 1 2 3 4 5 6 7 8 9 10; do
  for hour in $(seq 24); do
    value=$(((hour * 7 + day * 5) % 36)); [ "$hour" = 7 ] && value=-99
    printf '88%3d%3d%3d%9.3f\n' 3 "$day" "$hour" "$value"
  done
done > "$WORK/ozone.dat"
hours='   NO2STACK 0.1
   NOMINO3
   OZONEFIL ozone.dat ppb (i2,3i3,f9.3)'

check_case one OLM '   NO2STACK 0.1
   OZONEVAL 40. PPB' '' \
  'v = least(0.9 * c, 0.1 * c + least(0.9 * c, 78.4 * 46 / 48))'
check_case ratio ARM2 '   ARMRATIO 0.3 0.8' '' \
  'r = -1.1723e-17*c^6 + 4.2795e-14*c^5 - 5.8345e-11*c^4 + 3.4555e-8*c^3 - 5.6062e-6*c^2 \
     - 2.7383e-3*c + 1.2441
   v = c * (r > 0.8 ? 0.8 : r < 0.3 ? 0.3 : r)'
by_hour='v = o3 < 0 ? 0.9 * c : least(0.9 * c, 0.1 * c + least(0.9 * c, o3 * 46 / 48))'
check_case hours OLM "$hours" '' "$by_hour"
# Two halves of the stack (the plume's heat does not depend on what it carries) have the ozone
# each for itself, or share it.
halves=2
check_case halves OLM "$hours" '' \
  'c /= 2; v = o3 < 0 ? 0.9 * c : least(0.9 * c, 0.1 * c + least(0.9 * c, o3 * 46 / 48))
   c *= 2; v *= 2'
check_case grouped OLM "$hours" '   OLMGROUP ALL' "$by_hour"
halves=1
check_case background OLM "$hours" '   BACKUNIT PPB
   BACKGRND HROFDY 12*5.319 12*10.638' \
  "$by_hour"'; v += t % 100 <= 12 ? 10 : 20'

# Methods that follow plumes: without ozone what is emitted as NO2 stays, with very much of it all
# is converted as far as the equilibrium lets it, and without a number for it too.
days=1 # they take longer
# (By day a plume may be above the inversion, which PVMRM has its own way with: see dosi/no2.h.)
by_night='if (t % 100 > 7 && t % 100 < 18) v = 0'
for method in PVMRM TTRM GRSM; do
  check_case "none-$method" "$method" '   NO2STACK 0.1
   OZONEVAL 0. PPB' '' 'v = 0.1 * c; '"$by_night"
done
much='   NO2STACK 0.1
   NO2EQUIL 0.8
   OZONEVAL 1.0E6 PPM'
check_case much-PVMRM PVMRM "$much" '' 'v = 0.8 * c'
check_case much-GRSM GRSM "$much" '' 'v = c'
sed -i 's/ [^ ]*$/   -99.000/' "$WORK/ozone.dat"
check_case missing-PVMRM PVMRM "$hours" '' 'v = 0.9 * c'
check_case missing-TTRM TTRM "$hours" '' 'v = 0.9 * c'
check_case missing-GRSM GRSM "$hours" '   BACKGRND ANNUAL 3.' 'v = c + 3'
# Growth: one half of the stack is new, the other was there; or has gone.
halves=2
for group in NONRBASE RETRBASE; do
  case $group in NONRBASE) now=1 more=0.5 ;; *) now=0.5 more=0 ;; esac
  for result in NAAQS PSDINC; do
    part=$now; [ "$result" = PSDINC ] && part=$more
    [ "$part" = 0 ] && continue
    change="/SRCGROUP/d; s/POSTFILE  1  ALL /POSTFILE  1  $result /"
    check_case "$group-$result" "PVMRM PSDCREDIT" '   NO2STACK 0.1
   OZONEVAL 0. PPB' "   PSDGROUP INCRCONS STACK1
   PSDGROUP $group STACK2" "v = 0.1 * $part * c; $by_night; sub(/ALL   /, \"$result\")"
  done
done
