// Reads R's serialised values, versions 2 and 3, in XDR byte order.

#include "source/rvalue.h"

#include <assert.h>
#include <iconv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 64, CHUNK_ITEMS = 1 << 16 };

/// Most bytes that all values of a file may hold.
#define VALUE_BYTES ((size_t)2 << 30)

/// Type numbers that R writes and that are not kinds of ours.
enum {
    R_CLOSURE = 3,
    R_ENVIRONMENT = 4,
    R_PROMISE = 5,
    R_CALL = 6,
    R_SPECIAL = 7,
    R_BUILTIN = 8,
    R_DOTS = 17,
    R_EXPRESSION = 20,
    R_BYTECODE = 21,
    R_POINTER = 22,
    R_WEAK = 23,
    R_S4 = 25,
    R_ALTREP = 238,
    R_ATTR_PAIRS = 239,
    R_ATTR_CALL = 240,
    R_BASE_ENVIRONMENT = 241,
    R_EMPTY_ENVIRONMENT = 242,
    R_PERSISTENT = 247,
    R_PACKAGE = 248,
    R_NAMESPACE = 249,
    R_REFERENCE = 255,
    HAS_ATTRIBUTES = 1 << 9,
    HAS_TAG = 1 << 10,
    IS_LATIN1 = 1 << 14, ///< gp bit 2
    IS_UTF8 = 1 << 15,   ///< gp bit 3
};

/// A file being read.
typedef struct reading {
    dosi_unpack *in;
    const char *name;
    dosi_rdocument *document;
    dosi_rvalue **references; ///< What REFSXP numbers stand for, from 1.
    size_t n_references, reference_capacity;
    unsigned depth;
    iconv_t native; ///< -1: none could be opened.
    bool has_native;
} reading;

static dosi_status read_item(reading *r, dosi_rvalue **out, dosi_error *err);
static dosi_status read_flagged(reading *r, int32_t flags, dosi_rvalue **out, dosi_error *err);

static dosi_status fail_here(
    const reading *r, dosi_status status, const char *what, long long value, dosi_error *err) {
    return dosi_fail(err, status, "%s: %s (%lld) at byte %lld of the unpacked R data", r->name,
                     what, value, (long long)dosi_unpack_count(r->in));
}

/// Counts memory against the limit.
static dosi_status charge(reading *r, size_t n_bytes, dosi_error *err) {
    if (n_bytes > VALUE_BYTES - r->document->n_bytes) {
        return fail_here(r, DOSI_LIMIT, "more values than fit the limit of 2 GiB",
                         (long long)n_bytes, err);
    }
    r->document->n_bytes += n_bytes;
    return DOSI_OK;
}

static dosi_status new_value(reading *r, dosi_rkind kind, dosi_rvalue **out, dosi_error *err) {
    DOSI_TRY(charge(r, sizeof(dosi_rvalue), err));
    dosi_rvalue *value = calloc(1, sizeof *value);
    if (!value) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", r->name);
    value->kind = kind;
    value->below = r->document->values;
    r->document->values = value;
    *out = value;
    return DOSI_OK;
}

static dosi_status read_int(reading *r, int32_t *out, dosi_error *err) {
    unsigned char b[4];
    DOSI_TRY(dosi_unpack_read(r->in, b, sizeof b, err));
    uint32_t word =
        (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | (uint32_t)b[3];
    memcpy(out, &word, sizeof *out);
    return DOSI_OK;
}

/// Reads a length, which may be written in two words.
static dosi_status read_length(reading *r, size_t *out, dosi_error *err) {
    int32_t length = 0, high = 0, low = 0;
    DOSI_TRY(read_int(r, &length, err));
    if (length >= 0) {
        *out = (size_t)length;
        return DOSI_OK;
    }
    if (length != -1) return fail_here(r, DOSI_PARSE, "a negative length", length, err);
    DOSI_TRY(read_int(r, &high, err));
    DOSI_TRY(read_int(r, &low, err));
    if (high < 0 || high > 65536) return fail_here(r, DOSI_PARSE, "a length", high, err);
    *out = (size_t)high << 32 | (uint32_t)low;
    return DOSI_OK;
}

/// Gives `*data` room for `n` items, keeping what is there.
static dosi_status grow(
    reading *r, void **data, size_t n_before, size_t n, size_t item_bytes, dosi_error *err) {
    if (n > VALUE_BYTES / item_bytes) {
        return fail_here(r, DOSI_LIMIT, "a length beyond the limit", (long long)n, err);
    }
    DOSI_TRY(charge(r, (n - n_before) * item_bytes, err));
    void *grown = realloc(*data, n * item_bytes);
    if (!grown) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", r->name);
    *data = grown;
    return DOSI_OK;
}

/// How much room to make next for `n` declared items when `have` have been read: a length that
/// the file does not back up costs no memory.
static size_t next_room(size_t have, size_t n) {
    size_t room = have < CHUNK_ITEMS ? CHUNK_ITEMS : have * 2;
    return room < n ? room : n;
}

/// Turns big-endian items round, in place.
static void turn(unsigned char *bytes, size_t n_items, size_t item_bytes) {
    for (size_t i = 0; i < n_items; i++) {
        unsigned char *item = bytes + i * item_bytes;
        for (size_t j = 0; j < item_bytes / 2; j++) {
            unsigned char kept = item[j];
            item[j] = item[item_bytes - 1 - j];
            item[item_bytes - 1 - j] = kept;
        }
    }
}

/// Reads `n` plain items of 1, 4 or 8 bytes.
static dosi_status read_plain(
    reading *r, size_t n, size_t item_bytes, dosi_rvalue *value, dosi_error *err) {
    size_t have = 0;
    while (have < n) {
        size_t room = next_room(have, n);
        DOSI_TRY(grow(r, &value->data.any, have, room, item_bytes, err));
        unsigned char *to = (unsigned char *)value->data.any + have * item_bytes;
        DOSI_TRY(dosi_unpack_read(r->in, to, (room - have) * item_bytes, err));
        turn(to, room - have, item_bytes);
        have = room;
    }
    value->n = n;
    return DOSI_OK;
}

// --- strings -------------------------------------------------------------------------------

/// Makes room for `n` more bytes in the pool.
static dosi_status pool_room(reading *r, dosi_rvalue *value, size_t n, dosi_error *err) {
    if (n <= value->pool_capacity - value->pool_bytes) return DOSI_OK;
    size_t capacity = value->pool_capacity * 2;
    if (capacity < value->pool_bytes + n) capacity = value->pool_bytes + n;
    void *pool = value->pool;
    DOSI_TRY(grow(r, &pool, value->pool_capacity, capacity, 1, err));
    value->pool = pool;
    value->pool_capacity = capacity;
    return DOSI_OK;
}

/// Opens the converter for strings that are in the writer's own encoding.
static bool open_native(reading *r) {
    if (!r->has_native) {
        const char *from = r->document->encoding;
        bool is_told = from[0] && strcmp(from, "UTF-8") != 0;
        r->native = iconv_open("UTF-8", is_told ? from : "CP949");
        r->has_native = true;
    }
    return (intptr_t)r->native != -1;
}

/// Converts `n` bytes at `from` to UTF-8 at `to` (room for 4 n). False when they are not in
/// the writer's encoding.
static bool convert_native(reading *r, char *from, size_t n, char *to, size_t *n_out) {
    if (!open_native(r)) return false;
    size_t room = 4 * n, left = room;
    (void)iconv(r->native, NULL, NULL, NULL, NULL);
    bool is_good = iconv(r->native, &from, &n, &to, &left) != (size_t)-1;
    *n_out = room - left;
    return is_good;
}

/// Latin-1 to UTF-8; at most 2 n bytes.
static size_t convert_latin1(const char *from, size_t n, char *to) {
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)from[i];
        if (byte >= 0x80) to[out++] = (char)(0xc0 | byte >> 6);
        to[out++] = (char)(byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte);
    }
    return out;
}

/// Keeps what is valid UTF-8 and replaces each other byte by U+FFFD; at most 3 n bytes.
static size_t replace_invalid(const char *from, size_t n, char *to) {
    size_t out = 0;
    for (size_t i = 0; i < n;) {
        size_t length = dosi_utf8_length(from + i, n - i);
        memcpy(to + out, length ? from + i : "\xef\xbf\xbd", length ? length : 3);
        out += length ? length : 3;
        i += length ? length : 1;
    }
    return out;
}

/// Turns the `n` bytes at the pool's end (already stored, room for 4 n more) into UTF-8.
static dosi_status settle_encoding(
    reading *r, dosi_rvalue *value, size_t n, int32_t flags, dosi_error *err) {
    char *stored = value->pool + value->pool_bytes;
    if (dosi_utf8_is_valid(stored, n) && !(flags & IS_LATIN1)) {
        value->pool_bytes += n;
        return DOSI_OK;
    }
    char *raw = malloc(n + 1);
    if (!raw) return dosi_fail(err, DOSI_NO_MEMORY, "%s: no memory", r->name);
    memcpy(raw, stored, n);
    size_t n_out = 0;
    if (flags & IS_LATIN1) {
        n_out = convert_latin1(raw, n, stored);
    } else if ((flags & IS_UTF8) || !convert_native(r, raw, n, stored, &n_out)) {
        n_out = replace_invalid(raw, n, stored);
        r->document->n_foreign++;
    }
    value->pool_bytes += n_out;
    free(raw);
    return DOSI_OK;
}

/// Reads the text of a CHARSXP whose flags are read, into the pool of `value`.
static dosi_status read_text(
    reading *r, int32_t flags, dosi_rvalue *value, dosi_span *span, dosi_error *err) {
    int32_t length = 0;
    DOSI_TRY(read_int(r, &length, err));
    *span = (dosi_span){.offset = value->pool_bytes, .length = DOSI_MISSING_SPAN};
    if (length == -1) return DOSI_OK;
    if (length < 0 || length > DOSI_SOURCE_CELL_BYTES) {
        return fail_here(r, DOSI_LIMIT, "a string of this many bytes", length, err);
    }
    size_t n = (size_t)length;
    DOSI_TRY(pool_room(r, value, 4 * n + 1, err));
    DOSI_TRY(dosi_unpack_read(r->in, value->pool + value->pool_bytes, n, err));
    DOSI_TRY(settle_encoding(r, value, n, flags, err));
    value->pool[value->pool_bytes] = '\0';
    span->length = (uint32_t)(value->pool_bytes - span->offset);
    return DOSI_OK;
}

/// Reads `n` strings.
static dosi_status read_strings(reading *r, size_t n, dosi_rvalue *value, dosi_error *err) {
    size_t room = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == room) {
            room = next_room(room, n);
            DOSI_TRY(grow(r, &value->data.any, i, room, sizeof(dosi_span), err));
        }
        int32_t flags = 0;
        DOSI_TRY(read_int(r, &flags, err));
        if ((flags & 0xff) != DOSI_R_STRING) {
            return fail_here(r, DOSI_PARSE, "no string where one belongs", flags & 0xff, err);
        }
        DOSI_TRY(read_text(r, flags, value, &value->data.spans[i], err));
        value->n = i + 1;
    }
    return DOSI_OK;
}

// --- what can be referred to ---------------------------------------------------------------

static dosi_status add_reference(reading *r, dosi_rvalue *value, dosi_error *err) {
    if (r->n_references == r->reference_capacity) {
        size_t room = r->reference_capacity ? 2 * r->reference_capacity : 256;
        void *grown = r->references;
        DOSI_TRY(grow(r, &grown, r->reference_capacity, room, sizeof(dosi_rvalue *), err));
        r->references = grown;
        r->reference_capacity = room;
    }
    r->references[r->n_references++] = value;
    return DOSI_OK;
}

static dosi_status find_reference(reading *r,
                                  int32_t flags,
                                  dosi_rvalue **out,
                                  dosi_error *err) {
    int32_t number = flags >> 8;
    if (number == 0) DOSI_TRY(read_int(r, &number, err));
    if (number < 1 || (size_t)number > r->n_references) {
        return fail_here(r, DOSI_PARSE, "a reference to nothing", number, err);
    }
    *out = r->references[number - 1];
    return DOSI_OK;
}

static dosi_status read_symbol(reading *r, dosi_rvalue **out, dosi_error *err) {
    int32_t flags = 0;
    DOSI_TRY(read_int(r, &flags, err));
    if ((flags & 0xff) != DOSI_R_STRING) {
        return fail_here(r, DOSI_PARSE, "a symbol without a name", flags & 0xff, err);
    }
    dosi_span span;
    DOSI_TRY(new_value(r, DOSI_R_SYMBOL, out, err));
    DOSI_TRY(pool_room(r, *out, 1, err));
    (*out)->pool[0] = '\0';
    DOSI_TRY(read_text(r, flags, *out, &span, err));
    return add_reference(r, *out, err);
}

/// Reads an environment: nothing in it is a table, but what it holds must be passed over.
static dosi_status read_environment(reading *r, dosi_rvalue **out, dosi_error *err) {
    int32_t locked = 0;
    dosi_rvalue *ignored = NULL;
    DOSI_TRY(new_value(r, DOSI_R_OTHER, out, err));
    DOSI_TRY(add_reference(r, *out, err));
    DOSI_TRY(read_int(r, &locked, err));
    for (int i = 0; i < 4; i++) DOSI_TRY(read_item(r, &ignored, err));
    return DOSI_OK;
}

/// Reads the name of a package or namespace.
static dosi_status read_package(reading *r, dosi_rvalue **out, dosi_error *err) {
    int32_t zero = 0, n = 0;
    DOSI_TRY(new_value(r, DOSI_R_OTHER, out, err));
    DOSI_TRY(read_int(r, &zero, err));
    DOSI_TRY(read_int(r, &n, err));
    if (n < 0) return fail_here(r, DOSI_PARSE, "a negative length", n, err);
    dosi_rvalue *names = NULL;
    DOSI_TRY(new_value(r, DOSI_R_STRINGS, &names, err));
    DOSI_TRY(read_strings(r, (size_t)n, names, err));
    return add_reference(r, *out, err);
}

// --- lists ---------------------------------------------------------------------------------

static dosi_status read_list(reading *r, size_t n, dosi_rvalue *value, dosi_error *err) {
    size_t room = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == room) {
            room = next_room(room, n);
            DOSI_TRY(grow(r, &value->data.any, i, room, sizeof(dosi_rvalue *), err));
        }
        DOSI_TRY(read_item(r, &value->data.items[i], err));
        value->n = i + 1;
    }
    return DOSI_OK;
}

/// Adds one (tag, item) to a pairlist.
static dosi_status add_pair(
    reading *r, dosi_rvalue *pairs, dosi_rvalue *tag, dosi_rvalue *item, dosi_error *err) {
    if (pairs->n % 8 == 0) {
        void *items = pairs->data.items, *tags = pairs->tags;
        DOSI_TRY(grow(r, &items, pairs->n, pairs->n + 8, sizeof(dosi_rvalue *), err));
        pairs->data.items = items;
        DOSI_TRY(grow(r, &tags, pairs->n, pairs->n + 8, sizeof(dosi_rvalue *), err));
        pairs->tags = tags;
    }
    pairs->tags[pairs->n] = tag;
    pairs->data.items[pairs->n++] = item;
    return DOSI_OK;
}

static bool is_pair(int32_t type) {
    return type == DOSI_R_PAIRS || type == R_CALL || type == R_CLOSURE || type == R_PROMISE ||
           type == R_DOTS || type == R_ATTR_PAIRS || type == R_ATTR_CALL;
}

/// Reads a pairlist whose first flags are read. Its tail is a loop, so that a long one is not
/// a deep one; a tail that is no list becomes a last item without tag.
static dosi_status read_pairs(reading *r, int32_t flags, dosi_rvalue **out, dosi_error *err) {
    DOSI_TRY(new_value(r, DOSI_R_PAIRS, out, err));
    for (;;) {
        int32_t type = flags & 0xff;
        bool has_attributes =
            (flags & HAS_ATTRIBUTES) || type == R_ATTR_PAIRS || type == R_ATTR_CALL;
        dosi_rvalue *attributes = NULL, *tag = NULL, *item = NULL;
        if (has_attributes) DOSI_TRY(read_item(r, &attributes, err));
        if (flags & HAS_TAG) DOSI_TRY(read_item(r, &tag, err));
        DOSI_TRY(read_item(r, &item, err));
        if (tag && tag->kind != DOSI_R_SYMBOL) tag = NULL;
        if ((*out)->n == 0) (*out)->attributes = attributes;
        DOSI_TRY(add_pair(r, *out, tag, item, err));
        DOSI_TRY(read_int(r, &flags, err));
        type = flags & 0xff;
        if (type == DOSI_R_NULL) return DOSI_OK;
        if (!is_pair(type)) break;
    }
    dosi_rvalue *tail = NULL;
    DOSI_TRY(read_flagged(r, flags, &tail, err));
    return add_pair(r, *out, NULL, tail, err);
}

// --- values that R keeps in another form ---------------------------------------------------

/// Fills a sequence: n values from `first` in steps of `by`.
static dosi_status expand_sequence(
    reading *r, const dosi_rvalue *state, bool is_real, dosi_rvalue **out, dosi_error *err) {
    if (state->kind != DOSI_R_REAL || state->n != 3 ||
        !(state->data.reals[0] >= 0 && state->data.reals[0] < 1e15)) {
        return fail_here(r, DOSI_PARSE, "a sequence that is none", state->kind, err);
    }
    size_t n = (size_t)state->data.reals[0];
    double first = state->data.reals[1], by = state->data.reals[2];
    DOSI_TRY(new_value(r, is_real ? DOSI_R_REAL : DOSI_R_INTEGER, out, err));
    DOSI_TRY(grow(r, &(*out)->data.any, 0, n ? n : 1, is_real ? 8 : 4, err));
    (*out)->n = n;
    for (size_t i = 0; i < n; i++) {
        double value = first + by * (double)i;
        if (is_real) {
            (*out)->data.reals[i] = value;
        } else if (!(fabs(value) <= 2147483647.0)) { // also what is no number
            return fail_here(r, DOSI_PARSE, "a sequence past the integers", (long long)n, err);
        } else {
            (*out)->data.integers[i] = (int32_t)value;
        }
    }
    return DOSI_OK;
}

/// Writes the number as R's as.character() does; false when it is missing.
static bool number_text(const dosi_rvalue *numbers, size_t i, char *out, size_t n_out) {
    if (numbers->kind == DOSI_R_REAL) {
        (void)snprintf(out, n_out, "%.15g", numbers->data.reals[i]);
        return !isnan(numbers->data.reals[i]);
    }
    (void)snprintf(out, n_out, "%d", (int)numbers->data.integers[i]);
    return numbers->data.integers[i] != DOSI_R_NA;
}

/// Makes the strings of numbers that R had not made yet.
static dosi_status expand_strings(reading *r,
                                  const dosi_rvalue *state,
                                  dosi_rvalue **out,
                                  dosi_error *err) {
    const dosi_rvalue *numbers =
        state->kind == DOSI_R_PAIRS && state->n ? state->data.items[0] : state;
    if (numbers->kind != DOSI_R_REAL && numbers->kind != DOSI_R_INTEGER) {
        return fail_here(r, DOSI_PARSE, "strings of no numbers", numbers->kind, err);
    }
    DOSI_TRY(new_value(r, DOSI_R_STRINGS, out, err));
    DOSI_TRY(grow(r, &(*out)->data.any, 0, numbers->n + 1, sizeof(dosi_span), err));
    assert((*out)->data.spans);
    for (size_t i = 0; i < numbers->n; i++) {
        char text[40];
        dosi_span span = {.offset = (*out)->pool_bytes, .length = DOSI_MISSING_SPAN};
        if (number_text(numbers, i, text, sizeof text)) {
            span.length = (uint32_t)strlen(text);
            DOSI_TRY(pool_room(r, *out, span.length, err));
            assert((*out)->pool);
            memcpy((*out)->pool + span.offset, text, span.length);
            (*out)->pool_bytes += span.length;
        }
        (*out)->data.spans[i] = span;
    }
    (*out)->n = numbers->n;
    return DOSI_OK;
}

/// Reads an ALTREP: which class it is of, the class' state, attributes.
static dosi_status read_altrep(reading *r, dosi_rvalue **out, dosi_error *err) {
    dosi_rvalue *info = NULL, *state = NULL, *attributes = NULL;
    DOSI_TRY(read_item(r, &info, err));
    DOSI_TRY(read_item(r, &state, err));
    DOSI_TRY(read_item(r, &attributes, err));
    const dosi_rvalue *class =
        info->kind == DOSI_R_PAIRS && info->n > 0 ? info->data.items[0] : NULL;
    const char *name = class && class->kind == DOSI_R_SYMBOL ? class->pool : "";
    if (strcmp(name, "compact_intseq") == 0 || strcmp(name, "compact_realseq") == 0) {
        DOSI_TRY(expand_sequence(r, state, name[8] == 'r', out, err));
    } else if (strcmp(name, "deferred_string") == 0) {
        DOSI_TRY(expand_strings(r, state, out, err));
    } else if (strncmp(name, "wrap_", 5) == 0 && state->n > 0 &&
               (state->kind == DOSI_R_PAIRS || state->kind == DOSI_R_LIST)) {
        *out = state->data.items[0];
    } else {
        return dosi_fail(err, DOSI_UNSUPPORTED,
                         "%s: a value of R's class \"%.60s\" at byte %lld; save it with "
                         "saveRDS(as.data.frame(x), version = 2)",
                         r->name, name, (long long)dosi_unpack_count(r->in));
    }
    if (attributes->kind == DOSI_R_PAIRS) (*out)->attributes = attributes;
    return DOSI_OK;
}

// --- any value -----------------------------------------------------------------------------

/// Reads a vector's length and content, then its attributes.
static dosi_status read_vector(reading *r, int32_t flags, dosi_rvalue **out, dosi_error *err) {
    int32_t type = flags & 0xff;
    dosi_rkind kind = type == R_EXPRESSION ? DOSI_R_LIST : (dosi_rkind)type;
    size_t n = 0;
    DOSI_TRY(new_value(r, kind, out, err));
    DOSI_TRY(read_length(r, &n, err));
    switch (kind) {
    case DOSI_R_LOGICAL:
    case DOSI_R_INTEGER:
        DOSI_TRY(read_plain(r, n, 4, *out, err));
        break;
    case DOSI_R_REAL:
        DOSI_TRY(read_plain(r, n, 8, *out, err));
        break;
    case DOSI_R_COMPLEX:
        if (n > SIZE_MAX / 2) return fail_here(r, DOSI_LIMIT, "a length", (long long)n, err);
        DOSI_TRY(read_plain(r, 2 * n, 8, *out, err));
        break;
    case DOSI_R_RAW:
        DOSI_TRY(read_plain(r, n, 1, *out, err));
        break;
    case DOSI_R_STRINGS:
        DOSI_TRY(read_strings(r, n, *out, err));
        break;
    default:
        DOSI_TRY(read_list(r, n, *out, err));
        break;
    }
    if (flags & HAS_ATTRIBUTES) DOSI_TRY(read_item(r, &(*out)->attributes, err));
    return DOSI_OK;
}

/// Reads a built-in function's name.
static dosi_status read_builtin(reading *r, dosi_rvalue **out, dosi_error *err) {
    int32_t length = 0;
    DOSI_TRY(new_value(r, DOSI_R_OTHER, out, err));
    DOSI_TRY(read_int(r, &length, err));
    if (length < 0 || length > 1000) return fail_here(r, DOSI_PARSE, "a name", length, err);
    char name[1000];
    return dosi_unpack_read(r->in, name, (size_t)length, err);
}

/// Reads the parts that values of other kinds are made of: an external pointer has two, an S4
/// object only attributes.
static dosi_status read_other(reading *r, int32_t flags, dosi_rvalue **out, dosi_error *err) {
    int32_t type = flags & 0xff;
    dosi_rvalue *ignored = NULL;
    DOSI_TRY(new_value(r, DOSI_R_OTHER, out, err));
    if (type == R_POINTER || type == R_WEAK) DOSI_TRY(add_reference(r, *out, err));
    for (int i = 0; type == R_POINTER && i < 2; i++) DOSI_TRY(read_item(r, &ignored, err));
    if (flags & HAS_ATTRIBUTES) DOSI_TRY(read_item(r, &(*out)->attributes, err));
    return DOSI_OK;
}

static dosi_status read_kind(reading *r, int32_t flags, dosi_rvalue **out, dosi_error *err) {
    int32_t type = flags & 0xff;
    if (is_pair(type)) return read_pairs(r, flags, out, err);
    switch (type) {
    case DOSI_R_SYMBOL:
        return read_symbol(r, out, err);
    case R_REFERENCE:
        return find_reference(r, flags, out, err);
    case R_ENVIRONMENT:
        return read_environment(r, out, err);
    case R_PERSISTENT:
    case R_PACKAGE:
    case R_NAMESPACE:
        return read_package(r, out, err);
    case R_ALTREP:
        return read_altrep(r, out, err);
    case R_SPECIAL:
    case R_BUILTIN:
        return read_builtin(r, out, err);
    case R_POINTER:
    case R_WEAK:
    case R_S4:
        return read_other(r, flags, out, err);
    case DOSI_R_LOGICAL:
    case DOSI_R_INTEGER:
    case DOSI_R_REAL:
    case DOSI_R_COMPLEX:
    case DOSI_R_STRINGS:
    case DOSI_R_LIST:
    case R_EXPRESSION:
    case DOSI_R_RAW:
        return read_vector(r, flags, out, err);
    case R_BYTECODE:
        return fail_here(r, DOSI_UNSUPPORTED, "compiled code of R, type", type, err);
    default:
        break;
    }
    if (type >= R_BASE_ENVIRONMENT && type <= DOSI_R_NULL) {
        return new_value(r, type == DOSI_R_NULL ? DOSI_R_NULL : DOSI_R_OTHER, out, err);
    }
    return fail_here(r, DOSI_PARSE, "no value has type", type, err);
}

static dosi_status read_flagged(reading *r, int32_t flags, dosi_rvalue **out, dosi_error *err) {
    if (r->depth == DEPTH) {
        return fail_here(r, DOSI_LIMIT, "values nested more deeply than", DEPTH, err);
    }
    r->depth++;
    DOSI_TRY(read_kind(r, flags, out, err));
    r->depth--;
    return DOSI_OK;
}

static dosi_status read_item(reading *r, dosi_rvalue **out, dosi_error *err) {
    int32_t flags = 0;
    DOSI_TRY(read_int(r, &flags, err));
    return read_flagged(r, flags, out, err);
}

// --- files ---------------------------------------------------------------------------------

/// Reads the magic: workspaces begin with "RDX2\n" or "RDX3\n", then both say "X\n".
static dosi_status read_magic(reading *r, dosi_error *err) {
    char magic[5];
    DOSI_TRY(dosi_unpack_read(r->in, magic, 2, err));
    if (memcmp(magic, "RD", 2) == 0) {
        DOSI_TRY(dosi_unpack_read(r->in, magic + 2, 3, err));
        if (magic[2] != 'X' || magic[4] != '\n') {
            return dosi_fail(err, DOSI_UNSUPPORTED,
                             "%s: an R workspace of kind %.4s; save it "
                             "again with save(), which writes RDX3",
                             r->name, magic);
        }
        r->document->is_workspace = true;
        DOSI_TRY(dosi_unpack_read(r->in, magic, 2, err));
    }
    if (memcmp(magic, "X\n", 2) == 0) return DOSI_OK;
    bool is_other = (magic[0] == 'A' || magic[0] == 'B') && magic[1] == '\n';
    return dosi_fail(err, is_other ? DOSI_UNSUPPORTED : DOSI_PARSE,
                     is_other
                         ? "%s: R data not in XDR form; save it with saveRDS(ascii = FALSE)"
                         : "%s: not R data",
                     r->name);
}

/// Reads the versions, and in version 3 the encoding of strings that say none.
static dosi_status read_versions(reading *r, dosi_error *err) {
    int32_t version = 0, writer = 0, least = 0, length = 0;
    DOSI_TRY(read_int(r, &version, err));
    DOSI_TRY(read_int(r, &writer, err));
    DOSI_TRY(read_int(r, &least, err));
    if (version != 2 && version != 3) {
        return fail_here(r, DOSI_UNSUPPORTED, "a serialisation of version", version, err);
    }
    r->document->version = version;
    if (version == 2) return DOSI_OK;
    DOSI_TRY(read_int(r, &length, err));
    if (length < 0 || (size_t)length >= sizeof r->document->encoding) {
        return fail_here(r, DOSI_PARSE, "an encoding's name", length, err);
    }
    DOSI_TRY(dosi_unpack_read(r->in, r->document->encoding, (size_t)length, err));
    r->document->encoding[length] = '\0';
    return DOSI_OK;
}

void dosi_rdocument_clear(dosi_rdocument *document) {
    assert(document);
    while (document->values) {
        dosi_rvalue *value = document->values;
        document->values = value->below;
        free(value->data.any);
        free(value->tags);
        free(value->pool);
        free(value);
    }
    *document = (dosi_rdocument){0};
}

dosi_status dosi_rdocument_read(const dosi_source_file *file,
                                dosi_rdocument *out,
                                dosi_error *err) {
    assert(file && out);
    dosi_rdocument document = {0};
    reading r = {.name = file->name, .document = &document};
    DOSI_TRY(dosi_unpack_open(file, &r.in, err));
    dosi_status status = read_magic(&r, err);
    if (status == DOSI_OK) status = read_versions(&r, err);
    if (status == DOSI_OK) status = read_item(&r, &document.root, err);
    dosi_unpack_close(r.in);
    free(r.references);
    if (r.has_native && (intptr_t)r.native != -1) (void)iconv_close(r.native);
    if (status != DOSI_OK) {
        dosi_rdocument_clear(&document);
        return status;
    }
    *out = document;
    return DOSI_OK;
}

const dosi_rvalue *dosi_rvalue_attribute(const dosi_rvalue *value, const char *name) {
    const dosi_rvalue *attributes = value->attributes;
    if (!attributes || attributes->kind != DOSI_R_PAIRS) return NULL;
    for (size_t i = 0; i < attributes->n; i++) {
        const dosi_rvalue *tag = attributes->tags[i];
        if (tag && tag->pool && strcmp(tag->pool, name) == 0) return attributes->data.items[i];
    }
    return NULL;
}

const char *dosi_rvalue_string(const dosi_rvalue *value, size_t i, size_t *n_bytes) {
    assert(value->kind == DOSI_R_STRINGS && i < value->n);
    const dosi_span *span = &value->data.spans[i];
    *n_bytes = span->length == DOSI_MISSING_SPAN ? 0 : span->length;
    return span->length == DOSI_MISSING_SPAN ? NULL : value->pool + span->offset;
}

bool dosi_rvalue_inherits(const dosi_rvalue *value, const char *name) {
    const dosi_rvalue *class = dosi_rvalue_attribute(value, "class");
    if (!class || class->kind != DOSI_R_STRINGS) return false;
    for (size_t i = 0; i < class->n; i++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_rvalue_string(class, i, &n_bytes);
        if (n_bytes == strlen(name) && memcmp(bytes, name, n_bytes) == 0) return true;
    }
    return false;
}
