# Goal: a lab is made, asked, described and governed from the command line, with exactly these words.
same() { [ "$2" = "$1" ] || fail "expected: $1 -- got: $2"; }
unset DOSI_TOKEN
cd "$WORK"
"$DOSI" init lab --title "시험" >made.txt
grep -qx "Administrator: admin" made.txt || fail "init names no administrator"
grep -Eq ": [a-z2-9]{5}(-[a-z2-9]{5}){3}$" made.txt || fail "init prints no one-time password"
"$DOSI" init lab 2>again.txt && fail "a lab was made twice"
same "dosi: lab: there is a lab already" "$(cat again.txt)"
same "dosi: . is in no lab: make one with \`dosi init DIR\`, or go into one" "$("$DOSI" catalogue 2>&1 || true)"

cd lab
printf '측정소,time,pm25\n종로구,2020-02-01 01:00,12.5\n중구,2020-02-01 01:00,\n종로구,2020-02-01 24:00,"1,200"\n' >air.csv
"$DOSI" add air.csv --as seoul/air --title-ko 대기 --quiet >/dev/null

# SQL in every format.
query='select "측정소", pm25, time from "seoul/air" order by 1, 3'
same "측정소  pm25  time
------  ----  -------------------
종로구  12.5  2020-02-01T01:00:00
종로구  1200  2020-02-02T00:00:00
중구          2020-02-01T01:00:00
(3 rows)" "$("$DOSI" sql "$query")"
same "$(printf '측정소,pm25,time\r\n종로구,12.5,2020-02-01T01:00:00\r\n종로구,1200,2020-02-02T00:00:00\r\n중구,,2020-02-01T01:00:00\r\n')" \
  "$("$DOSI" sql "$query" --format csv)"
same '{"측정소":"중구","pm25":null}' \
  "$("$DOSI" sql 'select "측정소", pm25 from "seoul/air@1" where pm25 is null' --format ndjson)"
"$DOSI" sql "$query" --out out.parquet
[ "$(head -c4 out.parquet)" = PAR1 ] || fail "--out out.parquet is no Parquet file"
"$DOSI" sql "$query" --out out.json
same 3 "$(grep -c '측정소' out.json)"
set +e
"$DOSI" sql 'select * from "seoul/none"' >/dev/null 2>error.txt; code=$?
same "3 dosi: no dataset \"seoul/none\"" "$code $(cat error.txt)"
"$DOSI" sql "copy (select 1) to 'x.csv'" >/dev/null 2>&1; same 10 $?
"$DOSI" sql "$query" --max-rows 2 >/dev/null 2>&1; same 4 $?
"$DOSI" sql "$query" --format geojson >/dev/null 2>&1; same 2 $?
"$DOSI" sql "$query" --format parquet >/dev/null 2>&1; same 2 $?
set -e

# What is known of a dataset, back to the raw file.
"$DOSI" show seoul/air >show.txt
grep -qx "title        대기" show.txt || fail "show gives no title"
grep -q "^time         2020-02-01T01:00:00 to 2020-02-02T00:00:00$" show.txt || fail "show gives no time"
grep -Eq '^   `- file air.csv \([0-9a-f]{12}\)$' show.txt || fail "show goes not back to the file"
"$DOSI" describe seoul/air --title-en Air --visibility organisation >/dev/null
"$DOSI" show seoul/air | grep -qx "title        대기 / Air" || fail "describe did not describe"
"$DOSI" catalogue --dcat | grep -q '"dcat:Catalog"' || fail "catalogue --dcat is no catalogue"
"$DOSI" export seoul/air --out copy.csv
same 4 "$(wc -l <copy.csv)"

# People: a member of the organisation reads what nobody else does; a revoked token ends at once.
"$DOSI" user add mina --role member --organisation seoul >/dev/null
"$DOSI" user list | grep -Eq "^mina +member .* seoul$" || fail "user list shows no mina"
"$DOSI" token create script --scopes see --days 1 >token.txt
token=$(tail -1 token.txt)
DOSI_TOKEN=$token "$DOSI" catalogue | grep -q "^seoul/air" || fail "the token sees nothing"
set +e
DOSI_TOKEN=$token "$DOSI" sql "$query" >/dev/null 2>error.txt; code=$?
same '10 dosi: this sign-in has no right to read (scope "read")' "$code $(cat error.txt)"
DOSI_TOKEN=$token "$DOSI" user list >/dev/null 2>&1; same 10 $?
"$DOSI" token revoke 1 >/dev/null
DOSI_TOKEN=$token "$DOSI" catalogue >/dev/null 2>&1; same 9 $?
set -e

# The audit: whole, then one byte changed.
"$DOSI" audit verify | grep -q "^the audit log is whole: " || fail "the audit log is not whole"
"$DOSI" audit list --limit 200 --json >records.json
grep -q '"channel":"sql","action":"read","object":"seoul/air@1","outcome":"denied"\|"object":"seoul/air","outcome":"denied"' \
  records.json || fail "the refused read is not recorded"
sed -i '5s/"outcome":"ok"/"outcome":"no"/' audit/00000001.jsonl
set +e
"$DOSI" audit verify >verify.txt 2>error.txt; code=$?
set -e
same 11 $code
grep -q "^record 5 was changed" verify.txt || fail "the changed record is not named: $(cat verify.txt)"
