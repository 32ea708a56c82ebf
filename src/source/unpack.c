// Unpacks gzip, bzip2 and xz as a stream, with limits that stop decompression bombs.

#include "source/unpack.h"

#include <assert.h>
#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { BUFFER_BYTES = 1 << 18, HONEST_BYTES = 16 << 20 };

/// Most memory that an xz stream may ask for (its dictionary).
#define XZ_MEMORY_BYTES (UINT64_C(128) << 20)

struct dosi_unpack {
    FILE *stream;
    const char *name;
    dosi_packing packing;
    z_stream gzip;
    bz_stream bzip2;
    lzma_stream xz;
    bool is_started, is_over;
    char packed[BUFFER_BYTES];
    size_t packed_at, packed_end;
    char plain[BUFFER_BYTES];
    size_t plain_at, plain_end;
    int64_t n_packed, n_plain, n_given;
};

dosi_packing dosi_packing_find(const char *head, size_t n_head) {
    if (n_head >= 2 && memcmp(head, "\x1f\x8b", 2) == 0) return DOSI_PACKING_GZIP;
    if (n_head >= 4 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9') {
        return DOSI_PACKING_BZIP2;
    }
    if (n_head >= 6 && memcmp(head,
                              "\xfd"
                              "7zXZ\0",
                              6) == 0) {
        return DOSI_PACKING_XZ;
    }
    return DOSI_PACKING_NONE;
}

const char *dosi_packing_name(dosi_packing packing) {
    static const char *const names[] = {"none", "gzip", "bzip2", "xz"};
    return names[packing];
}

void dosi_unpack_close(dosi_unpack *unpack) {
    if (!unpack) return;
    if (unpack->is_started) {
        if (unpack->packing == DOSI_PACKING_GZIP) (void)inflateEnd(&unpack->gzip);
        if (unpack->packing == DOSI_PACKING_BZIP2) (void)BZ2_bzDecompressEnd(&unpack->bzip2);
        if (unpack->packing == DOSI_PACKING_XZ) lzma_end(&unpack->xz);
    }
    if (unpack->stream) (void)fclose(unpack->stream);
    free(unpack);
}

/// Starts the decoder for the packing that was found.
static bool start_decoder(dosi_unpack *unpack) {
    switch (unpack->packing) {
    case DOSI_PACKING_GZIP:
        return inflateInit2(&unpack->gzip, 15 + 16) == Z_OK;
    case DOSI_PACKING_BZIP2:
        return BZ2_bzDecompressInit(&unpack->bzip2, 0, 0) == BZ_OK;
    case DOSI_PACKING_XZ:
        return lzma_stream_decoder(&unpack->xz, XZ_MEMORY_BYTES, LZMA_CONCATENATED) == LZMA_OK;
    default:
        return true;
    }
}

/// Reads more packed bytes; none at the end of the file.
static void refill_packed(dosi_unpack *unpack) {
    unpack->packed_at = 0;
    unpack->packed_end = fread(unpack->packed, 1, BUFFER_BYTES, unpack->stream);
    unpack->n_packed += (int64_t)unpack->packed_end;
}

dosi_status dosi_unpack_open(const dosi_source_file *file, dosi_unpack **out, dosi_error *err) {
    assert(file && out);
    dosi_unpack *unpack = calloc(1, sizeof *unpack);
    if (!unpack) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    unpack->name = file->name;
    unpack->xz = (lzma_stream)LZMA_STREAM_INIT;
    unpack->stream = dosi_source_open(file);
    if (!unpack->stream) {
        dosi_unpack_close(unpack);
        return dosi_fail(err, DOSI_IO, "%s: cannot be opened", file->name);
    }
    refill_packed(unpack);
    unpack->packing = dosi_packing_find(unpack->packed, unpack->packed_end);
    unpack->is_started = start_decoder(unpack);
    if (!unpack->is_started) {
        dosi_unpack_close(unpack);
        return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory to unpack it", file->name);
    }
    *out = unpack;
    return DOSI_OK;
}

static dosi_status damaged(const dosi_unpack *unpack, const char *what, dosi_error *err) {
    return dosi_fail(err, DOSI_PARSE, "%s: %s (%s), after %lld bytes unpacked", unpack->name,
                     what, dosi_packing_name(unpack->packing), (long long)unpack->n_plain);
}

/// One turn of zlib. A gzip file may hold several members, one after the other.
static bool step_gzip(dosi_unpack *unpack) {
    z_stream *gzip = &unpack->gzip;
    gzip->next_in = (unsigned char *)unpack->packed + unpack->packed_at;
    gzip->avail_in = (unsigned)(unpack->packed_end - unpack->packed_at);
    gzip->next_out = (unsigned char *)unpack->plain;
    gzip->avail_out = BUFFER_BYTES;
    int code = inflate(gzip, Z_NO_FLUSH);
    unpack->packed_at = unpack->packed_end - gzip->avail_in;
    unpack->plain_end = BUFFER_BYTES - gzip->avail_out;
    if (code == Z_STREAM_END) {
        if (unpack->packed_at == unpack->packed_end) refill_packed(unpack);
        size_t left = unpack->packed_end - unpack->packed_at;
        unpack->is_over =
            dosi_packing_find(unpack->packed + unpack->packed_at, left) != DOSI_PACKING_GZIP;
        return unpack->is_over || inflateReset(gzip) == Z_OK;
    }
    return code == Z_OK || code == Z_BUF_ERROR;
}

static bool step_bzip2(dosi_unpack *unpack) {
    bz_stream *bzip2 = &unpack->bzip2;
    bzip2->next_in = unpack->packed + unpack->packed_at;
    bzip2->avail_in = (unsigned)(unpack->packed_end - unpack->packed_at);
    bzip2->next_out = unpack->plain;
    bzip2->avail_out = BUFFER_BYTES;
    int code = BZ2_bzDecompress(bzip2);
    unpack->packed_at = unpack->packed_end - bzip2->avail_in;
    unpack->plain_end = BUFFER_BYTES - bzip2->avail_out;
    unpack->is_over = code == BZ_STREAM_END;
    return code == BZ_OK || code == BZ_STREAM_END;
}

static bool step_xz(dosi_unpack *unpack) {
    lzma_stream *xz = &unpack->xz;
    xz->next_in = (unsigned char *)unpack->packed + unpack->packed_at;
    xz->avail_in = unpack->packed_end - unpack->packed_at;
    xz->next_out = (unsigned char *)unpack->plain;
    xz->avail_out = BUFFER_BYTES;
    lzma_ret code = lzma_code(xz, xz->avail_in ? LZMA_RUN : LZMA_FINISH);
    unpack->packed_at = unpack->packed_end - xz->avail_in;
    unpack->plain_end = BUFFER_BYTES - xz->avail_out;
    unpack->is_over = code == LZMA_STREAM_END;
    return code == LZMA_OK || code == LZMA_STREAM_END;
}

/// One turn without any compression.
static bool step_none(dosi_unpack *unpack) {
    size_t n = unpack->packed_end - unpack->packed_at;
    memcpy(unpack->plain, unpack->packed + unpack->packed_at, n);
    unpack->packed_at = unpack->packed_end;
    unpack->plain_end = n;
    return true;
}

static bool step(dosi_unpack *unpack) {
    switch (unpack->packing) {
    case DOSI_PACKING_GZIP:
        return step_gzip(unpack);
    case DOSI_PACKING_BZIP2:
        return step_bzip2(unpack);
    case DOSI_PACKING_XZ:
        return step_xz(unpack);
    default:
        return step_none(unpack);
    }
}

/// More plain bytes than an honest file of this size unpacks to.
static bool is_too_much(const dosi_unpack *unpack) {
    if (unpack->n_plain > DOSI_SOURCE_BYTES) return true;
    return unpack->packing != DOSI_PACKING_NONE && unpack->n_plain > HONEST_BYTES &&
           unpack->n_plain / DOSI_SOURCE_ZIP_RATIO > unpack->n_packed;
}

/// Makes plain bytes available, if there are any left. `*has_any` says.
static dosi_status refill(dosi_unpack *unpack, bool *has_any, dosi_error *err) {
    bool is_at_end = false;
    unpack->plain_at = unpack->plain_end = 0;
    while (unpack->plain_end == 0 && !unpack->is_over) {
        if (unpack->packed_at == unpack->packed_end) {
            if (is_at_end) break;
            refill_packed(unpack);
            is_at_end = unpack->packed_end == 0;
        }
        if (!step(unpack)) return damaged(unpack, "damaged", err);
    }
    unpack->n_plain += (int64_t)unpack->plain_end;
    *has_any = unpack->plain_end > 0;
    if (!is_too_much(unpack)) return DOSI_OK;
    return dosi_fail(err, DOSI_LIMIT,
                     "%s: %lld bytes unpack to more than %lld; refused as a decompression bomb",
                     unpack->name, (long long)unpack->n_packed, (long long)unpack->n_plain);
}

dosi_status dosi_unpack_read(dosi_unpack *unpack, void *out, size_t n, dosi_error *err) {
    assert(unpack && (out || n == 0));
    char *to = out;
    while (n > 0) {
        if (unpack->plain_at == unpack->plain_end) {
            bool has_any = false;
            DOSI_TRY(refill(unpack, &has_any, err));
            if (!has_any) return damaged(unpack, "cut off", err);
        }
        size_t available = unpack->plain_end - unpack->plain_at;
        size_t taken = n < available ? n : available;
        memcpy(to, unpack->plain + unpack->plain_at, taken);
        unpack->plain_at += taken;
        unpack->n_given += (int64_t)taken;
        to += taken;
        n -= taken;
    }
    return DOSI_OK;
}

dosi_status dosi_unpack_some(
    dosi_unpack *unpack, void *out, size_t n, size_t *n_got, dosi_error *err) {
    assert(unpack && out && n > 0);
    if (unpack->plain_at == unpack->plain_end) {
        bool has_any = false;
        DOSI_TRY(refill(unpack, &has_any, err));
        bool is_cut = unpack->packing != DOSI_PACKING_NONE && !unpack->is_over;
        if (!has_any && is_cut) return damaged(unpack, "cut off", err);
    }
    size_t available = unpack->plain_end - unpack->plain_at;
    *n_got = n < available ? n : available;
    memcpy(out, unpack->plain + unpack->plain_at, *n_got);
    unpack->plain_at += *n_got;
    unpack->n_given += (int64_t)*n_got;
    return DOSI_OK;
}

int64_t dosi_unpack_count(const dosi_unpack *unpack) {
    return unpack->n_given;
}
