// Deciding on an encoding by looking at every byte once, and decoding with iconv.

#include "source/encoding.h"

#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 65536, SAMPLE_BYTES = 1 << 20, REPLACEMENT_BYTES = 3 };

static const char replacement[] = "\xEF\xBF\xBD";

/// What all bytes of a file say.
typedef struct census {
    uint64_t n_bytes;
    uint64_t n_zero_even, n_zero_odd; ///< Zero bytes by place.
    uint64_t n_high;                  ///< Bytes above 127.
    uint64_t n_utf8;                  ///< Characters of two bytes and more.
    uint64_t n_bad;                   ///< Bytes that are not UTF-8.
    int64_t first_bad, first_zero;    ///< Offsets, or -1.
} census;

/// Whether the next eight bytes are ASCII and none is zero.
static bool is_plain(const char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    const uint64_t high = UINT64_C(0x8080808080808080);
    const uint64_t ones = UINT64_C(0x0101010101010101);
    return ((word | (word - ones)) & high) == 0;
}

static void count_zero(census *all, uint64_t place) {
    if (all->first_zero < 0) all->first_zero = (int64_t)place;
    *(place % 2 ? &all->n_zero_odd : &all->n_zero_even) += 1;
}

/// Counts the character at `bytes`, which starts with a byte above 127; its length.
static size_t count_high(census *all, uint64_t place, const char *bytes, size_t n_bytes) {
    size_t n = dosi_utf8_length(bytes, n_bytes);
    if (n) {
        all->n_high += n;
        all->n_utf8++;
        return n;
    }
    all->n_high++;
    all->n_bad++;
    if (all->first_bad < 0) all->first_bad = (int64_t)place;
    return 1;
}

/// Counts the bytes of a chunk; returns how many were taken (a cut-off character is left).
static size_t count_chunk(census *all, const char *bytes, size_t n_bytes, bool is_last) {
    size_t i = 0;
    while (i < n_bytes) {
        if (i + 8 <= n_bytes && is_plain(bytes + i)) {
            i += 8;
        } else if ((unsigned char)bytes[i] < 0x80) {
            if (bytes[i] == 0) count_zero(all, all->n_bytes + i);
            i++;
        } else {
            if (!is_last && n_bytes - i < 4) break;
            i += count_high(all, all->n_bytes + i, bytes + i, n_bytes - i);
        }
    }
    all->n_bytes += i;
    return i;
}

static dosi_status take_census(const dosi_source_file *file, census *out, dosi_error *err) {
    *out = (census){.first_bad = -1, .first_zero = -1};
    FILE *stream = dosi_source_open(file);
    if (!stream) return dosi_fail(err, DOSI_IO, "%s: cannot be opened", file->name);
    char *chunk = malloc(CHUNK_BYTES);
    size_t n_kept = 0;
    while (chunk) {
        size_t n = n_kept + fread(chunk + n_kept, 1, CHUNK_BYTES - n_kept, stream);
        bool is_last = feof(stream) || ferror(stream);
        size_t taken = count_chunk(out, chunk, n, is_last);
        n_kept = n - taken;
        if (is_last) break;
        memmove(chunk, chunk + taken, n_kept);
    }
    bool is_broken = ferror(stream) != 0;
    free(chunk);
    (void)fclose(stream);
    if (!chunk) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    if (is_broken) return dosi_fail(err, DOSI_IO, "%s: cannot be read", file->name);
    return DOSI_OK;
}

/// How bytes above 127 pair up as Korean.
typedef struct pairing {
    uint64_t n_common; ///< Hangul of KS X 1001, what Korean text is made of.
    uint64_t n_other;  ///< Other pairs: symbols, Hanja, rare Hangul.
    uint64_t n_bad;    ///< Bytes that are no pair.
} pairing;

static void count_pairs(pairing *out, const unsigned char *bytes, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; i++) {
        if (bytes[i] < 0x80) continue;
        unsigned char lead = bytes[i];
        unsigned char trail = i + 1 < n_bytes ? bytes[i + 1] : 0;
        bool is_letter = (trail >= 'A' && trail <= 'Z') || (trail >= 'a' && trail <= 'z');
        bool is_pair =
            lead >= 0x81 && lead <= 0xFE && (trail >= 0x81 || is_letter) && trail != 0xFF;
        if (lead >= 0xB0 && lead <= 0xC8 && trail >= 0xA1 && trail != 0xFF) {
            out->n_common++;
        } else if (is_pair) {
            out->n_other++;
        } else {
            out->n_bad++;
        }
        i += is_pair;
    }
}

/// Pairs in the first megabyte from the first byte that is not UTF-8.
static dosi_status count_korean(const dosi_source_file *file,
                                const census *all,
                                pairing *out,
                                dosi_error *err) {
    *out = (pairing){0, 0, 0};
    FILE *stream = dosi_source_open(file);
    char *sample = malloc(SAMPLE_BYTES);
    dosi_status status = DOSI_OK;
    // From the start of the chunk: pairs must not be split, and only ASCII comes before.
    int64_t start = all->n_utf8 == 0 ? all->first_bad : 0;
    if (!stream || !sample || fseeko(stream, start, SEEK_SET) != 0) {
        status = dosi_fail(err, DOSI_IO, "%s: cannot be read", file->name);
    } else {
        size_t n = fread(sample, 1, SAMPLE_BYTES, stream);
        // The last byte may be half a pair.
        count_pairs(out, (const unsigned char *)sample, n);
        if (n == SAMPLE_BYTES && out->n_bad) out->n_bad--;
    }
    if (stream) (void)fclose(stream);
    free(sample);
    return status;
}

static void set_name(dosi_encoding *out, const char *name) {
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    out->is_utf8 = strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "utf8") == 0 ||
                   strcasecmp(name, "ascii") == 0;
}

static bool has_mark(const dosi_source_file *file, const char *mark, size_t n_mark) {
    return file->n_head >= n_mark && memcmp(file->head, mark, n_mark) == 0;
}

/// By byte order mark; false when there is none.
static bool detect_mark(const dosi_source_file *file, dosi_encoding *out) {
    if (has_mark(file, "\xEF\xBB\xBF", 3)) {
        set_name(out, "utf-8");
        out->n_bom = 3;
    } else if (has_mark(file, "\xFF\xFE", 2)) {
        set_name(out, "utf-16le");
        out->n_bom = 2;
    } else if (has_mark(file, "\xFE\xFF", 2)) {
        set_name(out, "utf-16be");
        out->n_bom = 2;
    } else {
        return false;
    }
    return true;
}

/// A converter to UTF-8, or NULL.
static iconv_t open_converter(const char *encoding) {
    iconv_t converter = iconv_open("UTF-8", encoding);
    return (intptr_t)converter == -1 ? NULL : converter;
}

static dosi_status as_wanted(const char *wanted, dosi_encoding *out, dosi_error *err) {
    set_name(out, strcasecmp(wanted, "euc-kr") == 0 ? "cp949" : wanted);
    iconv_t test = open_converter(out->name);
    if (!test) return dosi_fail(err, DOSI_INVALID, "no encoding \"%s\"", wanted);
    (void)iconv_close(test);
    return DOSI_OK;
}

/// Whether the bytes beside the zero bytes of the head are those of text.
static bool is_wide_text(const dosi_source_file *file, size_t zero_place) {
    for (size_t i = zero_place; i < file->n_head; i += 2) {
        size_t beside = zero_place ? i - 1 : i + 1;
        if (file->head[i] != 0 || beside >= file->n_head) continue;
        unsigned char byte = (unsigned char)file->head[beside];
        if (byte < ' ' && byte != '\n' && byte != '\r' && byte != '\t') return false;
    }
    return true;
}

/// Without a mark and with zero bytes: UTF-16 when most lie on one side ("가", U+AC00, has its
/// zero on the other).
static dosi_status detect_zeros(const dosi_source_file *file,
                                const census *all,
                                dosi_encoding *out,
                                dosi_text *said,
                                dosi_error *err) {
    uint64_t even = all->n_zero_even;
    uint64_t odd = all->n_zero_odd;
    bool is_little = odd * 20 >= all->n_bytes && even * 3 <= odd && is_wide_text(file, 1);
    bool is_big = even * 20 >= all->n_bytes && odd * 3 <= even && is_wide_text(file, 0);
    if (!is_little && !is_big) {
        return dosi_fail(err, DOSI_UNSUPPORTED, "%s: binary, no text: zero byte at offset %lld",
                         file->name, (long long)all->first_zero);
    }
    set_name(out, is_little ? "utf-16le" : "utf-16be");
    dosi_text_printf(said, "encoding: %s (no byte order mark; %llu zero bytes on %s places)\n",
                     out->name, (unsigned long long)odd + even, is_little ? "odd" : "even");
    return DOSI_OK;
}

static dosi_status detect_korean(const dosi_source_file *file,
                                 const census *all,
                                 dosi_encoding *out,
                                 dosi_text *said,
                                 dosi_error *err) {
    pairing pairs;
    DOSI_TRY(count_korean(file, all, &pairs, err));
    uint64_t n = pairs.n_common + pairs.n_other + pairs.n_bad;
    unsigned long long n_common = pairs.n_common;
    if (pairs.n_common * 2 >= n && pairs.n_bad * 50 <= n) {
        set_name(out, "cp949");
        dosi_text_printf(said,
                         "encoding: cp949 (not UTF-8 at byte %lld; %llu of %llu characters "
                         "above ASCII are Hangul)\n",
                         (long long)all->first_bad, n_common, (unsigned long long)n);
        return DOSI_OK;
    }
    if (all->n_high * 20 <= all->n_bytes) {
        // A few single bytes, such as the degree sign: Western text.
        set_name(out, "windows-1252");
        dosi_text_printf(said,
                         "encoding: windows-1252 (not UTF-8 at byte %lld, and only %llu of "
                         "%llu characters above ASCII are Hangul in cp949)\n",
                         (long long)all->first_bad, n_common, (unsigned long long)n);
        return DOSI_OK;
    }
    return dosi_fail(
        err, DOSI_UNSUPPORTED,
        "%s: no text in UTF-8, CP949 or UTF-16: byte %lld is not UTF-8, and %llu of "
        "%llu pairs of bytes are Hangul",
        file->name, (long long)all->first_bad, n_common, (unsigned long long)n);
}

dosi_status dosi_encoding_detect(const dosi_source_file *file,
                                 const char *wanted,
                                 dosi_encoding *out,
                                 dosi_text *decisions,
                                 dosi_error *err) {
    assert(file && out && decisions);
    *out = (dosi_encoding){.n_bom = 0};
    bool has_bom = detect_mark(file, out);
    if (wanted) {
        size_t n_bom = out->n_bom;
        DOSI_TRY(as_wanted(wanted, out, err));
        out->n_bom = n_bom;
        dosi_text_printf(decisions, "encoding: %s (as given)\n", out->name);
        return DOSI_OK;
    }
    if (has_bom && !out->is_utf8) {
        dosi_text_printf(decisions, "encoding: %s (byte order mark)\n", out->name);
        return DOSI_OK;
    }
    census all;
    DOSI_TRY(take_census(file, &all, err));
    if (all.n_zero_even + all.n_zero_odd) return detect_zeros(file, &all, out, decisions, err);
    out->is_valid = all.n_bad == 0;
    // A few damaged bytes among much UTF-8 are damage, not another encoding.
    if (has_bom || all.n_bad == 0 || all.n_utf8 >= 20 * all.n_bad) {
        set_name(out, "utf-8");
        dosi_text_printf(decisions, "encoding: utf-8 (%s%s, %llu characters above ASCII",
                         has_bom ? "byte order mark" : "no byte order mark",
                         all.n_bad ? "" : ", every byte valid", (unsigned long long)all.n_utf8);
        if (all.n_bad) {
            dosi_text_printf(decisions, ", %llu bytes damaged, the first at %lld",
                             (unsigned long long)all.n_bad, (long long)all.first_bad);
        }
        dosi_text_puts(decisions, ")\n");
        return DOSI_OK;
    }
    return detect_korean(file, &all, out, decisions, err);
}

struct dosi_decoder {
    FILE *stream;
    iconv_t converter; ///< NULL for UTF-8.
    bool copies;       ///< The bytes are known to be valid UTF-8.
    bool is_at_end;
    uint64_t n_bad;
    size_t n_raw, at;
    char raw[CHUNK_BYTES];
};

dosi_status dosi_decoder_open(const dosi_source_file *file,
                              const dosi_encoding *encoding,
                              dosi_decoder **out,
                              dosi_error *err) {
    assert(file && encoding && out);
    dosi_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", file->name);
    decoder->copies = encoding->is_utf8 && encoding->is_valid;
    decoder->stream = dosi_source_open(file);
    bool is_ok =
        decoder->stream && fseek(decoder->stream, (long)encoding->n_bom, SEEK_SET) == 0;
    if (is_ok && !encoding->is_utf8) {
        decoder->converter = open_converter(encoding->name);
        is_ok = decoder->converter != NULL;
    }
    if (!is_ok) {
        dosi_decoder_close(decoder);
        return dosi_fail(err, DOSI_IO, "%s: cannot be opened as %s", file->name,
                         encoding->name);
    }
    *out = decoder;
    return DOSI_OK;
}

void dosi_decoder_close(dosi_decoder *decoder) {
    if (!decoder) return;
    if (decoder->stream) (void)fclose(decoder->stream);
    if (decoder->converter) (void)iconv_close(decoder->converter);
    free(decoder);
}

uint64_t dosi_decoder_n_bad(const dosi_decoder *decoder) {
    return decoder->n_bad;
}

/// Moves what is left to the front and fills up.
static void refill(dosi_decoder *d) {
    memmove(d->raw, d->raw + d->at, d->n_raw - d->at);
    d->n_raw -= d->at;
    d->at = 0;
    if (d->is_at_end) return;
    size_t wanted = CHUNK_BYTES - d->n_raw;
    size_t n = fread(d->raw + d->n_raw, 1, wanted, d->stream);
    d->n_raw += n;
    d->is_at_end = n < wanted;
}

/// One byte that is not in the encoding.
static size_t replace_byte(dosi_decoder *d, char *out) {
    d->at++;
    d->n_bad++;
    memcpy(out, replacement, REPLACEMENT_BYTES);
    return REPLACEMENT_BYTES;
}

static size_t read_utf8(dosi_decoder *d, char *out, size_t capacity) {
    size_t n_out = 0;
    while (n_out + 4 <= capacity) {
        if (d->n_raw - d->at < 4) refill(d);
        if (d->at == d->n_raw) break;
        size_t n = dosi_utf8_length(d->raw + d->at, d->n_raw - d->at);
        if (n == 0) {
            n_out += replace_byte(d, out + n_out);
            continue;
        }
        memcpy(out + n_out, d->raw + d->at, n);
        n_out += n;
        d->at += n;
    }
    return n_out;
}

static size_t read_converted(dosi_decoder *d, char *out, size_t capacity) {
    char *to = out;
    size_t n_left = capacity;
    for (;;) {
        if (d->at == d->n_raw || d->n_raw - d->at < 8) refill(d);
        if (d->at == d->n_raw) break;
        char *from = d->raw + d->at;
        size_t n_from = d->n_raw - d->at;
        size_t result = iconv(d->converter, &from, &n_from, &to, &n_left);
        d->at = (size_t)(from - d->raw);
        if (result != (size_t)-1) continue;
        if (errno == E2BIG || n_left < REPLACEMENT_BYTES) break;
        // Cut off in the middle of the chunk's last character: more bytes may complete it.
        if (errno == EINVAL && !d->is_at_end) {
            refill(d);
            continue;
        }
        size_t n = replace_byte(d, to);
        to += n;
        n_left -= n;
    }
    return capacity - n_left;
}

size_t dosi_decoder_read(dosi_decoder *decoder, char *out, size_t capacity) {
    assert(decoder && out && capacity >= 16);
    if (decoder->copies) return fread(out, 1, capacity, decoder->stream);
    if (!decoder->converter) return read_utf8(decoder, out, capacity);
    return read_converted(decoder, out, capacity);
}
