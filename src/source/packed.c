// Reader of one packed file, such as "air.csv.gz": unpacked (gzip, bzip2, xz) to a file of its
// own, which goes to whichever reader knows it.

#include "base/os_file.h"
#include "source/reader.h"
#include "source/unpack.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 65536, NAME_BYTES = 1024 };

static bool recognise(const dosi_source_file *file) {
    return dosi_packing_find(file->head, file->n_head) != DOSI_PACKING_NONE;
}

/// The name without the packing's extension: "air.csv".
static void inner_name(const char *name, char *out, size_t n_out) {
    static const char *const extensions[] = {".gz", ".bz2", ".xz"};
    (void)snprintf(out, n_out, "%s", name);
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        if (!dosi_source_has_extension(out, extensions[i])) continue;
        out[strlen(out) - strlen(extensions[i])] = '\0';
        return;
    }
}

/// Unpacks all of `file` into the stream.
static dosi_status unpack_all(const dosi_source_file *file, FILE *to, dosi_error *err) {
    char piece[PIECE_BYTES];
    size_t n = 0;
    dosi_unpack *unpack = NULL;
    dosi_status status = dosi_unpack_open(file, &unpack, err);
    if (status == DOSI_OK) status = dosi_unpack_some(unpack, piece, sizeof piece, &n, err);
    if (status == DOSI_OK && dosi_packing_find(piece, n) != DOSI_PACKING_NONE) {
        status = dosi_fail(err, DOSI_UNSUPPORTED, "%s is packed twice; unpack it", file->name);
    }
    while (status == DOSI_OK && n > 0) {
        if (fwrite(piece, 1, n, to) != n) {
            status = dosi_fail(err, DOSI_IO, "%s: no room to unpack it", file->name);
        } else {
            status = dosi_unpack_some(unpack, piece, sizeof piece, &n, err);
        }
    }
    dosi_unpack_close(unpack);
    return status;
}

static dosi_status read_packed(const dosi_source_file *file,
                               const dosi_source_options *options,
                               const dosi_run *run,
                               dosi_source_result *out,
                               dosi_error *err) {
    const char *root = getenv("TMPDIR");
    char path[DOSI_PATH_BYTES], name[NAME_BYTES];
    DOSI_TRY(dosi_path_join(root && *root ? root : "/tmp", "dosi-packed-XXXXXX", path, err));
    int descriptor = mkstemp(path);
    FILE *to = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (!to) {
        if (descriptor >= 0) (void)close(descriptor);
        return dosi_fail(err, DOSI_IO, "%s: no file to unpack it to", file->name);
    }
    dosi_status status = unpack_all(file, to, err);
    if (fclose(to) != 0 && status == DOSI_OK) {
        status = dosi_fail(err, DOSI_IO, "%s: no room to unpack it", file->name);
    }
    dosi_source_file inner = {.path = path, .name = name, .n_bytes = dosi_file_size(path)};
    inner_name(file->name, name, sizeof name);
    if (status == DOSI_OK) {
        dosi_text_printf(&out->decisions, "packed with %s\n",
                         dosi_packing_name(dosi_packing_find(file->head, file->n_head)));
        status = dosi_source_read_file(&inner, options, run, out, err);
    }
    (void)unlink(path);
    return status;
}

const dosi_reader dosi_reader_packed = {
    .name = "packed", .recognise = recognise, .read = read_packed};
