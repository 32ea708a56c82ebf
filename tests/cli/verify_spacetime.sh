# Goal: `dosi verify air` recomputes a field's space-time variogram, tells a wrong one,
# and agrees with gstat on PM10 in Germany 2005 when that is there.
folder="$WORK/made"; mkdir -p "$folder"
python3 - "$folder" <<'PY'
import math, sys
xy = [(0, 0), (900, 0), (0, 1600), (2400, 700)]
z = {(s, t): (7 * s * s + 3 * t * s + 11 * t) % 13 + 0.5 * t for s in range(4) for t in range(6)}
del z[(2, 3)]
with open(sys.argv[1] + "/town_NO2.csv", "w") as f:
    f.write('"coords.x1","coords.x2","sp.ID","time","NO2"\n')
    for (s, t), v in z.items():
        f.write(f'{xy[s][0]}.0,{xy[s][1]}.0,"S{s}",2020-01-{t + 1:02},{v!r}\n')
width, rows = 1000.0, {}
for a in z:
    for b in z:
        lag, h = b[1] - a[1], math.dist(xy[a[0]], xy[b[0]])
        if 0 <= lag < 3 and h <= 2000 and (lag > 0 or a[0] < b[0]):
            rows.setdefault((lag, math.ceil(h / width)), []).append((h, (z[a] - z[b]) ** 2 / 2))
mean = lambda v: sum(v) / len(v)
with open(sys.argv[1] + "/town_variogram.csv", "w") as f:
    f.write("np,dist,gamma,id,timelag,spacelag,avgDist\n")
    for lag in range(3):
        for c in range(3):
            here = rows.get((lag, c), [])
            middle = 0 if c == 0 else (c - 0.5) * width
            if not here:
                f.write(f"0,NA,NA,lag{lag},{lag},{middle!r},0\n")
                continue
            every = [h for k in range(3) for h, _ in rows.get((k, c), [])]
            f.write(f"{len(here)},{mean([h for h, _ in here])!r},{mean([g for _, g in here])!r},"
                    f"lag{lag},{lag},{middle!r},{mean(every)!r}\n")
PY
"$DOSI" verify air "$folder" > "$WORK/out" || fail "a right variogram is out: $(cat "$WORK/out")"
grep -q "variogram lag 2 class 1500 m: gamma" "$WORK/out" || fail "a class was not compared"
sed -i 's/,lag1,1,500.0,.*/,lag1,1,500.0,901/' "$folder/town_variogram.csv"
if "$DOSI" verify air "$folder" > "$WORK/out"; then fail "a wrong mean distance passes"; fi

need_shared
[ -f "$SHARED/reference/air/gstat/DE_RB_2005_PM10.csv.gz" ] || skip "needs the PM10 of Germany"
mkdir "$WORK/real"
cp "$SHARED"/reference/air/gstat/DE_RB*.csv "$WORK/real"
gzip -dc "$SHARED"/reference/air/gstat/DE_RB_2005_PM10.csv.gz > "$WORK/real/DE_RB_2005_PM10.csv"
"$DOSI" verify air "$WORK/real" > "$WORK/out" || fail "references: $(grep ^OUT "$WORK/out")"
for what in "anisotropy" "fit separable" "fit productsum" "fit metric" "fit summetric" \
            "kriging summetric: sum of variances"; do
  grep -q "^ok .*$what" "$WORK/out" || fail "not compared: $what"
done
