// geo.krige: kriging of observations onto a grid or onto places.

#include "method/geo_words.h"
#include "method/krige.h"

#include <stdlib.h>

static const dosi_method_column covariate_columns[] = {
    {"*",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"위치와 `drift`가 가리키는 열: 격자, 다른 지도, 모형 결과",
      "A place and the columns that `drift` names: a grid, another map, a model's result"}},
};

static const dosi_method_table inputs[] = {
    GEO_INPUTS,
    {"covariates",
     {"공변량 격자", "Covariates on a grid or at places"},
     true,
     covariate_columns,
     1},
};

static const dosi_method_parameter parameters[] = {
    GEO_VALUE,
    GEO_BY,
    GEO_STATION,
    GEO_CELL,
    METHOD_CHOICE(
        "kind",
        "ordinary",
        "ordinary|simple|universal|block|indicator",
        "크리깅 종류",
        "Kind: ordinary (unknown mean), simple (`mean` known), universal (mean linear in "
        "`drift`), block (means of cells; with a drift too), indicator (probability of "
        "more than `threshold`)"),
    METHOD_REAL(
        "mean", NULL, "0", -1e12, 1e12, "알려진 평균 (simple)", "Known mean, for simple"),
    METHOD_TEXT(
        "drift",
        "",
        "평균을 설명하는 열: 지점·측정소·위치 표의 열이나 covariates에서 가까운 값",
        "Columns that explain the mean, of the observations or stations and of the targets; "
        "else from the nearest place of `covariates`"),
    METHOD_TEXT(
        "error_variance",
        "",
        "측정값 자체의 오차 분산 열 (값 단위의 제곱)",
        "Column, of observations or stations, with the variance of each sensor's own error "
        "(the value's unit squared)"),
    METHOD_REAL("threshold",
                NULL,
                "0",
                -1e12,
                1e12,
                "초과 확률의 기준값 (indicator)",
                "What the probability of exceeding is of, for indicator"),
    METHOD_CHOICE("search",
                  "auto",
                  "auto|global|local",
                  "이웃: auto는 지점 200개까지 전체",
                  "Neighbourhood; auto: global up to 200 sites"),
    METHOD_INT(
        "nmax", "32", 1, 1023, "국지 크리깅의 이웃 수", "Nearest sites of local kriging"),
    GEO_MODEL_PARAMETERS,
    METHOD_INT(
        "min_sites", "3", 1, 1000, "지도에 필요한 최소 지점 수", "Sites that a map needs"),
    METHOD_CHOICE("layout",
                  "wide",
                  "wide|long",
                  "출력 모양",
                  "Output: a column a variable, or a row a variable"),
    METHOD_BOOL("non_negative", "false", "음의 예측을 0으로", "Predictions below 0 become 0"),
    METHOD_BOOL(
        "leave_one_out", "true", "교차검증", "Predict every value from the others, too"),
    GEO_REJECT,
};

static const dosi_method_column map_columns[] = {
    {"*", DOSI_TYPE_TIME, NULL, true, {"`by`의 열", "The columns that `by` names"}},
    {"variable", DOSI_TYPE_TEXT, NULL, true, {"변수 (long)", "Variable, in the long layout"}},
    {"cell",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"격자 번호: 행 x 열수 + 열, 행 0이 남쪽",
      "Cell: row x n_columns + column, row 0 south; or the target's row"}},
    {"x", DOSI_TYPE_REAL, "m", false, {"동쪽 (EPSG:5186)", "East (EPSG:5186)"}},
    {"y", DOSI_TYPE_REAL, "m", false, {"북쪽 (EPSG:5186)", "North (EPSG:5186)"}},
    {"value",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"예측값 (wide에서는 변수 이름)",
      "Prediction; in the wide layout, named as the variable"}},
    {"variance",
     DOSI_TYPE_REAL,
     NULL,
     true,
     {"크리깅 분산 (wide에서는 <변수>_variance)",
      "Kriging variance; in the wide layout, <variable>_variance"}},
};
static const dosi_method_column loo_columns[] = {
    {"*",
     DOSI_TYPE_TIME,
     NULL,
     true,
     {"`by`의 열과 측정소", "The columns that `by` names, and the station"}},
    {"variable", DOSI_TYPE_TEXT, NULL, false, {"변수", "Variable"}},
    {"x", DOSI_TYPE_REAL, "m", false, {"동쪽 (EPSG:5186)", "East (EPSG:5186)"}},
    {"y", DOSI_TYPE_REAL, "m", false, {"북쪽 (EPSG:5186)", "North (EPSG:5186)"}},
    {"observed", DOSI_TYPE_REAL, NULL, false, {"측정값", "Observed"}},
    {"predicted",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"나머지로 예측한 값", "Predicted from the others"}},
    {"variance", DOSI_TYPE_REAL, NULL, false, {"분산", "Kriging variance"}},
};
static const dosi_method_column model_columns[] = {
    {"variable", DOSI_TYPE_TEXT, NULL, false, {"변수", "Variable"}},
    {"model", DOSI_TYPE_TEXT, NULL, false, {"모형", "Variogram model"}},
    {"nugget", DOSI_TYPE_REAL, NULL, false, {"너깃", "Nugget"}},
    {"psill", DOSI_TYPE_REAL, NULL, false, {"부분 문턱", "Partial sill"}},
    {"range_m", DOSI_TYPE_REAL, "m", false, {"상관거리", "Range"}},
    {"kappa",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"마테른 매끄러움", "Smoothness of the Matern model"}},
    {"error",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"가중 오차 제곱합", "Weighted sum of squared errors of the fit"}},
    {"n_maps", DOSI_TYPE_INT, NULL, false, {"지도 수", "Maps"}},
    {"n_sites", DOSI_TYPE_INT, NULL, false, {"지점 수", "Sites"}},
    {"loo_n",
     DOSI_TYPE_INT,
     NULL,
     false,
     {"교차검증 값 수", "Values predicted by leave-one-out"}},
    {"loo_me", DOSI_TYPE_REAL, NULL, false, {"평균 오차", "Mean error, observed - predicted"}},
    {"loo_mae", DOSI_TYPE_REAL, NULL, false, {"평균 절대 오차", "Mean absolute error"}},
    {"loo_rmse",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"제곱평균제곱근 오차", "Root mean squared error"}},
    {"loo_msdr",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"표준화 제곱 오차 평균", "Mean squared error / variance; 1 when variances are honest"}},
    {"loo_coverage_95",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"95% 구간 포함률", "Share inside the 95 % interval"}},
    {"loo_correlation",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"상관계수", "Correlation of observed and predicted"}},
    {"azimuth_deg",
     DOSI_TYPE_REAL,
     "deg",
     false,
     {"상관거리가 가장 긴 방향", "Direction of the longest range"}},
    {"ratio",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"가장 짧은 상관거리 / 가장 긴 상관거리 (1: 방향 없음)",
      "Shortest range / longest; 1: all ways alike"}},
    {"nested", DOSI_TYPE_TEXT, NULL, false, {"더한 구조", "Structures added to it"}},
};

static const dosi_method_table outputs[] = {
    METHOD_TABLE(
        "map", false, "지도: 예측과 분산", "Maps: predictions and variances", map_columns),
    GEO_GRID_OUTPUT,
    METHOD_TABLE("loo", false, "교차검증", "Leave-one-out", loo_columns),
    METHOD_TABLE("models",
                 false,
                 "변수별 모형과 교차검증 요약",
                 "Model and leave-one-out summary per variable",
                 model_columns),
};

/// Everything, with what must be given back on the way out.
static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    method_krige krige = {.call = call};
    dosi_status status = method_krige_open(&krige, err);
    if (status == DOSI_OK) status = method_krige_open_outputs(&krige, err);
    for (size_t v = 0; v < krige.maps.variables.n && status == DOSI_OK; v++) {
        status = method_krige_variable(&krige, v, err);
    }
    method_krige_close(&krige);
    return status;
}

const dosi_method dosi_method_geo_krige = {
    .id = "geo.krige",
    .version = 3,
    .title = {"크리깅", "Kriging"},
    .about =
        {"측정값을 격자나 지점에 크리깅으로 보간하고 분산을 함께 냅니다. "
         "정규·단순·보편(공변량)·"
         "블록·지시 크리깅이 있고, 센서마다 오차 분산을 줄 수 있습니다. 베리오그램은 변수마다 "
         "모든 지도를 합쳐 맞추거나(공변량이 있으면 잔차에) 주어진 것을 씁니다. 나머지로 "
         "하나씩 "
         "예측하는 교차검증을 함께 냅니다.",
         "Interpolates observations onto a grid or onto places, with the kriging variance: "
         "ordinary, simple, universal (with covariates such as road density, height or a "
         "dispersion result), block and indicator kriging; each sensor may have an error "
         "variance of its own, so that cheap sensors help without misleading. The variogram is "
         "fitted per variable (to the residuals when there is a drift), pooled over all maps, "
         "or given. Every value is also predicted from the others, which tells "
         "how far the map and its variance can be trusted. Predictions are exact at sites "
         "without error; far from all sites they tend to the mean."},
    .citation = "Matheron (1963), Econ. Geol. 58; Cressie (1993), Statistics for Spatial Data; "
                "conventions of gstat (Pebesma 2004, Comput. Geosci. 30)",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
