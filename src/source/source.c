// Which reader a file goes to, and what is common to all of them.

#include "source/source.h"

#include "base/hash.h"
#include "base/os_file.h"
#include "source/points.h"
#include "source/reader.h"
#include "source/recipe.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { REJECT_VALUE_BYTES = 200 };

#define READER(name) extern const dosi_reader dosi_reader_##name;
#include "source/readers.def"
#undef READER

static const dosi_reader *const readers[] = {
#define READER(name) &dosi_reader_##name,
#include "source/readers.def"
#undef READER
    NULL,
};

void dosi_source_result_clear(dosi_source_result *result) {
    assert(result);
    dosi_table_destroy(&result->table);
    dosi_table_destroy(&result->rejects);
    dosi_text_destroy(&result->decisions);
    free(result->source_hash);
    *result = (dosi_source_result){0};
}

FILE *dosi_source_open(const dosi_source_file *file) {
    assert(file);
    if (file->path) return fopen(file->path, "rbe");
    // fmemopen() refuses nothing to read; an empty stream does as well.
    if (file->n_bytes == 0) return fopen("/dev/null", "rbe");
    // The stream only reads, so the content stays as it is; the prototype cannot say so.
    union {
        const char *in;
        void *out;
    } bytes = {file->bytes};
    return fmemopen(bytes.out, (size_t)file->n_bytes, "rb");
}

bool dosi_source_has_extension(const char *name, const char *extension) {
    size_t length = strlen(name);
    size_t wanted = strlen(extension);
    return length >= wanted && strcasecmp(name + length - wanted, extension) == 0;
}

/// Makes the columns of the reject table.
static dosi_status start_rejects(dosi_table *rejects, dosi_error *err) {
    if (rejects->n_columns) return DOSI_OK;
    DOSI_TRY(dosi_table_add_column(rejects, "file", DOSI_TYPE_TEXT, NULL, err));
    DOSI_TRY(dosi_table_add_column(rejects, "row", DOSI_TYPE_INT, NULL, err));
    DOSI_TRY(dosi_table_add_column(rejects, "column", DOSI_TYPE_TEXT, NULL, err));
    DOSI_TRY(dosi_table_add_column(rejects, "value", DOSI_TYPE_TEXT, NULL, err));
    return dosi_table_add_column(rejects, "reason", DOSI_TYPE_TEXT, NULL, err);
}

/// How much of a value is kept: whole characters only.
static size_t kept_bytes(const char *value, size_t n_value) {
    if (n_value <= REJECT_VALUE_BYTES) return n_value;
    size_t n = REJECT_VALUE_BYTES;
    while (n > 0 && ((unsigned char)value[n] & 0xC0) == 0x80) n--;
    return n;
}

dosi_status dosi_reject_add(dosi_source_result *out,
                            const dosi_source_options *options,
                            const dosi_reject *reject,
                            dosi_error *err) {
    assert(out && reject && reject->file && reject->reason);
    dosi_table *rejects = &out->rejects;
    DOSI_TRY(start_rejects(rejects, err));
    if (options && options->max_rejects && rejects->n_rows >= options->max_rejects) {
        return dosi_fail(err, DOSI_PARSE,
                         "%s: more than %zu rows do not fit; the last: row %zu: %s",
                         reject->file, options->max_rejects, reject->line, reject->reason);
    }
    size_t row = rejects->n_rows;
    DOSI_TRY(dosi_table_add_rows(rejects, 1, err));
    DOSI_TRY(dosi_table_set_text(rejects, 0, row, reject->file));
    rejects->columns[1].data.integer[row] = (int64_t)reject->line;
    if (reject->column) DOSI_TRY(dosi_table_set_text(rejects, 2, row, reject->column));
    if (reject->value) {
        DOSI_TRY(dosi_table_set_bytes(rejects, 3, row, reject->value,
                                      kept_bytes(reject->value, reject->n_value)));
    }
    return dosi_table_set_text(rejects, 4, row, reject->reason);
}

/// Puts the file's name before a message that does not have it.
static void name_file(const dosi_source_file *file, dosi_error *err) {
    if (!err || strstr(err->message, file->name)) return;
    dosi_error plain = *err;
    (void)snprintf(err->message, sizeof err->message, "%.120s: %.380s", file->name,
                   plain.message);
}

static dosi_status choose_and_read(const dosi_source_file *file,
                                   const dosi_source_options *options,
                                   const dosi_run *run,
                                   dosi_source_result *out,
                                   dosi_error *err) {
    for (size_t i = 0; readers[i]; i++) {
        if (!readers[i]->recognise(file)) continue;
        dosi_text_printf(&out->decisions, "format: %s\n", readers[i]->name);
        dosi_status status = readers[i]->read(file, options, run, out, err);
        if (status != DOSI_OK) name_file(file, err);
        return status;
    }
    return dosi_fail(err, DOSI_UNSUPPORTED, "%s: no reader knows this kind of file",
                     file->name);
}

dosi_status dosi_source_read_file(const dosi_source_file *file,
                                  const dosi_source_options *options,
                                  const dosi_run *run,
                                  dosi_source_result *out,
                                  dosi_error *err) {
    assert(file && file->name && out && (file->path || file->bytes || file->n_bytes == 0));
    static const dosi_source_options none = {0};
    if (!options) options = &none;
    if (file->n_bytes == 0) return dosi_fail(err, DOSI_PARSE, "%s: empty file", file->name);
    if (file->n_bytes > DOSI_SOURCE_BYTES) {
        return dosi_fail(err, DOSI_LIMIT, "%s: %lld bytes, more than %lld", file->name,
                         (long long)file->n_bytes, (long long)DOSI_SOURCE_BYTES);
    }
    if (file->head) return choose_and_read(file, options, run, out, err);
    dosi_source_file with_head = *file;
    char *head = malloc(DOSI_HEAD_BYTES);
    FILE *stream = dosi_source_open(file);
    dosi_status status = DOSI_OK;
    if (!head || !stream) {
        status = dosi_fail(err, DOSI_IO, "%s: cannot be opened", file->name);
    } else {
        with_head.head = head;
        with_head.n_head = fread(head, 1, DOSI_HEAD_BYTES, stream);
        status = choose_and_read(&with_head, options, run, out, err);
    }
    if (stream) (void)fclose(stream);
    free(head);
    return status;
}

/// Options as the recipe wants them, where the person said nothing.
static dosi_source_options with_recipe(const dosi_source_options *options,
                                       const dosi_recipe *recipe) {
    dosi_source_options all = options ? *options : (dosi_source_options){0};
    if (recipe && !all.types) all.types = recipe->types;
    if (recipe && !all.header_rows) all.header_rows = recipe->header_rows;
    return all;
}

static dosi_status find_recipe(const dosi_source_options *options,
                               const dosi_recipe **out,
                               dosi_error *err) {
    *out = NULL;
    if (!options || !options->recipe) return DOSI_OK;
    *out = dosi_recipe_find(options->recipe);
    if (*out) return DOSI_OK;
    return dosi_fail(err, DOSI_NOT_FOUND, "no recipe \"%s\"; `dosi sources` lists them",
                     options->recipe);
}

/// Whether the text cell is the pattern ("11*": starts with 11).
static bool matches(const dosi_column *column, size_t row, const char *pattern) {
    size_t n = 0;
    const char *bytes = dosi_column_bytes(column, row, &n);
    size_t n_pattern = strlen(pattern);
    if (!bytes) return false;
    if (n_pattern && pattern[n_pattern - 1] == '*') {
        return n >= n_pattern - 1 && memcmp(bytes, pattern, n_pattern - 1) == 0;
    }
    return n == n_pattern && memcmp(bytes, pattern, n) == 0;
}

/// Leaves out the rows that options->keep does not name.
static dosi_status keep_rows(const dosi_source_file *file,
                             const dosi_source_options *options,
                             dosi_source_result *result,
                             dosi_error *err) {
    if (!options->keep) return DOSI_OK;
    const char *equals = strchr(options->keep, '=');
    char name[256] = "";
    if (!equals || (size_t)(equals - options->keep) >= sizeof name) {
        return dosi_fail(err, DOSI_INVALID, "keep \"%s\" is not column=value", options->keep);
    }
    memcpy(name, options->keep, (size_t)(equals - options->keep));
    dosi_recipe_job job = {file, options, result};
    DOSI_TRY(dosi_recipe_as(&job, name, DOSI_TYPE_TEXT, err));
    const dosi_column *column = NULL;
    DOSI_TRY(dosi_table_get(&result->table, name, DOSI_TYPE_TEXT, &column, err));
    size_t n_rows = result->table.n_rows;
    bool *is_kept = calloc(n_rows ? n_rows : 1, sizeof *is_kept);
    if (!is_kept) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu rows", n_rows);
    for (size_t i = 0; i < n_rows; i++) is_kept[i] = matches(column, i, equals + 1);
    dosi_status status = dosi_recipe_keep(&job, is_kept, options->keep, err);
    free(is_kept);
    return status;
}

dosi_status dosi_source_read(const char *path,
                             const dosi_source_options *options,
                             const dosi_run *run,
                             dosi_source_result *out,
                             dosi_error *err) {
    assert(path && out);
    const dosi_recipe *recipe = NULL;
    DOSI_TRY(find_recipe(options, &recipe, err));
    if (dosi_path_is_folder(path)) return dosi_fail(err, DOSI_INVALID, "%s: a folder", path);
    const char *slash = strrchr(path, '/');
    dosi_source_file file = {.path = path, .name = slash ? slash + 1 : path};
    file.n_bytes = dosi_file_size(path);
    if (file.n_bytes < 0) return dosi_fail(err, DOSI_NOT_FOUND, "%s: no such file", path);
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        return dosi_fail(err, DOSI_INVALID, "%s: no file, but a pipe or a device", path);
    }
    dosi_source_options all = with_recipe(options, recipe);
    dosi_source_result result = {0};
    char hash[DOSI_HASH_TEXT_BYTES];
    dosi_status status = start_rejects(&result.rejects, err);
    if (status == DOSI_OK) status = dosi_source_read_file(&file, &all, run, &result, err);
    if (status == DOSI_OK && result.table.n_rows + result.rejects.n_rows == 0) {
        status = dosi_fail(err, DOSI_PARSE, "%s: no row of data in it, only column names",
                           file.name);
    }
    if (status == DOSI_OK && recipe) {
        dosi_text_printf(&result.decisions, "recipe: %s\n", recipe->name);
        status = recipe->apply(&file, &all, &result, err);
    } else if (status == DOSI_OK) {
        status = dosi_points_make(&all, &result, err);
    }
    if (status == DOSI_OK) status = keep_rows(&file, &all, &result, err);
    if (status == DOSI_OK) status = dosi_hash_file(path, hash, err);
    if (status == DOSI_OK && !(result.source_hash = dosi_string_copy(hash))) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", path);
    }
    if (status == DOSI_OK) status = dosi_text_status(&result.decisions, err);
    if (status != DOSI_OK) {
        dosi_source_result_clear(&result);
        return status;
    }
    dosi_source_result_clear(out);
    *out = result;
    return DOSI_OK;
}
