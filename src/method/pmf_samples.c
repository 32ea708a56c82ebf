// air.pmf: concentrations and uncertainties as arrays, and constraints as they are written.

#include "method/pmf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool pmf_is_listed(const char *list, const char *name) {
    size_t length = strlen(name);
    while (*list) {
        size_t item = strcspn(list, ",");
        const char *start = list;
        size_t kept = item;
        while (kept && *start == ' ') start++, kept--;
        while (kept && start[kept - 1] == ' ') kept--;
        if (kept == length && strncmp(start, name, length) == 0) return true;
        list += item + (list[item] == ',');
    }
    return false;
}

size_t pmf_find_species(const pmf_samples *samples, const char *name) {
    for (size_t j = 0; j < samples->m; j++) {
        if (strcmp(samples->names[j], name) == 0) return j;
    }
    return SIZE_MAX;
}

void pmf_samples_clear(pmf_samples *samples) {
    free(samples->names);
    free(samples->categories);
    free(samples->x);
    free(samples->u);
    *samples = (pmf_samples){0};
}

/// Whether a column is a species that is asked for.
static bool is_species(const dosi_method_call *call, const dosi_column *column) {
    const char *wanted = dosi_call_value(call, "species")->text;
    size_t length = strlen(column->name);
    if (column->type != DOSI_TYPE_REAL && column->type != DOSI_TYPE_INT) return false;
    if (length > 5 && strcmp(column->name + length - 5, "_flag") == 0) return false;
    return *wanted ? pmf_is_listed(wanted, column->name)
                   : !pmf_is_listed(dosi_call_value(call, "leave")->text, column->name);
}

/// That every name of a list is a species.
static dosi_status check_list(const pmf_samples *s,
                              const char *what,
                              const char *list,
                              dosi_error *err) {
    while (*list) {
        char name[METHOD_NAME_BYTES];
        size_t item = strcspn(list, ",");
        const char *start = list;
        size_t kept = item;
        while (kept && *start == ' ') start++, kept--;
        while (kept && start[kept - 1] == ' ') kept--;
        (void)snprintf(name, sizeof name, "%.*s", (int)kept, start);
        if (kept && pmf_find_species(s, name) == SIZE_MAX) {
            return dosi_fail(err, DOSI_INVALID, "%s: no species \"%s\"", what, name);
        }
        list += item + (list[item] == ',');
    }
    return DOSI_OK;
}

/// Names, categories and the total of the species.
static dosi_status read_species(const dosi_method_call *call, pmf_samples *s, dosi_error *err) {
    const dosi_table *table = call->inputs[0];
    const char *weak = dosi_call_value(call, "weak")->text;
    const char *bad = dosi_call_value(call, "bad")->text;
    const char *total = dosi_call_value(call, "total")->text;
    s->names = calloc(table->n_columns + 1, sizeof *s->names);
    s->categories = calloc(table->n_columns + 1, sizeof *s->categories);
    if (!s->names || !s->categories) return dosi_fail(err, DOSI_NO_MEMORY, "no memory");
    for (size_t c = 0; c < table->n_columns; c++) {
        const dosi_column *column = &table->columns[c];
        if (!is_species(call, column)) continue;
        if (!s->unit) s->unit = column->unit;
        if (pmf_is_listed(weak, column->name)) s->categories[s->m] = DOSI_PMF_WEAK;
        if (pmf_is_listed(bad, column->name)) s->categories[s->m] = DOSI_PMF_BAD;
        s->names[s->m++] = column->name;
    }
    s->n = table->n_rows;
    DOSI_TRY(check_list(s, "species", dosi_call_value(call, "species")->text, err));
    DOSI_TRY(check_list(s, "weak", weak, err));
    DOSI_TRY(check_list(s, "bad", bad, err));
    DOSI_TRY(check_list(s, "bs_disp", dosi_call_value(call, "bs_disp")->text, err));
    DOSI_TRY(check_list(s, "total", total, err));
    s->total = *total ? pmf_find_species(s, total) : SIZE_MAX;
    if (s->m < 2) return dosi_fail(err, DOSI_INVALID, "fewer than 2 columns of species");
    return DOSI_OK;
}

/// That the rows of both tables are the same samples: equal times where both have them.
static dosi_status check_rows(const dosi_table *x, const dosi_table *u, dosi_error *err) {
    size_t a = dosi_table_find(x, "time"), b = dosi_table_find(u, "time");
    if (x->n_rows != u->n_rows) {
        return dosi_fail(err, DOSI_INVALID, "%zu samples but uncertainties of %zu", x->n_rows,
                         u->n_rows);
    }
    if (a == SIZE_MAX || b == SIZE_MAX || x->columns[a].type != DOSI_TYPE_TIME ||
        u->columns[b].type != DOSI_TYPE_TIME) {
        return DOSI_OK;
    }
    for (size_t i = 0; i < x->n_rows; i++) {
        if (x->columns[a].data.integer[i] == u->columns[b].data.integer[i]) continue;
        return dosi_fail(err, DOSI_INVALID,
                         "row %zu: concentrations and uncertainties are of different times",
                         i + 1);
    }
    return DOSI_OK;
}

/// Uncertainties of species j from detection limit and error fraction.
static dosi_status derive_uncertainties(const dosi_table *limits,
                                        pmf_samples *s,
                                        size_t j,
                                        dosi_error *err) {
    const dosi_column *species = NULL, *limit = NULL, *fraction = NULL;
    DOSI_TRY(dosi_table_get(limits, "species", DOSI_TYPE_TEXT, &species, err));
    DOSI_TRY(dosi_table_get_number(limits, "detection_limit", &limit, err));
    DOSI_TRY(dosi_table_get_number(limits, "error_fraction", &fraction, err));
    for (size_t row = 0; row < limits->n_rows; row++) {
        size_t n = 0;
        const char *name = dosi_column_bytes(species, row, &n);
        if (!name || n != strlen(s->names[j]) || memcmp(name, s->names[j], n) != 0) continue;
        for (size_t i = 0; i < s->n; i++) {
            s->u[i * s->m + j] =
                dosi_pmf_uncertainty(s->x[i * s->m + j], dosi_column_real(limit, row),
                                     dosi_column_real(fraction, row));
        }
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_INVALID, "no uncertainty and no detection limit of \"%s\"",
                     s->names[j]);
}

/// Values and uncertainties of species j.
static dosi_status read_column(const dosi_method_call *call,
                               pmf_samples *s,
                               size_t j,
                               dosi_error *err) {
    const dosi_table *x = call->inputs[0], *u = call->inputs[1], *limits = call->inputs[2];
    const double missing = dosi_call_value(call, "missing_below")->real;
    const dosi_column *values = &x->columns[dosi_table_find(x, s->names[j])];
    size_t other = u ? dosi_table_find(u, s->names[j]) : SIZE_MAX;
    for (size_t i = 0; i < s->n; i++) {
        double value = dosi_column_real(values, i);
        s->x[i * s->m + j] = value < missing ? (double)NAN : value;
        if (other == SIZE_MAX) continue;
        s->u[i * s->m + j] = dosi_column_real(&u->columns[other], i);
    }
    if (other != SIZE_MAX) return DOSI_OK;
    if (limits) return derive_uncertainties(limits, s, j, err);
    return dosi_fail(err, DOSI_INVALID, "no uncertainty of \"%s\"", s->names[j]);
}

/// Values and uncertainties of every species.
static dosi_status read_values(const dosi_method_call *call, pmf_samples *s, dosi_error *err) {
    s->x = malloc((s->n * s->m + 1) * sizeof *s->x);
    s->u = malloc((s->n * s->m + 1) * sizeof *s->u);
    if (!s->x || !s->u) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for samples");
    if (!call->inputs[1] && !call->inputs[2]) {
        return dosi_fail(err, DOSI_INVALID,
                         "give `uncertainties`, or `limits` to make them from");
    }
    if (call->inputs[1]) DOSI_TRY(check_rows(call->inputs[0], call->inputs[1], err));
    for (size_t j = 0; j < s->m; j++) DOSI_TRY(read_column(call, s, j, err));
    return DOSI_OK;
}

/// The list of species that are not in a category of their own, for the report.
static void put_taken(const dosi_method_call *call, const pmf_samples *s) {
    size_t n[3] = {0}, n_missing = 0;
    if (!call->report) return;
    for (size_t j = 0; j < s->m; j++) n[s->categories[j]]++;
    for (size_t at = 0; at < s->n * s->m; at++) {
        bool is_known = isfinite(s->x[at]) && isfinite(s->u[at]) && s->u[at] > 0;
        n_missing += !is_known && s->categories[at % s->m] != DOSI_PMF_BAD;
    }
    dosi_text_printf(call->report,
                     "%zu samples of %zu species: %zu strong, %zu weak, %zu left out as bad; "
                     "%zu values missing or of left-out samples, %zu samples left out\n",
                     s->n, s->m, n[DOSI_PMF_STRONG], n[DOSI_PMF_WEAK], n[DOSI_PMF_BAD],
                     n_missing, s->n_dropped);
}

dosi_status pmf_samples_read(const dosi_method_call *call, pmf_samples *out, dosi_error *err) {
    pmf_samples s = {0};
    dosi_status status = read_species(call, &s, err);
    if (status == DOSI_OK) status = read_values(call, &s, err);
    if (status != DOSI_OK) {
        pmf_samples_clear(&s);
        return status;
    }
    const dosi_pmf_rules rules = {
        .categories = s.categories,
        .weak_factor = dosi_call_value(call, "weak_factor")->real,
        .extra = dosi_call_value(call, "extra")->real,
        .drops_rows = strcmp(dosi_call_value(call, "missing")->text, "drop") == 0,
    };
    s.n_dropped = dosi_pmf_prepare(s.n, s.m, &rules, s.x, s.u);
    put_taken(call, &s);
    *out = s;
    return DOSI_OK;
}

/// Copies [from, from + n) without spaces around.
static void copy_trimmed(const char *from, size_t n, char *to) {
    while (n && *from == ' ') from++, n--;
    while (n && from[n - 1] == ' ') n--;
    (void)snprintf(to, METHOD_NAME_BYTES, "%.*s", (int)n, from);
}

/// The species of a constraint, "a" or "a/b".
static bool read_subject(const pmf_samples *s, char *name, dosi_pmf_constraint *out) {
    out->species = pmf_find_species(s, name);
    if (out->species != SIZE_MAX) return true;
    char *slash = strchr(name, '/');
    if (!slash) return false;
    *slash = '\0';
    out->species = pmf_find_species(s, name);
    out->other = pmf_find_species(s, slash + 1);
    out->demand = DOSI_PMF_RATIO;
    return out->species != SIZE_MAX && out->other != SIZE_MAX;
}

/// One constraint: factor ":" species operator value.
static bool read_constraint(const char *text, const pmf_samples *s, dosi_pmf_constraint *out) {
    static const char *const marks[] = {"<=", ">=", "->"};
    char name[METHOD_NAME_BYTES], number[METHOD_NAME_BYTES];
    size_t colon = strcspn(text, ":");
    int64_t factor = 0;
    const char *mark = NULL;
    *out = (dosi_pmf_constraint){0};
    copy_trimmed(text, colon, name);
    if (text[colon] != ':' || dosi_parse_int(name, strlen(name), &factor) != DOSI_OK) {
        return false;
    }
    for (size_t d = 0; d < 3 && !mark; d++) {
        mark = strstr(text + colon, marks[d]);
        out->demand = (dosi_pmf_demand)d; // the order of the enum
    }
    if (!mark || factor < 1) return false;
    out->factor = (size_t)factor - 1;
    bool is_pull = out->demand == DOSI_PMF_TOWARDS;
    copy_trimmed(text + colon + 1, (size_t)(mark - text) - colon - 1, name);
    copy_trimmed(mark + 2, strlen(mark + 2), number);
    return read_subject(s, name, out) && (out->demand != DOSI_PMF_RATIO || is_pull) &&
           dosi_parse_real(number, strlen(number), &out->value) == DOSI_OK;
}

dosi_status pmf_constraints_read(const char *text,
                                 const pmf_samples *samples,
                                 size_t room,
                                 dosi_pmf_constraint *items,
                                 size_t *n,
                                 dosi_error *err) {
    *n = 0;
    while (*text) {
        char one[4 * METHOD_NAME_BYTES];
        size_t length = strcspn(text, ";");
        (void)snprintf(one, sizeof one, "%.*s", (int)length, text);
        text += length + (text[length] == ';');
        if (one[strspn(one, " ")] == '\0') continue;
        if (*n == room) return dosi_fail(err, DOSI_LIMIT, "more than %zu constraints", room);
        if (!read_constraint(one, samples, &items[(*n)++])) {
            return dosi_fail(err, DOSI_INVALID,
                             "constraints: \"%s\" is not factor:species <= share, >= share, "
                             "-> share, or factor:species/species -> ratio",
                             one);
        }
    }
    return DOSI_OK;
}
