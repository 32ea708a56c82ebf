// The head file: two slots of fixed size, written in turn, each sealed with a keyed hash. A
// process that dies while writing one leaves the other.

#include "govern/audit_head.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

enum { SEAL_BYTES = 32 };

/// What is on disk, in the byte order of the machine: a log is not moved between kinds.
typedef struct slot {
    char magic[8];
    dosi_audit_head head;
    unsigned char seal[SEAL_BYTES];
} slot;

static const char magic[8] = {'d', 'o', 's', 'i', 'a', 'u', 'd', '1'};

static void seal(const slot *s, const unsigned char *key, unsigned char *out) {
    (void)crypto_generichash(out, SEAL_BYTES, (const unsigned char *)s, offsetof(slot, seal),
                             key, DOSI_AUDIT_KEY_BYTES);
}

static bool is_sealed(const slot *s, const unsigned char *key) {
    unsigned char expected[SEAL_BYTES];
    if (memcmp(s->magic, magic, sizeof magic) != 0) return false;
    seal(s, key, expected);
    return sodium_memcmp(expected, s->seal, SEAL_BYTES) == 0;
}

dosi_status dosi_audit_head_read(int fd,
                                 const unsigned char *key,
                                 dosi_audit_head *out,
                                 dosi_error *err) {
    assert(fd >= 0 && key && out);
    slot slots[2];
    memset(slots, 0, sizeof slots);
    ssize_t n = pread(fd, slots, sizeof slots, 0);
    if (n < 0) return dosi_fail(err, DOSI_IO, "audit/head: %s", strerror(errno));
    if (n == 0) return dosi_fail(err, DOSI_NOT_FOUND, "audit/head is empty");
    const slot *best = NULL;
    for (int i = 0; i < 2; i++) {
        if (!is_sealed(&slots[i], key)) continue;
        if (!best || slots[i].head.n_records > best->head.n_records) best = &slots[i];
    }
    if (!best)
        return dosi_fail(err, DOSI_CONFLICT, "audit/head was changed: its seal is wrong");
    *out = best->head;
    return DOSI_OK;
}

dosi_status dosi_audit_head_write(int fd,
                                  const unsigned char *key,
                                  const dosi_audit_head *head,
                                  dosi_error *err) {
    assert(fd >= 0 && key && head);
    slot s;
    memset(&s, 0, sizeof s);
    memcpy(s.magic, magic, sizeof magic);
    s.head = *head;
    seal(&s, key, s.seal);
    off_t at = (off_t)((head->n_records % 2) * sizeof s);
    if (pwrite(fd, &s, sizeof s, at) != (ssize_t)sizeof s) {
        return dosi_fail(err, DOSI_IO, "audit/head: %s", strerror(errno));
    }
    return DOSI_OK;
}
