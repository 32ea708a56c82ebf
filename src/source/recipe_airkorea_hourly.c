// Recipe airkorea-hourly: AirKorea's final hourly values by station, as R packages and research
// files carry them.

#include "source/recipe.h"

static const dosi_recipe_column columns[] = {
    {"station_id|loc|측정소코드", "station", NULL, false, "측정소 코드", "station code"},
    {"time|mdate|측정일시", "time", NULL, false, "시각 (시간의 끝)", "end of the hour"},
    {"SO2|so2", "so2_ppm", "ppm", true, "아황산가스", "sulphur dioxide"},
    {"CO|co", "co_ppm", "ppm", true, "일산화탄소", "carbon monoxide"},
    {"O3|o3", "o3_ppm", "ppm", true, "오존", "ozone"},
    {"NO2|no2", "no2_ppm", "ppm", true, "이산화질소", "nitrogen dioxide"},
    {"PM10|pm10", "pm10_ugm3", "ug/m3", true, "미세먼지", "PM10"},
    {"PM25|pm25|PM2.5", "pm25_ugm3", "ug/m3", true, "초미세먼지", "PM2.5"},
    {"lat|latitude|위도", "lat", "deg", true, "위도", "latitude"},
    {"lon|long|longitude|경도", "lon", "deg", true, "경도", "longitude"},
    {"logpm25", NULL, NULL, true, NULL, NULL},
    {"지역", NULL, NULL, true, NULL, NULL},
    {"망", NULL, NULL, true, NULL, NULL},
    {"측정소명", NULL, NULL, true, NULL, NULL},
    {"주소", NULL, NULL, true, NULL, NULL},
};

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    static const char *const reals[] = {"so2_ppm",   "co_ppm",    "o3_ppm", "no2_ppm",
                                        "pm10_ugm3", "pm25_ugm3", "lat",    "lon"};
    dosi_recipe_job job = {file, options, result};
    DOSI_TRY(dosi_recipe_columns(columns, sizeof columns / sizeof columns[0], result, err));
    DOSI_TRY(dosi_recipe_as(&job, "station", DOSI_TYPE_TEXT, err));
    DOSI_TRY(dosi_recipe_as(&job, "time", DOSI_TYPE_TIME, err));
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        DOSI_TRY(dosi_recipe_as(&job, reals[i], DOSI_TYPE_REAL, err));
        if (i < 6) dosi_recipe_drop_negative(&job, reals[i]);
    }
    return DOSI_OK;
}

const dosi_recipe dosi_recipe_airkorea_hourly = {
    .name = "airkorea-hourly",
    .title_ko = "대기오염 시간 측정값",
    .title_en = "Hourly air quality by station",
    .about =
        "AirKorea final hourly values: station_id or loc, time or mdate as YYYYMMDDHH with "
        "hours 01 to 24, SO2, CO, O3, NO2, PM10, PM25, lat and long where given. CSV or "
        "RDS.",
    .publisher = "AirKorea (Korea Environment Corporation)",
    .frequency = "HOURLY",
    .types = "station_id:text,loc:text,측정소코드:text,mdate:time,time:time,측정일시:time,"
             "SO2:real,CO:real,O3:real,NO2:real,PM10:real,PM25:real",
    .apply = apply,
};
