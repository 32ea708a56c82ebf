// air.rose: how often the wind blows from where, how strong or how polluted.

#include "method/winds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const dosi_method_parameter parameters[] = {
    METHOD_TEXT("value", "pm25_ugm3", "값 열", "Column of values"),
    METHOD_CHOICE("kind",
                  "wind",
                  "wind|pollution|percentile",
                  "바람장미, 오염장미, 백분위장미",
                  "Classes of wind speed, classes of the value, or percentiles of the value"),
    METHOD_TEXT(
        "breaks",
        "",
        "구간 경계 또는 백분위 (쉼표로, 비우면 2,4,6 / 5분위 / 25,50,75,90,95)",
        "Class borders or percentiles, comma-separated; empty: 2,4,6 m/s, fifths of the "
        "values, or 25,50,75,90,95"),
    METHOD_REAL("sector_deg",
                "deg",
                "22.5",
                1,
                90,
                "풍향 구간 (360의 약수)",
                "Width of a sector; must divide 360"),
    METHOD_REAL("calm_ms",
                "m/s",
                "0",
                0,
                5,
                "고요로 볼 풍속 (이하)",
                "Wind speeds up to this are calm"),
    {"correct",
     DOSI_PARAMETER_BOOL,
     NULL,
     "true",
     0,
     0,
     NULL,
     {"10도 단위 풍향의 치우침 보정", "Corrects for directions reported in tens of degrees"}},
    METHOD_SERIES_PARAMETERS,
    METHOD_WIND_PARAMETERS,
};

enum {
    OUT_FROM = 1,
    OUT_CLASS,
    OUT_LOW,
    OUT_HIGH,
    OUT_N,
    OUT_SHARE,
    OUT_VALUE,
    MAX_BREAKS = METHOD_NAMES_MAX
};

static const dosi_method_column rose_columns[] = {
    {"station", DOSI_TYPE_TEXT, NULL, false, {"측정소", "Station"}},
    {"direction_deg",
     DOSI_TYPE_REAL,
     "deg",
     false,
     {"풍향 (불어오는 쪽, 고요는 비움)", "Direction the wind comes from; missing: calm"}},
    {"class", DOSI_TYPE_INT, NULL, false, {"구간 번호 (1부터)", "Class, from 1"}},
    {"low",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"구간의 아래 (초과), 백분위장미: 백분위", "Above this; of percentiles: the percentile"}},
    {"high", DOSI_TYPE_REAL, NULL, false, {"구간의 위 (이하)", "Up to this"}},
    {"n", DOSI_TYPE_INT, NULL, false, {"시간 수", "Hours"}},
    {"share_pct",
     DOSI_TYPE_REAL,
     "%",
     false,
     {"전체에서의 비율 (보정 후)", "Share of all hours, corrected"}},
    {"value",
     DOSI_TYPE_REAL,
     NULL,
     false,
     {"구간의 평균 농도, 백분위장미: 백분위수", "Mean of the values; of percentiles: the "
                                                "percentile's value"}},
};
static const dosi_method_table outputs[] = {
    {"rose", {"방향별 구간", "Classes by direction"}, false, rose_columns, 8},
};

/// A rose of one station on its way.
typedef struct rose {
    const method_series *series;
    method_part part;
    double sector_deg, calm_ms;
    size_t n_sectors, n_breaks;
    double breaks[MAX_BREAKS + 1]; ///< Borders between classes, or percentiles.
    double factor[360];
    bool is_pollution, is_percentile;
    double *sorted; ///< (rows)
} rose;

/// Numbers of the parameter, or the defaults of the kind.
static dosi_status read_breaks(const dosi_method_call *call, rose *r, dosi_error *err) {
    method_names names;
    const char *text = dosi_call_value(call, "breaks")->text;
    if (!*text) text = r->is_percentile ? "25,50,75,90,95" : r->is_pollution ? "" : "2,4,6";
    DOSI_TRY(method_names_split(text, &names, err));
    for (size_t i = 0; i < names.n; i++) {
        bool is_number =
            dosi_parse_real(names.names[i], strlen(names.names[i]), &r->breaks[i]) == DOSI_OK;
        bool is_rising = i == 0 || r->breaks[i] > r->breaks[i - 1];
        bool is_share = !r->is_percentile || (r->breaks[i] >= 0 && r->breaks[i] <= 100);
        if (is_number && is_rising && is_share) continue;
        return dosi_fail(err, DOSI_INVALID, "breaks \"%s\": not numbers that rise%s", text,
                         r->is_percentile ? " in 0..100" : "");
    }
    r->n_breaks = names.n;
    return DOSI_OK;
}

/// Fifths of the values with wind, where no borders are given.
static void set_fifths(rose *r) {
    const method_part *p = &r->part;
    for (size_t i = 0; i < p->n; i++) {
        bool has_wind = !isnan(p->winds.speed[i]) && !isnan(p->winds.from_deg[i]);
        r->sorted[i] = has_wind ? p->value[i] : (double)NAN;
    }
    size_t n = dosi_sort_present(r->sorted, p->n);
    for (size_t k = 1; k < 5 && n; k++) {
        double border = dosi_quantile_sorted(r->sorted, n, (double)k / 5);
        if (r->n_breaks == 0 || border > r->breaks[r->n_breaks - 1]) {
            r->breaks[r->n_breaks++] = border;
        }
    }
}

/// Class of a number: how many borders it is above.
static size_t class_of(const rose *r, double x) {
    size_t c = 0;
    while (c < r->n_breaks && x > r->breaks[c]) c++;
    return c;
}

/// Whether row i counts: its wind is there, and the value where it decides.
static bool is_whole(const rose *r, size_t i) {
    if (isnan(r->part.winds.speed[i])) return false;
    bool is_calm = r->part.winds.speed[i] <= r->calm_ms;
    if (!is_calm && isnan(r->part.winds.from_deg[i])) return false;
    return !(r->is_pollution || r->is_percentile) || !isnan(r->part.value[i]);
}

/// One row of the output.
typedef struct rose_row {
    double from, low, high, share, value;
    size_t i_class, n;
} rose_row;

static dosi_status put_row(const rose *r, const rose_row *item, dosi_error *err) {
    dosi_table *out = &r->series->call->outputs[0];
    size_t row = 0;
    DOSI_TRY(method_series_add_row(r->series, r->part.i_station, out, &row, err));
    out->columns[OUT_FROM].data.real[row] = item->from;
    out->columns[OUT_CLASS].data.integer[row] = (int64_t)item->i_class;
    out->columns[OUT_LOW].data.real[row] = item->low;
    out->columns[OUT_HIGH].data.real[row] = item->high;
    out->columns[OUT_N].data.integer[row] = (int64_t)item->n;
    out->columns[OUT_SHARE].data.real[row] = item->share;
    out->columns[OUT_VALUE].data.real[row] = item->value;
    return DOSI_OK;
}

/// Counts of classes by sector; the last cell is calm.
typedef struct classes {
    size_t n, n_classes;
    size_t *count, *n_value;
    double *mean, total;
} classes;

/// Hours and means of all cells.
static dosi_status count_classes(const rose *r,
                                 const uint32_t *cell,
                                 classes *c,
                                 dosi_error *err) {
    c->count = calloc(2 * c->n, sizeof *c->count);
    c->mean = calloc(c->n, sizeof *c->mean);
    if (!c->count || !c->mean) return method_no_memory(err, "a rose");
    c->n_value = c->count + c->n;
    const dosi_groups groups = {r->part.n, c->n, cell};
    const dosi_statistic statistic = {.kind = DOSI_STATISTIC_MEAN};
    DOSI_TRY(
        dosi_group_statistic(&statistic, &groups, r->part.value, c->n_value, c->mean, err));
    for (size_t i = 0; i < r->part.n; i++) {
        if (cell[i] != UINT32_MAX) c->count[cell[i]]++;
    }
    for (size_t i = 0; i < c->n; i++) {
        c->total += (double)c->count[i] / (i + 1 < c->n ? r->factor[i / c->n_classes] : 1);
    }
    return DOSI_OK;
}

/// The row of calms.
static rose_row calm_row(const rose *r, const classes *c) {
    size_t i = c->n - 1;
    return (rose_row){.from = NAN,
                      .low = NAN,
                      .high = r->calm_ms,
                      .share = 100 * (double)c->count[i] / c->total,
                      .value = c->mean[i],
                      .n = c->count[i]};
}

/// The row of cell `i`: a class of a sector.
static rose_row class_row(const rose *r, const classes *c, size_t i) {
    size_t i_class = i % c->n_classes, sector = i / c->n_classes;
    double kept = (double)c->count[i] / r->factor[sector];
    return (rose_row){.from = (double)(sector + 1) * r->sector_deg,
                      .low = i_class ? r->breaks[i_class - 1] : 0,
                      .high = i_class < r->n_breaks ? r->breaks[i_class] : (double)NAN,
                      .share = 100 * kept / c->total,
                      .value = c->mean[i],
                      .i_class = i_class + 1,
                      .n = c->count[i]};
}

/// Rows of classes by sector, calms last.
static dosi_status put_classes(const rose *r, const uint32_t *cell, dosi_error *err) {
    classes c = {.n_classes = r->n_breaks + 1};
    c.n = r->n_sectors * c.n_classes + 1;
    dosi_status status = count_classes(r, cell, &c, err);
    for (size_t i = 0; i < c.n && status == DOSI_OK; i++) {
        const rose_row item = i + 1 < c.n ? class_row(r, &c, i) : calm_row(r, &c);
        status = put_row(r, &item, err);
    }
    free(c.count);
    free(c.mean);
    return status;
}

/// Rows of percentiles by sector.
static dosi_status put_percentiles(const rose *r, const uint32_t *cell, dosi_error *err) {
    size_t n_total = 0;
    for (size_t i = 0; i < r->part.n; i++) {
        n_total += cell[i] != UINT32_MAX && !isnan(r->part.value[i]) ? 1U : 0U;
    }
    for (size_t sector = 0; sector < r->n_sectors; sector++) {
        size_t n = 0;
        for (size_t i = 0; i < r->part.n; i++) {
            if (cell[i] == sector) r->sorted[n++] = r->part.value[i];
        }
        n = dosi_sort_present(r->sorted, n);
        for (size_t k = 0; k < r->n_breaks; k++) {
            const rose_row item = {.from = (double)(sector + 1) * r->sector_deg,
                                   .low = r->breaks[k],
                                   .high = NAN,
                                   .share = 100 * (double)n / (double)n_total,
                                   .value =
                                       dosi_quantile_sorted(r->sorted, n, r->breaks[k] / 100),
                                   .i_class = k + 1,
                                   .n = n};
            DOSI_TRY(put_row(r, &item, err));
        }
    }
    return DOSI_OK;
}

/// Cell of each row: sector and class, the calm one last; of percentiles the sector alone.
static void assign(const rose *r, uint32_t *cell) {
    size_t n_classes = r->is_percentile ? 1 : r->n_breaks + 1;
    for (size_t i = 0; i < r->part.n; i++) {
        double speed = r->part.winds.speed[i];
        cell[i] = UINT32_MAX;
        if (!is_whole(r, i)) continue;
        if (speed <= r->calm_ms) {
            if (!r->is_percentile) cell[i] = (uint32_t)(r->n_sectors * n_classes);
            continue;
        }
        size_t c =
            r->is_percentile ? 0 : class_of(r, r->is_pollution ? r->part.value[i] : speed);
        uint32_t sector = dosi_polar_sector(r->part.winds.from_deg[i], r->sector_deg);
        cell[i] = (uint32_t)(sector * n_classes + c);
    }
}

static dosi_status do_station(rose *r, dosi_error *err) {
    const dosi_method_call *call = r->series->call;
    uint32_t *cell = calloc(r->part.n + 1, sizeof *cell);
    r->sorted = calloc(r->part.n + 1, sizeof *r->sorted);
    dosi_status status = cell && r->sorted ? DOSI_OK : method_no_memory(err, "a rose");
    if (status == DOSI_OK) status = read_breaks(call, r, err);
    if (status == DOSI_OK) {
        if (r->n_breaks == 0 && r->is_pollution) set_fifths(r);
        bool is_tens = dosi_polar_natural_sector(r->part.winds.from_deg, r->part.n) > 5;
        bool is_corrected = dosi_call_value(call, "correct")->boolean && is_tens;
        dosi_polar_step_bias(is_corrected ? 10 : r->sector_deg, r->sector_deg, r->factor);
        assign(r, cell);
        status = r->is_percentile ? put_percentiles(r, cell, err) : put_classes(r, cell, err);
    }
    free(cell);
    free(r->sorted);
    return status;
}

static dosi_status do_series(const method_series *series, dosi_error *err) {
    static const char *const value_unit[] = {"value", NULL};
    static const char *const class_unit[] = {"low", "high", NULL};
    const dosi_method_call *call = series->call;
    const char *kind = dosi_call_value(call, "kind")->text;
    rose start = {.series = series,
                  .sector_deg = dosi_call_value(call, "sector_deg")->real,
                  .calm_ms = dosi_call_value(call, "calm_ms")->real,
                  .is_pollution = strcmp(kind, "pollution") == 0,
                  .is_percentile = strcmp(kind, "percentile") == 0};
    if (fabs(remainder(360, start.sector_deg)) > 1e-9) {
        return dosi_fail(err, DOSI_INVALID, "sector_deg %g does not divide 360",
                         start.sector_deg);
    }
    start.n_sectors = (size_t)lround(360 / start.sector_deg);
    DOSI_TRY(method_open_output(call, 0, 0, err));
    DOSI_TRY(method_series_set_unit(series, &call->outputs[0], value_unit));
    if (start.is_pollution) {
        DOSI_TRY(method_series_set_unit(series, &call->outputs[0], class_unit));
    }
    for (size_t s = 0; s < series->n_stations; s++) {
        rose r = start;
        r.part = method_series_part(series, s);
        DOSI_TRY(dosi_run_check(call->run, err));
        DOSI_TRY(do_station(&r, err));
    }
    return DOSI_OK;
}

static dosi_status run(const dosi_method_call *call, dosi_error *err) {
    return method_series_run(call, dosi_call_value(call, "value")->text, true, do_series, err);
}

const dosi_method dosi_method_air_rose = {
    .id = "air.rose",
    .version = 1,
    .title = {"바람장미, 오염장미, 백분위장미", "Wind, pollution and percentile roses"},
    .about =
        {"풍향마다 풍속 구간 또는 농도 구간의 시간 비율, 또는 농도의 백분위수를 구합니다. "
         "고요는 따로 세고, 10도 단위 풍향이 구간에 고르게 나뉘지 않는 치우침을 보정합니다.",
         "Share of hours in classes of wind speed or of the value by wind direction, or "
         "percentiles of the value. Calms are counted by themselves (no direction, class "
         "0); the bias of directions reported in tens of degrees is corrected where "
         "sectors hold unequal numbers of them. Classes are above `low`, up to `high`."},
    .citation = "D. C. Carslaw, K. Ropkins (2012), openair, Environ. Modell. Softw. 27-28, "
                "52-61; J. G. Droppo, B. A. Napier (2008), J. Air Waste Manage. Assoc. 58, "
                "913-918 (bias)",
    .inputs = method_winds_inputs,
    .n_inputs = 2,
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof parameters[0],
    .outputs = outputs,
    .n_outputs = sizeof outputs / sizeof outputs[0],
    .run = run,
};
