// Recipe kma-asos: hourly surface weather of the Korea Meteorological Administration (ASOS).

#include "source/recipe.h"

#include <string.h>

static const dosi_recipe_column columns[] = {
    {"지점", "station", NULL, false, "지점 번호", "station number"},
    {"지점명", "station_name", NULL, true, "지점", "station"},
    {"일시", "time", NULL, false, "시각", "time"},
    {"기온", "temperature_c", "Cel", true, "기온", "air temperature"},
    {"강수량", "rain_mm", "mm", true, "강수량", "precipitation of the hour"},
    {"풍속", "wind_speed_ms", "m/s", true, "풍속", "wind speed"},
    {"풍향|풍향(16방위)", "wind_direction_deg", "deg", true, "풍향 (0은 고요)",
     "direction the wind comes from; 0 is calm"},
    {"습도", "humidity_pct", "%", true, "상대습도", "relative humidity"},
    {"증기압", "vapour_pressure_hpa", "hPa", true, "증기압", "vapour pressure"},
    {"이슬점온도", "dew_point_c", "Cel", true, "이슬점온도", "dew point"},
    {"현지기압", "station_pressure_hpa", "hPa", true, "현지기압", "station pressure"},
    {"해면기압", "pressure_hpa", "hPa", true, "해면기압", "sea-level pressure"},
    {"일조", "sunshine_h", "h", true, "일조", "sunshine"},
    {"일사", "radiation_mjm2", "MJ/m2", true, "일사", "global radiation of the hour"},
    {"적설", "snow_cm", "cm", true, "적설", "snow depth"},
    {"3시간신적설", "new_snow_3h_cm", "cm", true, "3시간 신적설", "new snow of 3 hours"},
    {"전운량|전운량(10분위)", "cloud_tenths", NULL, true, "전운량 (10분위)",
     "total cloud, tenths"},
    {"중하층운량|중하층운량(10분위)", "low_cloud_tenths", NULL, true, "중하층운량 (10분위)",
     "low and middle cloud, tenths"},
    {"운형|운형(운형약어)", "cloud_kind", NULL, true, "운형", "kinds of cloud"},
    {"최저운고|최저운고(100m )|최저운고(100m)", "cloud_base_100m", "100m", true, "최저운고",
     "lowest cloud base, hundreds of metres"},
    {"시정|시정(10m)", "visibility_10m", "10m", true, "시정", "visibility, tens of metres"},
    {"지면상태|지면상태(지면상태코드)", "ground_state", NULL, true, "지면상태",
     "state of ground"},
    {"현상번호|현상번호(국내식)", "phenomena", NULL, true, "현상번호", "weather phenomena"},
    {"지면온도", "ground_c", "Cel", true, "지면온도", "ground temperature"},
    {"5cm 지중온도", "soil_5cm_c", "Cel", true, "5cm 지중온도", "soil at 5 cm"},
    {"10cm 지중온도", "soil_10cm_c", "Cel", true, "10cm 지중온도", "soil at 10 cm"},
    {"20cm 지중온도", "soil_20cm_c", "Cel", true, "20cm 지중온도", "soil at 20 cm"},
    {"30cm 지중온도", "soil_30cm_c", "Cel", true, "30cm 지중온도", "soil at 30 cm"},
};

static bool is_text(const char *name) {
    static const char *const texts[] = {"station", "station_name", "cloud_kind", "ground_state",
                                        "phenomena"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(name, texts[i]) == 0) return true;
    }
    return false;
}

static dosi_status apply(const dosi_source_file *file,
                         const dosi_source_options *options,
                         dosi_source_result *result,
                         dosi_error *err) {
    dosi_recipe_job job = {file, options, result};
    DOSI_TRY(dosi_recipe_columns(columns, sizeof columns / sizeof columns[0], result, err));
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        const char *name = columns[i].to;
        bool is_time = strcmp(name, "time") == 0;
        dosi_type type = is_text(name) ? DOSI_TYPE_TEXT : DOSI_TYPE_REAL;
        DOSI_TRY(dosi_recipe_as(&job, name, is_time ? DOSI_TYPE_TIME : type, err));
    }
    return DOSI_OK;
}

const dosi_recipe dosi_recipe_kma_asos = {
    .name = "kma-asos",
    .title_ko = "종관기상관측(ASOS) 시간 자료",
    .title_en = "Hourly surface weather (ASOS)",
    .about =
        "지점, 일시, 기온(°C), 풍속(m/s), 풍향(16방위), 습도(%) ...: CP949 CSV of the KMA data "
        "portal, hourly.",
    .publisher = "Korea Meteorological Administration",
    .frequency = "HOURLY",
    .types = "지점:text,일시:time,지면상태(지면상태코드):text,현상번호(국내식):text",
    .apply = apply,
};
