// dosi verify: proof on reference cases, as a table of expected, got, deviation and tolerance.

#include "base/os_file.h"
#include "cli/cli.h"
#include "cli/verify.h"
#include "source/source.h"

#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MAX_FILES = 10000, MAX_DEPTH = 16 };

#define CHECKER(name) extern const dosi_checker dosi_checker_##name;
#include "cli/verify.def"
#undef CHECKER

static const dosi_checker *const checkers[] = {
#define CHECKER(name) &dosi_checker_##name,
#include "cli/verify.def"
#undef CHECKER
};
enum { N_CHECKERS = sizeof checkers / sizeof checkers[0] };

void dosi_verify_add(dosi_verify *verify,
                     const dosi_verify_file *file,
                     const dosi_verify_case *item) {
    double deviation = item->got - item->expected;
    double scale = item->rule == DOSI_VERIFY_ABSOLUTE ? 1 : fabs(item->expected);
    if (scale == 0) scale = 1;
    deviation /= scale;
    double size = item->rule == DOSI_VERIFY_AT_MOST ? deviation : fabs(deviation);
    bool is_fine = size <= item->tolerance; // false for NaN
    static const char *const rules[] = {"", " rel", " at most"};
    dosi_text_printf(&verify->lines, "%-4s %-22.22s %-44s %18.12g %18.12g %10.2e %8.0e%s\n",
                     is_fine ? "ok" : "OUT", file->name, item->what, item->expected, item->got,
                     deviation, item->tolerance, rules[item->rule]);
    verify->n_cases++;
    verify->n_out += !is_fine;
}

void dosi_verify_note(dosi_verify *verify,
                      const dosi_verify_file *file,
                      const char *format,
                      ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    dosi_text_printf(&verify->notes, "not checked: %s: %s\n", file->name, text);
}

dosi_status dosi_verify_read(const dosi_verify_file *file,
                             const dosi_run *run,
                             dosi_table *out,
                             dosi_error *err) {
    dosi_source_options options = {.zone_s = 32400};
    dosi_source_result result = {0};
    DOSI_TRY(dosi_source_read(file->path, &options, run, &result, err));
    *out = result.table;
    dosi_table_init(&result.table);
    dosi_source_result_clear(&result);
    return DOSI_OK;
}

/// The next name of a header line, without quotes and spaces; NULL: there is none.
static const char *next_name(const char **at, size_t *n) {
    while (**at == '"' || **at == ' ' || **at == ',') ++*at;
    const char *name = *at;
    *n = strcspn(name, ",\"\r\n");
    *at += *n;
    while (*n > 0 && name[*n - 1] == ' ') --*n;
    return *n > 0 ? name : NULL;
}

static bool is_in_header(const char *header, const char *wanted, size_t n_wanted) {
    size_t n = 0;
    for (const char *name; (name = next_name(&header, &n));) {
        if (n == n_wanted && strncmp(name, wanted, n) == 0) return true;
    }
    return false;
}

size_t dosi_verify_has_columns(const dosi_verify_file *file, const char *columns) {
    const char *header = file->head;
    size_t n = 0, n_header = 0;
    if (strncmp(header, "\xef\xbb\xbf", 3) == 0) header += 3;
    for (const char *name; (name = next_name(&columns, &n));) {
        if (!is_in_header(header, name, n)) return 0;
    }
    while (next_name(&header, &n)) n_header++;
    return n_header;
}

bool dosi_verify_find_columns(const dosi_table *table,
                              const char *names,
                              const dosi_column **out) {
    size_t n = 0;
    for (const char *name; (name = next_name(&names, &n)); out++) {
        bool is_start = name[n - 1] == '*';
        if (is_start) n--;
        size_t c = 0;
        while (c < table->n_columns && (strncmp(table->columns[c].name, name, n) != 0 ||
                                        (!is_start && table->columns[c].name[n] != '\0'))) {
            c++;
        }
        if (c == table->n_columns) return false;
        *out = &table->columns[c];
    }
    return true;
}

/// Keeps a file with its first bytes.
static dosi_status keep_file(dosi_verify *verify, const char *path, dosi_error *err) {
    if (verify->n_files == MAX_FILES) {
        return dosi_fail(err, DOSI_LIMIT, "more than %d files", MAX_FILES);
    }
    dosi_verify_file *files =
        realloc(verify->files, (verify->n_files + 1) * sizeof *verify->files);
    if (!files) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %s", path);
    verify->files = files;
    dosi_verify_file *file = &files[verify->n_files];
    *file = (dosi_verify_file){.path = dosi_string_copy(path)};
    if (!file->path) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %s", path);
    verify->n_files++;
    const char *slash = strrchr(file->path, '/');
    file->name = slash ? slash + 1 : file->path;
    gzFile stream = gzopen(path, "rb"); // reads what is not compressed as it is
    if (!stream) return dosi_fail(err, DOSI_IO, "cannot open %s", path);
    int n = gzread(stream, file->head, DOSI_VERIFY_HEAD_BYTES);
    file->head[n > 0 ? n : 0] = '\0';
    (void)gzclose_r(stream);
    return DOSI_OK;
}

/// Finds all files below a folder.
static dosi_status walk(dosi_verify *verify, const char *folder, int depth, dosi_error *err) {
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, NULL, alphasort);
    if (n < 0) return dosi_fail(err, DOSI_NOT_FOUND, "cannot read folder \"%s\"", folder);
    dosi_status status = DOSI_OK;
    for (int i = 0; i < n; i++) {
        char path[DOSI_PATH_BYTES];
        if (entries[i]->d_name[0] != '.' && status == DOSI_OK) {
            status = dosi_path_join(folder, entries[i]->d_name, path, err);
            if (status == DOSI_OK && !dosi_path_is_folder(path)) {
                status = keep_file(verify, path, err);
            } else if (status == DOSI_OK && depth < MAX_DEPTH) {
                status = walk(verify, path, depth + 1, err);
            }
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

/// Lets every checker of the subject look at every file.
static void check_files(dosi_verify *verify, const char *subject) {
    for (size_t f = 0; f < verify->n_files; f++) {
        dosi_verify_file *file = &verify->files[f];
        for (size_t c = 0; c < N_CHECKERS; c++) {
            if (strcmp(checkers[c]->subject, subject) != 0) continue;
            if (!checkers[c]->recognises(file)) continue;
            file->is_used = true;
            dosi_error why = {""};
            if (checkers[c]->check(verify, file, &why) == DOSI_OK) continue;
            dosi_text_printf(&verify->lines, "%-4s %-22.22s %s: %s\n", "OUT", file->name,
                             checkers[c]->kind, why.message);
            verify->n_cases++;
            verify->n_out++;
        }
    }
}

/// The table, the notes, and one summary line.
static dosi_status print_result(dosi_verify *verify, const char *subject, dosi_error *err) {
    DOSI_TRY(dosi_text_status(&verify->lines, err));
    DOSI_TRY(dosi_text_status(&verify->notes, err));
    if (verify->n_cases) {
        (void)printf("%-4s %-22s %-44s %18s %18s %10s %s\n", "", "file", "case", "expected",
                     "got", "deviation", "tolerance");
    }
    (void)fputs(dosi_text_string(&verify->lines), stdout);
    (void)fputs(dosi_text_string(&verify->notes), stdout);
    size_t n_unknown = 0;
    for (size_t f = 0; f < verify->n_files; f++) {
        if (verify->files[f].is_used) continue;
        (void)printf("not checked: %s: no checker knows this kind of file\n",
                     verify->files[f].name);
        n_unknown++;
    }
    (void)printf("verify %s: %zu cases, %zu out of tolerance, %zu of %zu files not checked\n",
                 subject, verify->n_cases, verify->n_out, n_unknown, verify->n_files);
    return DOSI_OK;
}

/// Whether any checker has this subject.
static bool is_subject(const char *subject) {
    for (size_t c = 0; c < N_CHECKERS; c++) {
        if (strcmp(checkers[c]->subject, subject) == 0) return true;
    }
    return false;
}

dosi_status dosi_cmd_verify(int argc, char **argv, dosi_error *err);

dosi_status dosi_cmd_verify(int argc, char **argv, dosi_error *err) {
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (argc != 3) return dosi_fail(err, DOSI_INVALID, "usage: dosi verify SUBJECT FOLDER");
    if (!is_subject(argv[1])) {
        return dosi_fail(err, DOSI_NOT_FOUND, "no subject \"%s\" among: air", argv[1]);
    }
    dosi_verify verify = {0};
    dosi_status status = walk(&verify, argv[2], 0, err);
    if (status == DOSI_OK) {
        check_files(&verify, argv[1]);
        status = print_result(&verify, argv[1], err);
    }
    size_t n_out = verify.n_out, n_cases = verify.n_cases;
    for (size_t f = 0; f < verify.n_files; f++) free(verify.files[f].path);
    free(verify.files);
    dosi_text_destroy(&verify.lines);
    dosi_text_destroy(&verify.notes);
    DOSI_TRY(status);
    (void)fflush(stdout);
    if (n_out) exit(EXIT_FAILURE); // the table has said it all
    if (n_cases == 0) return dosi_fail(err, DOSI_NOT_FOUND, "nothing to check in %s", argv[2]);
    return DOSI_OK;
}
