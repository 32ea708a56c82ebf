// The files of a shapefile: present, whole, agreeing; and the encoding of its table.

#include "source/shapefile.h"

#include "base/os_file.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/// The path of the file beside `path` that has another extension, in either case; false when
/// there is none.
static bool find_beside(const char *path, const char *extension, char *out, size_t n_out) {
    size_t stem = strlen(path) - 4;
    for (int is_upper = 0; is_upper < 2; is_upper++) {
        char other[8];
        (void)snprintf(other, sizeof other, "%s", extension);
        for (char *c = other; is_upper && *c; c++) *c = (char)toupper((unsigned char)*c);
        (void)snprintf(out, n_out, "%.*s%s", (int)stem, path, other);
        if (dosi_path_exists(out)) return true;
    }
    return false;
}

/// Reads the first bytes of a file.
static bool read_head(const char *path, unsigned char *out, size_t n) {
    FILE *stream = fopen(path, "rbe");
    bool is_whole = stream && fread(out, 1, n, stream) == n;
    if (stream) (void)fclose(stream);
    return is_whole;
}

static int64_t big_word(const unsigned char *b) {
    return (int64_t)((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
}

static int64_t small_word(const unsigned char *b) {
    return (int64_t)((uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0]);
}

/// Checks the head and size of a .shp or .shx, which count themselves in 16-bit words.
static dosi_status check_main(const char *path, const char *name, dosi_error *err) {
    unsigned char head[100];
    if (!read_head(path, head, sizeof head) || big_word(head) != 9994) {
        return dosi_fail(err, DOSI_PARSE,
                         "%s: not a shapefile: its first 100 bytes are no head", name);
    }
    int64_t said = 2 * big_word(head + 24), have = dosi_file_size(path);
    if (said <= have) return DOSI_OK;
    return dosi_fail(err, DOSI_PARSE, "%s: cut off: its head says %lld bytes, it has %lld",
                     name, (long long)said, (long long)have);
}

/// Checks a .dbf against its own head, and its rows against the number of shapes.
static dosi_status check_table(const char *path, int64_t n_shapes, dosi_error *err) {
    unsigned char head[32];
    if (!read_head(path, head, sizeof head)) {
        return dosi_fail(err, DOSI_PARSE, "%s: cut off: no head of 32 bytes", path);
    }
    int64_t n_rows = small_word(head + 4);
    int64_t head_bytes = head[8] | head[9] << 8, row_bytes = head[10] | head[11] << 8;
    int64_t said = head_bytes + n_rows * row_bytes, have = dosi_file_size(path);
    if (said > have) {
        return dosi_fail(err, DOSI_PARSE,
                         "%s: cut off: %lld rows need %lld bytes, it has %lld (to row %lld)",
                         path, (long long)n_rows, (long long)said, (long long)have,
                         (long long)(row_bytes > 0 ? (have - head_bytes) / row_bytes : 0));
    }
    if (n_rows == n_shapes) return DOSI_OK;
    return dosi_fail(err, DOSI_PARSE, "%s: %lld rows, but the .shx has %lld shapes", path,
                     (long long)n_rows, (long long)n_shapes);
}

dosi_status dosi_shapefile_check(const dosi_source_file *file, dosi_error *err) {
    assert(file && file->path);
    if (dosi_source_has_extension(file->name, ".shx")) {
        return dosi_fail(err, DOSI_INVALID, "%s: the index of a shapefile; give the .shp",
                         file->name);
    }
    if (!dosi_source_has_extension(file->name, ".shp") || strlen(file->path) < 5)
        return DOSI_OK;
    char index[DOSI_PATH_BYTES], table[DOSI_PATH_BYTES];
    DOSI_TRY(check_main(file->path, file->name, err));
    if (!find_beside(file->path, ".shx", index, sizeof index)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "%s: the .shx beside it is absent", file->name);
    }
    if (!find_beside(file->path, ".dbf", table, sizeof table)) {
        return dosi_fail(err, DOSI_NOT_FOUND, "%s: the .dbf beside it is absent", file->name);
    }
    DOSI_TRY(check_main(index, index, err));
    return check_table(table, (dosi_file_size(index) - 100) / 8, err);
}

void dosi_shapefile_encoding(const dosi_source_file *file, char *out, size_t n_out) {
    out[0] = '\0';
    if (!file->path || strlen(file->path) < 5) return;
    char path[DOSI_PATH_BYTES];
    unsigned char head[32];
    if (find_beside(file->path, ".cpg", path, sizeof path)) {
        char said[32] = "";
        FILE *stream = fopen(path, "re");
        if (stream && fgets(said, sizeof said, stream)) said[strcspn(said, " \r\n")] = '\0';
        if (stream) (void)fclose(stream);
        bool is_korean = strcmp(said, "949") == 0 || strcasecmp(said, "ANSI 949") == 0 ||
                         strcasecmp(said, "EUC-KR") == 0 || strcasecmp(said, "EUCKR") == 0 ||
                         strcasecmp(said, "MS949") == 0 || strcasecmp(said, "CP949") == 0 ||
                         strcasecmp(said, "UHC") == 0;
        bool is_utf8 = strcasecmp(said, "UTF-8") == 0 || strcasecmp(said, "UTF8") == 0 ||
                       strcmp(said, "65001") == 0;
        (void)snprintf(out, n_out, "%s", is_korean ? "CP949" : is_utf8 ? "UTF-8" : said);
    } else if (find_beside(file->path, ".dbf", path, sizeof path) &&
               read_head(path, head, sizeof head) && (head[29] == 0x79 || head[29] == 0x4e)) {
        (void)snprintf(out, n_out, "CP949");
    }
}
