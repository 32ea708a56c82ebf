// What-if: changes of emissions as people write them.

#include "method/scenario.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FACTOR 1000.0

/// Adds one change.
static dosi_status put(
    method_scenario *s, const char *name, size_t n, double factor, dosi_error *err) {
    if (s->n == METHOD_SCENARIO_MAX) {
        return dosi_fail(err, DOSI_LIMIT, "a change of more than %d sources or groups",
                         METHOD_SCENARIO_MAX);
    }
    s->change[s->n].name = name;
    s->change[s->n].n_bytes = n;
    s->change[s->n++].factor = factor;
    return DOSI_OK;
}

/// Reads "name=factor".
static dosi_status put_scaled(method_scenario *s, const char *word, size_t n, dosi_error *err) {
    size_t n_name = n;
    while (n_name > 0 && word[n_name - 1] != '=') n_name--;
    const char *from = word + n_name;
    char *end = NULL;
    double factor = n_name > 1 && n_name < n ? strtod(from, &end) : -1;
    if (!(factor >= 0 && factor <= MOST_FACTOR) || end != word + n) {
        return dosi_fail(err, DOSI_INVALID,
                         "scale: \"%.*s\" is not name=factor with a factor from 0 to %g",
                         (int)(n < 60 ? n : 60), word, MOST_FACTOR);
    }
    n_name--;
    while (n_name > 0 && word[n_name - 1] == ' ') n_name--;
    return put(s, word, n_name, factor, err);
}

dosi_status method_scenario_read(const char *without,
                                 const char *scale,
                                 method_scenario *out,
                                 dosi_error *err) {
    const char *word = NULL;
    size_t n = 0;
    memset(out, 0, sizeof *out);
    while (method_list_next(&without, &word, &n)) DOSI_TRY(put(out, word, n, 0, err));
    while (method_list_next(&scale, &word, &n)) DOSI_TRY(put_scaled(out, word, n, err));
    return DOSI_OK;
}

/// Whether a text cell is a name; "*" is everyone's.
static bool is_named(const dosi_column *column, size_t row, const char *name, size_t n_name) {
    size_t n = 0;
    if (n_name == 1 && name[0] == '*') return true;
    if (!column || column->type != DOSI_TYPE_TEXT) return false;
    const char *bytes = dosi_column_bytes(column, row, &n);
    return bytes && n == n_name && memcmp(bytes, name, n) == 0;
}

double method_scenario_factor(const method_scenario *scenario,
                              const dosi_column *source,
                              const dosi_column *group,
                              size_t row) {
    double factor = 1;
    for (size_t i = 0; i < scenario->n; i++) {
        const char *name = scenario->change[i].name;
        size_t n = scenario->change[i].n_bytes;
        bool is_it = is_named(source, row, name, n) || is_named(group, row, name, n);
        if (is_it) factor *= scenario->change[i].factor;
    }
    return factor;
}

dosi_status method_scenario_check(const method_scenario *scenario,
                                  const dosi_column *source,
                                  const dosi_column *group,
                                  size_t n_rows,
                                  dosi_error *err) {
    for (size_t i = 0; i < scenario->n; i++) {
        const char *name = scenario->change[i].name;
        size_t n = scenario->change[i].n_bytes;
        bool is_there = false;
        for (size_t row = 0; row < n_rows && !is_there; row++) {
            is_there = is_named(source, row, name, n) || is_named(group, row, name, n);
        }
        if (!is_there) {
            return dosi_fail(err, DOSI_NOT_FOUND,
                             "a change names \"%.*s\", which is neither a source nor a group",
                             (int)(n < 60 ? n : 60), name);
        }
    }
    return DOSI_OK;
}
