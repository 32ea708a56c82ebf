// Reader of R's .rds and .rda files: data frames become tables.

#include "source/rvalue.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_r_magic(const char *bytes, size_t n) {
    return (n >= 5 && memcmp(bytes, "RD", 2) == 0 && bytes[4] == '\n') ||
           (n >= 6 && memcmp(bytes, "X\n\0\0\0", 5) == 0);
}

static bool recognise(const dosi_source_file *file) {
    static const char *const extensions[] = {".rds", ".rda", ".rdata"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        if (dosi_source_has_extension(file->name, extensions[i])) return true;
    }
    if (has_r_magic(file->head, file->n_head)) return true;
    if (dosi_packing_find(file->head, file->n_head) == DOSI_PACKING_NONE) return false;
    char head[6];
    dosi_unpack *unpack = NULL;
    bool is_r = dosi_unpack_open(file, &unpack, NULL) == DOSI_OK &&
                dosi_unpack_read(unpack, head, sizeof head, NULL) == DOSI_OK &&
                has_r_magic(head, sizeof head);
    dosi_unpack_close(unpack);
    return is_r;
}

/// One column on its way into the table.
typedef struct filling {
    const dosi_rvalue *value;
    dosi_table *table;
    size_t i_column;
    size_t n_rows;
    int zone_s; ///< Of POSIXct values: what is added to UTC.
} filling;

/// The dates and times of R count from 1970, like ours.
static int64_t scaled(double value, double unit) {
    double product = floor(value * unit + 0.5);
    return isfinite(product) && fabs(product) < 9e18 ? (int64_t)product : DOSI_MISSING_INT;
}

static double real_at(const dosi_rvalue *value, size_t i) {
    if (value->kind == DOSI_R_REAL) return value->data.reals[i];
    int32_t integer = value->data.integers[i];
    return integer == DOSI_R_NA ? (double)NAN : (double)integer;
}

static dosi_status fill_factor(const filling *f) {
    const dosi_rvalue *levels = dosi_rvalue_attribute(f->value, "levels");
    for (size_t i = 0; i < f->n_rows; i++) {
        int32_t code = f->value->data.integers[i];
        if (code < 1 || (size_t)code > levels->n) continue;
        size_t n_bytes = 0;
        const char *bytes = dosi_rvalue_string(levels, (size_t)code - 1, &n_bytes);
        if (bytes) DOSI_TRY(dosi_table_set_bytes(f->table, f->i_column, i, bytes, n_bytes));
    }
    return DOSI_OK;
}

static dosi_status fill_strings(const filling *f) {
    for (size_t i = 0; i < f->n_rows; i++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_rvalue_string(f->value, i, &n_bytes);
        if (bytes) DOSI_TRY(dosi_table_set_bytes(f->table, f->i_column, i, bytes, n_bytes));
    }
    return DOSI_OK;
}

static dosi_status fill_days(const filling *f) {
    int64_t *to = f->table->columns[f->i_column].data.integer;
    for (size_t i = 0; i < f->n_rows; i++) to[i] = scaled(floor(real_at(f->value, i)), 1);
    return DOSI_OK;
}

static dosi_status fill_times(const filling *f) {
    int64_t *to = f->table->columns[f->i_column].data.integer;
    for (size_t i = 0; i < f->n_rows; i++) {
        to[i] = scaled(real_at(f->value, i) + f->zone_s, 1e6);
    }
    return DOSI_OK;
}

/// Integers of package bit64: 64-bit words kept in a real vector.
static dosi_status fill_integer64(const filling *f) {
    memcpy(f->table->columns[f->i_column].data.integer, f->value->data.reals, f->n_rows * 8);
    return DOSI_OK;
}

static dosi_status fill_integers(const filling *f) {
    int64_t *to = f->table->columns[f->i_column].data.integer;
    for (size_t i = 0; i < f->n_rows; i++) {
        int32_t value = f->value->data.integers[i];
        to[i] = value == DOSI_R_NA ? DOSI_MISSING_INT : value;
    }
    return DOSI_OK;
}

static dosi_status fill_reals(const filling *f) {
    memcpy(f->table->columns[f->i_column].data.real, f->value->data.reals, f->n_rows * 8);
    return DOSI_OK;
}

static dosi_status fill_logicals(const filling *f) {
    uint8_t *to = f->table->columns[f->i_column].data.boolean;
    for (size_t i = 0; i < f->n_rows; i++) {
        int32_t value = f->value->data.integers[i];
        to[i] = value == DOSI_R_NA ? DOSI_MISSING_BOOL : value != 0;
    }
    return DOSI_OK;
}

/// How a column of R is kept here.
typedef struct column_plan {
    dosi_type type;
    dosi_status (*fill)(const filling *filling); ///< NULL: such a column is left out.
} column_plan;

static bool is_factor(const dosi_rvalue *value) {
    const dosi_rvalue *levels = dosi_rvalue_attribute(value, "levels");
    return dosi_rvalue_inherits(value, "factor") && levels && levels->kind == DOSI_R_STRINGS;
}

static column_plan plan_column(const dosi_rvalue *value) {
    bool is_integer = value->kind == DOSI_R_INTEGER, is_real = value->kind == DOSI_R_REAL;
    if (is_integer && is_factor(value)) return (column_plan){DOSI_TYPE_TEXT, fill_factor};
    if (is_integer || is_real) {
        if (dosi_rvalue_inherits(value, "Date"))
            return (column_plan){DOSI_TYPE_DATE, fill_days};
        if (dosi_rvalue_inherits(value, "POSIXct"))
            return (column_plan){DOSI_TYPE_TIME, fill_times};
    }
    if (is_real && dosi_rvalue_inherits(value, "integer64")) {
        return (column_plan){DOSI_TYPE_INT, fill_integer64};
    }
    if (is_integer) return (column_plan){DOSI_TYPE_INT, fill_integers};
    if (is_real) return (column_plan){DOSI_TYPE_REAL, fill_reals};
    if (value->kind == DOSI_R_LOGICAL) return (column_plan){DOSI_TYPE_BOOL, fill_logicals};
    if (value->kind == DOSI_R_STRINGS) return (column_plan){DOSI_TYPE_TEXT, fill_strings};
    return (column_plan){.fill = NULL};
}

/// Which wall clock R would show a time on: its own zone, else the lab's.
static int zone_of(const dosi_rvalue *value,
                   int lab_s,
                   dosi_text *decisions,
                   const char *name) {
    static const struct {
        const char *name;
        int zone_s;
    } zones[] = {{"UTC", 0},     {"GMT", 0},     {"Etc/UTC", 0},        {"Asia/Seoul", 32400},
                 {"ROK", 32400}, {"KST", 32400}, {"Asia/Tokyo", 32400}, {"Japan", 32400}};
    const dosi_rvalue *tzone = dosi_rvalue_attribute(value, "tzone");
    size_t n_bytes = 0;
    const char *bytes = tzone && tzone->kind == DOSI_R_STRINGS && tzone->n > 0
                            ? dosi_rvalue_string(tzone, 0, &n_bytes)
                            : NULL;
    for (size_t i = 0; bytes && i < sizeof zones / sizeof *zones; i++) {
        if (strlen(zones[i].name) == n_bytes && memcmp(zones[i].name, bytes, n_bytes) == 0) {
            dosi_text_printf(decisions, "times of %s: wall clock of %s, as R shows them\n",
                             name, zones[i].name);
            return zones[i].zone_s;
        }
    }
    dosi_text_printf(decisions, "times of %s: the lab's zone (%+d s; R's zone \"%.*s\")\n",
                     name, lab_s, (int)n_bytes, bytes ? bytes : "");
    return lab_s;
}

/// Adds one column; one that is no column of values is left out, and that is said.
static dosi_status add_column(dosi_source_result *out,
                              const char *name,
                              const dosi_rvalue *value,
                              int lab_zone_s,
                              dosi_error *err) {
    column_plan plan = plan_column(value);
    if (!plan.fill || value->n != out->table.n_rows) {
        dosi_text_printf(&out->decisions, "column left out: %s (%s)\n", name,
                         plan.fill ? "not one value a row"
                                   : "a kind of value that is no column");
        return DOSI_OK;
    }
    filling f = {.value = value, .table = &out->table, .n_rows = value->n};
    DOSI_TRY(dosi_table_add_column(&out->table, name, plan.type, &f.i_column, err));
    if (plan.type == DOSI_TYPE_TIME) {
        f.zone_s = zone_of(value, lab_zone_s, &out->decisions, name);
    }
    if (f.n_rows == 0) return DOSI_OK;
    dosi_status status = plan.fill(&f);
    return status == DOSI_OK ? status : dosi_fail(err, status, "column %s: no memory", name);
}

/// Column `i`'s name, made up where there is none or where another has it.
static void name_column(
    const dosi_table *table, const dosi_rvalue *names, size_t i, char *out, size_t n_out) {
    size_t n_bytes = 0;
    const char *bytes = names && names->kind == DOSI_R_STRINGS && i < names->n && names->n > 0
                            ? dosi_rvalue_string(names, i, &n_bytes)
                            : NULL;
    (void)snprintf(out, n_out, "%.*s", (int)n_bytes, bytes ? bytes : "");
    if (!out[0] || dosi_table_find(table, out) != SIZE_MAX) {
        (void)snprintf(out, n_out, "%.*s_%zu", (int)(n_bytes < 200 ? n_bytes : 200),
                       bytes && n_bytes ? bytes : "column", i + 1);
    }
}

/// Adds row names that are words (numbers are only R's own count).
static dosi_status add_row_names(dosi_source_result *out,
                                 const dosi_rvalue *frame,
                                 dosi_error *err) {
    const dosi_rvalue *names = dosi_rvalue_attribute(frame, "row.names");
    if (!names || names->kind != DOSI_R_STRINGS || names->n != out->table.n_rows)
        return DOSI_OK;
    bool has_word = false;
    for (size_t i = 0; i < names->n && !has_word; i++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_rvalue_string(names, i, &n_bytes);
        int64_t number = 0;
        has_word = bytes && dosi_parse_int(bytes, n_bytes, &number) != DOSI_OK;
    }
    if (!has_word || dosi_table_find(&out->table, "row_name") != SIZE_MAX) return DOSI_OK;
    return add_column(out, "row_name", names, 0, err);
}

/// Rows of a data frame, by its longest column of values.
static size_t count_rows(const dosi_rvalue *frame) {
    size_t n_rows = 0;
    for (size_t i = 0; i < frame->n; i++) {
        const dosi_rvalue *column = frame->data.items[i];
        if (plan_column(column).fill && column->n > n_rows) n_rows = column->n;
    }
    return n_rows;
}

/// Makes a data frame (or a list of columns) the table.
static dosi_status take_frame(const dosi_source_file *file,
                              const dosi_rvalue *frame,
                              const dosi_source_options *options,
                              dosi_source_result *out,
                              dosi_error *err) {
    if (frame->n > DOSI_SOURCE_COLUMNS) {
        return dosi_fail(err, DOSI_LIMIT, "%s: %zu columns, more than %d", file->name, frame->n,
                         DOSI_SOURCE_COLUMNS);
    }
    DOSI_TRY(dosi_table_add_rows(&out->table, count_rows(frame), err));
    DOSI_TRY(add_row_names(out, frame, err));
    const dosi_rvalue *names = dosi_rvalue_attribute(frame, "names");
    for (size_t i = 0; i < frame->n; i++) {
        char name[512];
        name_column(&out->table, names, i, name, sizeof name);
        DOSI_TRY(add_column(out, name, frame->data.items[i], options->zone_s, err));
    }
    if (out->table.n_columns == 0) {
        return dosi_fail(err, DOSI_PARSE, "%s: the R object has no columns of values",
                         file->name);
    }
    out->n_rows_seen = out->table.n_rows;
    return DOSI_OK;
}

/// Whether a value can be a table: a data frame, or a named list of columns of one length.
static bool is_frame(const dosi_rvalue *value) {
    if (value->kind != DOSI_R_LIST || value->n == 0) return false;
    if (dosi_rvalue_inherits(value, "data.frame")) return true;
    if (!dosi_rvalue_attribute(value, "names")) return false;
    size_t n_rows = value->data.items[0]->n;
    for (size_t i = 0; i < value->n; i++) {
        const dosi_rvalue *column = value->data.items[i];
        if (!plan_column(column).fill || column->n != n_rows) return false;
    }
    return true;
}

/// The name of object `i` of a workspace or of a named list; "" when it has none.
static const char *object_name(const dosi_rvalue *root, size_t i, char *out, size_t n_out) {
    out[0] = '\0';
    if (root->kind == DOSI_R_PAIRS) {
        const dosi_rvalue *tag = root->tags[i];
        (void)snprintf(out, n_out, "%s", tag && tag->pool ? tag->pool : "");
        return out;
    }
    const dosi_rvalue *names = dosi_rvalue_attribute(root, "names");
    if (names && names->kind == DOSI_R_STRINGS && i < names->n) {
        size_t n_bytes = 0;
        const char *bytes = dosi_rvalue_string(names, i, &n_bytes);
        if (bytes) (void)snprintf(out, n_out, "%.*s", (int)n_bytes, bytes);
    }
    return out;
}

/// The data frames among several objects.
typedef struct frames {
    const dosi_rvalue *found; ///< The last that fits.
    size_t n_found;
    dosi_text list; ///< Names of all.
} frames;

/// Looks at every object for data frames called `wanted` (NULL: any).
static void find_frames(const dosi_rvalue *root, const char *wanted, frames *out) {
    for (size_t i = 0; i < root->n; i++) {
        char name[256];
        if (!is_frame(root->data.items[i])) continue;
        (void)object_name(root, i, name, sizeof name);
        dosi_text_printf(&out->list, "%s%s", out->list.length ? ", " : "", name);
        if (wanted && strcmp(wanted, name) != 0) continue;
        out->found = root->data.items[i];
        out->n_found++;
    }
}

/// Chooses one of several objects: the one named by --sheet, else the only data frame.
static dosi_status choose_object(const dosi_source_file *file,
                                 const dosi_rvalue *root,
                                 const char *wanted,
                                 const dosi_rvalue **out,
                                 dosi_error *err) {
    frames all = {.list = {.limit_bytes = 300}};
    find_frames(root, wanted, &all);
    const char *names = dosi_text_string(&all.list);
    dosi_status status = DOSI_OK;
    if (all.n_found == 1) {
        *out = all.found;
    } else if (all.n_found > 1) {
        status = dosi_fail(err, DOSI_INVALID, "%s: %zu data frames; choose one by --sheet: %s",
                           file->name, all.n_found, names);
    } else if (wanted) {
        status = dosi_fail(err, DOSI_NOT_FOUND, "%s: no data frame \"%s\"; there are: %s",
                           file->name, wanted, names);
    } else {
        status = dosi_fail(err, DOSI_PARSE, "%s: no data frame among its %zu R objects",
                           file->name, root->n);
    }
    dosi_text_destroy(&all.list);
    return status;
}

static dosi_status read_rdata(const dosi_source_file *file,
                              const dosi_source_options *options,
                              const dosi_run *run,
                              dosi_source_result *out,
                              dosi_error *err) {
    (void)run;
    dosi_rdocument document = {0};
    DOSI_TRY(dosi_rdocument_read(file, &document, err));
    const dosi_rvalue *frame = document.root;
    dosi_text_printf(&out->decisions, "R data: %s, version %d, packed by %s\n",
                     document.is_workspace ? "workspace" : "one object", document.version,
                     dosi_packing_name(dosi_packing_find(file->head, file->n_head)));
    dosi_status status = DOSI_OK;
    bool is_holder = frame->kind == DOSI_R_PAIRS || frame->kind == DOSI_R_LIST;
    if (document.is_workspace || !is_frame(frame)) {
        status = is_holder
                     ? choose_object(file, frame, options->sheet, &frame, err)
                     : dosi_fail(err, DOSI_PARSE, "%s: the R object is no data frame (type %d)",
                                 file->name, (int)frame->kind);
    }
    if (status == DOSI_OK) status = take_frame(file, frame, options, out, err);
    if (status == DOSI_OK && document.n_foreign > 0) {
        dosi_text_printf(&out->decisions,
                         "encoding: %zu strings held bytes of no known encoding (U+FFFD now)\n",
                         document.n_foreign);
    }
    dosi_rdocument_clear(&document);
    return status;
}

const dosi_reader dosi_reader_rdata = {
    .name = "rdata", .recognise = recognise, .read = read_rdata};
