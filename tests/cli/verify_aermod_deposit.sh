# Goal: `dosi verify air` runs AERMOD decks with deposition and compares every column of their
# results, wherever beside the deck these lie and however they are written; a wrong number in
# any column is found. The figures are of AERMOD 26135 (runs recorded as text by the project
# atmmod/pyaermod, tests/fixtures: postfile_types, fortran_exponents, validator_openpit,
# output_parser); the weather is EPA's AERMET test cases of Houston and of Albany.

# A deck: options $1, sources $2, receptors $3, weather $4, results $5; elevation and hill 0.
deck() {
  printf 'CO STARTING\n   MODELOPT  %s\n   AVERTIME  1  PERIOD\n   POLLUTID  OTHER\nCO FINISHED\n' \
    "$1"
  printf 'SO STARTING\n%s\n   SRCGROUP  ALL\nSO FINISHED\nRE STARTING\n%s\nRE FINISHED\n' "$2" "$3"
  printf 'ME STARTING\n%s\nME FINISHED\nOU STARTING\n%s\nOU FINISHED\n' "$4" "$5"
}

# Rows of a result file: heights, average and group behind "x y values", and a stamp behind all.
rows() {
  awk -v stamp="$1" '{ line = ""; for (i = 1; i <= NF; i++) line = line sprintf(" %13s", $i)
    print line, "    0.00     0.00     0.00    1-HR  ALL      ", stamp }'
}

stack='   LOCATION  STK1  POINT  0.0  0.0  0.0
   SRCPARAM  STK1  10.0  10.0  300.0  5.0  1.0
   PARTDIAM  STK1  2.0  10.0  30.0
   MASSFRAX  STK1  0.3  0.4  0.3
   PARTDENS  STK1  3*2.65'
places='   DISCCART  -50.0  -150.0
   DISCCART  -130.0  -400.0
   DISCCART  -270.0  -750.0'
houston='   SURFFILE  HOUSTON.SFC
   PROFFILE  HOUSTON.PFL
   PROFBASE  0.0  METERS
   STARTEND  96 02 28 11 96 02 28 12'

mkdir -p "$WORK/types/OUTPUTS"
cat > "$WORK/types/houston.sfc" <<'END'
   29.967N   95.350W          UA_ID: 3937      SF_ID: 12960     OS_ID:              VERSION: 24142
96  2 28  59 11   28.2  0.400  0.672  0.009  390.  732.   -204.6  0.1500   0.70   0.26    3.60   29.0    6.1  284.8    2.0    11   0.80    85.  1016.    10 NAD-SFC NoSubs
96  2 28  59 12   33.6  0.350  0.766  0.017  486.  505.   -116.1  0.1500   0.70   0.25    3.10    9.0    6.1  283.8    2.0    11   4.30    92.  1016.    10 NAD-SFC NoSubs
96  2 28  59 13   35.6  0.506  0.815  0.007  550.  863.   -328.6  0.1500   0.70   0.25    4.60   10.0    6.1  283.8    2.0    11   2.00    89.  1016.    10 NAD-SFC NoSubs
END
cat > "$WORK/types/houston.pfl" <<'END'
96  2 28 11     6.1 1    29.0     3.60    11.70    99.00    99.00
96  2 28 12     6.1 1     9.0     3.10    10.60    99.00    99.00
96  2 28 13     6.1 1    10.0     4.60    10.60    99.00    99.00
END
deck 'DFAULT WDEP DDEP CONC DEPOS' "$stack" "$places" "$houston" \
  '   POSTFILE  1  ALL  PLOT  post_1h.pst' > "$WORK/types/aermod.inp"
{
  rows 96022811 <<'END'
-50.00000 -150.00000 487.72309 0.13153 0.12277 0.00875
-130.00000 -400.00000 83.99089 0.02166 0.01912 0.00254
-270.00000 -750.00000 25.02247 0.00651 0.00524 0.00127
END
  rows 96022812 <<'END'
-50.00000 -150.00000 527.05666 0.15873 0.12363 0.03510
-130.00000 -400.00000 97.06336 0.03099 0.02003 0.01095
-270.00000 -750.00000 19.17414 0.00725 0.00354 0.00371
END
} > "$WORK/types/OUTPUTS/POST_1H.PST"
"$DOSI" verify air "$WORK/types" > "$WORK/out" || fail "types: $(cat "$WORK/out")"
grep -q "4 cases, 0 out of tolerance, 0 of 4 files not checked" "$WORK/out" ||
  fail "types: $(cat "$WORK/out")"

# The same with a wrong number in the third column; and plumes that keep what they deposit have
# more of it left.
sed -i 's/0.02003/0.02013/' "$WORK/types/OUTPUTS/POST_1H.PST"
status=0; "$DOSI" verify air "$WORK/types" > "$WORK/out" || status=$?
[ "$status" = 1 ] && grep -q "^OUT .* DDEP worst of 6 96022812 (-130 -400)" "$WORK/out" &&
  grep -q "4 cases, 1 out of tolerance" "$WORK/out" || fail "a wrong DDEP: $(cat "$WORK/out")"
sed -i 's/0.02013/0.02003/' "$WORK/types/OUTPUTS/POST_1H.PST"
sed -i 's/CONC DEPOS/CONC DEPOS NODRYDPLT NOWETDPLT/' "$WORK/types/aermod.inp"
status=0; "$DOSI" verify air "$WORK/types" > "$WORK/out" || status=$?
[ "$status" = 1 ] && grep -q "4 cases, [1-4] out of tolerance" "$WORK/out" ||
  fail "depletion counts for nothing: $(cat "$WORK/out")"

# Open pits, written with exponents that have lost their letter: 137 mm of rain leave nothing.
mkdir "$WORK/wash"
cat > "$WORK/wash/cordero.sfc" <<'END'
   44.200N  105.500W          UA_ID: 24090     SF_ID: 24090     OS_ID: CORDERO      VERSION: 26135
1993  5 21 141 19    1.7  0.524  0.496  0.006 2239.  912.  -6617.6  0.1000   3.00   0.45    6.03  325.0   10.0  293.4   10.0     0   0.00    63.   895.     9 NAD-OS  NoSubs
1993  5 21 141 20  -48.7  0.987 -9.000 -9.000 -999. 2352.   1573.8  0.1000   3.00   1.00   11.44  246.0   10.0  285.2   10.0    11 137.20    70.   894.    10 NAD-OS  NoSubs
1993  5 21 141 21   -7.3  0.149 -9.000 -9.000 -999. 1543.     35.8  0.1000   3.00   1.00    2.23  211.0   10.0  286.0   10.0     0   0.00    83.   897.    10 NAD-OS  NoSubs
END
cat > "$WORK/wash/cordero.pfl" <<'END'
1993  5 21 19    10.0 1   325.0     6.03    20.30    16.00    99.00
1993  5 21 20    10.0 1   246.0    11.44    12.10     6.00    99.00
1993  5 21 21    10.0 1   211.0     2.23    12.90    27.00    99.00
END
deck 'CONC DEPOS DDEP WDEP ELEV DFAULT' '   LOCATION  PIT  OPENPIT  -500.0  -500.0  0.0
   SRCPARAM  PIT  0.000010  0.0  1000.0  1000.0  100000000.0
   PARTDIAM  PIT  6.055
   MASSFRAX  PIT  1.0
   PARTDENS  PIT  2.65' '   DISCCART   1732.05   1000.00
   DISCCART  12833.05   7427.88' '   SURFFILE  CORDERO.SFC
   PROFFILE  CORDERO.PFL
   PROFBASE  1000.0  METERS
   STARTEND  93 05 21 19 93 05 21 21' '   FILEFORM  EXP
   POSTFILE  1  ALL  PLOT  wash.pst' > "$WORK/wash/wash.inp"
{
  rows 93052119 <<'END'
1732.05 1000.00 0.000000E+00 0.000000E+00 0.000000E+00 0.000000E+00
12833.05 7427.88 0.000000E+00 0.000000E+00 0.000000E+00 0.000000E+00
END
  rows 93052120 <<'END'
1732.05 1000.00 0.568898E-13 0.214406E-15 0.281364E-16 0.186269E-15
12833.05 7427.88 0.282465-103 0.452288-105 0.139704-106 0.438317-105
END
  rows 93052121 <<'END'
1732.05 1000.00 0.871646E+01 0.975268E-04 0.975268E-04 0.000000E+00
12833.05 7427.88 0.000000E+00 0.000000E+00 0.000000E+00 0.000000E+00
END
} > "$WORK/wash/wash.pst"
"$DOSI" verify air "$WORK/wash" > "$WORK/out" || fail "wash: $(cat "$WORK/out")"
grep -q "4 cases, 0 out of tolerance, 0 of 4 files not checked" "$WORK/out" ||
  fail "wash: $(cat "$WORK/out")"

# A pit that is turned, with five sizes, told by what the run printed; and a gas with one
# velocity: 96 hours of Albany.
from="$SHARED/reference/air/aermod"
[ -d "$from" ] || skip "the rest needs ../shared, which is absent"
albany='   SURFFILE  AERMET2.SFC
   PROFFILE  AERMET2.PFL
   PROFBASE  0.0  METERS'
mkdir "$WORK/pit" "$WORK/gas"
cp "$from"/AERMET2.* "$WORK/pit"
cp "$from"/AERMET2.* "$WORK/gas"
deck CONC '   LOCATION  PIT  OPENPIT  0.0 0.0 0.0
   SRCPARAM  PIT  1.0E-5  0.0  600.0 400.0 2.4E7  30.0
   PARTDIAM  PIT  1  2.5  5  10  20
   MASSFRAX  PIT  5*0.2
   PARTDENS  PIT  5*2.65' '   DISCCART   400.0   100.0
   DISCCART   500.0   -200.0
   DISCCART   -50.0   300.0' "$albany" '   RECTABLE  ALLAVE  FIRST' > "$WORK/pit/aermod.inp"
cat > "$WORK/pit/aermod.out" <<'END'
                                        *** THE SUMMARY OF MAXIMUM PERIOD (    96 HRS) RESULTS ***
                                    ** CONC OF PM10     IN MICROGRAMS/M**3                          **
ALL       1ST HIGHEST VALUE IS       5.18735 AT (     -50.00,      300.00,     0.00,     0.00,    0.00)  DC
          2ND HIGHEST VALUE IS       0.00000 AT (       0.00,        0.00,     0.00,     0.00,    0.00)
                                                *** THE SUMMARY OF HIGHEST  1-HR RESULTS ***
                                    ** CONC OF PM10     IN MICROGRAMS/M**3                          **
ALL      HIGH   1ST HIGH VALUE IS     243.93516  ON 88030318: AT (     -50.00,      300.00,     0.00,     0.00,    0.00)  DC
END
"$DOSI" verify air "$WORK/pit" > "$WORK/out" || fail "pit: $(cat "$WORK/out")"
grep -q "2 cases, 0 out of tolerance, 0 of 4 files not checked" "$WORK/out" ||
  fail "pit: $(cat "$WORK/out")"

deck 'DDEP FLAT ALPHA' '   LOCATION  STACK1  POINT  0.0  0.0  0.0
   SRCPARAM  STACK1  100.0  65.0  425.0  18.0  3.0' '   DISCPOLR  STACK1  300  90
   DISCPOLR  STACK1  600  90
   DISCPOLR  STACK1  300  120
   DISCPOLR  STACK1  600  300' "$albany" '   PLOTFILE  PERIOD  ALL  gas.plt' |
  sed 's/POLLUTID/GASDEPVD  0.01\n   POLLUTID/' > "$WORK/gas/gas.inp"
rows 00000096 > "$WORK/gas/gas.plt" <<'END'
300.00000 0.00000 0.00335
600.00000 0.00000 0.00688
259.80762 -150.00000 0.00911
-519.61524 300.00000 0.00115
END
"$DOSI" verify air "$WORK/gas" > "$WORK/out" || fail "gas: $(cat "$WORK/out")"
grep -q "1 cases, 0 out of tolerance, 0 of 4 files not checked" "$WORK/out" ||
  fail "gas: $(cat "$WORK/out")"

# Tables of both in what the run printed: what is deposited in a day is a sum.
sed -i 's/MODELOPT  DDEP/MODELOPT  CONC DDEP/; /PLOTFILE/d; s/DISCPOLR  STACK1  300  90/DISCPOLR  STACK1  600  120/' \
  "$WORK/gas/gas.inp"
cat > "$WORK/gas/gas.out" <<'END'
*** THE SUMMARY OF HIGHEST 24-HR RESULTS ***
** CONC OF OTHER    IN MICROGRAMS/M**3                          **
GROUP ID                          AVERAGE CONC     (YYMMDDHH)             RECEPTOR
ALL      HIGH   1ST HIGH VALUE IS      16.84551  ON 88030124: AT (     519.62,     -300.00)
*** THE SUMMARY OF HIGHEST 24-HR RESULTS ***
** DEPO OF OTHER    IN GRAMS/M**2                               **
GROUP ID                              DRY DEPO     (YYMMDDHH)             RECEPTOR
ALL      HIGH   1ST HIGH VALUE IS       0.01455  ON 88030124: AT (     519.62,     -300.00)
         HIGH   2ND HIGH VALUE IS       0.00399  ON 88030324: AT (     519.62,     -300.00)
END
"$DOSI" verify air "$WORK/gas" > "$WORK/out" || fail "gas, printed: $(cat "$WORK/out")"
grep -q "2 cases, 0 out of tolerance, 1 of 5 files not checked" "$WORK/out" ||
  fail "gas, printed: $(cat "$WORK/out")"
