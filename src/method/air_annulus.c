// air.annulus: a pollutant by wind direction and hour, weekday, month, or month of the record.

#include "method/winds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RINGS = 1200 };

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", "pm25_ugm3", "값 열", "Column of values"),
    METHOD_CHOICE("period",
                  "hour",
                  "hour|weekday|month|trend",
                  "고리의 축: 시각, 요일(월=0), 달, 기록의 달",
                  "What goes outwards: hour, weekday (0 Monday), month, month of the record"),
    METHOD_CHOICE("statistic",
                  "mean",
                  "mean|median|max|stdev|frequency|weighted_mean|percentile",
                  "통계",
                  "Statistic"),
    METHOD_REAL("percentile", NULL, "90", 0, 100, "백분위", "Percentile"),
    METHOD_REAL("sector_deg",
                "deg",
                "10",
                1,
                90,
                "풍향 구간 (360의 약수)",
                "Width of a sector; must divide 360"),
    METHOD_INT("min_count", "1", 1, 1000000, "칸에 필요한 값 수", "Values that a cell needs"),
    METHOD_INT("grid",
               "61",
               0,
               401,
               "매끄러운 면의 한 변 칸 수 (0: 없음)",
               "Cells a side of the smooth surface; 0: none"),
    METHOD_SERIES_PARAMETERS,
    METHOD_WIND_PARAMETERS,
};

enum { CELL_X = 1, CELL_Y, CELL_PERIOD, CELL_LABEL, CELL_FROM, CELL_N, CELL_VALUE };

static const dosi_method_column cell_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"x",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"그림의 동쪽 좌표 (고리는 반지름 1~2)", "East on the plot; the ring has radius 1 to 2"}},
    {"y", DOSI_TYPE_REAL, NULL, false, {"그림의 북쪽 좌표", "North on the plot"}},
    {"period", DOSI_TYPE_INT, NULL, false, {"시각, 요일, 달의 번호", "Hour, weekday or month"}},
    {"label", DOSI_TYPE_TEXT, NULL, false, {"이름", "Its name"}},
    {"direction_deg",
     DOSI_TYPE_REAL,
     "deg",
     false,
     {"풍향 (불어오는 쪽)", "Direction the wind comes from"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"값 수", "Values"}},
    {"value", DOSI_TYPE_REAL, NULL, false, {"통계값", "The statistic"}},
};
static const dosi_method_column surface_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"x", DOSI_TYPE_REAL, NULL, false, {"그림의 동쪽 좌표", "East on the plot"}},
    {"y", DOSI_TYPE_REAL, NULL, false, {"그림의 북쪽 좌표", "North on the plot"}},
    {"value", DOSI_TYPE_REAL, NULL, false, {"매끄러운 면", "The smooth surface"}},
};
static const dosi_method_table outputs[] = {
    {"cells", {"시간·풍향 칸", "Cells of time and direction"}, false, cell_columns, 8},
    {"surface", {"매끄러운 면", "Smooth surface"}, false, surface_columns, 4},
};

/// Months since year 0.
static int64_t month_number(dosi_time time) {
    dosi_civil civil = dosi_time_to_civil(time);
    return (int64_t)civil.year * 12 + civil.month - 1;
}

/// Which ring a moment belongs to; `first` is the record's first month.
static int64_t ring_of(const char *period, dosi_time moment, int64_t first) {
    dosi_civil civil = dosi_time_to_civil(moment);
    if (strcmp(period, "hour") == 0) return civil.hour;
    if (strcmp(period, "weekday") == 0) return dosi_time_weekday(moment);
    if (strcmp(period, "month") == 0) return civil.month - 1;
    return month_number(moment) - first;
}

/// A ring's number and name for people.
static int64_t ring_name(const char *period, int64_t ring, int64_t first, char *out, size_t n) {
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    if (strcmp(period, "weekday") == 0) {
        (void)snprintf(out, n, "%s", days[ring]);
    } else if (strcmp(period, "trend") == 0) {
        (void)snprintf(out, n, "%04d-%02d", (int)((first + ring) / 12),
                       (int)((first + ring) % 12 + 1));
    } else if (strcmp(period, "month") == 0) {
        (void)snprintf(out, n, "%02d", (int)ring + 1);
        return ring + 1;
    } else {
        (void)snprintf(out, n, "%02d", (int)ring);
    }
    return ring;
}

/// One station's rings.
typedef struct rings {
    const char *period;
    int64_t first_month;
    size_t n_rings, n_sectors, n; ///< n cells: ring * n_sectors + sector.
    double sector_deg;
    uint32_t *cell; ///< (rows)
    size_t *count;
    double *value, *x, *y, *weight;
} rings;

static void free_rings(rings *r) {
    free(r->cell);
    free(r->count);
    free(r->value);
    *r = (rings){0};
}

static dosi_status open_rings(const method_series *series,
                              const method_part *part,
                              rings *r,
                              dosi_error *err) {
    const dosi_method_call *call = series->call;
    r->period = dosi_call_value(call, "period")->text;
    r->sector_deg = dosi_call_value(call, "sector_deg")->real;
    if (fabs(remainder(360, r->sector_deg)) > 1e-9) {
        return dosi_fail(err, DOSI_INVALID, "sector_deg %g does not divide 360", r->sector_deg);
    }
    r->first_month = month_number(method_series_inside(series, part->time[0]));
    int64_t last = month_number(method_series_inside(series, part->time[part->n - 1]));
    r->n_rings = strcmp(r->period, "hour") == 0      ? 24
                 : strcmp(r->period, "weekday") == 0 ? 7
                 : strcmp(r->period, "month") == 0   ? 12
                                                     : (size_t)(last - r->first_month + 1);
    if (r->n_rings > MAX_RINGS) {
        return dosi_fail(err, DOSI_LIMIT, "%zu months, more than %d", r->n_rings, MAX_RINGS);
    }
    r->n_sectors = (size_t)lround(360 / r->sector_deg);
    r->n = r->n_rings * r->n_sectors;
    r->cell = calloc(part->n + 1, sizeof *r->cell);
    r->count = calloc(r->n + 1, sizeof *r->count);
    r->value = calloc(4 * r->n + 1, sizeof *r->value);
    if (!r->cell || !r->count || !r->value) {
        return method_no_memory(err, "cells");
    }
    r->x = r->value + r->n;
    r->y = r->x + r->n;
    r->weight = r->y + r->n;
    for (size_t i = 0; i < part->n; i++) {
        uint32_t sector = dosi_polar_sector(part->winds.from_deg[i], r->sector_deg);
        int64_t ring =
            ring_of(r->period, method_series_inside(series, part->time[i]), r->first_month);
        r->cell[i] = sector == UINT32_MAX ? UINT32_MAX
                                          : (uint32_t)((size_t)ring * r->n_sectors + sector);
    }
    for (size_t i = 0; i < r->n; i++) {
        size_t ring = i / r->n_sectors, sector = i % r->n_sectors + 1;
        double radius = 1 + ((double)ring + 0.5) / (double)r->n_rings;
        r->x[i] = radius * sin((double)sector * r->sector_deg * (M_PI / 180));
        r->y[i] = radius * cos((double)sector * r->sector_deg * (M_PI / 180));
    }
    return DOSI_OK;
}

static dosi_status put_rings(const method_series *series,
                             const method_part *part,
                             rings *r,
                             dosi_error *err) {
    const dosi_method_call *call = series->call;
    const dosi_statistic statistic = {
        .kind = dosi_statistic_from_name(dosi_call_value(call, "statistic")->text),
        .percentile = dosi_call_value(call, "percentile")->real,
        .min_count = (size_t)dosi_call_value(call, "min_count")->integer};
    const dosi_groups groups = {part->n, r->n, r->cell};
    dosi_table *out = &call->outputs[0];
    DOSI_TRY(dosi_group_statistic(&statistic, &groups, part->value, r->count, r->value, err));
    for (size_t i = 0; i < r->n; i++) {
        size_t row = 0, sector = i % r->n_sectors + 1;
        char label[32];
        r->weight[i] = r->count[i] >= statistic.min_count ? (double)(r->count[i] > 0) : 0;
        if (isnan(r->value[i])) continue;
        int64_t ring = (int64_t)(i / r->n_sectors);
        int64_t number = ring_name(r->period, ring, r->first_month, label, sizeof label);
        DOSI_TRY(method_series_add_row(series, part->i_station, out, &row, err));
        out->columns[CELL_X].data.real[row] = r->x[i];
        out->columns[CELL_Y].data.real[row] = r->y[i];
        out->columns[CELL_PERIOD].data.integer[row] = number;
        DOSI_TRY(dosi_table_set_text(out, CELL_LABEL, row, label));
        out->columns[CELL_FROM].data.real[row] = (double)sector * r->sector_deg;
        out->columns[CELL_N].data.integer[row] = (int64_t)r->count[i];
        out->columns[CELL_VALUE].data.real[row] = r->value[i];
    }
    const dosi_surface_points points = {r->n, r->x, r->y, r->value, r->weight};
    const method_surface surface = {&points, 2, 0.2, 1,
                                    (size_t)dosi_call_value(call, "grid")->integer};
    return method_series_put_surface(series, part->i_station, &surface, &call->outputs[1], err);
}

static dosi_status do_series(const method_series *series, dosi_error *err) {
    static const char *const with_unit[] = {"value", NULL};
    const dosi_method_call *call = series->call;
    for (size_t o = 0; o < 2; o++) {
        DOSI_TRY(method_open_output(call, o, 0, err));
        if (strcmp(dosi_call_value(call, "statistic")->text, "frequency") == 0) continue;
        DOSI_TRY(method_series_set_unit(series, &call->outputs[o], with_unit));
    }
    for (size_t s = 0; s < series->n_stations; s++) {
        method_part part = method_series_part(series, s);
        rings r = {.n = 0};
        DOSI_TRY(dosi_run_check(call->run, err));
        dosi_status status = open_rings(series, &part, &r, err);
        if (status == DOSI_OK) status = put_rings(series, &part, &r, err);
        free_rings(&r);
        if (status != DOSI_OK) return status;
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    return method_series_run(call, dosi_call_value(call, "value")->text, true, do_series, err);
}

const dosi_method dosi_method_air_annulus = {
    .id = "air.annulus",
    .version = 1,
    .title = {"극좌표 고리 (풍향·시간별 오염)", "Polar annulus: pollution by wind and time"},
    .about =
        {"풍향과 시각(또는 요일, 달, 기록의 달)별로 오염물질의 통계를 고리 모양으로 구합니다. "
         "같은 방향이라도 언제 높은지를 보면 출근길 도로와 밤새 도는 공장을 가릴 수 있습니다.",
         "Takes a statistic of a pollutant by wind direction and hour, weekday, month, or "
         "month of the record, laid out as a ring: the same direction at rush hour and at "
         "night tells a road from a works. The hour is the one that ends at the stamp, "
         "0 to 23; rings run outwards."},
    .citation = "D. C. Carslaw, K. Ropkins (2012), openair, Environ. Modell. Softw. 27-28, "
                "52-61",
    .inputs = method_winds_inputs,
    .n_inputs = 2,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
