/// @file road_words.h
/// Parameters and columns that the methods of roads and plumes share, described once.
#ifndef DOSI_METHOD_ROAD_WORDS_H
#define DOSI_METHOD_ROAD_WORDS_H

#include "dosi/method.h"
#include "method/words.h"

/// Parameters that method_road_site_of() reads, apart from `from` and `to`.
#define ROAD_SITE_PARAMETERS                                                         \
    METHOD_REAL("roughness_m", "m", "1", 0.01, 5, "거칠기 길이",                     \
                "Roughness length of the city"),                                     \
        METHOD_REAL("anemometer_m", "m", "10", 3, 200, "풍속계 높이",                \
                    "Height of the anemometer"),                                     \
        METHOD_REAL("population", NULL, "0", 0, 5e7, "도시 인구 (밤 열섬, 0: 없음)", \
                    "Inhabitants, for the city's heat by night; 0: none"),           \
        METHOD_REAL("albedo", NULL, "0.18", 0, 1, "반사율", "Albedo"),               \
        METHOD_REAL("moisture", NULL, "0.5", 0, 1, "지면 습윤도",                    \
                    "Moisture of the ground (alpha)"),                               \
        METHOD_REAL("latitude", "deg", "37.57", -90, 90, "위도", "Latitude"),        \
        METHOD_REAL("longitude", "deg", "126.98", -180, 180, "경도", "Longitude")

/// Columns of weather that all of them need.
#define ROAD_WEATHER_COLUMNS                                                      \
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),  \
        METHOD_COLUMN("wind_speed_ms", REAL, "m/s", false, "풍속", "Wind speed"), \
        METHOD_COLUMN("wind_direction_deg", REAL, "deg", false, "풍향",           \
                      "Where the wind blows from"),                               \
        METHOD_COLUMN("temperature_c", REAL, "Cel", false, "기온", "Air temperature")

/// Receptors, and the air that comes in.
extern const dosi_method_column road_place_columns[2];
extern const dosi_method_column road_background_columns[5];

#endif // DOSI_METHOD_ROAD_WORDS_H
