// Columns that the geo methods share, described once.

#include "method/geo_words.h"

const dosi_method_column geo_observation_columns[1] = {
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"`value`와 `by`가 가리키는 열, 위치(x·y, geometry, lon·lat) 또는 측정소, <값>_flag",
      "The columns that `value` and `by` name; a place (x and y, a geometry, or lon and lat) "
      "or a station; <value>_flag where quality control gave one"}},
};
const dosi_method_column geo_place_columns[1] = {
    {"*",
     DOSI_TYPE_GEOMETRY,
     NULL,
     true,
     {"`station` 열과 위치(x·y, geometry, lon·lat)",
      "The `station` column and a place (x and y, a geometry, or lon and lat)"}},
};
const dosi_method_column geo_area_columns[1] = {
    {"geometry", DOSI_TYPE_GEOMETRY, NULL, false, {"구역", "Areas whose cells are mapped"}},
};
const dosi_method_column geo_target_columns[1] = {
    {"*",
     DOSI_TYPE_GEOMETRY,
     NULL,
     true,
     {"위치(x·y, geometry, lon·lat)", "A place (x and y, a geometry, or lon and lat)"}},
};
const dosi_method_column geo_grid_columns[6] = {
    {"x0", DOSI_TYPE_REAL, "m", false, {"남서 모서리 동쪽", "South-west corner, east"}},
    {"y0", DOSI_TYPE_REAL, "m", false, {"남서 모서리 북쪽", "South-west corner, north"}},
    {"cell_m", DOSI_TYPE_REAL, "m", false, {"격자 크기", "Size of a cell"}},
    {"n_columns", DOSI_TYPE_INT, NULL, false, {"열 수", "Columns"}},
    {"n_rows", DOSI_TYPE_INT, NULL, false, {"행 수", "Rows"}},
    {"srid", DOSI_TYPE_INT, NULL, false, {"좌표계", "EPSG code"}},
};
