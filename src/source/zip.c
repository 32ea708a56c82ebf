// Reader of zip archives: one member (a shapefile with its parts) is unpacked to a folder of
// its own and read as if it had been given.

#include "base/os_file.h"
#include "source/reader.h"

#include <assert.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <zip.h>

enum { MEMBERS = 100000, HONEST_BYTES = 16 << 20, NAME_BYTES = 1024, PIECE_BYTES = 1 << 16 };

static bool recognise(const dosi_source_file *file) {
    bool has_magic = file->n_head >= 4 && (memcmp(file->head, "PK\3\4", 4) == 0 ||
                                           memcmp(file->head, "PK\5\6", 4) == 0);
    // A workbook that its own reader does not take is a broken one, not an archive of data.
    if (dosi_source_has_extension(file->name, ".xlsx")) return false;
    return has_magic || dosi_source_has_extension(file->name, ".zip");
}

/// An archive being read.
typedef struct archive {
    const dosi_source_file *file;
    zip_t *zip;
    zip_uint64_t n;
    zip_uint64_t chosen;
    char folder[DOSI_PATH_BYTES]; ///< Where the member is unpacked; "": nowhere yet.
} archive;

// --- names ---------------------------------------------------------------------------------

/// Member names are UTF-8, or CP949 from Korean Windows; anything else keeps its ASCII.
static void decode_name(const char *raw, char *out, size_t n_out) {
    size_t n = strlen(raw);
    (void)snprintf(out, n_out, "%s", raw);
    if (dosi_utf8_is_valid(raw, n) && n < n_out) return;
    iconv_t convert = iconv_open("UTF-8", "CP949");
    char *from = (char *)raw, *to = out;
    size_t left = n, room = n_out - 1;
    bool is_good = (intptr_t)convert != -1 &&
                   iconv(convert, &from, &left, &to, &room) != (size_t)-1 && left == 0;
    if ((intptr_t)convert != -1) (void)iconv_close(convert);
    if (is_good) {
        *to = '\0';
        return;
    }
    (void)snprintf(out, n_out, "%s", raw);
    for (char *c = out; *c; c++) {
        if ((unsigned char)*c >= 0x80) *c = '?';
    }
}

static bool member_name(const archive *a, zip_uint64_t i, char *out, size_t n_out) {
    const char *raw = zip_get_name(a->zip, i, ZIP_FL_ENC_RAW);
    if (raw) decode_name(raw, out, n_out);
    return raw != NULL;
}

static const char *base_name(const char *name) {
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

/// Bytes of a name before its extension.
static size_t stem_bytes(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot ? (size_t)(dot - name) : strlen(name);
}

/// Parts of a shapefile beside its .shp: never a choice of their own.
static bool is_part(const char *name) {
    static const char *const parts[] = {".shx", ".dbf", ".prj", ".cpg", ".sbn",
                                        ".sbx", ".qix", ".fix", ".qpj", ".shp.xml"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (dosi_source_has_extension(name, parts[i])) return true;
    }
    return false;
}

/// Whether a member may be data: no folder, no housekeeping, no description.
static bool is_candidate(const char *name) {
    static const char *const others[] = {".pdf", ".hwp", ".hwpx", ".docx", ".md",
                                         ".jpg", ".png", ".html", ".lyr",  ".qml"};
    const char *base = base_name(name);
    if (!*base || *base == '.' || strncmp(name, "__MACOSX/", 9) == 0) return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (dosi_source_has_extension(base, others[i])) return false;
    }
    return !is_part(base) && strcasecmp(base, "readme.txt") != 0;
}

// --- choosing ------------------------------------------------------------------------------

/// Finds the member that the person named, whole or without its folders.
static dosi_status find_wanted(archive *a, const char *wanted, dosi_error *err) {
    for (zip_uint64_t i = 0; i < a->n; i++) {
        char name[NAME_BYTES];
        if (!member_name(a, i, name, sizeof name)) continue;
        if (strcmp(name, wanted) != 0 && strcmp(base_name(name), wanted) != 0) continue;
        a->chosen = i;
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_NOT_FOUND, "%s: no member \"%.200s\"", a->file->name, wanted);
}

/// Finds the only member that may be data.
static dosi_status find_only(archive *a, dosi_error *err) {
    dosi_text list = {.limit_bytes = 300};
    size_t n_found = 0;
    for (zip_uint64_t i = 0; i < a->n; i++) {
        char name[NAME_BYTES];
        if (!member_name(a, i, name, sizeof name) || !is_candidate(name)) continue;
        dosi_text_printf(&list, "%s%s", n_found ? ", " : "", name);
        a->chosen = i;
        n_found++;
    }
    dosi_status status = DOSI_OK;
    if (n_found == 0) {
        status = dosi_fail(err, DOSI_PARSE, "%s: none of its %llu members may be data",
                           a->file->name, (unsigned long long)a->n);
    } else if (n_found > 1) {
        status = dosi_fail(err, DOSI_INVALID, "%s: %zu members; choose one by --member: %s%s",
                           a->file->name, n_found, dosi_text_string(&list),
                           list.status == DOSI_OK ? "" : "...");
    }
    dosi_text_destroy(&list);
    return status;
}

/// Refuses what must not be unpacked: archives in archives, encrypted members, bombs.
static dosi_status check_member(const archive *a,
                                const char *name,
                                const zip_stat_t *stat,
                                dosi_error *err) {
    if (dosi_source_has_extension(name, ".zip")) {
        return dosi_fail(err, DOSI_UNSUPPORTED, "%s: %s is an archive in an archive; unpack it",
                         a->file->name, name);
    }
    if ((stat->valid & ZIP_STAT_ENCRYPTION_METHOD) && stat->encryption_method != ZIP_EM_NONE) {
        return dosi_fail(err, DOSI_UNSUPPORTED,
                         "%s: %s is encrypted; unpack it with its password", a->file->name,
                         name);
    }
    if (!(stat->valid & ZIP_STAT_SIZE) || !(stat->valid & ZIP_STAT_COMP_SIZE)) {
        return dosi_fail(err, DOSI_PARSE, "%s: %s has no size", a->file->name, name);
    }
    bool is_bomb = stat->size > HONEST_BYTES &&
                   stat->size / DOSI_SOURCE_ZIP_RATIO > (stat->comp_size ? stat->comp_size : 1);
    if (!is_bomb && stat->size <= (zip_uint64_t)DOSI_SOURCE_BYTES) return DOSI_OK;
    return dosi_fail(err, DOSI_LIMIT, "%s: %s: %llu bytes unpack to %llu%s", a->file->name,
                     name, (unsigned long long)stat->comp_size, (unsigned long long)stat->size,
                     is_bomb ? "; refused as a decompression bomb" : ", more than 4 GiB");
}

// --- unpacking -----------------------------------------------------------------------------

/// Copies an open member to a stream; never more than the size that was checked.
static dosi_status copy_member(
    const archive *a, zip_file_t *member, FILE *to, const zip_stat_t *stat, dosi_error *err) {
    char piece[PIECE_BYTES];
    zip_uint64_t n_bytes = 0;
    for (;;) {
        zip_int64_t n = zip_fread(member, piece, sizeof piece);
        if (n == 0 && n_bytes == stat->size) return DOSI_OK;
        if (n <= 0 || (n_bytes += (zip_uint64_t)n) > stat->size) {
            return dosi_fail(err, DOSI_PARSE,
                             "%s: damaged after %llu of %llu unpacked bytes: %s", a->file->name,
                             (unsigned long long)n_bytes, (unsigned long long)stat->size,
                             n < 0 ? zip_file_strerror(member) : "wrong size");
        }
        if (fwrite(piece, 1, (size_t)n, to) != (size_t)n) {
            return dosi_fail(err, DOSI_IO, "%s: no room to unpack it", a->file->name);
        }
    }
}

/// Unpacks member `i` into the archive's folder as `name`.
static dosi_status unpack_member(const archive *a,
                                 zip_uint64_t i,
                                 const char *name,
                                 dosi_error *err) {
    zip_stat_t stat;
    char path[DOSI_PATH_BYTES];
    zip_stat_init(&stat);
    if (zip_stat_index(a->zip, i, 0, &stat) != 0) {
        return dosi_fail(err, DOSI_PARSE, "%s: %s", a->file->name, zip_strerror(a->zip));
    }
    DOSI_TRY(check_member(a, name, &stat, err));
    DOSI_TRY(dosi_path_join(a->folder, name, path, err));
    zip_file_t *member = zip_fopen_index(a->zip, i, 0);
    if (!member) {
        return dosi_fail(err, DOSI_PARSE, "%s: %s: %s", a->file->name, name,
                         zip_strerror(a->zip));
    }
    FILE *to = fopen(path, "wbe");
    dosi_status status =
        to ? copy_member(a, member, to, &stat, err)
           : dosi_fail(err, DOSI_IO, "%s: %s cannot be unpacked", a->file->name, name);
    if (to && fclose(to) != 0 && status == DOSI_OK) {
        status = dosi_fail(err, DOSI_IO, "%s: no room to unpack it", a->file->name);
    }
    (void)zip_fclose(member);
    return status;
}

/// Unpacks the parts that belong to the chosen .shp, under its own stem.
static dosi_status unpack_parts(const archive *a, const char *chosen, dosi_error *err) {
    size_t stem = stem_bytes(chosen);
    for (zip_uint64_t i = 0; i < a->n; i++) {
        char name[NAME_BYTES];
        bool is_beside = i != a->chosen && member_name(a, i, name, sizeof name) &&
                         is_part(name) && strncmp(name, chosen, stem) == 0 &&
                         stem_bytes(name) == stem;
        if (is_beside) DOSI_TRY(unpack_member(a, i, base_name(name), err));
    }
    return DOSI_OK;
}

/// Makes an empty folder for what is unpacked.
static dosi_status make_folder(archive *a, dosi_error *err) {
    const char *root = getenv("TMPDIR");
    char folder[DOSI_PATH_BYTES];
    DOSI_TRY(dosi_path_join(root && *root ? root : "/tmp", "dosi-zip-XXXXXX", folder, err));
    if (!mkdtemp(folder)) {
        return dosi_fail(err, DOSI_IO, "%s: no folder to unpack it to", a->file->name);
    }
    memcpy(a->folder, folder, sizeof folder);
    return DOSI_OK;
}

/// Unpacks the chosen member and reads it.
static dosi_status read_member(archive *a,
                               const dosi_source_options *options,
                               const dosi_run *run,
                               dosi_source_result *out,
                               dosi_error *err) {
    char name[NAME_BYTES], path[DOSI_PATH_BYTES], shown[2 * NAME_BYTES];
    if (!member_name(a, a->chosen, name, sizeof name) || !*base_name(name) ||
        strcmp(base_name(name), "..") == 0) {
        return dosi_fail(err, DOSI_PARSE, "%s: a member without a name", a->file->name);
    }
    dosi_text_printf(&out->decisions, "member: %s (of %llu)\n", name, (unsigned long long)a->n);
    DOSI_TRY(make_folder(a, err));
    DOSI_TRY(unpack_member(a, a->chosen, base_name(name), err));
    if (dosi_source_has_extension(name, ".shp")) DOSI_TRY(unpack_parts(a, name, err));
    DOSI_TRY(dosi_path_join(a->folder, base_name(name), path, err));
    (void)snprintf(shown, sizeof shown, "%.900s/%s", a->file->name, name);
    dosi_source_file member = {.path = path, .name = shown, .n_bytes = dosi_file_size(path)};
    return dosi_source_read_file(&member, options, run, out, err);
}

/// Opens the archive, on disk or in memory.
static dosi_status open_archive(archive *a, dosi_error *err) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source =
        a->file->path ? zip_source_file_create(a->file->path, 0, -1, &error)
                      : zip_source_buffer_create(a->file->bytes, (zip_uint64_t)a->file->n_bytes,
                                                 0, &error);
    if (source) a->zip = zip_open_from_source(source, ZIP_RDONLY, &error);
    dosi_status status = DOSI_OK;
    if (!a->zip) {
        if (source) zip_source_free(source);
        status = dosi_fail(err, DOSI_PARSE, "%s: no whole zip archive: %s", a->file->name,
                           zip_error_strerror(&error));
    }
    zip_error_fini(&error);
    if (status != DOSI_OK) return status;
    a->n = (zip_uint64_t)zip_get_num_entries(a->zip, 0);
    if (a->n <= MEMBERS) return DOSI_OK;
    return dosi_fail(err, DOSI_LIMIT, "%s: %llu members, more than %d", a->file->name,
                     (unsigned long long)a->n, MEMBERS);
}

static dosi_status read_zip(const dosi_source_file *file,
                            const dosi_source_options *options,
                            const dosi_run *run,
                            dosi_source_result *out,
                            dosi_error *err) {
    archive a = {.file = file};
    dosi_source_options inside = *options;
    inside.member = NULL;
    dosi_status status = open_archive(&a, err);
    if (status == DOSI_OK) {
        status = options->member ? find_wanted(&a, options->member, err) : find_only(&a, err);
    }
    if (status == DOSI_OK) status = read_member(&a, &inside, run, out, err);
    if (a.zip) zip_discard(a.zip);
    if (a.folder[0]) {
        dosi_status removed = dosi_folder_remove(a.folder, status == DOSI_OK ? err : NULL);
        if (status == DOSI_OK) status = removed;
    }
    return status;
}

const dosi_reader dosi_reader_zip = {.name = "zip", .recognise = recognise, .read = read_zip};
