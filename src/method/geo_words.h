/// @file geo_words.h
/// Parameters and columns that the geo methods share, described once.
#ifndef DOSI_METHOD_GEO_WORDS_H
#define DOSI_METHOD_GEO_WORDS_H

#include "dosi/method.h"
#include "method/words.h"

// clang-format off: a line a thing

#define GEO_VALUE                                        \
    METHOD_TEXT("value", NULL, "값 열 (쉼표로 여러 개)", \
                "Column or columns of values, separated by commas")
#define GEO_BY                                           \
    METHOD_TEXT("by", "", "지도를 나누는 열 (예: time)", \
                "Columns that make separate maps, such as time")
#define GEO_STATION \
    METHOD_TEXT("station", "station", "측정소 열", "Column that names the station")
#define GEO_REJECT                                                       \
    METHOD_INT("reject", "239", 0, 1023, "결측으로 볼 품질 플래그 비트", \
               "Quality flag bits that count as missing")
#define GEO_CELL \
    METHOD_REAL("cell_m", "m", "500", 1, 100000, "격자 크기", "Size of a grid cell")
#define GEO_KAPPA                                                  \
    METHOD_REAL("kappa", NULL, "1.5", 0.05, 20, "마테른 매끄러움", \
                "Smoothness of the Matern model")
#define GEO_WEIGHTS                                                                     \
    METHOD_CHOICE(                                                                      \
        "weights", "pairs_h2", "pairs_h2|pairs|reml",                                   \
        "맞춤: 가중치 N/h^2 또는 N, 또는 제한최대우도",                                 \
        "Fit: least squares weighted by pairs / distance^2 or by pairs, or restricted " \
        "maximum likelihood")
#define GEO_CUTOFF                                                                       \
    METHOD_REAL("cutoff_m", "m", "0", 0, 1e9, "표본 베리오그램 최대 거리 (0: 대각선/3)", \
                "Longest distance of the sample variogram; 0: a third of the diagonal")
#define GEO_BINS                                        \
    METHOD_INT("n_bins", "15", 3, 1000, "거리 구간 수", \
               "Distance classes of the sample variogram")

/// The variogram model of a map, fitted or given.
#define GEO_MODEL_PARAMETERS                                                                \
    METHOD_CHOICE("model", "exponential",                                                   \
                  "nugget|spherical|exponential|gaussian|matern|linear", "베리오그램 모형", \
                  "Variogram model"),                                                       \
        METHOD_BOOL("fit", "true", "모형을 자료에 맞춤",                                    \
                    "Fit the model to the data, pooled over maps, per variable"),           \
        GEO_WEIGHTS,                                                                        \
        METHOD_REAL("nugget", NULL, "0", 0, 1e12, "너깃 (fit=false)",                       \
                    "Nugget, when not fitted"),                                             \
        METHOD_REAL("psill", NULL, "1", 0, 1e12, "부분 문턱 (fit=false)",                   \
                    "Partial sill, when not fitted"),                                       \
        METHOD_REAL("range_m", "m", "1000", 1e-3, 1e9, "상관거리 (fit=false)",              \
                    "Range, when not fitted"),                                              \
        GEO_KAPPA,                                                                          \
        METHOD_REAL("azimuth_deg", "deg", "0", -360, 360, "상관거리가 가장 긴 방향",        \
                    "Direction of the longest range, clockwise from north"),                \
        METHOD_REAL("ratio", NULL, "1", 0.001, 1, "가장 짧은 상관거리 / 가장 긴 상관거리",  \
                    "Shortest range / longest; 1: all ways alike. Kept while fitting"),     \
        METHOD_TEXT("nested", "",                                                           \
                    "더할 구조 (fit=false): 종류:문턱:거리[:방향:비율[:매끄러움]]",         \
                    "Structures added to the model, when not fitted: "                      \
                    "kind:psill:range[:azimuth:ratio[:kappa]], separated by commas"),       \
        GEO_CUTOFF, GEO_BINS

/// Inputs: observations, places of stations, areas to map, places to predict.
extern const dosi_method_column geo_observation_columns[1];
extern const dosi_method_column geo_place_columns[1];
extern const dosi_method_column geo_area_columns[1];
extern const dosi_method_column geo_target_columns[1];

#define GEO_INPUTS                                                                           \
    {"observations", {"측정값", "Observations"}, false, geo_observation_columns, 1},         \
        {"stations", {"측정소 위치", "Places of the stations"}, true, geo_place_columns, 1}, \
        {"area", {"지도를 만들 구역", "Areas to map"}, true, geo_area_columns, 1}, {         \
        "targets", {"예측할 위치", "Places to predict, instead of a grid"}, true,            \
            geo_target_columns, 1                                                            \
    }

/// Output: the grid's one row.
extern const dosi_method_column geo_grid_columns[6];

#define GEO_GRID_OUTPUT                                                                       \
    {                                                                                         \
        "grid",                                                                               \
            {"격자 설명 (한 행; 위치 예측이면 없음)", "The grid, one row; none for targets"}, \
            false, geo_grid_columns, 6                                                        \
    }

// clang-format on

#endif // DOSI_METHOD_GEO_WORDS_H
