// Audit records as text: written in one fixed order, so that a line can be checked by its
// place, without a JSON parser.

#include "govern/audit_line.h"

#include "dosi/json.h"
#include "dosi/time.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { HEX_BYTES = 2 * DOSI_AUDIT_HASH_BYTES, LONGEST_STRING = 4000 };

static const char seq_key[] = "{\"seq\":";
static const char previous_key[] = ",\"previous\":\"";
static const char hash_key[] = "\",\"hash\":\"";
static const char closing[] = "\"}";

/// Bytes from `,"previous"` to the end.
enum {
    PREVIOUS_BYTES = sizeof previous_key - 1,
    HASH_KEY_BYTES = sizeof hash_key - 1,
    TAIL_BYTES = PREVIOUS_BYTES + HEX_BYTES + HASH_KEY_BYTES + HEX_BYTES + 2
};

static void put_member(dosi_text *out, const char *key, const char *value) {
    size_t n_bytes = value ? strnlen(value, LONGEST_STRING) : 0;
    dosi_text_printf(out, ",\"%s\":", key);
    dosi_text_put_json(out, value ? value : "", n_bytes);
}

static void put_hex(dosi_text *out, const unsigned char *hash) {
    char hex[HEX_BYTES + 1];
    (void)sodium_bin2hex(hex, sizeof hex, hash, DOSI_AUDIT_HASH_BYTES);
    dosi_text_append(out, hex, HEX_BYTES);
}

static void hash_bytes(const char *bytes, size_t n_bytes, unsigned char *out) {
    (void)crypto_generichash(out, DOSI_AUDIT_HASH_BYTES, (const unsigned char *)bytes, n_bytes,
                             NULL, 0);
}

void dosi_audit_line_write(dosi_text *out,
                           const dosi_audit_entry *entry,
                           uint64_t number,
                           const unsigned char *previous,
                           unsigned char *hash) {
    assert(out && entry && previous && hash);
    char utc[DOSI_TIME_TEXT_BYTES];
    dosi_time_format(dosi_time_now_utc_us(), 0, utc);
    dosi_text_clear(out);
    dosi_text_puts(out, seq_key);
    dosi_text_put_int(out, (int64_t)number);
    put_member(out, "utc", utc);
    put_member(out, "account", entry->account);
    dosi_text_puts(out, ",\"account_id\":");
    dosi_text_put_int(out, entry->account_id);
    put_member(out, "channel", entry->channel);
    put_member(out, "action", entry->action);
    put_member(out, "object", entry->object);
    put_member(out, "outcome", entry->outcome);
    put_member(out, "detail", entry->detail);
    dosi_text_puts(out, previous_key);
    put_hex(out, previous);
    hash_bytes(dosi_text_string(out), out->length, hash);
    dosi_text_puts(out, hash_key);
    put_hex(out, hash);
    dosi_text_puts(out, closing);
    dosi_text_putc(out, '\n');
}

static bool take_hex(const char *hex, unsigned char *out) {
    size_t n_bytes = 0;
    return sodium_hex2bin(out, DOSI_AUDIT_HASH_BYTES, hex, HEX_BYTES, NULL, &n_bytes, NULL) ==
               0 &&
           n_bytes == DOSI_AUDIT_HASH_BYTES;
}

bool dosi_audit_line_read(const char *line, size_t n_bytes, dosi_audit_line *out) {
    assert(line && out);
    if (n_bytes < sizeof seq_key + TAIL_BYTES) return false;
    if (memcmp(line, seq_key, sizeof seq_key - 1) != 0) return false;
    const char *digits = line + sizeof seq_key - 1;
    const char *comma = memchr(digits, ',', 21);
    int64_t number = 0;
    if (!comma || dosi_parse_int(digits, (size_t)(comma - digits), &number) != DOSI_OK ||
        number < 1) {
        return false;
    }
    const char *tail = line + n_bytes - TAIL_BYTES;
    const char *hash = tail + PREVIOUS_BYTES + HEX_BYTES;
    if (memcmp(tail, previous_key, PREVIOUS_BYTES) != 0 ||
        memcmp(hash, hash_key, HASH_KEY_BYTES) != 0 ||
        memcmp(line + n_bytes - 2, closing, 2) != 0) {
        return false;
    }
    dosi_audit_line read = {.number = (uint64_t)number};
    if (!take_hex(tail + PREVIOUS_BYTES, read.previous)) return false;
    if (!take_hex(hash + HASH_KEY_BYTES, read.hash)) return false;
    unsigned char computed[DOSI_AUDIT_HASH_BYTES];
    hash_bytes(line, (size_t)(hash - line), computed);
    read.is_unchanged = memcmp(computed, read.hash, sizeof computed) == 0;
    *out = read;
    return true;
}

dosi_status dosi_audit_segment_path(const char *folder,
                                    uint64_t segment,
                                    char *out,
                                    dosi_error *err) {
    int n = snprintf(out, DOSI_AUDIT_PATH_BYTES, "%s/audit/%08llu.jsonl", folder,
                     (unsigned long long)segment);
    if (n < 0 || n >= DOSI_AUDIT_PATH_BYTES) {
        return dosi_fail(err, DOSI_LIMIT, "path is too long: %s", folder);
    }
    return DOSI_OK;
}
