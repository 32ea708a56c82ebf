/// @file status.h
/// How every dosi function reports failure.
///
/// A function that can fail returns `dosi_status`; its last parameter may be `dosi_error *err`,
/// which is filled only on failure and may always be NULL. A function that cannot fail returns
/// its value. Breaking a stated precondition is a bug in the caller and is asserted, not
/// returned.
#ifndef DOSI_STATUS_H
#define DOSI_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DOSI_API          __attribute__((visibility("default")))
#define DOSI_CHECKED      __attribute__((warn_unused_result))
#define DOSI_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define DOSI_API
#define DOSI_CHECKED
#define DOSI_PRINTF(f, a)
#endif

/// The one table of failures: name, HTTP status, CLI exit code, text for people.
#define DOSI_STATUS_TABLE(X)                      \
    X(OK, 200, 0, "ok")                           \
    X(INVALID, 400, 2, "invalid argument")        \
    X(DOMAIN, 422, 2, "value outside its domain") \
    X(PARSE, 422, 2, "malformed input")           \
    X(NOT_FOUND, 404, 3, "not found")             \
    X(LIMIT, 413, 4, "limit exceeded")            \
    X(NO_CONVERGENCE, 422, 5, "no convergence")   \
    X(CANCELLED, 503, 6, "cancelled")             \
    X(NO_MEMORY, 503, 7, "out of memory")         \
    X(IO, 500, 8, "input/output error")           \
    X(UNAUTHENTICATED, 401, 9, "not signed in")   \
    X(DENIED, 403, 10, "not permitted")           \
    X(CONFLICT, 409, 11, "conflict")              \
    X(TIMEOUT, 503, 12, "timed out")              \
    X(UNSUPPORTED, 415, 13, "not supported")      \
    X(BUSY, 429, 14, "too many requests")

// clang-format off
typedef enum dosi_status {
#define X(name, http, exit_code, text) DOSI_##name,
    DOSI_STATUS_TABLE(X)
#undef X
    DOSI_STATUS_COUNT ///< Not a status: how many there are.
} dosi_status;
// clang-format on

/// What went wrong, in words, owned by the caller (usually on its stack).
typedef struct dosi_error {
    char message[512]; ///< NUL-terminated UTF-8; meaningful only after a failure.
} dosi_error;

/// Text for `status`, never NULL.
DOSI_API const char *dosi_status_text(dosi_status status);

/// HTTP status code for `status`, in 200..599.
DOSI_API int dosi_status_http(dosi_status status);

/// Process exit code for `status`, in 0..125.
DOSI_API int dosi_status_exit_code(dosi_status status);

/// Sets `err` (which may be NULL) and returns `status`, for use as `return dosi_fail(...)`.
DOSI_API dosi_status dosi_fail(dosi_error *err, dosi_status status, const char *format, ...)
    DOSI_PRINTF(3, 4);

/// Returns from the enclosing function when `expr` fails.
#define DOSI_TRY(expr)                                          \
    do {                                                        \
        dosi_status dosi_try_status = (expr);                   \
        if (dosi_try_status != DOSI_OK) return dosi_try_status; \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif // DOSI_STATUS_H
