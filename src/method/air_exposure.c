// air.exposure: what people are exposed to, by area, group and period, with its uncertainty.

#include "dosi/air.h"
#include "method/exposure.h"
#include "method/geo_words.h"
#include "method/krige.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_column area_columns[] = {
    {"geometry", DOSI_TYPE_GEOMETRY, NULL, false, {"구역", "Polygons"}},
    {"*",
     DOSI_TYPE_TEXT,
     NULL,
     true,
     {"`key`, `group`, `population`이 가리키는 열",
      "The columns that `key`, `group` and `population` name"}},
};
static const dosi_method_column people_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, false, "시각 (시간의 끝)", "End of the hour"),
    METHOD_COLUMN("*",
                  TEXT,
                  NULL,
                  true,
                  "`key`와 `population`이 가리키는 열",
                  "The columns that `key` and `population` name"),
};
static const dosi_method_column given_columns[] = {
    METHOD_COLUMN("variable", TEXT, NULL, false, "변수", "Variable"),
    METHOD_COLUMN("model", TEXT, NULL, false, "모형", "Variogram model"),
    METHOD_COLUMN("nugget", REAL, NULL, false, "너깃", "Nugget"),
    METHOD_COLUMN("psill", REAL, NULL, false, "부분 문턱", "Partial sill"),
    METHOD_COLUMN("range_m", REAL, "m", false, "상관거리", "Range"),
    METHOD_COLUMN(
        "kappa", REAL, NULL, true, "마테른 매끄러움", "Smoothness of the Matern model"),
    METHOD_COLUMN(
        "azimuth_deg", REAL, "deg", true, "가장 긴 방향", "Direction of the longest range"),
    METHOD_COLUMN("ratio", REAL, NULL, true, "상관거리의 비율", "Shortest range / longest"),
    METHOD_COLUMN(
        "nested", TEXT, NULL, true, "더한 구조", "Structures added, as geo.krige takes them"),
};
enum { N_GIVEN = sizeof given_columns / sizeof given_columns[0] };
static const dosi_method_table inputs[] = {
    {"observations", {"측정값", "Observations"}, false, geo_observation_columns, 1},
    {"stations", {"측정소 위치", "Places of the stations"}, true, geo_place_columns, 1},
    {"areas", {"구역 (행정동)과 주민", "Areas and their residents"}, false, area_columns, 2},
    {"people",
     {"시간별 생활인구", "People present, by area and hour; without them residents count"},
     true,
     people_columns,
     2},
    {"models",
     {"베리오그램 모형 (없으면 맞춤)",
      "Variogram models, such as geo.krige's; without them they are fitted"},
     true,
     given_columns,
     N_GIVEN},
};

static const dosi_method_parameter parameters[] = {
    GEO_VALUE,
    METHOD_TEXT("by", "time", "시각 열", "Column of times"),
    GEO_STATION,
    METHOD_TEXT("leave_out",
                "",
                "쓰지 않을 측정소의 종류 (stations의 kind, 쉼표로)",
                "Kinds of stations not to be used (column `kind` of the stations), such as "
                "roadside: they stand where the air is worse than where most people are"),
    METHOD_TEXT(
        "offset",
        "roadside",
        "따로 벗어난 값을 두는 측정소의 종류 (stations의 kind, 쉼표로; 없으면 빈칸)",
        "Kinds of stations whose offset from the air that people breathe is unknown and "
        "new in every hour (column `kind` of the stations, separated by commas; empty: "
        "none)"),
    METHOD_REAL("crowd_m",
                "m",
                "1000",
                0,
                1e5,
                "사람이 많은 곳의 공기: 가까운 거리 (0: 쓰지 않음)",
                "More people, more in the air: what everybody adds falls with 1 / (this^2 + "
                "distance^2); how much that is in an hour the stations tell. 0: not looked at"),
    METHOD_TEXT("key", "dong", "구역 열", "Column that names the area"),
    METHOD_TEXT(
        "group", "", "구역을 묶는 열 (자치구)", "Column that groups areas; empty: none"),
    METHOD_TEXT("population",
                "population",
                "인구 열 (없으면 면적 가중)",
                "Column of people; where the areas lack it they count by their size"),
    METHOD_CHOICE("people_by",
                  "week",
                  "week|day|time",
                  "생활인구를 맞추는 단위: 요일과 시각, 시각, 같은 시각",
                  "How people are matched with times: hour of the week, of the day, same time"),
    METHOD_TEXT(
        "home_share",
        "",
        "집 동네에 있는 시간 비율: 하나 또는 24개 (비우면 주민 노출은 내지 않음)",
        "Share of the time that residents are in their own area: one, or 24 by hour; "
        "empty: residents are not followed. Seoul's people are at home 15.8 h of a day: "
        "0.66"),
    METHOD_TEXT("infiltration",
                "",
                "실내로 들어오는 비율 열=값:표준편차, 쉼표로 구분",
                "Share of outdoor air's concentration that is found indoors, column=factor or "
                "column=factor:sd, separated by commas, such as pm25_ugm3=0.5:0.15"),
    METHOD_REAL("indoor_share",
                NULL,
                "0.9",
                0,
                1,
                "실내에 있는 시간 비율",
                "Share of the time spent indoors (Seoul: 21.7 h of a day)"),
    METHOD_REAL("cell_m", "m", "500", 1, 100000, "격자 크기", "Size of a grid cell"),
    METHOD_CHOICE("model",
                  "exponential",
                  "spherical|exponential|gaussian|matern",
                  "베리오그램 모형",
                  "Variogram model, when fitted"),
    METHOD_CHOICE("weights",
                  "pairs",
                  "pairs_h2|pairs",
                  "맞춤 가중치: N/h^2 또는 N",
                  "Weights of the fit: pairs / distance^2, or pairs"),
    GEO_KAPPA,
    METHOD_REAL("cutoff_m",
                "m",
                "25000",
                0,
                1e9,
                "표본 베리오그램 최대 거리 (0: 대각선/3)",
                "Longest distance of the sample variogram; 0: a third of the diagonal"),
    METHOD_REAL("micro_m",
                "m",
                "0",
                0,
                1e5,
                "너깃이 변하는 거리 (0: 동 안에서 평균됨)",
                "Scale on which the nugget is taken to vary; 0: within a street, so that it "
                "averages out over an area. Stations too far apart cannot tell: a few hundred "
                "metres is cautious"),
    METHOD_INT(
        "min_sites", "3", 2, 500, "지도에 필요한 최소 지점 수", "Sites that a map needs"),
    METHOD_CHOICE("scale",
                  "time",
                  "time|one",
                  "오차 크기: 시각마다 또는 하나",
                  "Size of errors: of each time, judged by its own values, or one for all"),
    METHOD_BOOL(
        "draw_in",
        "true",
        "같은 시각의 다른 값으로는 있을 수 없는 값을 당겨 들임 (오차 크기는 그대로)",
        "Values that the others of their hour make all but impossible are drawn in; the "
        "hour's errors stay as large as with them"),
    METHOD_TEXT(
        "threshold",
        "standard",
        "기준: standard(대기환경기준) 또는 열=값, 쉼표로 구분, 없으면 빈칸",
        "Thresholds: standard (Korea's ambient standards), or column=number separated by "
        "commas; empty: none"),
    METHOD_BOOL("levels",
                "true",
                "통합대기환경지수 등급별 인구",
                "People from each level of Korea's index (CAI) on"),
    METHOD_CHOICE("period",
                  "day",
                  "all|day|month",
                  "기간 평균: 전체, 그리고 날이나 달마다",
                  "Means over time: of all, and of days or months, too"),
    METHOD_INT("n_draws", "200", 40, 100000, "초과 인구의 추출 수", "Draws for people above"),
    METHOD_INT("seed", "1", 0, 1e15, "난수 씨앗", "Seed of the draws"),
    METHOD_BOOL("non_negative", "true", "음수를 0으로", "Numbers below 0 become 0"),
    GEO_REJECT,
};

#define VALUES(people)                                                                         \
    {"*", DOSI_TYPE_TIME, NULL, true, {"시각과 이름", "Time and name"}},                       \
        {"population", DOSI_TYPE_REAL, "{person}", true, {"그 시각의 인구", people}},          \
        {"<value>",                                                                            \
         DOSI_TYPE_REAL,                                                                       \
         NULL,                                                                                 \
         true,                                                                                 \
         {"인구 가중 평균", "Mean, weighted by people"}},                                      \
        {"<value>_se",                                                                         \
         DOSI_TYPE_REAL,                                                                       \
         NULL,                                                                                 \
         true,                                                                                 \
         {"표준오차", "Standard error of the mean"}},                                          \
        {"<value>_low",                                                                        \
         DOSI_TYPE_REAL,                                                                       \
         NULL,                                                                                 \
         true,                                                                                 \
         {"95% 구간 아래", "Lower end of the 95 % interval"}},                                 \
        {"<value>_high",                                                                       \
         DOSI_TYPE_REAL,                                                                       \
         NULL,                                                                                 \
         true,                                                                                 \
         {"95% 구간 위", "Upper end of the 95 % interval"}},                                   \
        {"<value>_share_above",                                                                \
         DOSI_TYPE_REAL,                                                                       \
         NULL,                                                                                 \
         true,                                                                                 \
         {"기준을 넘는 곳에 있을 인구 비율", "Expected share of people above the threshold"}}, \
    {                                                                                          \
        "<value>_people_above", DOSI_TYPE_REAL, "{person}", true, {                            \
            "기준을 넘는 곳에 있을 인구", "Expected people above the threshold"                \
        }                                                                                      \
    }
#define SHARES                                                                         \
    METHOD_COLUMN("<value>_share_low", REAL, NULL, true, "그 비율의 95% 구간 아래",    \
                  "Lower end of the share's 95 % interval"),                           \
        METHOD_COLUMN("<value>_share_high", REAL, NULL, true, "그 비율의 95% 구간 위", \
                      "Upper end of the share's 95 % interval")

static const dosi_method_column zonal_columns[] = {
    VALUES("People there at the time"),
    METHOD_COLUMN("coverage", REAL, NULL, true, "지도가 덮는 비율", "Share of the area mapped"),
};
static const dosi_method_column group_columns[] = {
    VALUES("People there at the time"),
    SHARES,
};
static const dosi_method_column level_columns[] = {
    METHOD_COLUMN("time", TIME, NULL, false, "시각", "Time"),
    METHOD_COLUMN("variable", TEXT, NULL, false, "변수", "Variable"),
    METHOD_COLUMN("level",
                  INT,
                  NULL,
                  false,
                  "등급 (2 보통, 3 나쁨, 4 매우나쁨)",
                  "From this level on: 2 moderate, 3 unhealthy, 4 very unhealthy"),
    METHOD_COLUMN(
        "limit", REAL, NULL, false, "그 아래 등급의 끝", "Concentration it starts above"),
    METHOD_COLUMN("share", REAL, NULL, false, "인구 비율 (기댓값)", "Expected share of people"),
    METHOD_COLUMN("share_se", REAL, NULL, false, "그 표준오차", "Its standard error"),
    METHOD_COLUMN(
        "share_low", REAL, NULL, false, "95% 구간 아래", "Lower end of its 95 % interval"),
    METHOD_COLUMN(
        "share_high", REAL, NULL, false, "95% 구간 위", "Upper end of its 95 % interval"),
    METHOD_COLUMN("people", REAL, "{person}", false, "인구 (기댓값)", "Expected people"),
};
static const dosi_method_column period_columns[] = {
    METHOD_COLUMN("from", TIME, NULL, false, "첫 시각", "First time"),
    METHOD_COLUMN("to", TIME, NULL, false, "끝 시각", "Last time"),
    METHOD_COLUMN("of",
                  TEXT,
                  NULL,
                  false,
                  "무엇: `key`나 `group`의 열 이름, 전체는 total",
                  "Of what: the column of `key` or `group`, or total"),
    METHOD_COLUMN("area", TEXT, NULL, false, "구역 이름", "Name of the area or group"),
    METHOD_COLUMN("variable", TEXT, NULL, false, "변수", "Variable"),
    METHOD_COLUMN("hours", REAL, NULL, false, "지도 수 (시간)", "Maps (hours) there are"),
    METHOD_COLUMN("population", REAL, "{person}", false, "평균 인구", "Mean number of people"),
    METHOD_COLUMN("mean", REAL, NULL, false, "기간 평균", "Mean over the period"),
    METHOD_COLUMN("se", REAL, NULL, false, "그 표준오차", "Its standard error"),
    METHOD_COLUMN("low", REAL, NULL, false, "95% 구간 아래", "Lower end of its 95 % interval"),
    METHOD_COLUMN("high", REAL, NULL, false, "95% 구간 위", "Upper end of its 95 % interval"),
    METHOD_COLUMN("residents",
                  REAL,
                  NULL,
                  false,
                  "주민의 평균 (집과 밖)",
                  "Mean of the residents, at home and away"),
    METHOD_COLUMN("residents_se", REAL, NULL, false, "그 표준오차", "Its standard error"),
    METHOD_COLUMN("breathed",
                  REAL,
                  NULL,
                  false,
                  "실내외에서 마시는 외기 농도",
                  "Of outdoor origin, breathed indoors and out"),
    METHOD_COLUMN("breathed_se", REAL, NULL, false, "그 표준오차", "Its standard error"),
};
static const dosi_method_column model_columns[] = {
    METHOD_COLUMN("variable", TEXT, NULL, false, "변수", "Variable"),
    METHOD_COLUMN("model", TEXT, NULL, false, "모형", "Variogram model"),
    METHOD_COLUMN("nugget", REAL, NULL, false, "너깃", "Nugget"),
    METHOD_COLUMN("psill", REAL, NULL, false, "부분 문턱", "Partial sill"),
    METHOD_COLUMN("range_m", REAL, "m", false, "상관거리", "Range"),
    METHOD_COLUMN("crowd_sd",
                  REAL,
                  NULL,
                  false,
                  "사람 밀도의 표준편차 하나가 더하는 값의 표준편차",
                  "Standard deviation over the hours of what one standard deviation of the "
                  "crowd adds; none: not looked at"),
    METHOD_COLUMN("offset_sd",
                  REAL,
                  NULL,
                  false,
                  "벗어난 종류에 공통인 값의 표준편차",
                  "Of the offset that all stations of the kinds in `offset` share"),
    METHOD_COLUMN("offset_own_sd",
                  REAL,
                  NULL,
                  false,
                  "그 종류 측정소마다의 표준편차",
                  "Of what each of those stations has alone"),
    METHOD_COLUMN("drawn_in",
                  REAL,
                  NULL,
                  false,
                  "있을 수 없어 당겨 들인 값의 수",
                  "Values that their hour makes all but impossible, drawn in"),
    METHOD_COLUMN("threshold", REAL, NULL, false, "기준", "Threshold"),
    METHOD_COLUMN("scale",
                  REAL,
                  NULL,
                  false,
                  "오차 분산의 크기 (1: 모형대로)",
                  "Size of the errors' variance; 1: as the variogram says"),
    METHOD_COLUMN("scale_freedom",
                  REAL,
                  NULL,
                  false,
                  "시각마다 얼마나 비슷한지 (자유도)",
                  "How much alike the times' errors are, degrees of freedom"),
    METHOD_COLUMN(
        "lasting", REAL, NULL, false, "변하지 않는 오차의 몫", "Share of errors that lasts"),
    METHOD_COLUMN(
        "slow", REAL, NULL, false, "천천히 사라지는 몫", "Share of errors that fades"),
    METHOD_COLUMN(
        "slow_time", REAL, NULL, false, "사라지는 시간 (지도 수)", "In so many maps (hours)"),
    METHOD_COLUMN("loo_n", REAL, NULL, false, "교차검증 값 수", "Values left out"),
    METHOD_COLUMN("loo_rmse", REAL, NULL, false, "교차검증 오차", "Leave-one-out: RMSE"),
    METHOD_COLUMN("loo_msdr_one",
                  REAL,
                  NULL,
                  false,
                  "표준화 제곱 오차 평균 (하나의 크기)",
                  "Mean squared error / variance, one scale for all"),
    METHOD_COLUMN("loo_msdr",
                  REAL,
                  NULL,
                  false,
                  "표준화 제곱 오차 평균 (시각마다)",
                  "Mean squared error / variance, the scale of each time"),
    METHOD_COLUMN("loo_coverage_95_one",
                  REAL,
                  NULL,
                  false,
                  "95% 구간 포함률 (하나의 크기)",
                  "Share inside the 95 % interval, one scale for all"),
    METHOD_COLUMN("loo_coverage_95",
                  REAL,
                  NULL,
                  false,
                  "95% 구간 포함률 (시각마다)",
                  "Share inside the 95 % interval, the scale of each time"),
};
static const dosi_method_table outputs[EXPOSURE_OUTPUTS] = {
    METHOD_TABLE(
        "zonal", false, "구역별 시간 노출", "Exposure by area and time", zonal_columns),
    METHOD_TABLE("groups",
                 false,
                 "묶음(자치구)별 시간 노출",
                 "Exposure by group and time",
                 group_columns),
    METHOD_TABLE("total", false, "전체 시간 노출", "Exposure of all, by time", group_columns),
    METHOD_TABLE(
        "levels", false, "지수 등급별 인구", "People by level of the index", level_columns),
    METHOD_TABLE(
        "periods", false, "기간 평균 노출", "Exposure over days, months, all", period_columns),
    METHOD_TABLE(
        "models", false, "변수별 모형과 검증", "Models and checks by variable", model_columns),
};

// --- one variable --------------------------------------------------------------------------

/// Room for results.
static dosi_status reserve(const method_exposure *w, exposure_variable *v, dosi_error *err) {
    size_t n = w->maps.n_maps * w->n_groups;
    double *memory = calloc(9 * n + 3 * w->maps.n_maps + 1, sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu groups", w->n_groups);
    v->mean = memory;
    v->sd = memory + n;
    v->variance = memory + 2 * n;
    if (w->home) {
        v->resident = memory + 3 * n;
        v->resident_sd = memory + 4 * n;
    }
    if (!isnan(v->threshold)) {
        v->above = (dosi_exposure_above){memory + 5 * n, memory + 6 * n, memory + 7 * n,
                                         memory + 8 * n};
    }
    v->scales.scale = memory + 9 * n;
    v->scales.freedom = v->scales.scale + w->maps.n_maps;
    v->width = v->scales.freedom + w->maps.n_maps;
    return DOSI_OK;
}

/// Scales and memory of the errors, and how honest they are.
static dosi_status judge_errors(const method_exposure *w,
                                exposure_variable *v,
                                const dosi_year *year,
                                dosi_error *err) {
    const dosi_run *run = w->call->run;
    dosi_error why = {""};
    dosi_status status = DOSI_DOMAIN;
    v->scales.prior = v->scales.prior_freedom = NAN;
    v->memory = (dosi_exposure_memory){1, 0, 1};
    if (strcmp(dosi_call_value(w->call, "scale")->text, "time") == 0) {
        status = dosi_exposure_find_scales(year, &v->scales, &why);
    }
    if (status != DOSI_OK && status != DOSI_DOMAIN)
        return dosi_fail(err, status, "%s", why.message);
    bool is_scaled = status == DOSI_OK;
    v->scale = is_scaled ? v->scales.scale : NULL;
    v->freedom = is_scaled ? v->scales.freedom : NULL;
    status = dosi_exposure_find_memory(year, v->scale, run, &v->memory, &why);
    if (status == DOSI_DOMAIN && w->call->report) {
        dosi_text_printf(w->call->report, "%s: errors are taken to last: %s\n", v->name,
                         why.message);
    }
    if (status != DOSI_OK && status != DOSI_DOMAIN)
        return dosi_fail(err, status, "%s", why.message);
    DOSI_TRY(dosi_exposure_score(year, NULL, run, &v->plain, err));
    return dosi_exposure_score(year, is_scaled ? &v->scales : NULL, run, &v->scaled, err);
}

/// Half the width of intervals at each map.
static void find_widths(const method_exposure *w, const exposure_variable *v) {
    double last = NAN;
    for (size_t m = 0; m < w->maps.n_maps; m++) {
        double freedom = v->scale ? v->freedom[m] : 1e9;
        bool is_same = m > 0 && freedom == last;
        v->width[m] = is_same ? v->width[m - 1] : (double)NAN;
        if (!is_same && freedom > 2) v->width[m] = dosi_exposure_half_width(freedom);
        last = freedom;
    }
}

/// From variances to standard deviations with the time's scale.
static void scale_errors(const method_exposure *w, const exposure_variable *v, double *sd) {
    for (size_t k = 0; k < w->maps.n_maps * w->n_groups; k++) {
        sd[k] = sqrt(v->variance[k] * (v->scale ? v->scale[k / w->n_groups] : 1));
    }
}

/// Means of everybody at all times, and people above the threshold.
static dosi_status find_exposure(const method_exposure *w,
                                 exposure_variable *v,
                                 const dosi_exposure *exposure,
                                 dosi_error *err) {
    const dosi_run *run = w->call->run;
    const dosi_exposure_groups groups = {w->n_groups, w->group_start, w->group_area};
    dosi_exposure_people people = {
        .n_patterns = w->n_patterns, .pattern_of = w->pattern_of, .weight = w->people};
    const dosi_exposure_result present = {v->mean, v->variance, NULL};
    DOSI_TRY(dosi_exposure_find_groups(exposure, &people, &groups, run, &present, err));
    scale_errors(w, v, v->sd);
    find_widths(w, v);
    if (v->above.share) {
        const dosi_exposure_limit limit = {
            .people = &people,
            .groups = &groups,
            .threshold = v->threshold,
            .scale = v->scale,
            .freedom = v->freedom,
            .n_draws = (size_t)dosi_call_value(w->call, "n_draws")->integer,
            .seed = (uint64_t)dosi_call_value(w->call, "seed")->integer,
        };
        DOSI_TRY(dosi_exposure_find_above(exposure, &limit, run, &v->above, err));
    }
    if (!v->resident) return DOSI_OK;
    people.weight = w->residents;
    people.home = w->home;
    people.away = w->away;
    const dosi_exposure_result resident = {v->resident, v->variance, NULL};
    DOSI_TRY(dosi_exposure_find_groups(exposure, &people, &groups, run, &resident, err));
    scale_errors(w, v, v->resident_sd);
    return DOSI_OK;
}

/// The prepared network of a variable whose model is known.
static dosi_status open_year(const method_exposure *w,
                             const exposure_variable *v,
                             dosi_year **year,
                             dosi_error *err) {
    const dosi_year_data data = {&v->model,
                                 &v->sites,
                                 method_maps_values(&w->maps, v->v),
                                 w->maps.n_maps,
                                 (size_t)dosi_call_value(w->call, "min_sites")->integer,
                                 &v->effects};
    return dosi_year_create(&data, w->call->run, year, err);
}

/// Draws in values that cannot be and prepares the network anew; the scales of their times stay
/// what they were, for it may be that they can.
static dosi_status draw_in(const method_exposure *w,
                           exposure_variable *v,
                           dosi_year **year,
                           dosi_error *err) {
    if (!v->scale || !dosi_call_value(w->call, "draw_in")->boolean) return DOSI_OK;
    DOSI_TRY(dosi_exposure_draw_in(*year, &v->scales, w->call->run,
                                   method_maps_values(&w->maps, v->v), &v->n_drawn_in, err));
    if (v->n_drawn_in == 0) return DOSI_OK;
    dosi_year_destroy(*year);
    *year = NULL;
    return open_year(w, v, year, err);
}

/// Everything from a prepared network.
static dosi_status do_year(const method_exposure *w,
                           exposure_variable *v,
                           dosi_year **year,
                           dosi_error *err) {
    const dosi_sites cells = {w->n_cells, w->x, w->y};
    const dosi_year_areas areas = {w->n_areas, w->start, w->target, w->weight};
    dosi_exposure *exposure = NULL;
    DOSI_TRY(reserve(w, v, err));
    DOSI_TRY(judge_errors(w, v, *year, err));
    DOSI_TRY(draw_in(w, v, year, err));
    DOSI_TRY(dosi_exposure_create(*year, &cells, &areas, w->call->run, &exposure, err));
    dosi_status status = find_exposure(w, v, exposure, err);
    if (status == DOSI_OK && dosi_call_value(w->call, "levels")->boolean) {
        status = exposure_put_levels(w, v, exposure, err);
    }
    if (status == DOSI_OK) status = exposure_put_periods(w, v, err);
    if (status == DOSI_OK) status = exposure_put_model(w, v, err);
    dosi_exposure_destroy(exposure);
    return status;
}

/// One variable; without a model it has columns, but no values.
static dosi_status do_variable(const method_exposure *w, size_t i, dosi_error *err) {
    exposure_variable v = {.v = i,
                           .name = w->maps.variables.names[i],
                           .sites = method_maps_sites(&w->maps),
                           .crowd_sd = NAN,
                           .offset_sd = NAN,
                           .offset_own_sd = NAN};
    DOSI_TRY(exposure_read_limits(w, &v, err));
    dosi_error why = {""};
    dosi_year *year = NULL;
    dosi_status status = exposure_find_model(w, &v, &why);
    if (status == DOSI_OK) status = open_year(w, &v, &year, &why);
    bool is_mapped = status == DOSI_OK;
    if (status == DOSI_DOMAIN) {
        if (w->call->report) {
            dosi_text_printf(w->call->report, "%s: not mapped: %s\n", v.name, why.message);
        }
        status = DOSI_OK;
    } else if (status != DOSI_OK) {
        status = dosi_fail(err, status, "%s: %s", v.name, why.message);
    }
    if (is_mapped) status = do_year(w, &v, &year, err);
    if (status == DOSI_OK) status = exposure_put_values(w, &v, err);
    dosi_year_destroy(year);
    free(v.mean);
    free(v.own);
    return status;
}

// --- everything ----------------------------------------------------------------------------

/// A column of the areas by the parameter that names it; NULL when it names none.
static dosi_status find_area_column(const method_exposure *w,
                                    const char *parameter,
                                    const dosi_column **out,
                                    dosi_error *err) {
    const char *name = dosi_call_value(w->call, parameter)->text;
    size_t found = dosi_table_find(w->call->inputs[EXPOSURE_AREAS], name);
    *out = found == SIZE_MAX ? NULL : &w->call->inputs[EXPOSURE_AREAS]->columns[found];
    if (*out || !name[0] || strcmp(parameter, "population") == 0) return DOSI_OK;
    return dosi_fail(err, DOSI_NOT_FOUND, "%s: the areas have no column \"%s\"", parameter,
                     name);
}

/// People of the groups under each pattern.
static dosi_status count_groups(method_exposure *w, dosi_error *err) {
    w->counted = calloc(w->n_patterns * w->n_groups + 1, sizeof *w->counted);
    if (!w->counted) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for people");
    for (size_t i = 0; i < w->n_patterns; i++) {
        for (size_t g = 0; g < w->n_groups; g++) {
            for (size_t k = w->group_start[g]; k < w->group_start[g + 1]; k++) {
                w->counted[i * w->n_groups + g] += w->people[i * w->n_areas + w->group_area[k]];
            }
        }
    }
    return DOSI_OK;
}

/// The stations whose kind is not left out.
static dosi_status keep_stations(const method_exposure *w, dosi_table *out, dosi_error *err) {
    const dosi_table *stations = w->call->inputs[EXPOSURE_STATIONS];
    method_names kinds;
    const dosi_column *kind = NULL;
    DOSI_TRY(method_names_split(dosi_call_value(w->call, "leave_out")->text, &kinds, err));
    if (!stations) return dosi_fail(err, DOSI_INVALID, "leave_out: needs stations");
    DOSI_TRY(dosi_table_get(stations, "kind", DOSI_TYPE_TEXT, &kind, err));
    size_t *rows = calloc(stations->n_rows + 1, sizeof *rows), n = 0;
    if (!rows) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for stations");
    for (size_t row = 0; row < stations->n_rows; row++) {
        char text[METHOD_NAME_BYTES];
        bool is_out = false;
        exposure_copy_text(kind, row, text, sizeof text);
        for (size_t k = 0; k < kinds.n; k++) {
            is_out = is_out || strcmp(text, kinds.names[k]) == 0;
        }
        if (!is_out) rows[n++] = row;
    }
    if (w->call->report) {
        dosi_text_printf(w->call->report, "%zu of %zu stations are left out by their kind\n",
                         stations->n_rows - n, stations->n_rows);
    }
    dosi_status status = dosi_table_take(stations, rows, n, out, err);
    free(rows);
    return status;
}

/// Reads the observations at the stations that are used.
static dosi_status read_maps(method_exposure *w,
                             const method_maps_options *options,
                             dosi_error *err) {
    const dosi_table *observations = w->call->inputs[EXPOSURE_OBSERVATIONS];
    if (!dosi_call_value(w->call, "leave_out")->text[0]) {
        return method_maps_read(observations, w->call->inputs[EXPOSURE_STATIONS], options,
                                &w->maps, err);
    }
    dosi_table kept = {0};
    dosi_status status = keep_stations(w, &kept, err);
    if (status == DOSI_OK) {
        status = method_maps_read(observations, &kept, options, &w->maps, err);
    }
    dosi_table_destroy(&kept);
    return status;
}

/// Observations, areas, people, and the tables' labels.
static dosi_status open_work(method_exposure *w, dosi_error *err) {
    const dosi_method_call *call = w->call;
    const method_maps_options options = {
        .value = dosi_call_value(call, "value")->text,
        .by = dosi_call_value(call, "by")->text,
        .station = dosi_call_value(call, "station")->text,
        .reject = dosi_call_value(call, "reject")->integer,
        .min_sites = (size_t)dosi_call_value(call, "min_sites")->integer,
    };
    DOSI_TRY(read_maps(w, &options, err));
    method_maps_put_report(&w->maps, call->report);
    if (w->maps.n_by != 1 || w->maps.by[0]->type != DOSI_TYPE_TIME) {
        return dosi_fail(err, DOSI_INVALID, "by: \"%s\" is not one column of times",
                         options.by);
    }
    DOSI_TRY(find_area_column(w, "key", &w->key, err));
    DOSI_TRY(find_area_column(w, "group", &w->group, err));
    DOSI_TRY(find_area_column(w, "population", &w->population, err));
    if (!w->key) return dosi_fail(err, DOSI_INVALID, "key: names no column");
    DOSI_TRY(exposure_read_areas(w, err));
    DOSI_TRY(exposure_open_effects(w, err));
    DOSI_TRY(exposure_read_people(w, err));
    DOSI_TRY(exposure_find_groups(w, err));
    DOSI_TRY(exposure_find_periods(w, err));
    DOSI_TRY(count_groups(w, err));
    return exposure_open_outputs(w, err);
}

static void close_work(method_exposure *w) {
    method_maps_clear(&w->maps);
    method_keys_clear(&w->group_keys);
    free(w->start);
    free(w->target);
    free(w->weight);
    free(w->x);
    free(w->coverage);
    free(w->pattern_of);
    free(w->people);
    free(w->home);
    free(w->counted);
    free(w->covariate);
    free(w->group_start);
    free(w->group_area);
    free(w->period_of);
    free(w->period_from);
    free(w->period_to);
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    method_exposure w = {.call = call};
    dosi_status status = open_work(&w, err);
    for (size_t v = 0; v < w.maps.variables.n && status == DOSI_OK; v++) {
        dosi_run_report(call->run, (double)v / (double)w.maps.variables.n,
                        w.maps.variables.names[v]);
        status = do_variable(&w, v, err);
    }
    close_work(&w);
    return status;
}

const dosi_method dosi_method_air_exposure = {
    .id = "air.exposure",
    .version = 3,
    .title = {"인구 노출", "Exposure of people"},
    .about =
        {"행정동·자치구·도시의 인구 가중 농도를 시간마다 표준오차와 95% 구간과 함께 냅니다. "
         "블록 크리깅의 오차 공분산을 쓰므로 동 평균과 도시 평균의 분산이 정확하고, 시각마다 "
         "오차의 크기를 따로 판단합니다. 생활인구가 있으면 시간마다 사람이 있는 곳으로 "
         "가중합니다. "
         "기준과 지수 등급을 넘는 인구, 날·달·전체 평균, 집과 밖에서 지내는 주민과 실내를 "
         "고려한 "
         "노출도 냅니다.",
         "Concentrations that people of neighbourhoods, districts and the city are exposed to, "
         "for every hour, with standard error and 95 % interval. Ordinary block kriging with "
         "the "
         "covariances of its errors: the variance of a mean is neither the mean of the cells' "
         "variances nor that of independent parts. How large the errors of an hour are is "
         "judged by that hour's own values. With people counted by the hour, means follow "
         "where "
         "people are. Also people above the standard and by level of the index with their "
         "uncertainty, means over days, months and all (errors that last do not average out), "
         "and residents at home and away, indoors and out. For at most 500 stations."},
    .citation =
        "Cressie (1993), Statistics for Spatial Data, 3.2, 5.2; Handcock, Stein (1993), "
        "Technometrics 35 (t prediction); Kim, Guak, Lee (2024), J. Expo. Sci. Environ. "
        "Epidemiol. (Seoul's time activity); Chen, Zhao (2011), Atmos. Environ. 45 "
        "(infiltration)",
    .inputs = inputs,
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
