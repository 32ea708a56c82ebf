# Goal: files become datasets with decisions, rejects and lineage; several files one version; the
# same files again nothing new. Method: small files of the kinds that Seoul publishes, here in
# CP949, in a lab of their own.
cd "$WORK"
"$DOSI" init lab >/dev/null
cd lab

printf '측정일시,측정소명,이산화질소농도(ppm),오존농도(ppm),이산화탄소농도(ppm),아황산가스(ppm),미세먼지(㎍/㎥),초미세먼지(㎍/㎥)\n20180101,강남구,0.034,0.009,0.6,0.006,34,22\n20180101,강남대로,0.04,0.007,0.9,0.006,,17\n20180230,강동구,0.04,0.007,0.9,0.006,1,17\n' |
    iconv -f utf-8 -t cp949 >2018.csv
iconv -f cp949 -t utf-8 2018.csv | sed 's/^2018/2019/; /20190230/d' >2019.csv

said=$("$DOSI" add 2018.csv 2019.csv --source seoul-air-daily --as seoul/air --rejects rejects.csv)
grep -q 'encoding: cp949' <<<"$said" || fail "the encoding is not said: $said"
grep -q 'mislabelled' <<<"$said" || fail "the wrong label is not said"
grep -q '^4 rows, 1 rejected$' <<<"$said" || fail "wrong summary: $said"
grep -q '^seoul/air@1$' <<<"$said" || fail "no version: $said"
grep -q '^2018.csv,4,측정일시,20180230,no such date' rejects.csv || fail "$(cat rejects.csv)"
got=$("$DOSI" sql 'select station, date, co_ppm, pm10_ugm3 from "seoul/air" order by date, station' --format csv | tr -d '\r')
expected=$(printf 'station,date,co_ppm,pm10_ugm3\n강남구,2018-01-01,0.6,34\n강남대로,2018-01-01,0.9,\n강남구,2019-01-01,0.6,34\n강남대로,2019-01-01,0.9,')
[ "$got" = "$expected" ] || fail "got $got"
[ "$("$DOSI" sql 'select reason from "seoul/air-rejects"' --format csv | tail -1 | tr -d '\r')" = "no such date" ] ||
    fail "rejects are not stored"
"$DOSI" show seoul/air | grep -q 'file 2019.csv' || fail "no lineage"

said=$("$DOSI" add 2018.csv 2019.csv --source seoul-air-daily --as seoul/air --quiet)
grep -q 'seoul/air@1 (nothing new' <<<"$said" || fail "a second version of the same: $said"

printf 'code,시각\n007,2020-02-01 24:00\n' >a.csv
printf 'code,시각\n008,2020-02-29T23:30:00Z\n' >b.csv
"$DOSI" add a.csv b.csv --as seoul/times --quiet >/dev/null
got=$("$DOSI" sql 'select * from "seoul/times" order by code' --format csv | tr -d '\r' | tail -2 | tr '\n' ' ')
[ "$got" = "007,2020-02-02T00:00:00 008,2020-03-01T08:30:00 " ] || fail "got $got"

printf 'other\n1\n2\n' >c.csv
"$DOSI" add a.csv c.csv --as seoul/times >/dev/null 2>err && fail "columns that differ were taken"
grep -q 'c.csv has 1 columns' err || fail "$(cat err)"
"$DOSI" add a.csv --as seoul/times --source nothing 2>err && fail "an unknown recipe was taken"
grep -q 'no recipe "nothing"' err || fail "$(cat err)"
printf 'code,n\n007,1\n' | gzip >p.csv.gz
"$DOSI" add p.csv.gz --as seoul/packed >said || fail "a packed file was refused"
grep -q 'packed with gzip' said || fail "the packing is not said: $(cat said)"
[ "$("$DOSI" sql 'select code, n from "seoul/packed"' --format csv | tr -d '\r' | tail -1)" = "007,1" ] ||
    fail "a packed file is not what it was"
head -c -6 p.csv.gz >cut.csv.gz
"$DOSI" add cut.csv.gz --as seoul/cut >/dev/null 2>err && fail "a cut-off file was taken"
grep -q 'cut off (gzip)' err || fail "$(cat err)"
gzip <p.csv.gz >twice.csv.gz
"$DOSI" add twice.csv.gz --as seoul/twice >/dev/null 2>err && fail "a file packed twice was taken"
grep -q 'packed twice' err || fail "$(cat err)"
"$DOSI" sources | grep -q '^airkorea-hourly$' || fail "recipes are not listed"
