// The names of datasets: "org/name" and "org/name@N".

#include "dosi/text.h"
#include "lake/lake.h"

#include <assert.h>
#include <string.h>

/// Whether `bytes` is [a-z0-9][a-z0-9_-]* of at most DOSI_NAME_BYTES - 1 bytes.
static bool is_name(const char *bytes, size_t n_bytes) {
    if (n_bytes == 0 || n_bytes >= DOSI_NAME_BYTES) return false;
    for (size_t i = 0; i < n_bytes; i++) {
        char c = bytes[i];
        bool is_first = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_first && (i == 0 || (c != '_' && c != '-'))) return false;
    }
    return true;
}

dosi_status dosi_reference_parse(
    const char *reference, char *organisation, char *name, int64_t *number, dosi_error *err) {
    assert(reference && organisation && name && number);
    const char *slash = strchr(reference, '/');
    if (!slash) {
        return dosi_fail(err, DOSI_INVALID, "\"%.100s\" is no dataset: write organisation/name",
                         reference);
    }
    const char *at = strchr(slash, '@');
    const char *end = at ? at : slash + strlen(slash);
    size_t n_organisation = (size_t)(slash - reference);
    size_t n_name = (size_t)(end - slash - 1);
    if (!is_name(reference, n_organisation) || !is_name(slash + 1, n_name)) {
        return dosi_fail(err, DOSI_INVALID,
                         "\"%.200s\" is no dataset: organisation and name are small letters, "
                         "digits, _ and -, at most %d, and start with a letter or digit",
                         reference, DOSI_NAME_BYTES - 1);
    }
    int64_t parsed = 0;
    if (at && (at[1] < '0' || at[1] > '9' ||
               dosi_parse_int(at + 1, strlen(at + 1), &parsed) != DOSI_OK || parsed < 1)) {
        return dosi_fail(err, DOSI_INVALID,
                         "\"%.200s\": a version is a number from 1, not "
                         "\"%.50s\"",
                         reference, at + 1);
    }
    memcpy(organisation, reference, n_organisation);
    organisation[n_organisation] = '\0';
    memcpy(name, slash + 1, n_name);
    name[n_name] = '\0';
    *number = parsed;
    return DOSI_OK;
}
