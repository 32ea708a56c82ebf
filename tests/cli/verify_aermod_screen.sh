# Goal: sources of kinds that EPA's own test cases here do not have are what AERMOD makes of
# them: stacks with caps and sideways stacks, with and without a city around them, volumes and
# circles. The figures are AERSCREEN's (21112, with AERMOD 26135), four digits each, of hours
# whose weather it prints with them (recorded as text by the project atmmod/pyaermod,
# tests/fixtures/epa_aerscreen).

# The case $1: lines of the CO pathway $2 and of the SO pathway $3, the hour's surface line $4
# (from the heat flux on, without the wind's direction: 270), and on stdin distance and value.
check_case() {
  local folder="$WORK/$1"
  mkdir "$folder"
  cat > "$folder/values"
  printf 'CO STARTING\n   MODELOPT CONC FLAT\n%s\n   POLLUTID OTHER\nCO FINISHED\n' "$2" \
    > "$folder/deck.inp"
  {
    printf 'SO STARTING\n%s\n   SRCGROUP ALL\nSO FINISHED\nRE STARTING\n' "$3"
    awk '{ print "   DISCCART", $1, "0." }' "$folder/values"
    printf 'RE FINISHED\nME STARTING\n   SURFFILE hour.sfc\n   PROFFILE hour.pfl\n'
    printf '   PROFBASE %s\nME FINISHED\nOU STARTING\n   POSTFILE 1 ALL PLOT hour.pst\n' \
      "${base:-0.}"
    printf 'OU FINISHED\n'
  } >> "$folder/deck.inp"
  echo "$4" | awk '{ print "   40.000N   90.000W  UA_ID: 1  SF_ID: 1  OS_ID:  VERSION: 21112"
    printf "10 1 1 1 1"; for (i = 1; i <= NF; i++) printf " %s%s", $i, i == 11 ? " 270." : ""
    print " 0 -9.00 999. 99999. 99" }' > "$folder/hour.sfc"
  echo "$4" | awk '{ print "10 1 1 1", $12, 1, 270., $11, 99., 99., 99. }' > "$folder/hour.pfl"
  awk '{ print $1, 0., $2, "0. 0. 0. 1-HR ALL 10010101" }' "$folder/values" > "$folder/hour.pst"
  rm "$folder/values"
  "$DOSI" verify air "$folder" > "$WORK/out" || fail "$1 is out: $(cat "$WORK/out")"
  grep -q "verify air: 1 cases, 0 out of tolerance" "$WORK/out" || fail "$1: $(cat "$WORK/out")"
}

stack='1. 61. 415. 11. 5.'
check_case stack '' "   LOCATION S POINT 0. 0.
   SRCPARAM S $stack" \
  '4.96 0.067 0.300 0.020 194. 40. -5.4 0.128 0.63 0.14 0.50 10.0 290.0 2.0' <<'END'
1500 1.907
1600 1.913
1700 1.910
2000 1.859
END
check_case stack_at_noon '' "   LOCATION S POINT 0. 0.
   SRCPARAM S $stack" \
  '229.76 0.118 1.800 0.020 1420. 93. -1.0 0.191 0.58 0.14 0.50 10.0 310.0 2.0' <<< '50 0.5736'

cap='   LOCATION S POINTCAP 0. 0.
   SRCPARAM S 1. 10.06 810.9 14.021 0.813'
check_case capped '' "$cap" \
  '-64.00 1.547 -9.000 0.020 -999. 4000. 5470.8 0.096 0.70 0.16 18.00 10.0 308.1 2.0' <<'END'
74 78.17
75 78.13
END
check_case capped_at_noon '' "$cap" \
  '161.19 0.196 1.200 0.020 336. 200. -3.7 0.096 0.70 0.16 1.50 10.0 255.4 2.0' <<< '30 14.79'

sideways='   LOCATION S POINTHOR 0. 0.
   SRCPARAM S 1. 10. 470.4 7.620 0.457
   URBANSRC S'
check_case sideways '   URBANOPT 100000.' "$sideways" \
  '-64.00 0.662 -9.000 0.020 -999. 1237. 430.7 1.000 1.50 0.35 4.00 10.0 310.0 2.0' <<'END'
47 120.3
50 119.3
END
check_case sideways_at_noon '   URBANOPT 100000.' "$sideways" \
  '19.59 0.211 0.300 0.020 52. 223. -45.7 1.000 1.00 0.14 1.00 10.0 310.0 2.0' <<< '30 103.0'

check_case volume '' '   LOCATION S VOLUME 0. 0.
   SRCPARAM S 1. 1. 20. 0.93' \
  '-3.14 0.067 -9.000 0.020 -999. 40. 7.3 0.500 1.50 0.50 1.00 10.0 250.0 2.0' <<< '44 4885.'

# Near the circle AERSCREEN's AERMOD integrates more coarsely (FASTAREA) than any deck here.
check_case circle '' '   LOCATION S AREACIRC 0. 0.
   SRCPARAM S 1.27324E-4 0. 50. 20' \
  '-0.33 0.017 -9.000 0.020 -999. 5. 1.2 0.023 0.83 0.16 0.50 7.9 255.4 2.0' <<'END'
200 18240.
1000 4978.
1500 3231.
2000 2313.
2500 1764.
END

base=25.
check_case converted '   OZONEVAL 40. PPB
   NO2STACK 0.1
   POLLUTID NO2
   MODELOPT PVMRM' "   LOCATION S POINT 0. 0.
   SRCPARAM S $stack" \
  '52.17 0.116 0.600 0.020 158. 91. -2.8 0.054 0.45 0.16 1.00 10.0 310.0 2.0' <<'END'
1175 1.437
1185 1.437
1200 1.437
END

# The coarse integrals of FASTAREA are told as not checked.
sed -i 's/CONC FLAT/CONC FLAT FASTAREA/' "$WORK/circle/deck.inp"
"$DOSI" verify air "$WORK/circle" > "$WORK/out" 2>&1 || true
grep -q "not checked: deck.inp: hour.pst: source S (AREACIRC): the coarse integrals of FASTAREA" \
  "$WORK/out" || fail "FASTAREA: $(cat "$WORK/out")"
