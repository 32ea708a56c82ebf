// air.exposure: what comes out.

#include "dosi/air.h"
#include "method/exposure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 1 << 28 };

/// An output with a row for each map and each of some groups.
typedef struct table_of {
    size_t output, first, n; ///< Groups [first, first + n).
} table_of;

static size_t find_tables(const method_exposure *w, table_of *out) {
    size_t n_named = w->n_groups - w->n_areas - 1;
    out[0] = (table_of){EXPOSURE_ZONAL, 0, w->n_areas};
    out[1] = (table_of){EXPOSURE_GROUPS, w->n_areas, n_named};
    out[2] = (table_of){EXPOSURE_TOTAL, w->n_groups - 1, 1};
    return 3;
}

/// Adds a column like another, with its name and description.
static dosi_status add_like(dosi_table *out, const dosi_column *like, dosi_error *err) {
    size_t added = 0;
    DOSI_TRY(dosi_table_add_column(out, like->name, like->type, &added, err));
    return dosi_table_describe(out, added, like->unit, like->meaning_ko, like->meaning_en);
}

/// The column that names the groups of a table, and the row of the areas that has the name.
static const dosi_column *find_label(const method_exposure *w, size_t group, size_t *row) {
    if (group < w->n_areas) {
        *row = group;
        return w->key;
    }
    if (group + 1 == w->n_groups) return NULL;
    *row = w->group_keys.first_row[group - w->n_areas];
    return w->group;
}

static const dosi_method_column population_column = {
    "population", DOSI_TYPE_REAL, "{person}", true, {"그 시각의 인구", "People at that time"}};
static const dosi_method_column coverage_column = {
    "coverage",
    DOSI_TYPE_REAL,
    NULL,
    true,
    {"지도가 덮는 비율", "Share of the area that the map covers"}};

/// Labels, people and coverage of one table.
static dosi_status open_table(const method_exposure *w, const table_of *t, dosi_error *err) {
    dosi_table *out = &w->call->outputs[t->output];
    const dosi_column *by = w->maps.by[0];
    size_t unused = 0, c = 1;
    const dosi_column *label = t->n ? find_label(w, t->first, &unused) : NULL;
    DOSI_TRY(add_like(out, by, err));
    if (label) DOSI_TRY(add_like(out, label, err));
    DOSI_TRY(method_add_column(out, "population", DOSI_TYPE_REAL, &population_column, err));
    bool has_coverage = t->output == EXPOSURE_ZONAL;
    if (has_coverage) {
        DOSI_TRY(method_add_column(out, "coverage", DOSI_TYPE_REAL, &coverage_column, err));
    }
    DOSI_TRY(dosi_table_add_rows(out, w->maps.n_maps * t->n, err));
    if (t->n == 0) return DOSI_OK;
    c += label ? 1 : 0;
    for (size_t row = 0; row < out->n_rows; row++) {
        size_t map = row / t->n, g = t->first + row % t->n, from = 0;
        DOSI_TRY(method_copy_cell(by, w->maps.map_row[map], out, 0, row));
        label = find_label(w, g, &from);
        if (label) DOSI_TRY(method_copy_cell(label, from, out, 1, row));
        if (w->population) {
            out->columns[c].data.real[row] = w->counted[w->pattern_of[map] * w->n_groups + g];
        }
        if (has_coverage) out->columns[c + 1].data.real[row] = w->coverage[g];
    }
    return DOSI_OK;
}

dosi_status exposure_open_outputs(const method_exposure *w, dosi_error *err) {
    table_of tables[3];
    size_t n = find_tables(w, tables);
    if (w->maps.n_maps * w->n_groups > MAX_ROWS) {
        return dosi_fail(err, DOSI_LIMIT, "%zu maps of %zu areas are too many rows",
                         w->maps.n_maps, w->n_groups);
    }
    for (size_t i = 0; i < n; i++) DOSI_TRY(open_table(w, &tables[i], err));
    DOSI_TRY(method_open_output(w->call, EXPOSURE_LEVELS, 0, err));
    DOSI_TRY(method_open_output(w->call, EXPOSURE_PERIODS, 0, err));
    return method_open_output(w->call, EXPOSURE_MODELS, 0, err);
}

// --- values --------------------------------------------------------------------------------

/// Columns that a variable adds: suffix and what it is.
enum { VALUE, SE, LOW, HIGH, SHARE, SHARE_LOW, SHARE_HIGH, PEOPLE, N_VALUES };
static const struct {
    const char *suffix;
    bool has_unit, is_of_limit, is_for_groups;
    dosi_words meaning;
} value_columns[N_VALUES] = {
    {"", true, false, false, {"인구 가중 평균 농도", "Mean, weighted by people"}},
    {"_se", true, false, false, {"표준오차", "Standard error of that mean"}},
    {"_low", true, false, false, {"95% 구간 아래", "Lower end of its 95 % interval"}},
    {"_high", true, false, false, {"95% 구간 위", "Upper end of its 95 % interval"}},
    {"_share_above",
     false,
     true,
     false,
     {"기준을 넘는 곳에 있을 인구 비율 (기댓값; 한 동은 확률)",
      "Expected share of people above the standard; of one area, the probability"}},
    {"_share_low",
     false,
     true,
     true,
     {"그 비율의 95% 구간 아래", "Lower end of the share's 95 % interval"}},
    {"_share_high",
     false,
     true,
     true,
     {"그 비율의 95% 구간 위", "Upper end of the share's 95 % interval"}},
    {"_people_above",
     false,
     true,
     false,
     {"기준을 넘는 곳에 있을 인구 (기댓값)", "Expected people above the standard"}},
};

/// Values of a row: all that may be a column.
static void find_values(const method_exposure *w,
                        const exposure_variable *v,
                        size_t map,
                        size_t group,
                        double *out) {
    size_t k = map * w->n_groups + group;
    double width = v->width[map] * v->sd[k];
    double floor = dosi_call_value(w->call, "non_negative")->boolean ? 0 : -(double)INFINITY;
    out[VALUE] = v->mean[k];
    out[SE] = v->sd[k];
    out[LOW] = v->mean[k] - width;
    out[HIGH] = v->mean[k] + width;
    for (size_t i = 0; i <= HIGH; i++) {
        if (out[i] < floor) out[i] = floor;
    }
    for (size_t i = SHARE; i < N_VALUES; i++) out[i] = NAN;
    if (!v->above.share) return;
    out[SHARE] = v->above.share[k];
    out[SHARE_LOW] = v->above.low[k];
    out[SHARE_HIGH] = v->above.high[k];
    if (w->population) {
        out[PEOPLE] = out[SHARE] * w->counted[w->pattern_of[map] * w->n_groups + group];
    }
}

/// The columns of one table.
static dosi_status put_columns(const method_exposure *w,
                               const exposure_variable *v,
                               const table_of *t,
                               dosi_error *err) {
    dosi_table *out = &w->call->outputs[t->output];
    const dosi_column *from = w->maps.variable_columns[v->v];
    size_t column[N_VALUES];
    for (size_t i = 0; i < N_VALUES; i++) {
        char name[METHOD_NAME_BYTES + 16];
        column[i] = SIZE_MAX;
        if (value_columns[i].is_of_limit && isnan(v->threshold)) continue;
        if (value_columns[i].is_for_groups && t->output == EXPOSURE_ZONAL) continue;
        (void)snprintf(name, sizeof name, "%s%s", v->name, value_columns[i].suffix);
        DOSI_TRY(dosi_table_add_column(out, name, DOSI_TYPE_REAL, &column[i], err));
        const char *unit = value_columns[i].has_unit && from ? from->unit : NULL;
        DOSI_TRY(dosi_table_describe(out, column[i], unit, value_columns[i].meaning.ko,
                                     value_columns[i].meaning.en));
    }
    for (size_t row = 0; row < out->n_rows && v->mean; row++) {
        double values[N_VALUES];
        size_t map = row / t->n;
        if (isnan(v->mean[map * w->n_groups + t->first + row % t->n])) continue;
        find_values(w, v, map, t->first + row % t->n, values);
        for (size_t i = 0; i < N_VALUES; i++) {
            if (column[i] != SIZE_MAX) out->columns[column[i]].data.real[row] = values[i];
        }
    }
    return DOSI_OK;
}

dosi_status exposure_put_values(const method_exposure *w,
                                const exposure_variable *v,
                                dosi_error *err) {
    table_of tables[3];
    size_t n = find_tables(w, tables);
    for (size_t i = 0; i < n; i++) DOSI_TRY(put_columns(w, v, &tables[i], err));
    return DOSI_OK;
}

// --- levels --------------------------------------------------------------------------------

/// Rows of one level.
static dosi_status put_level(const method_exposure *w,
                             const exposure_variable *v,
                             size_t level,
                             const dosi_exposure_limit *limit,
                             const dosi_exposure_above *above,
                             dosi_error *err) {
    dosi_table *out = &w->call->outputs[EXPOSURE_LEVELS];
    size_t city = w->n_groups - 1;
    for (size_t m = 0; m < w->maps.n_maps; m++) {
        if (isnan(above->share[m])) continue;
        size_t row = out->n_rows;
        DOSI_TRY(dosi_table_add_rows(out, 1, err));
        out->columns[0].data.integer[row] = exposure_time(w, m);
        DOSI_TRY(dosi_table_set_text(out, 1, row, v->name));
        out->columns[2].data.integer[row] = (int64_t)level;
        double people =
            w->population ? w->counted[w->pattern_of[m] * w->n_groups + city] * above->share[m]
                          : (double)NAN;
        const double numbers[] = {limit->threshold, above->share[m], above->sd[m],
                                  above->low[m],    above->high[m],  people};
        for (size_t i = 0; i < 6; i++) out->columns[3 + i].data.real[row] = numbers[i];
    }
    return DOSI_OK;
}

dosi_status exposure_put_levels(const method_exposure *w,
                                const exposure_variable *v,
                                const dosi_exposure *exposure,
                                dosi_error *err) {
    dosi_pollutant pollutant = dosi_pollutant_from_name(v->name);
    size_t n = w->maps.n_maps, city = w->n_groups - 1;
    if (pollutant >= DOSI_AIR_COUNT || n == 0) return DOSI_OK;
    const dosi_cai_table *cai = dosi_cai_table_at(exposure_time(w, n - 1));
    double *memory = malloc((4 * n + 1) * sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for levels");
    const dosi_exposure_above above = {memory, memory + n, memory + 2 * n, memory + 3 * n};
    const size_t start[2] = {0, w->group_start[city + 1] - w->group_start[city]};
    const dosi_exposure_groups all = {1, start, w->group_area + w->group_start[city]};
    const dosi_exposure_people people = {
        .n_patterns = w->n_patterns, .pattern_of = w->pattern_of, .weight = w->people};
    dosi_status status = DOSI_OK;
    for (size_t level = 2; level <= DOSI_CAI_GRADES && status == DOSI_OK; level++) {
        const dosi_exposure_limit limit = {
            .people = &people,
            .groups = &all,
            .threshold = cai->high[pollutant][level - 2],
            .scale = v->scale,
            .freedom = v->scale ? v->freedom : NULL,
            .n_draws = (size_t)dosi_call_value(w->call, "n_draws")->integer,
            .seed = (uint64_t)dosi_call_value(w->call, "seed")->integer,
        };
        status = dosi_exposure_find_above(exposure, &limit, w->call->run, &above, err);
        if (status == DOSI_OK) status = put_level(w, v, level, &limit, &above, err);
    }
    free(memory);
    return status;
}

// --- periods -------------------------------------------------------------------------------

/// Means over periods of one kind on their way: of those present, and of residents.
typedef struct period_work {
    const exposure_variable *v;
    size_t first, n;           ///< Periods [first, first + n) of the call's.
    const uint32_t *period_of; ///< (n_maps) 0..n - 1
    double *present[2];        ///< (n x n_groups) means and variances.
    double *resident[2];
    double *people; ///< (n x n_groups) mean number.
    double *hours;  ///< (n x n_groups)
} period_work;

/// Mean people and hours.
static void count_hours(const method_exposure *w, const period_work *p) {
    size_t n_groups = w->n_groups;
    for (size_t m = 0; m < w->maps.n_maps; m++) {
        if (p->period_of[m] == UINT32_MAX) continue;
        for (size_t g = 0; g < n_groups; g++) {
            if (isnan(p->v->mean[m * n_groups + g])) continue;
            size_t k = p->period_of[m] * n_groups + g;
            p->hours[k] += 1;
            p->people[k] += w->counted[w->pattern_of[m] * n_groups + g];
        }
    }
}

/// Concentration breathed, indoors and out, from that outdoors: mean and standard error.
static void breathe(const method_exposure *w,
                    const exposure_variable *v,
                    const double *mean_se,
                    double *out) {
    double indoors = dosi_call_value(w->call, "indoor_share")->real;
    double share = 1 - indoors + indoors * v->infiltration[0];
    double doubt = indoors * v->infiltration[1] * mean_se[0];
    out[0] = share * mean_se[0];
    out[1] = hypot(share * mean_se[1], doubt);
}

/// One row: period `i` of the work, group `g`.
static dosi_status put_period(
    const method_exposure *w, const period_work *p, size_t i, size_t g, dosi_error *err) {
    dosi_table *out = &w->call->outputs[EXPOSURE_PERIODS];
    size_t k = i * w->n_groups + g, row = out->n_rows, from = 0, bytes = 0;
    if (!(p->hours[k] > 0)) return DOSI_OK;
    const dosi_column *label = find_label(w, g, &from);
    const char *name =
        label && label->type == DOSI_TYPE_TEXT ? dosi_column_bytes(label, from, &bytes) : NULL;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    out->columns[0].data.integer[row] = w->period_from[p->first + i];
    out->columns[1].data.integer[row] = w->period_to[p->first + i];
    DOSI_TRY(dosi_table_set_text(out, 2, row, label ? label->name : "total"));
    if (name) DOSI_TRY(dosi_table_set_bytes(out, 3, row, name, bytes));
    DOSI_TRY(dosi_table_set_text(out, 4, row, p->v->name));
    double mean_se[2] = {p->present[0][k], sqrt(p->present[1][k])};
    double resident[2] = {NAN, NAN}, breathed[2] = {NAN, NAN};
    if (p->v->resident) {
        resident[0] = p->resident[0][k];
        resident[1] = sqrt(p->resident[1][k]);
    }
    if (!isnan(p->v->infiltration[0])) {
        breathe(w, p->v, p->v->resident ? resident : mean_se, breathed);
    }
    const double numbers[] = {
        p->hours[k],
        w->population ? p->people[k] / p->hours[k] : (double)NAN,
        mean_se[0],
        mean_se[1],
        mean_se[0] - 1.959963984540054 * mean_se[1],
        mean_se[0] + 1.959963984540054 * mean_se[1],
        resident[0],
        resident[1],
        breathed[0],
        breathed[1],
    };
    for (size_t c = 0; c < sizeof numbers / sizeof numbers[0]; c++) {
        out->columns[5 + c].data.real[row] = numbers[c];
    }
    return DOSI_OK;
}

/// Means of everything over the periods.
static dosi_status find_means(const method_exposure *w, const period_work *p, dosi_error *err) {
    const exposure_variable *v = p->v;
    const dosi_year_periods periods = {p->n, p->period_of};
    const dosi_exposure_series present = {w->maps.n_maps, w->n_groups, v->mean, v->sd};
    const dosi_exposure_series resident = {w->maps.n_maps, w->n_groups, v->resident,
                                           v->resident_sd};
    DOSI_TRY(dosi_exposure_find_periods(&v->memory, &periods, &present, p->present, err));
    if (!v->resident) return DOSI_OK;
    return dosi_exposure_find_periods(&v->memory, &periods, &resident, p->resident, err);
}

/// Periods [first, first + n).
static dosi_status put_periods(const method_exposure *w,
                               const exposure_variable *v,
                               const size_t *first_and_n,
                               const uint32_t *period_of,
                               dosi_error *err) {
    size_t n = first_and_n[1] * w->n_groups;
    double *memory = calloc(6 * n + 1, sizeof *memory);
    if (!memory) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for periods");
    const period_work p = {.v = v,
                           .first = first_and_n[0],
                           .n = first_and_n[1],
                           .period_of = period_of,
                           .present = {memory, memory + n},
                           .resident = {memory + 2 * n, memory + 3 * n},
                           .people = memory + 4 * n,
                           .hours = memory + 5 * n};
    count_hours(w, &p);
    dosi_status status = find_means(w, &p, err);
    for (size_t k = 0; k < n && status == DOSI_OK; k++) {
        status = put_period(w, &p, k / w->n_groups, k % w->n_groups, err);
    }
    free(memory);
    return status;
}

dosi_status exposure_put_periods(const method_exposure *w,
                                 const exposure_variable *v,
                                 dosi_error *err) {
    size_t n = w->maps.n_maps;
    const size_t whole[2] = {0, 1}, parts[2] = {1, w->n_periods};
    uint32_t *period_of = calloc(n + 1, sizeof *period_of);
    if (!period_of) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu times", n);
    dosi_status status = n ? put_periods(w, v, whole, period_of, err) : DOSI_OK;
    if (status == DOSI_OK && w->n_periods) {
        for (size_t m = 0; m < n; m++) period_of[m] = w->period_of[m] - 1;
        status = put_periods(w, v, parts, period_of, err);
    }
    free(period_of);
    return status;
}

// --- models --------------------------------------------------------------------------------

/// Lines on the effects and on values drawn in.
static void put_effects(const method_exposure *w, const exposure_variable *v) {
    if (w->has_crowd) {
        dosi_text_printf(w->call->report,
                         "%s: one standard deviation of the crowd adds +-%.4g\n", v->name,
                         v->crowd_sd);
    }
    if (w->has_offset) {
        dosi_text_printf(
            w->call->report,
            "%s: the offset of kinds is +-%.4g, of each such station +-%.4g more\n", v->name,
            v->offset_sd, v->offset_own_sd);
    }
    if (v->n_drawn_in) {
        dosi_text_printf(
            w->call->report,
            "%s: %zu values that their hour makes all but impossible are drawn in\n", v->name,
            v->n_drawn_in);
    }
}

dosi_status exposure_put_model(const method_exposure *w,
                               const exposure_variable *v,
                               dosi_error *err) {
    dosi_table *out = &w->call->outputs[EXPOSURE_MODELS];
    size_t row = out->n_rows;
    DOSI_TRY(dosi_table_add_rows(out, 1, err));
    DOSI_TRY(dosi_table_set_text(out, 0, row, v->name));
    DOSI_TRY(dosi_table_set_text(out, 1, row, dosi_variogram_kind_name(v->model.kind)));
    double nugget = v->model.nugget + v->micro.psill;
    const double numbers[] = {
        nugget,          v->model.psill,          v->model.range_m,      v->crowd_sd,
        v->offset_sd,    v->offset_own_sd,        (double)v->n_drawn_in, v->threshold,
        v->scales.prior, v->scales.prior_freedom, v->memory.lasting,     v->memory.slow,
        v->memory.time,  (double)v->scaled.n,     v->scaled.rmse,        v->plain.msdr,
        v->scaled.msdr,  v->plain.coverage_95,    v->scaled.coverage_95};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        out->columns[2 + i].data.real[row] = numbers[i];
    }
    if (!w->call->report) return DOSI_OK;
    put_effects(w, v);
    dosi_text_printf(
        w->call->report,
        "%s: nugget %.4g, psill %.4g, range %.0f m; errors of hours differ with %.1f degrees "
        "of "
        "freedom, %.0f %% of their variance lasts, %.0f %% fades in %.1f h; leave-one-out: "
        "RMSE "
        "%.4g, MSDR %.3f, 95 %% interval covers %.1f %% (MSDR %.3f, %.1f %% with one scale)\n",
        v->name, nugget, v->model.psill, v->model.range_m, v->scales.prior_freedom,
        100 * v->memory.lasting, 100 * v->memory.slow, v->memory.time, v->scaled.rmse,
        v->scaled.msdr, 100 * v->scaled.coverage_95, v->plain.msdr, 100 * v->plain.coverage_95);
    return DOSI_OK;
}
