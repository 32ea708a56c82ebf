// Writing a feature index: features sorted along a Hilbert curve, sections one after another.

#include "feature/build.h"
#include "base/os_file.h"
#include "dosi/json.h"
#include "feature/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTE_MARK = 0x01020304, HILBERT_BITS = 16, JSON_FLUSH_BYTES = 1 << 20 };

// --- the output file ---------------------------------------------------------------------

void dosi_writer_put(dosi_store_writer *writer, const void *bytes, size_t n_bytes) {
    if (writer->status != DOSI_OK || n_bytes == 0) return;
    if (fwrite(bytes, 1, n_bytes, writer->file) != n_bytes) writer->status = DOSI_IO;
    writer->at += n_bytes;
}

uint64_t dosi_writer_section(dosi_store_writer *writer) {
    static const char zeros[8] = {0};
    size_t n_over = (size_t)(writer->at % 8);
    if (n_over) dosi_writer_put(writer, zeros, 8 - n_over);
    return writer->at;
}

// --- order along the curve ---------------------------------------------------------------

/// Distance along a Hilbert curve of order HILBERT_BITS.
static uint32_t hilbert(uint32_t x, uint32_t y) {
    uint32_t distance = 0;
    for (uint32_t s = 1U << (HILBERT_BITS - 1); s > 0; s /= 2) {
        uint32_t rx = (x & s) ? 1 : 0;
        uint32_t ry = (y & s) ? 1 : 0;
        distance = (distance << 2) | ((3 * rx) ^ ry);
        if (ry == 0) {
            if (rx == 1) {
                x = (1U << HILBERT_BITS) - 1 - x;
                y = (1U << HILBERT_BITS) - 1 - y;
            }
            uint32_t swap = x;
            x = y;
            y = swap;
        }
    }
    return distance;
}

/// A row and where it goes.
typedef struct place {
    uint32_t key; ///< Along the curve.
    uint32_t row;
} place;

static int compare_places(const void *a, const void *b) {
    const place *left = a;
    const place *right = b;
    if (left->key != right->key) return left->key < right->key ? -1 : 1;
    return left->row < right->row ? -1 : left->row > right->row;
}

/// Grows `box` to hold `other`.
static void grow_box(double box[4], const double other[4]) {
    if (!(box[0] <= other[0])) box[0] = other[0];
    if (!(box[1] <= other[1])) box[1] = other[1];
    if (!(box[2] >= other[2])) box[2] = other[2];
    if (!(box[3] >= other[3])) box[3] = other[3];
}

/// Boxes of all rows by row; counts those that have one and notes extent and kinds of shape.
static dosi_status measure(dosi_store_build *build, dosi_error *err) {
    const dosi_table *table = build->table;
    for (size_t i = 0; i < 4; i++) build->head.extent[i] = NAN;
    for (size_t row = 0; row < table->n_rows; row++) {
        double *box = build->boxes + 4 * row;
        box[0] = NAN;
        size_t n_bytes = 0;
        const char *wkb =
            build->geometry ? dosi_column_bytes(build->geometry, row, &n_bytes) : NULL;
        if (!wkb || n_bytes == 0) continue;
        dosi_wkb_reader reader;
        dosi_error inner = {""};
        dosi_status status = dosi_wkb_open(&reader, wkb, n_bytes, &inner);
        if (status == DOSI_OK) status = dosi_wkb_box(wkb, n_bytes, box, &inner);
        if (status != DOSI_OK) {
            return dosi_fail(err, status, "row %zu: %s", row + 1, inner.message);
        }
        bool is_finite =
            isfinite(box[0]) && isfinite(box[1]) && isfinite(box[2]) && isfinite(box[3]);
        if (!is_finite) {
            box[0] = NAN;
            continue;
        }
        build->head.shapes |= 1U << (unsigned)reader.shape;
        build->head.n_located++;
        grow_box(build->head.extent, box);
    }
    return DOSI_OK;
}

/// Sorts the rows: by place along the curve, those without geometry last in their own order.
static dosi_status sort_rows(dosi_store_build *build, dosi_error *err) {
    size_t n = build->table->n_rows;
    place *places = calloc(n ? n : 1, sizeof *places);
    if (!places) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu features", n);
    const double *extent = build->head.extent;
    double span = 1U << HILBERT_BITS;
    double width = extent[2] > extent[0] ? extent[2] - extent[0] : 1;
    double height = extent[3] > extent[1] ? extent[3] - extent[1] : 1;
    for (size_t row = 0; row < n; row++) {
        const double *box = build->boxes + 4 * row;
        places[row] = (place){UINT32_MAX, (uint32_t)row};
        if (isnan(box[0])) continue;
        double x = ((box[0] + box[2]) / 2 - extent[0]) / width * (span - 1);
        double y = ((box[1] + box[3]) / 2 - extent[1]) / height * (span - 1);
        places[row].key = hilbert((uint32_t)x, (uint32_t)y) >> 1; // below UINT32_MAX
    }
    qsort(places, n, sizeof *places, compare_places);
    for (size_t i = 0; i < n; i++) {
        build->rows[i] = places[i].row;
        build->positions[places[i].row] = (uint32_t)i;
    }
    free(places);
    return DOSI_OK;
}

// --- sections ----------------------------------------------------------------------------

/// Writes the tree: the features' boxes, then level by level what holds them.
static dosi_status put_tree(dosi_store_build *build,
                            dosi_store_writer *writer,
                            dosi_error *err) {
    dosi_store_header *head = &build->head;
    size_t n = (size_t)head->n_located;
    double *level = calloc(n ? n : 1, 4 * sizeof *level);
    if (!level) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu boxes", n);
    for (size_t i = 0; i < n; i++) {
        memcpy(level + 4 * i, build->boxes + 4 * (size_t)build->rows[i], 4 * sizeof *level);
    }
    head->n_levels = dosi_store_n_levels(n);
    for (uint32_t k = 0; k < head->n_levels; k++) {
        head->at_levels[k] = dosi_writer_section(writer);
        dosi_writer_put(writer, level, n * 4 * sizeof *level);
        size_t n_parents = (size_t)dosi_store_parents(n);
        for (size_t i = 0; i < n_parents; i++) {
            double box[4] = {NAN, NAN, NAN, NAN};
            for (size_t c = i * DOSI_STORE_NODE; c < n && c < (i + 1) * DOSI_STORE_NODE; c++) {
                grow_box(box, level + 4 * c);
            }
            memcpy(level + 4 * i, box, sizeof box);
        }
        n = n_parents;
    }
    free(level);
    return DOSI_OK;
}

/// Writes the geometries and where each starts.
static void put_geometry(dosi_store_build *build, dosi_store_writer *writer) {
    dosi_store_header *head = &build->head;
    size_t n = build->table->n_rows;
    head->at_geometry = dosi_writer_section(writer);
    uint64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        build->starts[i] = at;
        size_t row = build->rows[i];
        size_t n_bytes = 0;
        if (i >= head->n_located) continue;
        const char *wkb = dosi_column_bytes(build->geometry, row, &n_bytes);
        dosi_writer_put(writer, wkb, n_bytes);
        at += n_bytes;
    }
    build->starts[n] = at;
    head->geometry_bytes = at;
    head->at_geometry_starts = dosi_writer_section(writer);
    dosi_writer_put(writer, build->starts, (n + 1) * sizeof *build->starts);
}

/// Appends one property's value as JSON.
static void put_value(dosi_json *json, const dosi_column *column, size_t row, int zone_s) {
    char text[DOSI_TIME_TEXT_BYTES];
    size_t n_bytes = 0;
    if (dosi_column_is_missing(column, row)) {
        dosi_json_null(json);
        return;
    }
    switch (column->type) {
    case DOSI_TYPE_BOOL:
        dosi_json_bool(json, column->data.boolean[row] == 1);
        break;
    case DOSI_TYPE_INT:
        dosi_json_int(json, column->data.integer[row]);
        break;
    case DOSI_TYPE_REAL:
        dosi_json_real(json, column->data.real[row]);
        break;
    case DOSI_TYPE_TEXT: {
        const char *bytes = dosi_column_bytes(column, row, &n_bytes);
        dosi_json_bytes(json, bytes, n_bytes);
        break;
    }
    default:
        dosi_feature_format_time(column->type, column->data.integer[row], zone_s, text);
        dosi_json_string(json, text);
        break;
    }
}

/// Writes every feature's properties as a JSON object, and where each starts.
static dosi_status put_json(dosi_store_build *build,
                            dosi_store_writer *writer,
                            dosi_error *err) {
    const dosi_table *table = build->table;
    dosi_store_header *head = &build->head;
    dosi_text text = {0};
    head->at_json = dosi_writer_section(writer);
    for (size_t i = 0; i < table->n_rows; i++) {
        build->starts[i] = writer->at + text.length - head->at_json;
        dosi_json json;
        dosi_json_init(&json, &text);
        dosi_json_begin_object(&json);
        for (size_t c = 0; c < table->n_columns; c++) {
            if (table->columns[c].type == DOSI_TYPE_GEOMETRY) continue;
            dosi_json_key(&json, table->columns[c].name);
            put_value(&json, &table->columns[c], build->rows[i], head->zone_s);
        }
        dosi_json_end_object(&json);
        if (text.length > JSON_FLUSH_BYTES) {
            dosi_writer_put(writer, text.data, text.length);
            dosi_text_clear(&text);
        }
        if (text.status != DOSI_OK) break;
    }
    dosi_status status = dosi_text_status(&text, err);
    if (text.length) dosi_writer_put(writer, text.data, text.length);
    dosi_text_destroy(&text);
    head->json_bytes = writer->at - head->at_json;
    build->starts[table->n_rows] = head->json_bytes;
    head->at_json_starts = dosi_writer_section(writer);
    dosi_writer_put(writer, build->starts, (table->n_rows + 1) * sizeof *build->starts);
    return status;
}

/// Writes all sections behind the header.
static dosi_status put_sections(dosi_store_build *build,
                                dosi_store_writer *writer,
                                dosi_error *err) {
    dosi_store_header *head = &build->head;
    size_t n = build->table->n_rows;
    dosi_writer_put(writer, head, sizeof *head); // again at the end, filled in
    DOSI_TRY(put_tree(build, writer, err));
    head->at_ids = dosi_writer_section(writer);
    dosi_writer_put(writer, build->rows, n * sizeof *build->rows);
    head->at_positions = dosi_writer_section(writer);
    dosi_writer_put(writer, build->positions, n * sizeof *build->positions);
    put_geometry(build, writer);
    DOSI_TRY(put_json(build, writer, err));
    DOSI_TRY(dosi_build_put_columns(build, writer, err));
    head->n_bytes = dosi_writer_section(writer);
    if (writer->status == DOSI_OK && fseek(writer->file, 0, SEEK_SET) != 0) {
        writer->status = DOSI_IO;
    }
    dosi_writer_put(writer, head, sizeof *head);
    return writer->status;
}

/// Writes the file beside `path`, then puts it in its place.
static dosi_status write_file(dosi_store_build *build, const char *path, dosi_error *err) {
    char beside[DOSI_PATH_BYTES];
    int length = snprintf(beside, sizeof beside, "%s.%ld.part", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof beside) {
        return dosi_fail(err, DOSI_LIMIT, "the path %s is too long", path);
    }
    dosi_store_writer writer = {.file = fopen(beside, "wb")};
    if (!writer.file) {
        return dosi_fail(err, DOSI_IO, "cannot write %s: %s", beside, strerror(errno));
    }
    dosi_status status = put_sections(build, &writer, err);
    if (fclose(writer.file) != 0 || writer.status != DOSI_OK) {
        status = dosi_fail(err, DOSI_IO, "cannot write %s", beside);
    }
    if (status == DOSI_OK) status = dosi_file_sync(beside, err);
    if (status == DOSI_OK) status = dosi_file_rename(beside, path, err);
    if (status != DOSI_OK) (void)unlink(beside);
    return status;
}

dosi_status dosi_features_build(const dosi_table *table,
                                int zone_s,
                                const char *path,
                                dosi_error *err) {
    assert(table && path);
    size_t n = table->n_rows;
    if (n > DOSI_STORE_MAX_ROWS || table->n_columns > DOSI_STORE_COLUMNS) {
        return dosi_fail(err, DOSI_LIMIT, "%zu rows of %zu columns are too many for an index",
                         n, table->n_columns);
    }
    dosi_store_build build = {
        .table = table,
        .boxes = calloc(n ? n : 1, 4 * sizeof(double)),
        .rows = calloc(n ? n : 1, sizeof(uint32_t)),
        .positions = calloc(n ? n : 1, sizeof(uint32_t)),
        .starts = calloc(n + 1, sizeof(uint64_t)),
        .head = {.version = DOSI_STORE_VERSION, .byte_mark = BYTE_MARK, .zone_s = zone_s},
    };
    for (size_t i = 0; i < 8; i++) build.head.magic[i] = DOSI_STORE_MAGIC[i];
    build.head.n_features = n;
    for (size_t i = table->n_columns; i-- > 0;) {
        if (table->columns[i].type == DOSI_TYPE_GEOMETRY) build.geometry = &table->columns[i];
    }
    build.head.has_geometry = build.geometry != NULL;
    dosi_status status = DOSI_OK;
    if (!build.boxes || !build.rows || !build.positions || !build.starts) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu features", n);
    }
    if (status == DOSI_OK) status = measure(&build, err);
    if (status == DOSI_OK) status = sort_rows(&build, err);
    if (status == DOSI_OK) status = write_file(&build, path, err);
    free(build.boxes);
    free(build.rows);
    free(build.positions);
    free(build.starts);
    return status;
}
