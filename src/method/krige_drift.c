// What kinds of kriging need beside values: drift of sites and targets, errors, indicators.

#include "method/krige.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Covariates found by place: the nearest row's.
typedef struct covariates {
    const dosi_table *table;
    dosi_nearest *nearest;
    size_t *row; ///< Row of each indexed place.
    double *x, *y;
} covariates;

static void covariates_close(covariates *c) {
    dosi_nearest_destroy(c->nearest);
    free(c->row);
    free(c->x);
}

/// Indexes the places of the covariates; nothing to do without such an input.
static dosi_status covariates_open(const dosi_table *table, covariates *c, dosi_error *err) {
    *c = (covariates){.table = table};
    if (!table) return DOSI_OK;
    size_t n = table->n_rows, kept = 0;
    c->x = malloc((2 * n + 1) * sizeof *c->x);
    c->row = malloc((n + 1) * sizeof *c->row);
    if (!c->x || !c->row) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for covariates");
    c->y = c->x + n;
    DOSI_TRY(method_places(table, "covariates", c->x, c->y, err));
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(c->x[i]) || !isfinite(c->y[i])) continue;
        c->x[kept] = c->x[i];
        c->y[kept] = c->y[i];
        c->row[kept++] = i;
    }
    if (kept == 0) return dosi_fail(err, DOSI_DOMAIN, "covariates: have no place");
    return dosi_nearest_create(c->x, c->y, kept, &c->nearest, err);
}

/// A column of numbers, or NULL.
static dosi_status find_numbers(const dosi_table *table,
                                const char *name,
                                const dosi_column **out,
                                dosi_error *err) {
    method_values values = {.value = NULL};
    if (table) DOSI_TRY(method_values_find(table, name, 0, &values, err));
    *out = values.value;
    return DOSI_OK;
}

/// Row of the stations table for each site, SIZE_MAX for none; NULL without such a table.
static dosi_status find_station_rows(const method_krige *krige, size_t **out, dosi_error *err) {
    const dosi_table *stations = krige->call->inputs[KRIGE_STATIONS];
    const method_maps *maps = &krige->maps;
    const dosi_column *names = NULL;
    *out = NULL;
    if (!stations || !maps->station) return DOSI_OK;
    DOSI_TRY(dosi_table_get(stations, maps->station->name, DOSI_TYPE_TEXT, &names, err));
    *out = malloc((maps->n_sites + 1) * sizeof **out);
    if (!*out) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for stations");
    for (size_t i = 0; i < maps->n_sites; i++) {
        size_t n_want = 0, n_have = 0;
        const char *want = dosi_column_bytes(maps->station, maps->site_row[i], &n_want);
        (*out)[i] = SIZE_MAX;
        for (size_t row = 0; want && row < stations->n_rows; row++) {
            const char *have = dosi_column_bytes(names, row, &n_have);
            if (!have || n_have != n_want || memcmp(have, want, n_want) != 0) continue;
            (*out)[i] = row;
            break;
        }
    }
    return DOSI_OK;
}

/// Numbers of the sites from a column of the observations or the stations. False: no column.
static dosi_status fill_from_sites(
    const method_krige *krige, const char *name, double *out, bool *is_found, dosi_error *err) {
    const dosi_column *own = NULL, *of_station = NULL;
    const dosi_table *stations = krige->call->inputs[KRIGE_STATIONS];
    *is_found = false;
    DOSI_TRY(find_numbers(krige->call->inputs[KRIGE_OBSERVATIONS], name, &own, err));
    DOSI_TRY(find_numbers(stations, name, &of_station, err));
    if (!own && !of_station) return DOSI_OK;
    size_t *rows = NULL;
    if (!own) DOSI_TRY(find_station_rows(krige, &rows, err));
    if (!own && !rows) return DOSI_OK;
    for (size_t i = 0; i < krige->maps.n_sites; i++) {
        size_t row = own ? krige->maps.site_row[i] : rows[i];
        out[i] = row == SIZE_MAX ? (double)NAN : dosi_column_real(own ? own : of_station, row);
    }
    free(rows);
    *is_found = true;
    return DOSI_OK;
}

/// Numbers at places from the nearest covariates.
static void fill_from_covariates(const covariates *c,
                                 const dosi_column *column,
                                 const dosi_sites *places,
                                 double *out) {
    for (size_t i = 0; i < places->n; i++) {
        uint32_t index = 0;
        double distance2 = 0;
        size_t n =
            dosi_nearest_find(c->nearest, places->x[i], places->y[i], 1, &index, &distance2);
        out[i] = n ? dosi_column_real(column, c->row[index]) : (double)NAN;
    }
}

/// One drift column of sites and targets, into `scratch` (the larger of both) and from there.
static dosi_status fill_drift_column(
    method_krige *krige, const covariates *c, size_t q, double *scratch, dosi_error *err) {
    const char *name = krige->drift.names[q];
    const dosi_column *grid = NULL, *of_target = NULL;
    const dosi_sites sites = method_maps_sites(&krige->maps);
    const dosi_sites targets = {krige->n_targets, krige->target_x, krige->target_y};
    bool is_found = false;
    DOSI_TRY(find_numbers(c->table, name, &grid, err));
    DOSI_TRY(find_numbers(krige->call->inputs[KRIGE_TARGETS], name, &of_target, err));
    DOSI_TRY(fill_from_sites(krige, name, scratch, &is_found, err));
    if (!is_found && grid) fill_from_covariates(c, grid, &sites, scratch);
    if (!is_found && !grid) {
        return dosi_fail(err, DOSI_NOT_FOUND,
                         "drift: neither observations, stations nor covariates have a column "
                         "\"%s\"",
                         name);
    }
    size_t p = krige->drift.n;
    for (size_t i = 0; i < sites.n; i++) krige->site_drift[i * p + q] = scratch[i];
    if (!of_target && !grid) {
        return dosi_fail(err, DOSI_NOT_FOUND,
                         "drift: neither targets nor covariates have a column \"%s\"", name);
    }
    if (!of_target) fill_from_covariates(c, grid, &targets, scratch);
    for (size_t i = 0; i < targets.n; i++) {
        size_t row = (size_t)krige->target_cell[i];
        krige->target_drift[i * p + q] =
            of_target ? dosi_column_real(of_target, row) : scratch[i];
    }
    return DOSI_OK;
}

/// Sites whose drift is not known lose their values.
static void drop_sites_without_drift(method_krige *krige) {
    size_t n_sites = krige->maps.n_sites, p = krige->drift.n, n_dropped = 0;
    size_t n_rows = krige->maps.variables.n * krige->maps.n_maps;
    for (size_t i = 0; i < n_sites; i++) {
        double *row = krige->site_drift + i * p;
        bool is_known = true;
        for (size_t q = 0; q < p; q++) is_known = is_known && isfinite(row[q]);
        if (is_known) continue;
        n_dropped++;
        for (size_t q = 0; q < p; q++) row[q] = 0;
        for (size_t t = 0; t < n_rows; t++) krige->maps.values[t * n_sites + i] = NAN;
    }
    if (n_dropped && krige->call->report) {
        dosi_text_printf(krige->call->report, "%zu sites without a drift are left out\n",
                         n_dropped);
    }
}

/// Drift of sites and targets.
static dosi_status open_drift(method_krige *krige, dosi_error *err) {
    DOSI_TRY(
        method_names_split(dosi_call_value(krige->call, "drift")->text, &krige->drift, err));
    size_t p = krige->drift.n, n_sites = krige->maps.n_sites, n_targets = krige->n_targets;
    if (p == 0) return DOSI_OK;
    if (p > DOSI_KRIGE_MAX_DRIFT) {
        return dosi_fail(err, DOSI_INVALID, "drift: %zu columns, at most %d", p,
                         DOSI_KRIGE_MAX_DRIFT);
    }
    size_t most = n_sites > n_targets ? n_sites : n_targets;
    krige->site_drift = malloc((n_sites * p + 1) * sizeof *krige->site_drift);
    krige->target_drift = malloc((n_targets * p + 1) * sizeof *krige->target_drift);
    double *scratch = calloc(most + 1, sizeof *scratch);
    covariates c;
    dosi_status status = covariates_open(krige->call->inputs[KRIGE_COVARIATES], &c, err);
    if (status == DOSI_OK && (!krige->site_drift || !krige->target_drift || !scratch)) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for the drift");
    }
    for (size_t q = 0; q < p && scratch && status == DOSI_OK; q++) {
        status = fill_drift_column(krige, &c, q, scratch, err);
    }
    if (status == DOSI_OK) drop_sites_without_drift(krige);
    covariates_close(&c);
    free(scratch);
    return status;
}

/// Error variances of the sites; none where they are missing.
static dosi_status open_errors(method_krige *krige, dosi_error *err) {
    const char *name = dosi_call_value(krige->call, "error_variance")->text;
    if (!name[0]) return DOSI_OK;
    bool is_found = false;
    krige->error_variance = malloc((krige->maps.n_sites + 1) * sizeof *krige->error_variance);
    if (!krige->error_variance) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for errors");
    DOSI_TRY(fill_from_sites(krige, name, krige->error_variance, &is_found, err));
    if (!is_found) {
        return dosi_fail(err, DOSI_NOT_FOUND,
                         "error_variance: neither observations nor stations have a column "
                         "\"%s\"",
                         name);
    }
    for (size_t i = 0; i < krige->maps.n_sites; i++) {
        if (isnan(krige->error_variance[i])) krige->error_variance[i] = 0;
    }
    return DOSI_OK;
}

dosi_status method_krige_open_kind(method_krige *krige, dosi_error *err) {
    const dosi_method_call *call = krige->call;
    const char *kind = dosi_call_value(call, "kind")->text;
    krige->is_simple = strcmp(kind, "simple") == 0;
    krige->is_block = strcmp(kind, "block") == 0;
    krige->is_indicator = strcmp(kind, "indicator") == 0;
    bool is_universal = strcmp(kind, "universal") == 0;
    bool has_drift = dosi_call_value(call, "drift")->text[0] != 0;
    if (is_universal && !has_drift) {
        return dosi_fail(err, DOSI_INVALID, "drift: universal kriging needs a column");
    }
    if (has_drift && !is_universal && !krige->is_block) {
        return dosi_fail(err, DOSI_INVALID, "drift: has no use in %s kriging", kind);
    }
    DOSI_TRY(open_drift(krige, err));
    DOSI_TRY(open_errors(krige, err));
    if (!krige->is_indicator) return DOSI_OK;
    double threshold = dosi_call_value(call, "threshold")->real;
    size_t n = krige->maps.variables.n * krige->maps.n_maps * krige->maps.n_sites;
    dosi_indicator(krige->maps.values, n, threshold, krige->maps.values);
    for (size_t k = 0; k < n; k++) krige->maps.values[k] = 1 - krige->maps.values[k];
    return DOSI_OK;
}
