// Properties of a feature index: values by position, positions by value, words once each.

#include "feature/build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void dosi_feature_format_time(dosi_type type, int64_t value, int zone_s, char *out) {
    if (type == DOSI_TYPE_DATE) {
        bool is_sane = value > -1000000 && value < 10000000;
        dosi_time_format(is_sane ? value * DOSI_DAY_US : DOSI_TIME_MISSING, INT32_MIN, out);
        char *t = strchr(out, 'T');
        if (t) *t = '\0';
        return;
    }
    dosi_time_format(value, zone_s, out);
}

// --- words -------------------------------------------------------------------------------

/// A text and the code it got.
typedef struct word {
    const char *bytes;
    uint32_t n_bytes;
    uint32_t code; ///< In order of appearance.
} word;

/// The different texts of a column.
typedef struct word_list {
    word *words; ///< (n_words) in order of appearance, then sorted.
    size_t n_words, capacity;
    uint32_t *slots; ///< (n_slots, a power of two) code + 1; 0: free.
    size_t n_slots;
} word_list;

/// FNV-1a, folded.
static size_t hash_bytes(const char *bytes, size_t n_bytes) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n_bytes; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    }
    return (size_t)(hash ^ (hash >> 29));
}

/// The slot of a text: where it is, or where it belongs.
static size_t find_slot(const word_list *lexicon, const char *bytes, size_t n_bytes) {
    size_t slot = hash_bytes(bytes, n_bytes) & (lexicon->n_slots - 1);
    while (lexicon->slots[slot]) {
        const word *known = &lexicon->words[lexicon->slots[slot] - 1];
        if (known->n_bytes == n_bytes && memcmp(known->bytes, bytes, n_bytes) == 0) break;
        slot = (slot + 1) & (lexicon->n_slots - 1);
    }
    return slot;
}

/// Doubles the table of slots.
static bool grow(word_list *lexicon) {
    size_t n_slots = lexicon->n_slots ? 2 * lexicon->n_slots : 1024;
    uint32_t *slots = calloc(n_slots, sizeof *slots);
    word *words = realloc(lexicon->words, n_slots / 2 * sizeof *words);
    if (words) lexicon->words = words;
    if (!slots || !words) {
        free(slots);
        return false;
    }
    free(lexicon->slots);
    lexicon->slots = slots;
    lexicon->n_slots = n_slots;
    lexicon->capacity = n_slots / 2;
    for (size_t i = 0; i < lexicon->n_words; i++) {
        slots[find_slot(lexicon, words[i].bytes, words[i].n_bytes)] = (uint32_t)i + 1;
    }
    return true;
}

/// The code of a text, new or known; UINT32_MAX when there is no memory.
static uint32_t learn(word_list *lexicon, const char *bytes, size_t n_bytes) {
    if (lexicon->n_words == lexicon->capacity && !grow(lexicon)) return UINT32_MAX;
    size_t slot = find_slot(lexicon, bytes, n_bytes);
    if (lexicon->slots[slot] == 0) {
        uint32_t code = (uint32_t)lexicon->n_words++;
        lexicon->words[code] = (word){bytes, (uint32_t)n_bytes, code};
        lexicon->slots[slot] = code + 1;
    }
    return lexicon->slots[slot] - 1;
}

static int compare_words(const void *a, const void *b) {
    const word *left = a;
    const word *right = b;
    size_t shorter = left->n_bytes < right->n_bytes ? left->n_bytes : right->n_bytes;
    int order = memcmp(left->bytes, right->bytes, shorter);
    if (order) return order;
    return left->n_bytes < right->n_bytes ? -1 : left->n_bytes > right->n_bytes;
}

/// Sorts the words and turns `codes` (appearance) into ranks.
static bool rank_words(word_list *lexicon, uint32_t *codes, size_t n) {
    uint32_t *rank = calloc(lexicon->n_words ? lexicon->n_words : 1, sizeof *rank);
    if (!rank) return false;
    if (lexicon->n_words) {
        qsort(lexicon->words, lexicon->n_words, sizeof *lexicon->words, compare_words);
    }
    for (size_t i = 0; i < lexicon->n_words; i++) rank[lexicon->words[i].code] = (uint32_t)i;
    for (size_t i = 0; i < n; i++) {
        if (codes[i] != DOSI_STORE_NO_WORD) codes[i] = rank[codes[i]];
    }
    free(rank);
    return true;
}

/// Writes the words and where each starts.
static bool put_words(const word_list *lexicon,
                      dosi_store_writer *writer,
                      dosi_store_column *column) {
    uint64_t *starts = calloc(lexicon->n_words + 1, sizeof *starts);
    if (!starts) return false;
    column->n_words = (uint32_t)lexicon->n_words;
    column->at_words = dosi_writer_section(writer);
    for (size_t i = 0; i < lexicon->n_words; i++) {
        starts[i + 1] = starts[i] + lexicon->words[i].n_bytes;
        dosi_writer_put(writer, lexicon->words[i].bytes, lexicon->words[i].n_bytes);
    }
    column->word_bytes = starts[lexicon->n_words];
    column->at_word_starts = dosi_writer_section(writer);
    dosi_writer_put(writer, starts, (lexicon->n_words + 1) * sizeof *starts);
    free(starts);
    return true;
}

// --- values and their order --------------------------------------------------------------

/// What positions are sorted by; one of the two is not NULL. Larger keys later.
typedef struct keys {
    const uint64_t *wide;
} keys;

static int compare_positions(const void *a, const void *b, void *context) {
    const keys *own = context;
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    if (own->wide[left] != own->wide[right]) return own->wide[left] < own->wide[right] ? -1 : 1;
    return left < right ? -1 : left > right;
}

/// A number that orders as the real does; missing last.
static uint64_t key_of_real(double value) {
    uint64_t bits = 0;
    if (isnan(value)) return UINT64_MAX;
    value += 0.0; // -0 is 0
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/// A number that orders as the integer does; missing last.
static uint64_t key_of_integer(int64_t value) {
    if (value == DOSI_MISSING_INT) return UINT64_MAX;
    return (uint64_t)value ^ UINT64_C(1) << 63;
}

/// Scratch of one column.
typedef struct column_scratch {
    uint64_t *keys;  ///< (n)
    int64_t *values; ///< (n) or doubles, or words
    uint32_t *order; ///< (n)
    word_list lexicon;
} column_scratch;

/// Writes the order of the positions by their keys.
static void put_order(column_scratch *scratch,
                      size_t n,
                      dosi_store_writer *writer,
                      dosi_store_column *column) {
    keys context = {scratch->keys};
    for (size_t i = 0; i < n; i++) {
        scratch->order[i] = (uint32_t)i;
        column->n_present += scratch->keys[i] != UINT64_MAX;
    }
    qsort_r(scratch->order, n, sizeof *scratch->order, compare_positions, &context);
    column->at_order = dosi_writer_section(writer);
    dosi_writer_put(writer, scratch->order, n * sizeof *scratch->order);
}

/// A TEXT column: words, codes.
static bool put_text(const dosi_store_build *build,
                     const dosi_column *from,
                     column_scratch *scratch,
                     dosi_store_writer *writer,
                     dosi_store_column *column) {
    size_t n = build->table->n_rows;
    uint32_t *codes = (uint32_t *)(void *)scratch->values;
    for (size_t i = 0; i < n; i++) {
        size_t n_bytes = 0;
        const char *bytes = dosi_column_bytes(from, build->rows[i], &n_bytes);
        codes[i] = bytes ? learn(&scratch->lexicon, bytes, n_bytes) : DOSI_STORE_NO_WORD;
        if (bytes && codes[i] == UINT32_MAX) return false;
    }
    if (!rank_words(&scratch->lexicon, codes, n)) return false;
    for (size_t i = 0; i < n; i++) {
        scratch->keys[i] = codes[i] == DOSI_STORE_NO_WORD ? UINT64_MAX : codes[i];
    }
    column->at_values = dosi_writer_section(writer);
    dosi_writer_put(writer, codes, n * sizeof *codes);
    return put_words(&scratch->lexicon, writer, column);
}

/// A column of 8-byte values.
static void put_numbers(const dosi_store_build *build,
                        const dosi_column *from,
                        column_scratch *scratch,
                        dosi_store_writer *writer,
                        dosi_store_column *column) {
    size_t n = build->table->n_rows;
    double *reals = (double *)(void *)scratch->values;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = build->rows[i];
        if (from->type == DOSI_TYPE_REAL) {
            reals[i] = from->data.real[row];
            scratch->keys[i] = key_of_real(reals[i]);
            continue;
        }
        scratch->values[i] = from->type != DOSI_TYPE_BOOL ? from->data.integer[row]
                             : from->data.boolean[row] == DOSI_MISSING_BOOL
                                 ? DOSI_MISSING_INT
                                 : from->data.boolean[row];
        scratch->keys[i] = key_of_integer(scratch->values[i]);
    }
    column->at_values = dosi_writer_section(writer);
    dosi_writer_put(writer, scratch->values, n * sizeof *scratch->values);
}

/// Writes one column.
static bool put_column(const dosi_store_build *build,
                       const dosi_column *from,
                       column_scratch *scratch,
                       dosi_store_writer *writer,
                       dosi_store_column *column) {
    const char *unit = from->unit ? from->unit : "";
    *column = (dosi_store_column){.type = (uint32_t)from->type};
    column->at_name = writer->at;
    dosi_writer_put(writer, from->name, strlen(from->name) + 1);
    column->at_unit = writer->at;
    dosi_writer_put(writer, unit, strlen(unit) + 1);
    if (from->type == DOSI_TYPE_TEXT) {
        scratch->lexicon.n_words = 0;
        if (scratch->lexicon.slots) {
            memset(scratch->lexicon.slots, 0,
                   scratch->lexicon.n_slots * sizeof *scratch->lexicon.slots);
        }
        if (!put_text(build, from, scratch, writer, column)) return false;
    } else {
        put_numbers(build, from, scratch, writer, column);
    }
    put_order(scratch, build->table->n_rows, writer, column);
    return true;
}

dosi_status dosi_build_put_columns(dosi_store_build *build,
                                   dosi_store_writer *writer,
                                   dosi_error *err) {
    const dosi_table *table = build->table;
    size_t n = table->n_rows ? table->n_rows : 1;
    dosi_store_column *columns = calloc(table->n_columns + 1, sizeof *columns);
    column_scratch scratch = {.keys = calloc(n, sizeof(uint64_t)),
                              .values = calloc(n, sizeof(int64_t)),
                              .order = calloc(n, sizeof(uint32_t))};
    bool is_fine = columns && scratch.keys && scratch.values && scratch.order;
    uint32_t n_columns = 0;
    for (size_t i = 0; i < table->n_columns && is_fine; i++) {
        if (table->columns[i].type == DOSI_TYPE_GEOMETRY) continue;
        is_fine =
            put_column(build, &table->columns[i], &scratch, writer, &columns[n_columns++]);
    }
    if (is_fine) {
        build->head.n_columns = n_columns;
        build->head.at_columns = dosi_writer_section(writer);
        dosi_writer_put(writer, columns, n_columns * sizeof *columns);
    }
    free(columns);
    free(scratch.keys);
    free(scratch.values);
    free(scratch.order);
    free(scratch.lexicon.words);
    free(scratch.lexicon.slots);
    if (!is_fine) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the properties");
    return DOSI_OK;
}
