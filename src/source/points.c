// Which two columns are coordinates, and the points they make.

#include "source/points.h"

#include "dosi/geo.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/// A box that holds Korea, degrees: what x and y must lie in to be taken for degrees.
static const double korea[] = {124.0, 33.0, 132.0, 43.5};

static bool is_one_of(const char *name, const char *const *words, size_t n_words) {
    for (size_t i = 0; i < n_words; i++) {
        if (strcasecmp(name, words[i]) == 0) return true;
    }
    return false;
}

dosi_point_role dosi_point_role_of(const char *name) {
    static const char *const longitudes[] = {"lon", "lng", "long", "longitude", "경도"};
    static const char *const latitudes[] = {"lat", "latitude", "위도"};
    if (is_one_of(name, longitudes, sizeof longitudes / sizeof longitudes[0])) {
        return DOSI_POINT_LONGITUDE;
    }
    if (is_one_of(name, latitudes, sizeof latitudes / sizeof latitudes[0])) {
        return DOSI_POINT_LATITUDE;
    }
    return DOSI_POINT_NONE;
}

static bool is_number(const dosi_column *column) {
    return column->type == DOSI_TYPE_REAL || column->type == DOSI_TYPE_INT;
}

static size_t find_role(const dosi_table *table, dosi_point_role role) {
    for (size_t c = 0; c < table->n_columns; c++) {
        const dosi_column *column = &table->columns[c];
        if (is_number(column) && dosi_point_role_of(column->name) == role) return c;
    }
    return SIZE_MAX;
}

static size_t find_letter(const dosi_table *table, const char *letter) {
    for (size_t c = 0; c < table->n_columns; c++) {
        const dosi_column *column = &table->columns[c];
        if (is_number(column) && strcasecmp(column->name, letter) == 0) return c;
    }
    return SIZE_MAX;
}

/// Whether all values of a column lie in [low, high], and there are some.
static bool lies_in(const dosi_column *column, size_t n_rows, double low, double high) {
    size_t n = 0;
    for (size_t i = 0; i < n_rows; i++) {
        double value = dosi_column_real(column, i);
        if (isnan(value)) continue;
        if (value < low || value > high) return false;
        n++;
    }
    return n > 0;
}

static dosi_status find_named(const dosi_table *table,
                              const char *name,
                              size_t *out,
                              dosi_error *err) {
    size_t c = dosi_table_find(table, name);
    if (c == SIZE_MAX) return dosi_fail(err, DOSI_NOT_FOUND, "no column \"%s\"", name);
    if (!is_number(&table->columns[c])) {
        return dosi_fail(err, DOSI_INVALID, "column \"%s\" is %s: no coordinates", name,
                         dosi_type_name(table->columns[c].type));
    }
    *out = c;
    return DOSI_OK;
}

/// Finds the two columns; SIZE_MAX when there are none.
static dosi_status find_columns(const dosi_source_options *options,
                                const dosi_table *table,
                                size_t *x,
                                size_t *y,
                                dosi_error *err) {
    *x = *y = SIZE_MAX;
    if (options->x_column && options->y_column) {
        DOSI_TRY(find_named(table, options->x_column, x, err));
        return find_named(table, options->y_column, y, err);
    }
    if (options->x_column || options->y_column) {
        return dosi_fail(err, DOSI_INVALID, "points need two columns, x and y");
    }
    *x = find_role(table, DOSI_POINT_LONGITUDE);
    *y = find_role(table, DOSI_POINT_LATITUDE);
    if (*x != SIZE_MAX && *y != SIZE_MAX) return DOSI_OK;
    *x = find_letter(table, "x");
    *y = find_letter(table, "y");
    bool is_fit =
        *x != SIZE_MAX && *y != SIZE_MAX &&
        (options->crs || (lies_in(&table->columns[*x], table->n_rows, korea[0], korea[2]) &&
                          lies_in(&table->columns[*y], table->n_rows, korea[1], korea[3])));
    if (!is_fit) *x = *y = SIZE_MAX;
    return DOSI_OK;
}

/// Stores the point of one row; a row without coordinates keeps none.
static dosi_status store_point(dosi_table *table,
                               const dosi_projection *projection,
                               const size_t *xy,
                               size_t row,
                               dosi_text *scratch) {
    double x = dosi_column_real(&table->columns[xy[0]], row);
    double y = dosi_column_real(&table->columns[xy[1]], row);
    if (projection && !isnan(x) && !isnan(y)) {
        (void)dosi_projection_apply(projection, &x, &y, 1, false);
    }
    if (!(fabs(x) <= 180.0 && fabs(y) <= 90.0)) return DOSI_OK;
    dosi_text_clear(scratch);
    dosi_wkb_put_point(scratch, x, y);
    DOSI_TRY(dosi_text_status(scratch, NULL));
    return dosi_table_set_bytes(table, table->n_columns - 1, row, scratch->data,
                                scratch->length);
}

static dosi_status make(const dosi_projection *projection,
                        const size_t *xy,
                        dosi_source_result *result,
                        dosi_error *err) {
    dosi_table *table = &result->table;
    size_t geometry = 0;
    DOSI_TRY(dosi_table_add_column(table, "geometry", DOSI_TYPE_GEOMETRY, &geometry, err));
    dosi_text scratch = {0};
    dosi_status status = DOSI_OK;
    for (size_t i = 0; i < table->n_rows && status == DOSI_OK; i++) {
        status = store_point(table, projection, xy, i, &scratch);
    }
    dosi_text_destroy(&scratch);
    if (status != DOSI_OK) return dosi_fail(err, status, "no memory for points");
    size_t n_without = 0;
    for (size_t i = 0; i < table->n_rows; i++) {
        n_without += dosi_column_is_missing(&table->columns[geometry], i);
    }
    dosi_text_printf(&result->decisions, "points: of %s and %s (%zu rows without)\n",
                     table->columns[xy[0]].name, table->columns[xy[1]].name, n_without);
    return DOSI_OK;
}

dosi_status dosi_points_make(const dosi_source_options *options,
                             dosi_source_result *result,
                             dosi_error *err) {
    assert(options && result);
    for (size_t c = 0; c < result->table.n_columns; c++) {
        if (result->table.columns[c].type == DOSI_TYPE_GEOMETRY) return DOSI_OK;
        if (strcmp(result->table.columns[c].name, "geometry") == 0) return DOSI_OK;
    }
    size_t xy[2];
    DOSI_TRY(find_columns(options, &result->table, &xy[0], &xy[1], err));
    if (xy[0] == SIZE_MAX || xy[1] == SIZE_MAX) return DOSI_OK;
    dosi_projection *projection = NULL;
    if (options->crs) {
        DOSI_TRY(dosi_projection_create_text(options->crs, "OGC:CRS84", &projection, err));
    }
    dosi_status status = make(projection, xy, result, err);
    dosi_projection_destroy(projection);
    return status;
}
