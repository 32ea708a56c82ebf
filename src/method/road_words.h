/// @file road_words.h
/// Short forms for the descriptors of the road methods.
#ifndef DOSI_METHOD_ROAD_WORDS_H
#define DOSI_METHOD_ROAD_WORDS_H

#include "dosi/method.h"

#define ROAD_TEXT(name, default_value, ko, en)                        \
    {                                                                 \
        name, DOSI_PARAMETER_TEXT, NULL, default_value, 0, 0, NULL, { \
            ko, en                                                    \
        }                                                             \
    }
#define ROAD_REAL(name, unit, default_value, min, max, ko, en)            \
    {                                                                     \
        name, DOSI_PARAMETER_REAL, unit, default_value, min, max, NULL, { \
            ko, en                                                        \
        }                                                                 \
    }
#define ROAD_COLUMN(name, type, unit, is_optional, ko, en) \
    {                                                      \
        name, DOSI_TYPE_##type, unit, is_optional, {       \
            ko, en                                         \
        }                                                  \
    }
#define ROAD_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROAD_TABLE(name, is_optional, ko, en, columns) \
    { name, {ko, en}, is_optional, columns, ROAD_COUNT(columns) }

/// Parameters that method_road_site_of() reads, apart from `from` and `to`.
#define ROAD_SITE_PARAMETERS                                                       \
    ROAD_REAL("roughness_m", "m", "1", 0.01, 5, "거칠기 길이",                     \
              "Roughness length of the city"),                                     \
        ROAD_REAL("anemometer_m", "m", "10", 3, 200, "풍속계 높이",                \
                  "Height of the anemometer"),                                     \
        ROAD_REAL("population", NULL, "0", 0, 5e7, "도시 인구 (밤 열섬, 0: 없음)", \
                  "Inhabitants, for the city's heat by night; 0: none"),           \
        ROAD_REAL("albedo", NULL, "0.18", 0, 1, "반사율", "Albedo"),               \
        ROAD_REAL("moisture", NULL, "0.5", 0, 1, "지면 습윤도",                    \
                  "Moisture of the ground (alpha)"),                               \
        ROAD_REAL("latitude", "deg", "37.57", -90, 90, "위도", "Latitude"),        \
        ROAD_REAL("longitude", "deg", "126.98", -180, 180, "경도", "Longitude")

#endif // DOSI_METHOD_ROAD_WORDS_H
