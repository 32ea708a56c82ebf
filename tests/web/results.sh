# Everything that the pages of results show, made in the lab that the working folder is in: the
# ready studies on the sample city, species of a known mixture, two years of one station, and an
# organisation without results. Sourced by run.sh, which sets dosi, root and work.
export DOSI_STUDIES="$root/studies"
quiet() { "$dosi" "$@" >>"$work/results" 2>&1 || { tail -5 "$work/results" >&2; return 1; }; }

# Three sources, each silent at times, with errors of up to 5 %.
quiet derive --as sample/species "
SELECT time, 8*a + 12*b + 3*c AS pm25, (3.2*a + 0.8*b)*n1 AS oc, (2.4*a + 0.1*b)*n2 AS ec,
       (4.8*b + 0.2*c)*n3 AS sulphate, 3.6*b*n4 AS nitrate, (0.45*c + 0.01*a)*n1 AS zinc,
       0.12*c*n2 + 0.001 AS lead
FROM (SELECT TIMESTAMP '2025-01-01 00:00' + INTERVAL (h*6) HOUR AS time,
             CASE WHEN hash(h*3)%6 = 0 THEN 0 ELSE 0.2 + 1.6*(hash(h)%1000)/1000.0 END AS a,
             CASE WHEN hash(h + 5000)%5 = 0 THEN 0 ELSE 0.1 + 2.0*(hash(h + 9000)%1000)/1000.0 END AS b,
             CASE WHEN hash(h + 77)%3 > 0 THEN 0 ELSE 3.0*(hash(h + 123)%1000)/1000.0 END AS c,
             0.95 + 0.1*(hash(h + 1)%1000)/1000.0 AS n1,
             0.95 + 0.1*(hash(h + 200001)%1000)/1000.0 AS n2,
             0.95 + 0.1*(hash(h + 300001)%1000)/1000.0 AS n3,
             0.95 + 0.1*(hash(h + 400001)%1000)/1000.0 AS n4
      FROM range(240) t(h))"
quiet derive --as sample/species-uncertainty "
SELECT time, 0.05*pm25 + 0.3 AS pm25, 0.05*oc + 0.03 AS oc, 0.05*ec + 0.02 AS ec,
       0.05*sulphate + 0.05 AS sulphate, 0.05*nitrate + 0.04 AS nitrate,
       0.05*zinc + 0.005 AS zinc, 0.05*lead + 0.002 AS lead
FROM \"sample/species\""

# Two years of one station: less by 2 ug/m3 a year, more in winter, less with more wind.
quiet derive --as long/air-hourly "
SELECT 'L1' AS station, TIMESTAMP '2022-01-01 01:00' + INTERVAL (h) HOUR AS time,
       30 - 2*h/8766.0 + 8*cos(2*pi()*h/8766.0) - 2*(1 + hash(h//6)%40/10.0)
           + (hash(h)%100)/25.0 AS pm25_ugm3,
       50 + (hash(h)%100)/10.0 AS pm10_ugm3, 0.03 AS o3_ppm, 0.02 + (hash(h)%100)/10000.0 AS no2_ppm,
       0.5 AS co_ppm, 0.003 AS so2_ppm
FROM range(17520) t(h)"
quiet derive --as long/weather-hourly "
SELECT TIMESTAMP '2022-01-01 01:00' + INTERVAL (h) HOUR AS time,
       1 + hash(h//6)%40/10.0 AS wind_speed_ms, hash(h//6 + 7)%36*10.0 AS wind_direction_deg,
       12 - 14*cos(2*pi()*h/8766.0) AS temperature_c, 50 + hash(h)%40 AS humidity_pct,
       1010 + hash(h//24)%10 AS pressure_hpa
FROM range(17520) t(h)"
{ echo station,name,lat,lon; echo L1,긴 관측소,37.57,127.0; } >"$work/long.csv"
{ echo station,name,lat,lon; echo a,가,37.57,127.0; echo b,나,37.50,127.1; } >"$work/bare.csv"
{
    echo station,time,so2_ppm,co_ppm,o3_ppm,no2_ppm,pm10_ugm3,pm25_ugm3
    for h in 1 2 3 4 5 6; do
        echo "a,2020-02-01 0$h:00,0.003,0.4,0.02,0.02,90,6$h"
        echo "b,2020-02-01 0$h:00,0.003,0.4,0.02,0.02,80,5$h"
    done
} >"$work/bare-hours.csv"
quiet add "$work/long.csv" --as long/stations
quiet add "$work/bare.csv" --as bare/stations
quiet add "$work/bare-hours.csv" --as bare/air-hourly
for name in sample/species sample/species-uncertainty long/air-hourly long/weather-hourly \
    long/stations bare/stations bare/air-hourly; do
    quiet describe "$name" --visibility public
done

for id in air-now air-sources air-street air-year; do
    quiet study run "$root/studies/$id.yaml" --org sample
done
quiet study run "$root/studies/air-factors.yaml" --org sample --param factors_to=4
quiet study run "$root/studies/air-sources.yaml" --org long --param trend=true \
    --param invert=false --param trees=20
