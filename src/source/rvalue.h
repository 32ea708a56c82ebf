/// @file rvalue.h
/// R's serialised values (versions 2 and 3, XDR) as a tree.
///
/// Format: R Internals, section 1.8, and R's own description of `serialize`.
#ifndef DOSI_SOURCE_RVALUE_H
#define DOSI_SOURCE_RVALUE_H

#include "source/unpack.h"

/// What a value is, by R's own numbers.
typedef enum dosi_rkind {
    DOSI_R_NULL = 254,
    DOSI_R_SYMBOL = 1,
    DOSI_R_PAIRS = 2, ///< A pairlist: `items` with `tags`.
    DOSI_R_STRING = 9,
    DOSI_R_LOGICAL = 10,
    DOSI_R_INTEGER = 13,
    DOSI_R_REAL = 14,
    DOSI_R_COMPLEX = 15,
    DOSI_R_STRINGS = 16,
    DOSI_R_LIST = 19,
    DOSI_R_RAW = 24,
    DOSI_R_OTHER = 0, ///< Read and passed over: functions, environments...
} dosi_rkind;

enum { DOSI_R_NA = INT32_MIN };

/// One value; owned by its document.
typedef struct dosi_rvalue {
    dosi_rkind kind;
    size_t n;
    union {
        int32_t *integers;          ///< LOGICAL, INTEGER; DOSI_R_NA missing.
        double *reals;              ///< REAL, COMPLEX (2 n).
        dosi_span *spans;           ///< STRINGS: into `pool`; missing as in tables.
        struct dosi_rvalue **items; ///< LIST, PAIRS.
        void *any;
    } data;
    struct dosi_rvalue **tags; ///< PAIRS: a SYMBOL or NULL each.
    char *pool;                ///< STRINGS; SYMBOL and STRING: the text, NUL-terminated.
    size_t pool_bytes;
    size_t pool_capacity;
    bool is_missing;                ///< STRING: NA.
    struct dosi_rvalue *attributes; ///< PAIRS, or NULL.
    struct dosi_rvalue *below;      ///< All values of the document, one chain.
} dosi_rvalue;

/// A file's values. Zero-initialise; dosi_rdocument_clear() after.
typedef struct dosi_rdocument {
    dosi_rvalue *root; ///< .rda: PAIRS by name; .rds: the one object.
    bool is_workspace; ///< .rda.
    int version;       ///< 2 or 3.
    char encoding[64]; ///< Of strings that say none; "" when the file does not tell.
    size_t n_foreign;  ///< Strings whose bytes are neither UTF-8 nor in a known encoding.
    dosi_rvalue *values;
    size_t n_bytes; ///< Held by all values.
} dosi_rdocument;

/// Reads a whole file. Strings become UTF-8.
/// @return DOSI_OK; DOSI_PARSE naming the byte; DOSI_UNSUPPORTED (ASCII or native binary
///         formats); DOSI_LIMIT (2 GiB of values, 64 levels).
DOSI_CHECKED dosi_status dosi_rdocument_read(const dosi_source_file *file,
                                             dosi_rdocument *out,
                                             dosi_error *err);

/// Frees all values.
void dosi_rdocument_clear(dosi_rdocument *document);

/// The attribute called `name`, or NULL.
const dosi_rvalue *dosi_rvalue_attribute(const dosi_rvalue *value, const char *name);

/// Whether the value's class has `name` in it.
bool dosi_rvalue_inherits(const dosi_rvalue *value, const char *name);

/// String `i` of STRINGS; NULL when missing. Not NUL-terminated.
const char *dosi_rvalue_string(const dosi_rvalue *value, size_t i, size_t *n_bytes);

#endif // DOSI_SOURCE_RVALUE_H
