# Goal: every file of Seoul's air, weather, boundaries and population loads with at most the
# recipe named, with the right number of rows and no reject. Where the counts come from: Python's
# csv module over the decoded text (records that are not blank, less header rows), <row> elements
# with a value in the sheet's XML, features of the GeoJSON, the record count in the .dbf's header,
# and json.load() of the arrays; none of it by this program. What a recipe reshapes is said.
need_shared

# counts FILES... : rows and rejects that `dosi add --dry-run` ends with.
expect() {
    local rows=$1 recipe=$2
    shift 2
    local options=(--dry-run --quiet)
    [ "$recipe" = - ] || options+=(--source "$recipe")
    local said
    said=$("$DOSI" add "$@" "${options[@]}" 2>&1 | tail -1) || fail "$1: $said"
    [ "$said" = "$rows rows, 0 rejected" ] || fail "$1 ($recipe): \"$said\", expected $rows rows"
    n_checked=$((n_checked + 1))
}

n_checked=0
data=$SHARED/data
hourly=$data/air/airkorea-hourly-3stations
for year in 2015 2017 2018 2019; do
    expect 26,280 airkorea-hourly "$hourly/ds.$year.csv"
    expect 26,280 - "$hourly/ds.$year.csv"
done
expect 26,352 airkorea-hourly "$hourly/ds.2016.csv"
rds=$data/air/airkorea-hourly-479stations-202002/KR_Feb_pm25.rds
expect 318,555 airkorea-hourly "$rds"
# 40 stations of Seoul; the same rows as awk '$1 ~ /^111/' finds in R's own CSV of it.
expect 27,419 airkorea-hourly "$rds" --keep 'station=111*'
expect 479 airkorea-stations "$rds"

kma=$data/air/kma108-pm10-hourly/ENV_YDST_108_HR
expect 8,644 kma-pm10 "${kma}_2014_2014_2017.csv"
expect 8,615 kma-pm10 "${kma}_2015_2015_2017.csv"
expect 8,650 kma-pm10 "${kma}_2016_2016_2017.csv"
expect 8,385 kma-pm10 "${kma}_2017_2017_2018.csv"
expect 8,479 kma-pm10 "${kma}_2018_2018_2019.csv"

wide=$data/air/seoul-25gu-hourly-pm-2022/preprocessed_2022.csv
expect 8,760 - "$wide"
expect 219,000 seoul-gu-hourly "$wide" # 8,760 hours x 25 districts

daily=$data/air/seoul-daily-all-stations
expect 14,541 seoul-air-daily "$daily/2014.xlsx"
expect 14,385 seoul-air-daily "$daily/2015.xlsx"
expect 14,269 seoul-air-daily "$daily/2016.xlsx"
expect 14,235 seoul-air-daily "$daily/2017.xlsx"
expect 14,637 seoul-air-daily "$daily/2018.csv"
expect 17,745 seoul-air-daily "$daily/2019.csv"
expect 18,300 seoul-air-daily "$daily/2020.csv"
expect 18,250 seoul-air-daily "$daily/2021.csv"
expect 18,250 seoul-air-daily "$daily/2022.csv"
expect 144,612 seoul-air-daily "$daily"/20* # all nine in one version

asos=$data/weather/asos108-hourly/SURFACE_ASOS_108_HR
for years in 2014_2014_2018 2015_2015_2018 2017_2017_2018 2018_2018_2019; do
    expect 8,760 kma-asos "${asos}_$years.csv"
done
expect 8,784 kma-asos "${asos}_2016_2016_2017.csv"

boundaries=$data/boundaries
expect 425 seoul-dong "$boundaries"/hangjeongdong_*.geojson
expect 467 - "$boundaries/juso2015/seoul_neighborhoods_geo_simple.json"
expect 25 - "$boundaries/kostat2013/seoul_municipalities_geo.json"
expect 25 seoul-districts "$boundaries/kostat2013/seoul_municipalities_geo_simple.json"
expect 423 - "$boundaries/kostat2013/seoul_submunicipalities_geo_simple.json"
expect 423 - "$boundaries/kostat2013/seoul_submunicipalities.shp"
expect 425 - "$boundaries"/sangkwon-dong/*.shp

people=$data/population
expect 450 - "$people/seoul_pop2020_all.csv"
expect 425 seoul-population "$people/seoul_pop2020_all.csv" # less 25 subtotals
expect 25 - "$people/등록인구(월별).csv"                    # 27 lines less two header rows
expect 1,650 seoul-households-monthly "$people/등록인구(월별).csv" # 25 districts x 66 months
living=$people/living-population-dong-hourly
expect 424 - "$living/20190304/whole.json"
expect 71,232 living-population "$living/20190304/whole.json" # 424 x 168 hours
expect 424 - "$living/new_dong.json"

expect 260 seoul-fleet-monthly "$data/traffic/seoul_car_by_fuel.csv" # 65 months x 4 classes

said=$("$DOSI" add "$boundaries"/hangjeongdong_*.geojson --source seoul-dong --dry-run \
    --with "$people/seoul_pop2020_all.csv")
grep -q 'population: 425 of 425' <<<"$said" || fail "not every dong has its population"
echo "$n_checked loads have the right counts"
