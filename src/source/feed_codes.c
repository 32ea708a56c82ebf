// What the result codes of data.go.kr and data.seoul.go.kr mean, from their published manuals.

#include "source/feed.h"

#include <assert.h>
#include <string.h>

/// A code.
typedef struct result_code {
    const char *code;
    dosi_status status;
    bool may_pass; ///< Trying again may help.
    const char *meaning;
} result_code;

static const result_code codes[] = {
    // data.go.kr
    {"00", DOSI_OK, false, ""},
    {"01", DOSI_IO, true, "the service failed"},
    {"02", DOSI_IO, true, "the service's database failed"},
    {"04", DOSI_IO, true, "the service's HTTP failed"},
    {"05", DOSI_TIMEOUT, true, "the service did not answer in time"},
    {"10", DOSI_INVALID, false, "a parameter is wrong"},
    {"11", DOSI_INVALID, false, "a required parameter is missing"},
    {"12", DOSI_NOT_FOUND, false, "there is no such service, or it was withdrawn"},
    {"20", DOSI_DENIED, false, "the service is not granted to this key"},
    {"21", DOSI_UNAUTHENTICATED, true, "the key is blocked for now"},
    {"22", DOSI_BUSY, false, "the calls of the day are used up"},
    {"30", DOSI_UNAUTHENTICATED, false, "the key is not registered"},
    {"31", DOSI_UNAUTHENTICATED, false, "the key has expired"},
    {"32", DOSI_DENIED, false, "this machine's address is not registered for the key"},
    {"33", DOSI_UNAUTHENTICATED, false, "the call is not signed"},
    {"99", DOSI_IO, true, "an error without a name"},
    // data.seoul.go.kr
    {"INFO-000", DOSI_OK, false, ""},
    {"INFO-100", DOSI_UNAUTHENTICATED, false, "the key is not valid"},
    {"ERROR-300", DOSI_INVALID, false, "a required value is missing"},
    {"ERROR-301", DOSI_INVALID, false, "the file type is missing or wrong"},
    {"ERROR-310", DOSI_NOT_FOUND, false, "there is no such service"},
    {"ERROR-331", DOSI_INVALID, false, "the first row's number is wrong"},
    {"ERROR-332", DOSI_INVALID, false, "the last row's number is wrong"},
    {"ERROR-333", DOSI_INVALID, false, "a row's number is no whole number"},
    {"ERROR-334", DOSI_INVALID, false, "the last row's number is before the first"},
    {"ERROR-335", DOSI_INVALID, false, "the sample key gives 5 rows at most"},
    {"ERROR-336", DOSI_LIMIT, false, "more than 1,000 rows asked at once"},
    {"ERROR-500", DOSI_IO, true, "the server failed"},
    {"ERROR-600", DOSI_IO, true, "the server's database failed"},
    {"ERROR-601", DOSI_IO, true, "the server's query failed"},
};

dosi_status dosi_feed_judge(
    const char *code, const char *said, bool *is_empty, bool *may_pass, dosi_error *err) {
    assert(code && is_empty && may_pass);
    *is_empty = strcmp(code, "03") == 0 || strcmp(code, "INFO-200") == 0;
    *may_pass = false;
    if (*is_empty) return DOSI_OK;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(codes[i].code, code) != 0) continue;
        *may_pass = codes[i].may_pass;
        if (codes[i].status == DOSI_OK) return DOSI_OK;
        return dosi_fail(err, codes[i].status, "the API answers %s: %s (%.120s)", code,
                         codes[i].meaning, said ? said : "");
    }
    return dosi_fail(err, DOSI_IO, "the API answers %.40s, which is not in its manual (%.120s)",
                     code, said ? said : "");
}
