// Recipe seoul-air-daily: Seoul's daily means of six pollutants at all stations, 2014 on.

#include "source/recipe.h"

/// In the workbooks of 2014 to 2017 carbon monoxide is headed 이산화탄소 (carbon dioxide); the
/// values (0.3 to 2 ppm) can only be carbon monoxide.
static const dosi_recipe_column columns[] = {
    {"측정소명", "station", NULL, false, "측정소", "station"},
    {"측정일시|측정일자", "date", NULL, false, "날짜", "day"},
    {"아황산가스농도|아황산가스", "so2_ppm", "ppm", false, "아황산가스", "sulphur dioxide"},
    {"일산화탄소농도|이산화탄소농도|일산화탄소", "co_ppm", "ppm", false, "일산화탄소",
     "carbon monoxide"},
    {"오존농도|오존", "o3_ppm", "ppm", false, "오존", "ozone"},
    {"이산화질소농도|이산화질소", "no2_ppm", "ppm", false, "이산화질소", "nitrogen dioxide"},
    {"미세먼지농도|미세먼지", "pm10_ugm3", "ug/m3", false, "미세먼지", "PM10"},
    {"초미세먼지농도|초미세먼지", "pm25_ugm3", "ug/m3", false, "초미세먼지", "PM2.5"},
};

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    dosi_recipe_job job = {file, options, result};
    if (dosi_table_find(&result->table, "이산화탄소농도") != SIZE_MAX) {
        dosi_text_puts(&result->decisions,
                       "label: 이산화탄소 (carbon dioxide) is carbon monoxide, mislabelled\n");
    }
    DOSI_TRY(dosi_recipe_columns(columns, sizeof columns / sizeof columns[0], result, err));
    DOSI_TRY(dosi_recipe_as(&job, "date", DOSI_TYPE_DATE, err));
    for (size_t i = 2; i < sizeof columns / sizeof columns[0]; i++) {
        DOSI_TRY(dosi_recipe_as(&job, columns[i].to, DOSI_TYPE_REAL, err));
        dosi_recipe_drop_negative(&job, columns[i].to);
    }
    return DOSI_OK;
}

const dosi_recipe dosi_recipe_seoul_air_daily = {
    .name = "seoul-air-daily",
    .title_ko = "서울 일별 평균 대기오염도",
    .title_en = "Daily mean air quality of Seoul by station",
    .about =
        "측정일시 (YYYYMMDD), 측정소명 and six pollutants; CSV (CP949) and XLSX. What 2014 "
        "to 2017 call 이산화탄소 is carbon monoxide.",
    .publisher = "Seoul Metropolitan Government",
    .frequency = "DAILY",
    .types = "측정소명:text,측정일시:date,측정일자:date",
    .apply = apply,
};
