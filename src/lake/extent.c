// Where and when a table's rows are.

#include "lake/lake_private.h"

#include <math.h>
#include <string.h>

/// WKB as it is read.
typedef struct wkb {
    const unsigned char *bytes;
    size_t n_bytes;
    size_t at;
    double *extent;
} wkb;

static bool read_bytes(wkb *self, bool is_little, void *out, size_t n_bytes) {
    unsigned char *to = out;
    if (self->n_bytes - self->at < n_bytes) return false;
    for (size_t i = 0; i < n_bytes; i++) {
        to[is_little ? i : n_bytes - 1 - i] = self->bytes[self->at + i];
    }
    self->at += n_bytes;
    return true;
}

static void widen(double extent[4], double x, double y) {
    if (!isfinite(x) || !isfinite(y)) return; // an empty point
    extent[0] = fmin(extent[0], x);
    extent[1] = fmin(extent[1], y);
    extent[2] = fmax(extent[2], x);
    extent[3] = fmax(extent[3], y);
}

static bool read_points(wkb *self, bool is_little, uint32_t n_points, int n_ordinates) {
    for (uint32_t i = 0; i < n_points; i++) {
        double point[4] = {0};
        if (!read_bytes(self, is_little, &point[0], 8)) return false;
        for (int k = 1; k < n_ordinates; k++) {
            if (!read_bytes(self, is_little, &point[k], 8)) return false;
        }
        widen(self->extent, point[0], point[1]);
    }
    return true;
}

/// What the head of a geometry says.
typedef struct wkb_head {
    bool is_little;
    uint32_t kind; ///< 1 point, 2 line, 3 polygon, 4..7 collections.
    int n_ordinates;
} wkb_head;

static bool read_head(wkb *self, wkb_head *head) {
    unsigned char order = 0;
    uint32_t code = 0;
    uint32_t srid = 0;
    if (!read_bytes(self, true, &order, 1)) return false;
    head->is_little = order == 1;
    if (!read_bytes(self, head->is_little, &code, 4)) return false;
    if ((code & 0x20000000U) && !read_bytes(self, head->is_little, &srid, 4)) return false;
    uint32_t iso = (code & 0xffffU) / 1000;
    bool has_z = (code & 0x80000000U) || iso == 1 || iso == 3;
    bool has_m = (code & 0x40000000U) || iso == 2 || iso == 3;
    head->n_ordinates = 2 + has_z + has_m;
    head->kind = (code & 0xffffU) % 1000;
    return true;
}

/// Reads one geometry, `depth` levels of collections deep at most.
static bool read_geometry(wkb *self, int depth) {
    wkb_head head;
    uint32_t n = 1;
    if (depth == 0 || !read_head(self, &head)) return false;
    if (head.kind == 1) return read_points(self, head.is_little, 1, head.n_ordinates);
    if (!read_bytes(self, head.is_little, &n, 4)) return false;
    if (head.kind == 2) return read_points(self, head.is_little, n, head.n_ordinates);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t n_points = 0;
        if (head.kind != 3) {
            if (!read_geometry(self, depth - 1)) return false;
        } else if (!read_bytes(self, head.is_little, &n_points, 4) ||
                   !read_points(self, head.is_little, n_points, head.n_ordinates)) {
            return false;
        }
    }
    return true;
}

/// The first column of a type, or NULL.
static const dosi_column *first_of(const dosi_table *table, dosi_type type) {
    for (size_t c = 0; c < table->n_columns; c++) {
        if (table->columns[c].type == type) return &table->columns[c];
    }
    return NULL;
}

void dosi_table_extent(const dosi_table *table, double extent[4]) {
    static const int max_depth = 16;
    const dosi_column *column = first_of(table, DOSI_TYPE_GEOMETRY);
    double found[4] = {(double)INFINITY, (double)INFINITY, -(double)INFINITY,
                       -(double)INFINITY};
    for (size_t i = 0; column && i < table->n_rows; i++) {
        wkb reader = {.extent = found};
        reader.bytes = (const unsigned char *)dosi_column_bytes(column, i, &reader.n_bytes);
        if (reader.bytes) (void)read_geometry(&reader, max_depth);
    }
    for (int k = 0; k < 4; k++) extent[k] = isfinite(found[k]) ? found[k] : (double)NAN;
}

void dosi_table_time_range(const dosi_table *table, dosi_time *first, dosi_time *last) {
    const dosi_column *column = first_of(table, DOSI_TYPE_TIME);
    int64_t scale = 1;
    if (!column) {
        column = first_of(table, DOSI_TYPE_DATE);
        scale = DOSI_DAY_US;
    }
    *first = DOSI_TIME_MISSING;
    *last = DOSI_TIME_MISSING;
    for (size_t i = 0; column && i < table->n_rows; i++) {
        int64_t value = column->data.integer[i];
        if (value == DOSI_MISSING_INT) continue;
        if (*first == DOSI_TIME_MISSING || value * scale < *first) *first = value * scale;
        if (*last == DOSI_TIME_MISSING || value * scale > *last) *last = value * scale;
    }
}
