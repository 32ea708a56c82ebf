// Columns that the methods of roads and plumes share, described once.

#include "method/road_words.h"

const dosi_method_column road_place_columns[2] = {
    METHOD_COLUMN("station", TEXT, NULL, false, "지점", "Place"),
    METHOD_COLUMN("*", GEOMETRY, NULL, true, "위치", "Where it is"),
};
const dosi_method_column road_background_columns[5] = {
    METHOD_COLUMN("time", TIME, NULL, false, "그 시간의 끝", "End of the hour"),
    METHOD_COLUMN("no2_ppm", REAL, "ppm", false, "이산화질소", "NO2"),
    METHOD_COLUMN("o3_ppm", REAL, "ppm", false, "오존", "Ozone"),
    METHOD_COLUMN("no_ppm", REAL, "ppm", true, "일산화질소", "NO; else from light, NO2, ozone"),
    METHOD_COLUMN("station", TEXT, NULL, true, "측정소", "Station"),
};
