// Sources of an AERMOD run that need more than their own lines: buoyant lines, which rise in
// rows, and emissions from a file by the hour.

#include "source/aermod_private.h"

#include <stdlib.h>
#include <string.h>

enum { KEYWORD_FIELDS = 2 };

// ---- rows of buoyant lines ----

/// BLPINPUT [row] length height width linewidth gap buoyancy
static dosi_status read_means(aermod_reading *r,
                              const aermod_card *card,
                              size_t at,
                              dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    dosi_aermod_row row = {.id = ""};
    double *const numbers[] = {&row.length_m,     &row.height_m, &row.width_m,
                               &row.line_width_m, &row.gap_m,    &row.buoyancy};
    size_t n = card->n_fields - at;
    if (n == 7) {
        DOSI_TRY(aermod_card_name(card, at++, row.id, sizeof row.id, err));
    } else if (n != 6) {
        return aermod_card_fail(card, DOSI_PARSE, err, "BLPINPUT with %zu fields, not 6 or 7",
                                n);
    }
    for (size_t i = 0; i < 6; i++) DOSI_TRY(aermod_card_real(card, at + i, numbers[i], err));
    DOSI_TRY(aermod_grow(r, AERMOD_ROWS, (void **)&deck->rows, deck->n_rows, AERMOD_MOST_OTHERS,
                         err));
    deck->rows[deck->n_rows++] = row;
    return DOSI_OK;
}

/// BLPGROUP row lines... | ALL
static dosi_status read_members(aermod_reading *r,
                                const aermod_card *card,
                                size_t at,
                                dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    char pattern[2 * AERMOD_ID_BYTES];
    DOSI_TRY(aermod_card_name(card, at, pattern, sizeof pattern, err));
    size_t row = 0;
    while (row < deck->n_rows && strcmp(deck->rows[row].id, pattern) != 0) row++;
    if (row == deck->n_rows) {
        return aermod_card_fail(card, DOSI_PARSE, err, "no BLPINPUT of %s before", pattern);
    }
    bool is_all = strcmp(pattern, "ALL") == 0 && at + 1 == card->n_fields;
    for (size_t i = at + 1; i < card->n_fields + is_all; i++) {
        if (!is_all) DOSI_TRY(aermod_card_name(card, i, pattern, sizeof pattern, err));
        for (size_t s = 0; s < deck->n_sources; s++) {
            dosi_aermod_source *source = &deck->sources[s];
            if (source->kind != AERMOD_BUOYLINE) continue;
            if (is_all || aermod_id_matches(source->id, pattern)) source->row = row + 1;
        }
    }
    return DOSI_OK;
}

dosi_status aermod_read_row(aermod_reading *r,
                            const aermod_card *card,
                            size_t first,
                            dosi_error *err) {
    if (strcmp(r->keyword, "BLPINPUT") == 0) return read_means(r, card, first, err);
    return read_members(r, card, first, err);
}

// ---- emissions by the hour ----

/// The source of a name, looked for from the one after the last: files keep their order.
static size_t find_next(const dosi_aermod_deck *deck, const char *id, size_t last) {
    for (size_t i = 1; i <= deck->n_sources; i++) {
        size_t s = (last + i) % deck->n_sources;
        if (strcmp(deck->sources[s].id, id) == 0) return s;
    }
    return deck->n_sources;
}

/// SO HOUREMIS yy mm dd hh source [emission ...]
static dosi_status read_emission(aermod_reading *r,
                                 const aermod_card *card,
                                 size_t *source,
                                 dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    size_t at = aermod_field_is(&card->fields[0], "SO") ? KEYWORD_FIELDS : KEYWORD_FIELDS - 1;
    int64_t part[4];
    char id[AERMOD_ID_BYTES];
    for (size_t i = 0; i < 4; i++) DOSI_TRY(aermod_card_int(card, at + i, &part[i], err));
    DOSI_TRY(aermod_card_name(card, at + 4, id, sizeof id, err));
    dosi_aermod_emission e = {0};
    for (size_t i = 0; i < 4; i++) {
        if (part[i] < 0 || part[i] > 9999) {
            return aermod_card_fail(card, DOSI_PARSE, err, "no such hour");
        }
        e.stamp = e.stamp * 100 + part[i] % 100;
    }
    *source = e.source = find_next(deck, id, *source);
    if (e.source == deck->n_sources) {
        return aermod_card_fail(card, DOSI_PARSE, err, "no LOCATION of source %s before", id);
    }
    for (size_t i = at + 5; i < card->n_fields && e.n < AERMOD_HOURLY; i++, e.n++) {
        DOSI_TRY(aermod_card_real(card, i, &e.value[e.n], err));
    }
    DOSI_TRY(aermod_grow(r, AERMOD_EMISSIONS, (void **)&deck->emissions, deck->n_emissions,
                         AERMOD_MOST_EMISSIONS, err));
    deck->emissions[deck->n_emissions++] = e;
    return DOSI_OK;
}

static dosi_status read_file(aermod_reading *r, const dosi_aermod_text *text, dosi_error *err) {
    aermod_card card = {.name = text->name};
    size_t at = 0, source = r->deck->n_sources - 1;
    while (aermod_card_next(&card, text->bytes, text->n_bytes, &at, false)) {
        if (card.n_fields == 0) continue;
        if (card.fields[0].n >= 2 && memcmp(card.fields[0].at, "**", 2) == 0) continue;
        DOSI_TRY(read_emission(r, &card, &source, err));
    }
    return DOSI_OK;
}

/// Whether a name is one of the lines of `names`.
static bool is_listed(const char *names, const char *name) {
    size_t n = strlen(name);
    for (const char *at = strstr(names, name); at && n > 0; at = strstr(at + n, name)) {
        if ((at == names || at[-1] == '\n') && at[n] == '\n') return true;
    }
    return false;
}

dosi_status aermod_read_hourly(aermod_reading *r,
                               const aermod_card *card,
                               size_t first,
                               dosi_error *err) {
    char pattern[2 * AERMOD_ID_BYTES], name[AERMOD_PATH_BYTES];
    const aermod_field *path = &card->fields[first];
    if (path->n >= sizeof name || r->deck->n_sources == 0) {
        return aermod_card_fail(card, DOSI_PARSE, err, "HOUREMIS needs a file and sources");
    }
    memcpy(name, path->at, path->n);
    name[path->n] = '\0';
    for (size_t i = first + 1; i < card->n_fields; i++) {
        DOSI_TRY(aermod_card_name(card, i, pattern, sizeof pattern, err));
        for (size_t s = 0; s < r->deck->n_sources; s++) {
            bool is_all = strcmp(pattern, "ALL") == 0;
            if (!is_all && !aermod_id_matches(r->deck->sources[s].id, pattern)) continue;
            r->deck->sources[s].has_hourly = true;
        }
    }
    if (!r->files || is_listed(r->hourly_names, name)) return DOSI_OK;
    size_t n = strlen(r->hourly_names);
    if (n + path->n + 2 < sizeof r->hourly_names) { // further lines of one file: it is read
        memcpy(r->hourly_names + n, name, path->n);
        memcpy(r->hourly_names + n + path->n, "\n", 2);
    }
    dosi_text text = {0};
    dosi_status status = r->files->read(r->files->context, name, &text, err);
    if (status == DOSI_OK) {
        const dosi_aermod_text hourly = {name, dosi_text_string(&text), text.length};
        status = read_file(r, &hourly, err);
        r->deck->has_hourly_file = true;
    } else if (status == DOSI_NOT_FOUND) {
        status = DOSI_OK; // the run says that it cannot be modelled
    }
    dosi_text_destroy(&text);
    return status;
}

static int compare_emissions(const void *left, const void *right) {
    const dosi_aermod_emission *a = left, *b = right;
    if (a->source != b->source) return a->source < b->source ? -1 : 1;
    return (a->stamp > b->stamp) - (a->stamp < b->stamp);
}

const dosi_aermod_emission *dosi_aermod_hourly(const dosi_aermod_deck *deck,
                                               size_t source,
                                               int64_t stamp) {
    const dosi_aermod_emission key = {.source = source, .stamp = stamp};
    if (deck->n_emissions == 0) return NULL;
    return bsearch(&key, deck->emissions, deck->n_emissions, sizeof key, compare_emissions);
}

void aermod_finish_sources(dosi_aermod_deck *deck) {
    if (deck->n_emissions > 1) {
        qsort(deck->emissions, deck->n_emissions, sizeof *deck->emissions, compare_emissions);
    }
    for (size_t s = 0; s < deck->n_sources; s++) {
        dosi_aermod_source *source = &deck->sources[s];
        bool is_alone = deck->n_rows == 1 && source->row == 0;
        if (source->kind == AERMOD_BUOYLINE && is_alone) source->row = 1;
    }
}
