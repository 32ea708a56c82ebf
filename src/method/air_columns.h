/// @file air_columns.h
/// The columns of hourly air observations, as the methods of air take them.
#ifndef DOSI_METHOD_AIR_COLUMNS_H
#define DOSI_METHOD_AIR_COLUMNS_H

#define METHOD_AIR_COLUMNS                                                                    \
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},                          \
        {"time", DOSI_TYPE_TIME, NULL, false, {"시각 (시간의 끝)", "Time, end of the hour"}}, \
        {"so2_ppm", DOSI_TYPE_REAL, "ppm", true, {"아황산가스", "Sulphur dioxide"}},          \
        {"co_ppm", DOSI_TYPE_REAL, "ppm", true, {"일산화탄소", "Carbon monoxide"}},           \
        {"o3_ppm", DOSI_TYPE_REAL, "ppm", true, {"오존", "Ozone"}},                           \
        {"no2_ppm", DOSI_TYPE_REAL, "ppm", true, {"이산화질소", "Nitrogen dioxide"}},         \
        {"pm10_ugm3", DOSI_TYPE_REAL, "ug/m3", true, {"미세먼지", "PM10"}},                   \
        {"pm25_ugm3", DOSI_TYPE_REAL, "ug/m3", true, {"초미세먼지", "PM2.5"}}, {              \
        "*", DOSI_TYPE_INT, NULL, true, {                                                     \
            "품질 플래그 <열>_flag, 있으면 사용",                                             \
                "Quality flags <column>_flag, used where present"                             \
        }                                                                                     \
    }

#define METHOD_AIR_REJECT                                                             \
    {                                                                                 \
        "reject", DOSI_PARAMETER_INT, NULL, "239", 0, 1023, NULL, {                   \
            "결측으로 볼 품질 플래그 비트", "Quality flag bits that count as missing" \
        }                                                                             \
    }

#define METHOD_AIR_CAPTURE                                                 \
    {                                                                      \
        "capture", DOSI_PARAMETER_REAL, NULL, "0.75", 0.01, 1, NULL, {     \
            "평균에 필요한 자료 비율", "Share of values that a mean needs" \
        }                                                                  \
    }

#endif // DOSI_METHOD_AIR_COLUMNS_H
