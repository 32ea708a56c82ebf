# Goal: the polar family, roses, trends and averages find what was put into two simulated
# stations: a source to the south-west, a morning peak, a fall of 2 a year; they join the weather
# by time, respect data capture, and give the same bytes at any thread count.
cd "$WORK"
python3 - <<'EOF'
import datetime, math, random
random.seed(4)
start = datetime.datetime(2018, 1, 1)
air, weather = open("air.csv", "w"), open("weather.csv", "w")
air.write("station,time,pm25_ugm3,pm25_ugm3_flag,no2_ppm\n")
weather.write("station,time,wind_speed_ms,wind_direction_deg\n")
u = v = 0.0
for h in range(1, 3 * 365 * 24 + 1):
    t = start + datetime.timedelta(hours=h)
    u, v = 0.9 * u + random.gauss(0, 1.4), 0.9 * v + random.gauss(0, 1.4)
    speed = round(math.hypot(u, v), 1)
    way = round(math.degrees(math.atan2(u, v)) % 360 / 10) * 10
    weather.write(f"108,{t:%Y-%m-%d %H:%M},{speed},{way}\n")
    weather.write(f"999,{t:%Y-%m-%d %H:%M},1,90\n")
    hour = (t - datetime.timedelta(seconds=1)).hour
    plume = 60 * math.exp(-((way - 225) / 25) ** 2 - ((speed - 4) / 1.5) ** 2)
    clean = 30 - 2 * h / 8766 + 6 * math.cos(2 * math.pi * h / 8766)
    clean += 15 * (hour == 7) + random.gauss(0, 2)
    for name, at in (("A", plume), ("B", 0)):
        if name == "B" and datetime.date(2019, 5, 1) <= t.date() < datetime.date(2019, 5, 20):
            continue
        value, flag = clean + at, 0
        if h % 997 == 0:
            value, flag = 900, 2
        air.write(f"{name},{t:%Y-%m-%d %H:%M},{value:.3f},{flag},{0.02 + 0.001 * value:.5f}\n")
EOF
run() { # method, output folder, settings...
  local id=$1 out=$2 p=()
  shift 2
  for setting in "$@"; do p+=(--param "$setting"); done
  "$DOSI" run "$id" --input observations=air.csv --input weather=weather.csv "${p[@]}" --out "$out" > "$out.txt" 2>&1
}
plain() { # the same without weather
  local id=$1 out=$2 p=()
  shift 2
  for setting in "$@"; do p+=(--param "$setting"); done
  "$DOSI" run "$id" --input observations=air.csv "${p[@]}" --out "$out" > "$out.txt" 2>&1
}
check() { python3 - "$@" <<EOF || fail "$(cat check.txt)"
import csv, sys
def rows(path): return list(csv.DictReader(open(path)))
def say(text): open("check.txt", "w").write(text); sys.exit(1)
$CODE
EOF
}

for statistic in mean cpf nwr percentile; do
  run air.polar "polar_$statistic" "statistic=$statistic" weather_station=108 n_draws=20 || fail "$(cat "polar_$statistic.txt")"
  CODE='
name = "polar_'$statistic'"
best = max((r for r in rows(name + "/surface.csv") if r["station"] == "A"), key=lambda r: float(r["value"]))
u, v = float(best["u_ms"]), float(best["v_ms"])
if not (u < 0 and v < 0 and 2.5 < (u*u + v*v) ** .5 < 6.5): say(f"{name}: highest at {u}, {v}")
cells = [r for r in rows(name + "/cells.csv") if r["station"] == "A" and int(r["n"]) > 30]
best = max(cells, key=lambda r: float(r["value"]))
if not 190 <= float(best["direction_deg"]) <= 260: say(f"{name}: cell at {best}")
if name == "polar_mean":
    if not all(float(r["low"]) <= float(r["value"]) <= float(r["high"]) for r in cells): say("interval")
    b = [float(r["value"]) for r in rows(name + "/cells.csv") if r["station"] == "B" and int(r["n"]) > 60]
    if max(b) - min(b) > 8: say(f"station B has a source: {min(b)} to {max(b)}")
'; check
done
grep -q 'wind at [0-9]* of [0-9]* rows, of weather station 108' polar_mean.txt || fail "$(cat polar_mean.txt)"
grep -q 'threshold of CPF' polar_cpf.txt || fail "$(cat polar_cpf.txt)"
run air.polar other weather_station=999 || fail "$(cat other.txt)"
CODE='
if {r["direction_deg"] for r in rows("other/cells.csv")} != {"90"}: say("another weather station")' check
for statistic in correlation slope robust_slope york_slope; do
  run air.polar pair value=no2_ppm second=pm25_ugm3 "statistic=$statistic" weather_station=108 \
    min_count=20 x_error=1 y_error=0.001 || fail "$(cat pair.txt)"
  CODE='
want = 1 if "'$statistic'" == "correlation" else .001
for r in rows("pair/cells.csv"):
    if abs(float(r["value"]) / want - 1) > .02: say(f"'$statistic' {r}")' check
done

run air.annulus ring period=hour statistic=mean weather_station=108 || fail "$(cat ring.txt)"
CODE='
r = [r for r in rows("ring/cells.csv") if r["station"] == "B" and int(r["n"]) >= 10]
if max(r, key=lambda r: float(r["value"]))["label"] != "07": say("the morning peak is elsewhere")' check
run air.rose rose kind=wind weather_station=108 calm_ms=0.2 || fail "$(cat rose.txt)"
run air.rose dirt kind=pollution weather_station=108 || fail "$(cat dirt.txt)"
CODE='
for name in ("rose", "dirt"):
    for s in "AB":
        total = sum(float(r["share_pct"]) for r in rows(name + "/rose.csv") if r["station"] == s)
        if abs(total - 100) > 1e-9: say(f"{name}: shares of {s} are {total}")
if sum(1 for r in rows("rose/rose.csv") if r["direction_deg"] == "") != 2: say("calms")
top = [r for r in rows("dirt/rose.csv") if r["station"] == "A" and r["class"] == "5"]
if not 200 <= float(max(top, key=lambda r: float(r["value"]))["direction_deg"]) <= 250: say("dirt")' check
run air.polar_cluster clusters weather_station=108 k=3 || fail "$(cat clusters.txt)"
CODE='
r = [r for r in rows("clusters/clusters.csv") if r["station"] == "A"]
if not 195 <= float(r[0]["direction_deg"]) <= 255: say(f"cluster 1: {r[0]}")
if abs(sum(float(x["share_pct"]) for x in r) - 100) > 1e-9: say("shares")
if abs(sum(float(x["contribution_pct"]) for x in r) - 100) > 1e-9: say("contributions")' check

plain air.trend trend n_draws=200 || fail "$(cat trend.txt)"
CODE='
r = {r["station"]: r for r in rows("trend/trend.csv")}["B"]
if not float(r["slope_low"]) <= -2 <= float(r["slope_high"]) or abs(float(r["slope"]) + 2) > .4: say(f"trend {r}")
if r["n_missing"] != "1" or r["n"] != "35": say(f"capture {r}")
s = [r for r in rows("trend/series.csv") if r["station"] == "B"]
v = [float(r["adjusted"]) for r in s if r["adjusted"]]
if len(s) != 36 or max(v) - min(v) > 9: say(f"season of {min(v)} to {max(v)}")' check
plain air.diurnal daily n_draws=50 || fail "$(cat daily.txt)"
CODE='
r = [r for r in rows("daily/variation.csv") if r["station"] == "B" and r["by"] == "hour"]
best = max(r, key=lambda r: float(r["value"]))
if best["hour"] != "7" or len(r) != 24: say(f"peak at {best}")
if not all(float(x["low"]) <= float(x["value"]) <= float(x["high"]) for x in r): say("interval")
n = sum(int(x["n"]) for x in rows("daily/variation.csv") if x["by"] == "hour_month")
if n != sum(int(x["n"]) for x in rows("daily/variation.csv") if x["by"] == "month"): say("counts")' check
plain air.calendar days station=B statistic=max || fail "$(cat days.txt)"
CODE='
r = {r["date"]: r for r in rows("days/days.csv")}
if len(r) != 1095: say(f"{len(r)} days")
if r["2019-05-10"]["value"] or r["2019-05-10"]["n"] != "0": say("a missing day has a value")
if r["2018-01-01"]["n"] != "24": say("24:00 is not of its day")
if max(float(x["value"]) for x in r.values() if x["value"]) > 100: say("flagged values count")' check
plain air.stats year value=pm25_ugm3,no2_ppm limit_24h=32 || fail "$(cat year.txt)"
CODE='
r = {(r["station"], r["year"], r["pollutant"]): r for r in rows("year/statistics.csv")}
if len(r) != 12: say(f"{len(r)} rows")
if abs(float(r["B", "2019", "pm25_ugm3"]["capture_pct"]) - 100 * (8760 - 19 * 24 - 8) / 8760) > .2: say("capture")
if int(r["B", "2018", "pm25_ugm3"]["n_days_above"]) < 50: say("days above")
if r["B", "2018", "pm25_ugm3"]["n_hours_above"]: say("hours counted without a limit")' check
plain air.average months period=month value=pm25_ugm3 capture=0.9 || fail "$(cat months.txt)"
CODE='
r = [r for r in rows("months/averages.csv") if r["station"] == "B"]
if len(r) != 36 or [x["time"][:7] for x in r if not x["value"]] != ["2019-05"]: say("months")' check
grep -q '1 of 36 periods without a value' months.txt || fail "$(cat months.txt)"

"$DOSI" run air.polar --input observations=air.csv --input weather=weather.csv --param n_draws=20 \
  --out one --threads 1 > /dev/null
"$DOSI" run air.polar --input observations=air.csv --input weather=weather.csv --param n_draws=20 \
  --out two --threads 2 > /dev/null
cmp one/cells.csv two/cells.csv && cmp one/surface.csv two/surface.csv || fail "threads change results"

refuses() { # what the message says, then the arguments
  local message=$1
  shift
  if "$@"; then fail "$message: not refused"; fi
  grep -q "$message" bad.txt || fail "\"$message\" is not in $(cat bad.txt)"
}
refuses 'no columns "wind_speed_ms" and' plain air.polar bad
refuses 'no column "so3"' plain air.trend bad value=so3
refuses 'no row of station "C"' plain air.trend bad station=C
refuses 'from "spring" is no date' plain air.trend bad from=spring
refuses 'needs a second column' run air.polar bad statistic=slope
refuses 'does not divide 360' run air.polar bad sector_deg=7
refuses 'no weather station "1"' run air.polar bad weather_station=1
refuses 'not numbers that rise' run air.rose bad breaks=4,2
