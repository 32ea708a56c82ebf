// What is in each column of a table: counts, ranges, histogram, most frequent values.

#include "lake/profile.h"

#include "dosi/json.h"
#include "lake/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_BINS = 20, N_TOP = 10 };

/// What one pass over a column finds.
typedef struct findings {
    size_t n_missing;
    size_t n_finite;
    double min, max, mean;
    dosi_tally tally;
    size_t n_bins;
    int64_t bins[N_BINS];
} findings;

static bool is_number(dosi_type type) {
    return type == DOSI_TYPE_INT || type == DOSI_TYPE_REAL || type == DOSI_TYPE_TIME ||
           type == DOSI_TYPE_DATE;
}

/// The hash of a cell that is there.
static uint64_t hash_cell(const dosi_column *column, size_t row) {
    uint64_t bits = 0;
    double value = 0;
    switch (column->type) {
    case DOSI_TYPE_BOOL:
        return dosi_tally_mix(column->data.boolean[row]);
    case DOSI_TYPE_REAL:
        value = column->data.real[row] + 0.0; // -0 is 0
        memcpy(&bits, &value, sizeof bits);
        return dosi_tally_mix(bits);
    case DOSI_TYPE_TEXT: {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(column, row, &n_bytes);
        return dosi_tally_hash(bytes, n_bytes);
    }
    default:
        return dosi_tally_mix((uint64_t)column->data.integer[row]);
    }
}

/// Counts values and finds the range; the mean by Neumaier's sum.
static dosi_status look_through(const dosi_column *column, size_t n_rows, findings *found) {
    double sum = 0;
    double lost = 0;
    found->min = (double)INFINITY;
    found->max = -(double)INFINITY;
    for (size_t i = 0; i < n_rows; i++) {
        if (dosi_column_is_missing(column, i)) {
            found->n_missing++;
            continue;
        }
        if (column->type != DOSI_TYPE_GEOMETRY) {
            DOSI_TRY(dosi_tally_add(&found->tally, hash_cell(column, i), i));
        }
        double value = is_number(column->type) ? dosi_column_real(column, i) : (double)NAN;
        if (!isfinite(value)) continue;
        double next = sum + value;
        lost += fabs(sum) >= fabs(value) ? (sum - next) + value : (value - next) + sum;
        sum = next;
        found->n_finite++;
        found->min = fmin(found->min, value);
        found->max = fmax(found->max, value);
    }
    found->mean = found->n_finite ? (sum + lost) / (double)found->n_finite : (double)NAN;
    return DOSI_OK;
}

/// Fills the bins between min and max; one bin when they are equal.
static void fill_bins(const dosi_column *column, size_t n_rows, findings *found) {
    if (found->n_finite == 0) return;
    double width = (found->max - found->min) / N_BINS;
    found->n_bins = width > 0 && isfinite(width) ? N_BINS : 1;
    for (size_t i = 0; i < n_rows; i++) {
        double value = dosi_column_real(column, i);
        if (!isfinite(value)) continue;
        double bin = found->n_bins > 1 ? floor((value - found->min) / width) : 0;
        found->bins[bin < N_BINS - 1 ? (size_t)bin : found->n_bins - 1]++;
    }
}

// --- out ---------------------------------------------------------------------------------

/// A number as it is shown in a column of `type`.
static void put_number(dosi_json *json, dosi_type type, double value) {
    if (!isfinite(value)) {
        dosi_json_null(json);
    } else if (type == DOSI_TYPE_TIME || type == DOSI_TYPE_DATE) {
        char text[DOSI_TIME_TEXT_BYTES];
        double scale = type == DOSI_TYPE_DATE ? (double)DOSI_DAY_US : 1;
        if (fabs(value * scale) >= 9e18) { // no calendar goes there
            dosi_json_real(json, value);
            return;
        }
        dosi_time_format((dosi_time)(value * scale), INT32_MIN, text);
        if (type == DOSI_TYPE_DATE) text[10] = '\0';
        dosi_json_string(json, text);
    } else {
        dosi_json_real(json, value);
    }
}

static void put_histogram(dosi_json *json, dosi_type type, const findings *found) {
    dosi_json_key(json, "histogram");
    if (found->n_bins == 0) {
        dosi_json_null(json);
        return;
    }
    double n_bins = (double)found->n_bins;
    dosi_json_begin_object(json);
    dosi_json_key(json, "edges");
    dosi_json_begin_array(json);
    for (size_t i = 0; i <= found->n_bins; i++) {
        double part = (double)i / n_bins;
        put_number(json, type, found->min * (1 - part) + found->max * part);
    }
    dosi_json_end_array(json);
    dosi_json_key(json, "counts");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < found->n_bins; i++) dosi_json_int(json, found->bins[i]);
    dosi_json_end_array(json);
    dosi_json_end_object(json);
}

/// A cell of a text, boolean or integer column.
static void put_cell(dosi_json *json, const dosi_column *column, size_t row) {
    if (column->type == DOSI_TYPE_BOOL) {
        dosi_json_bool(json, column->data.boolean[row] == 1);
    } else if (column->type == DOSI_TYPE_INT) {
        dosi_json_int(json, column->data.integer[row]);
    } else {
        static const size_t shown_bytes = 200;
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(column, row, &n_bytes);
        size_t n_shown = n_bytes < shown_bytes ? n_bytes : shown_bytes;
        // Not in the middle of a character.
        while (n_shown < n_bytes && n_shown > 0 && (bytes[n_shown] & 0xc0) == 0x80) n_shown--;
        dosi_json_bytes(json, bytes, n_shown);
    }
}

static void put_top(dosi_json *json, const dosi_column *column, const findings *found) {
    bool has_top = column->type == DOSI_TYPE_BOOL || column->type == DOSI_TYPE_INT ||
                   column->type == DOSI_TYPE_TEXT;
    dosi_json_key(json, "top");
    if (!has_top || found->tally.level > 0) {
        dosi_json_null(json);
        return;
    }
    dosi_tally_entry top[N_TOP];
    size_t n_top = dosi_tally_top(&found->tally, N_TOP, top);
    dosi_json_begin_array(json);
    for (size_t i = 0; i < n_top; i++) {
        dosi_json_begin_object(json);
        dosi_json_key(json, "value");
        put_cell(json, column, (size_t)top[i].row);
        dosi_json_member_int(json, "count", (int64_t)top[i].count);
        dosi_json_end_object(json);
    }
    dosi_json_end_array(json);
}

static void put_findings(dosi_text *out, const dosi_column *column, const findings *found) {
    dosi_json json;
    bool has_mean = column->type == DOSI_TYPE_INT || column->type == DOSI_TYPE_REAL;
    dosi_json_init(&json, out);
    dosi_json_begin_object(&json);
    dosi_json_member_string(&json, "name", column->name);
    dosi_json_member_string(&json, "type", dosi_type_name(column->type));
    dosi_json_member_int(&json, "missing", (int64_t)found->n_missing);
    dosi_json_key(&json, "distinct");
    if (column->type == DOSI_TYPE_GEOMETRY) {
        dosi_json_null(&json);
    } else {
        dosi_json_int(&json, (int64_t)dosi_tally_distinct(&found->tally));
    }
    dosi_json_key(&json, "min");
    put_number(&json, column->type, found->min);
    dosi_json_key(&json, "max");
    put_number(&json, column->type, found->max);
    dosi_json_member_real(&json, "mean", has_mean ? found->mean : (double)NAN);
    put_histogram(&json, column->type, found);
    put_top(&json, column, found);
    dosi_json_end_object(&json);
}

/// Profiles one column.
static dosi_status put_column(dosi_text *out, const dosi_column *column, size_t n_rows) {
    findings found = {0};
    dosi_status status = look_through(column, n_rows, &found);
    if (status == DOSI_OK) {
        if (is_number(column->type)) fill_bins(column, n_rows, &found);
        put_findings(out, column, &found);
        status = dosi_text_status(out, NULL);
    }
    dosi_tally_clear(&found.tally);
    return status;
}

dosi_status dosi_profile_put(dosi_text *out, const dosi_table *table, dosi_error *err) {
    dosi_text *parts = calloc(table->n_columns + 1, sizeof *parts);
    if (!parts) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a profile");
    dosi_status status = DOSI_OK;
#pragma omp parallel for schedule(dynamic)
    for (size_t c = 0; c < table->n_columns; c++) {
        if (put_column(&parts[c], &table->columns[c], table->n_rows) == DOSI_OK) continue;
#pragma omp atomic write
        status = DOSI_NO_MEMORY;
    }
    dosi_text_puts(out, "{\"columns\":[");
    for (size_t c = 0; c < table->n_columns; c++) {
        if (c > 0) dosi_text_putc(out, ',');
        dosi_text_append(out, dosi_text_string(&parts[c]), parts[c].length);
        dosi_text_destroy(&parts[c]);
    }
    dosi_text_puts(out, "]}");
    free(parts);
    if (status != DOSI_OK) return dosi_fail(err, status, "no memory for a profile");
    return dosi_text_status(out, err);
}
