// Reader of Parquet files, by DuckDB.

#include "source/reader.h"
#include "sql/sql.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool recognise(const dosi_source_file *file) {
    bool has_magic = file->n_head >= 4 && memcmp(file->head, "PAR1", 4) == 0;
    return has_magic || dosi_source_has_extension(file->name, ".parquet");
}

/// Writes content that is in memory to a file of its own, which the caller unlinks.
static dosi_status put_down(const dosi_source_file *file, char *path, dosi_error *err) {
    int handle = mkstemp(path);
    FILE *stream = handle < 0 ? NULL : fdopen(handle, "wb");
    if (!stream) {
        if (handle >= 0) (void)close(handle);
        return dosi_fail(err, DOSI_IO, "%s: no temporary file can be made", file->name);
    }
    size_t n = (size_t)file->n_bytes;
    bool is_whole = fwrite(file->bytes, 1, n, stream) == n;
    is_whole = fclose(stream) == 0 && is_whole;
    if (is_whole) return DOSI_OK;
    (void)unlink(path);
    return dosi_fail(err, DOSI_IO, "%s: no room for a temporary file", file->name);
}

static dosi_status read_parquet(const dosi_source_file *file,
                                const dosi_source_options *options,
                                const dosi_run *run,
                                dosi_source_result *out,
                                dosi_error *err) {
    (void)options;
    (void)run;
    if (file->n_head < 4 || memcmp(file->head, "PAR1", 4) != 0) {
        return dosi_fail(err, DOSI_PARSE, "%s: not Parquet: it does not begin with PAR1",
                         file->name);
    }
    char temporary[] = "/tmp/dosi-parquet-XXXXXX";
    const char *path = file->path;
    if (!path) {
        DOSI_TRY(put_down(file, temporary, err));
        path = temporary;
    }
    dosi_error cause = {""};
    dosi_status status = dosi_parquet_read(path, NULL, 0, NULL, &out->table, &cause);
    if (!file->path) (void)unlink(temporary);
    if (status != DOSI_OK) {
        return dosi_fail(err, status == DOSI_IO ? DOSI_PARSE : status, "%s: %.400s", file->name,
                         cause.message);
    }
    out->n_rows_seen = out->table.n_rows;
    return DOSI_OK;
}

const dosi_reader dosi_reader_parquet = {
    .name = "parquet", .recognise = recognise, .read = read_parquet};
