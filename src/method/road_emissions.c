// Emissions of links by the hour, joined to their links.

#include "method/road_emissions.h"

#include <stdlib.h>
#include <string.h>

/// A code and the row it stands in, to be sorted.
typedef struct code {
    const char *bytes;
    size_t n;
    uint32_t row;
} code;

static int compare_codes(const void *a, const void *b) {
    const code *x = a, *y = b;
    size_t n = x->n < y->n ? x->n : y->n;
    int order = memcmp(x->bytes, y->bytes, n);
    if (order == 0) order = (x->n > y->n) - (x->n < y->n);
    return order;
}

/// The row of the link of each row of emissions.
static dosi_status join_links(const method_road *road, method_emissions *e, dosi_error *err) {
    const dosi_table *links = road->links;
    const dosi_column *link = NULL;
    DOSI_TRY(dosi_table_get(e->table, "link", DOSI_TYPE_TEXT, &link, err));
    code *codes = malloc((links->n_rows + 1) * sizeof *codes);
    e->link_row = malloc((e->table->n_rows + 1) * sizeof *e->link_row);
    if (!codes || !e->link_row) {
        free(codes);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu emissions", e->table->n_rows);
    }
    size_t n = 0;
    for (size_t r = 0; r < links->n_rows; r++) {
        code c = {.row = (uint32_t)r};
        c.bytes = dosi_column_bytes(road->link, r, &c.n);
        if (c.bytes) codes[n++] = c;
    }
    qsort(codes, n, sizeof *codes, compare_codes);
    for (size_t r = 0; r < e->table->n_rows; r++) {
        code key = {0};
        key.bytes = dosi_column_bytes(link, r, &key.n);
        const code *found =
            key.bytes ? bsearch(&key, codes, n, sizeof *codes, compare_codes) : NULL;
        e->link_row[r] = found ? found->row : UINT32_MAX;
    }
    free(codes);
    return DOSI_OK;
}

static int by_time(const void *a, const void *b, void *context) {
    const int64_t *times = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (times[x] != times[y]) return times[x] < times[y] ? -1 : 1;
    return (x > y) - (x < y);
}

/// Puts the rows in the order of time, so that an hour finds its own.
static dosi_status sort_rows(method_emissions *e, dosi_error *err) {
    size_t n = e->table->n_rows;
    e->order = malloc((n + 1) * sizeof *e->order);
    if (!e->order) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu emissions", n);
    for (size_t r = 0; r < n; r++) e->order[r] = (uint32_t)r;
    if (e->time) qsort_r(e->order, n, sizeof *e->order, by_time, e->time->data.integer);
    return DOSI_OK;
}

dosi_status method_emissions_read(const dosi_table *table,
                                  const method_names *values,
                                  const method_road *road,
                                  method_emissions *out,
                                  dosi_error *err) {
    size_t i_time = dosi_table_find(table, "time");
    *out = (method_emissions){.table = table, .n_values = values->n};
    if (i_time != SIZE_MAX && table->columns[i_time].type == DOSI_TYPE_TIME) {
        out->time = &table->columns[i_time];
    }
    for (size_t v = 0; v < values->n; v++) {
        DOSI_TRY(dosi_table_get_number(table, values->names[v], &out->values[v], err));
    }
    DOSI_TRY(join_links(road, out, err));
    return sort_rows(out, err);
}

/// The first of the rows in order whose time is not before `time`.
static size_t first_at(const method_emissions *e, dosi_time time) {
    size_t low = 0, high = e->table->n_rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (e->time->data.integer[e->order[middle]] < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void method_emissions_add(const method_emissions *e,
                          dosi_time time,
                          size_t stride,
                          double *of_row) {
    for (size_t i = e->time ? first_at(e, time) : 0; i < e->table->n_rows; i++) {
        uint32_t r = e->order[i];
        if (e->time && e->time->data.integer[r] != time) break;
        if (e->link_row[r] == UINT32_MAX) continue;
        for (size_t v = 0; v < e->n_values; v++) {
            double value = dosi_column_real(e->values[v], r);
            if (value > 0) of_row[e->link_row[r] * stride + v] += value;
        }
    }
}

void method_emissions_clear(method_emissions *emissions) {
    free(emissions->link_row);
    free(emissions->order);
    *emissions = (method_emissions){0};
}
