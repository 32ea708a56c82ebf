// Recipe kma-pm10: hourly PM10 of the Korea Meteorological Administration (황사관측).

#include "source/recipe.h"

static const dosi_recipe_column columns[] = {
    {"지점", "station", NULL, false, "지점 번호", "station number"},
    {"시간|일시", "time", NULL, false, "시각", "time"},
    {"1시간평균 미세먼지농도", "pm10_ugm3", "ug/m3", false, "미세먼지 1시간 평균",
     "PM10, mean of the hour"},
};

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    dosi_recipe_job job = {file, options, result};
    DOSI_TRY(dosi_recipe_columns(columns, sizeof columns / sizeof columns[0], result, err));
    DOSI_TRY(dosi_recipe_as(&job, "station", DOSI_TYPE_TEXT, err));
    DOSI_TRY(dosi_recipe_as(&job, "time", DOSI_TYPE_TIME, err));
    DOSI_TRY(dosi_recipe_as(&job, "pm10_ugm3", DOSI_TYPE_REAL, err));
    dosi_recipe_drop_negative(&job, "pm10_ugm3");
    return DOSI_OK;
}

const dosi_recipe dosi_recipe_kma_pm10 = {
    .name = "kma-pm10",
    .title_ko = "기상청 미세먼지 시간 자료",
    .title_en = "Hourly PM10 of the weather service",
    .about = "지점, 시간, 1시간평균 미세먼지농도(㎍/㎥); CP949 CSV of the KMA data portal.",
    .publisher = "Korea Meteorological Administration",
    .frequency = "HOURLY",
    .types = "지점:text,시간:time,1시간평균 미세먼지농도:real",
    .apply = apply,
};
