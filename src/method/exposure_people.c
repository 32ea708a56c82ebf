// air.exposure: who is where at each map, from residents and from people counted by the hour.

#include "method/exposure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// A table of people by area and hour.
typedef struct counts {
    const dosi_table *table;
    const dosi_column *key, *time, *people;
    double *sum, *n; ///< (n_patterns x n_areas)
    size_t n_unknown;
} counts;

/// Hour that a map or a count falls in: of the week from Monday 1 h, of the day, or its place
/// among the maps (SIZE_MAX: none has that time).
static size_t pattern_at(const method_exposure *w, dosi_time time) {
    const char *by = dosi_call_value(w->call, "people_by")->text;
    int64_t hour = (time - 1) / DOSI_HOUR_US - (time < 1 ? 1 : 0); // that it is the end of
    if (strcmp(by, "day") == 0) return (size_t)(((hour % 24) + 24) % 24);
    // 1970-01-01 was a Thursday.
    if (strcmp(by, "week") == 0) return (size_t)((((hour + 72) % 168) + 168) % 168);
    size_t low = 0, high = w->maps.n_maps;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (exposure_time(w, middle) < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < w->maps.n_maps && exposure_time(w, low) == time ? low : SIZE_MAX;
}

/// Patterns of all maps; one when people are not counted by the hour.
static dosi_status find_patterns(method_exposure *w, dosi_error *err) {
    const char *by = dosi_call_value(w->call, "people_by")->text;
    bool is_counted = w->call->inputs[EXPOSURE_PEOPLE] != NULL;
    size_t n_times = w->maps.n_maps ? w->maps.n_maps : 1;
    w->n_patterns = strcmp(by, "day") == 0 ? 24 : strcmp(by, "week") == 0 ? 168 : n_times;
    if (!is_counted) w->n_patterns = 1;
    size_t n = w->n_patterns * w->n_areas;
    w->pattern_of = calloc(w->maps.n_maps + 1, sizeof *w->pattern_of);
    w->people = calloc(3 * n + 1, sizeof *w->people);
    if (!w->pattern_of || !w->people) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for people of %zu hours",
                         w->n_patterns);
    }
    w->residents = w->people + n;
    for (size_t m = 0; m < w->maps.n_maps && is_counted; m++) {
        w->pattern_of[m] = (uint32_t)pattern_at(w, exposure_time(w, m));
    }
    return DOSI_OK;
}

/// People who live in each area; without a population, areas count by their size.
static void count_residents(method_exposure *w) {
    for (size_t k = 0; k < w->n_patterns * w->n_areas; k++) {
        size_t a = k % w->n_areas;
        double people = 0;
        if (w->population) {
            people = dosi_column_real(w->population, a);
        } else {
            for (size_t c = w->start[a]; c < w->start[a + 1]; c++) people += w->weight[c];
        }
        w->residents[k] = people > 0 ? people : 0;
        w->people[k] = w->residents[k];
    }
}

/// A name as text, integers written out into `room` (24); NULL: missing.
static const char *name_text(const dosi_column *column, size_t row, char *room, size_t *n) {
    *n = 0;
    if (column->type == DOSI_TYPE_TEXT) return dosi_column_bytes(column, row, n);
    if (column->type != DOSI_TYPE_INT || dosi_column_is_missing(column, row)) return NULL;
    *n = (size_t)snprintf(room, 24, "%" PRId64, column->data.integer[row]);
    return room;
}

/// Whether two cells have the same name.
static bool is_same_name(const dosi_column *a, size_t i, const dosi_column *b, size_t j) {
    char rooms[2][24];
    size_t n_a = 0, n_b = 0;
    const char *p = name_text(a, i, rooms[0], &n_a), *q = name_text(b, j, rooms[1], &n_b);
    return p && q && n_a == n_b && memcmp(p, q, n_a) == 0;
}

/// The area of a count, near `guess` when rows of an area follow each other; SIZE_MAX: none.
static size_t find_area(const method_exposure *w, const counts *c, size_t row, size_t guess) {
    for (size_t k = 0; k < w->n_areas; k++) {
        size_t a = (guess + k) % w->n_areas;
        if (is_same_name(c->key, row, w->key, a)) return a;
    }
    return SIZE_MAX;
}

/// Adds up all counts.
static void add_counts(const method_exposure *w, counts *c) {
    size_t area = 0;
    for (size_t row = 0; row < c->table->n_rows; row++) {
        double people = dosi_column_real(c->people, row);
        if (row == 0 || !is_same_name(c->key, row, c->key, row - 1)) {
            area = find_area(w, c, row, area == SIZE_MAX ? 0 : area);
            c->n_unknown += area == SIZE_MAX ? 1 : 0;
        }
        dosi_time time = c->time->data.integer[row];
        if (area == SIZE_MAX || time == DOSI_TIME_MISSING || !(people >= 0)) continue;
        size_t pattern = pattern_at(w, time);
        if (pattern == SIZE_MAX) continue;
        c->sum[pattern * w->n_areas + area] += people;
        c->n[pattern * w->n_areas + area] += 1;
    }
}

/// People counted by the hour, means over the counts of a pattern; residents where there are
/// none.
static dosi_status count_people(method_exposure *w, dosi_error *err) {
    counts c = {.table = w->call->inputs[EXPOSURE_PEOPLE]};
    const char *population = dosi_call_value(w->call, "population")->text;
    if (!c.table) return DOSI_OK;
    size_t key = dosi_table_find(c.table, w->key->name);
    if (key == SIZE_MAX) {
        return dosi_fail(err, DOSI_NOT_FOUND, "people: no column \"%s\"", w->key->name);
    }
    c.key = &c.table->columns[key];
    DOSI_TRY(dosi_table_get(c.table, "time", DOSI_TYPE_TIME, &c.time, err));
    size_t found = dosi_table_find(c.table, population);
    if (found == SIZE_MAX) {
        return dosi_fail(err, DOSI_NOT_FOUND, "people: no column \"%s\"", population);
    }
    c.people = &c.table->columns[found];
    size_t n = w->n_patterns * w->n_areas, n_without = 0;
    c.sum = calloc(2 * n + 1, sizeof *c.sum);
    if (!c.sum) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for people");
    c.n = c.sum + n;
    add_counts(w, &c);
    for (size_t k = 0; k < n; k++) {
        if (c.n[k] > 0) w->people[k] = c.sum[k] / c.n[k];
        n_without += c.n[k] > 0 ? 0 : 1;
    }
    if (w->call->report) {
        dosi_text_printf(
            w->call->report,
            "people counted by the hour (%zu hours); residents where they are not: "
            "%.1f %%; %zu areas of the counts are unknown\n",
            w->n_patterns, 100 * (double)n_without / (double)(n ? n : 1), c.n_unknown);
    }
    free(c.sum);
    return DOSI_OK;
}

/// Shares of people at home: one number, or one an hour of the day.
static dosi_status read_home(const method_exposure *w, double *out, dosi_error *err) {
    const char *at = dosi_call_value(w->call, "home_share")->text;
    size_t n = 0;
    while (*at) {
        char *end = NULL;
        double share = strtod(at, &end);
        if (end == at || n == 24 || !(share >= 0 && share <= 1) || (*end && *end != ',')) {
            return dosi_fail(err, DOSI_INVALID,
                             "home_share: \"%s\" is not one share from 0 to 1, or 24 of them",
                             at);
        }
        out[n++] = share;
        at = *end ? end + 1 : end;
    }
    if (n != 1 && n != 24) {
        return dosi_fail(err, DOSI_INVALID, "home_share: %zu shares, not 1 or 24", n);
    }
    for (; n < 24; n++) out[n] = out[0];
    return DOSI_OK;
}

/// Hour of the day that a pattern is of; 0 when all are alike.
static size_t hour_of(const method_exposure *w, size_t pattern) {
    const char *by = dosi_call_value(w->call, "people_by")->text;
    if (w->n_patterns == 1) return 0;
    if (strcmp(by, "time") != 0) return pattern % 24;
    dosi_time time = exposure_time(w, pattern);
    return (size_t)((time - 1) / DOSI_HOUR_US % 24 + 24) % 24;
}

/// Where residents are who are not at home: where there are more people than stayed.
static dosi_status find_away(method_exposure *w, dosi_error *err) {
    double shares[24] = {0};
    if (!dosi_call_value(w->call, "home_share")->text[0]) return DOSI_OK;
    DOSI_TRY(read_home(w, shares, err));
    w->away = w->residents + w->n_patterns * w->n_areas;
    w->home = calloc(w->n_patterns + 1, sizeof *w->home);
    if (!w->home) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for people");
    double mean = 0;
    for (size_t h = 0; h < 24; h++) mean += shares[h] / 24;
    for (size_t k = 0; k < w->n_patterns * w->n_areas; k++) {
        size_t pattern = k / w->n_areas;
        double share = w->n_patterns == 1 ? mean : shares[hour_of(w, pattern)];
        w->home[pattern] = share;
        w->away[k] = fmax(w->people[k] - share * w->residents[k], 0);
    }
    return DOSI_OK;
}

dosi_status exposure_read_people(method_exposure *w, dosi_error *err) {
    DOSI_TRY(find_patterns(w, err));
    count_residents(w);
    DOSI_TRY(count_people(w, err));
    return find_away(w, err);
}
