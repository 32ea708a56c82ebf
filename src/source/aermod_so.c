// Lines of the SO pathway of an AERMOD run: sources, how they vary, their groups.

#include "source/aermod_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/// A source's name cut as AERMOD's ranges see it: letters, a number, and what follows.
typedef struct name_parts {
    char letters[2 * AERMOD_ID_BYTES], rest[2 * AERMOD_ID_BYTES];
    int64_t number; ///< 0: none.
} name_parts;

static name_parts cut_name(const char *name, size_t n) {
    name_parts out = {"", "", 0};
    if (n >= sizeof out.letters) n = sizeof out.letters - 1;
    size_t from = 0;
    while (from < n && !isdigit((unsigned char)name[from])) from++;
    size_t to = from;
    while (to < n && isdigit((unsigned char)name[to])) to++;
    memcpy(out.letters, name, from);
    memcpy(out.rest, name + to, n - to);
    if (to > from && dosi_parse_int(name + from, to - from, &out.number) != DOSI_OK) {
        out.number = INT64_MAX;
    }
    return out;
}

bool aermod_id_matches(const char *id, const char *pattern) {
    const char *dash = strchr(pattern, '-');
    if (strcmp(id, pattern) == 0 || !dash) return strcmp(id, pattern) == 0;
    // A range: each part lies between those of its ends.
    const name_parts low = cut_name(pattern, (size_t)(dash - pattern));
    const name_parts top = cut_name(dash + 1, strlen(dash + 1)), own = cut_name(id, strlen(id));
    return strcmp(own.letters, low.letters) >= 0 && strcmp(own.letters, top.letters) <= 0 &&
           own.number >= low.number && own.number <= top.number &&
           strcmp(own.rest, low.rest) >= 0 && strcmp(own.rest, top.rest) <= 0;
}

dosi_aermod_source *aermod_find_source(const aermod_reading *r,
                                       const aermod_card *card,
                                       size_t field,
                                       dosi_error *err) {
    char id[AERMOD_ID_BYTES];
    if (aermod_card_name(card, field, id, sizeof id, err) != DOSI_OK) return NULL;
    for (size_t s = r->deck->n_sources; s-- > 0;) { // latest first: lines follow each other
        if (strcmp(r->deck->sources[s].id, id) == 0) return &r->deck->sources[s];
    }
    (void)aermod_card_fail(card, DOSI_PARSE, err, "no LOCATION of source %s before", id);
    return NULL;
}

static dosi_status take_kind(const aermod_card *card,
                             size_t field,
                             dosi_aermod_kind *out,
                             dosi_error *err) {
    for (int k = 0; field < card->n_fields && k < AERMOD_KINDS; k++) {
        if (!aermod_field_is(&card->fields[field],
                             dosi_aermod_kind_name((dosi_aermod_kind)k))) {
            continue;
        }
        *out = (dosi_aermod_kind)k;
        return DOSI_OK;
    }
    char word[AERMOD_ID_BYTES] = "";
    DOSI_TRY(aermod_card_name(card, field, word, sizeof word, err));
    return aermod_card_fail(card, DOSI_PARSE, err, "source type \"%s\" is unknown", word);
}

/// LOCATION id type coordinates [elevation | FLAT]
static dosi_status read_location(aermod_reading *r,
                                 const aermod_card *card,
                                 size_t at,
                                 dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    dosi_aermod_source source = {0};
    if (deck->n_groups) {
        return aermod_card_fail(card, DOSI_PARSE, err, "LOCATION behind SRCGROUP");
    }
    DOSI_TRY(aermod_card_name(card, at, source.id, sizeof source.id, err));
    DOSI_TRY(take_kind(card, at + 1, &source.kind, err));
    double *const point[] = {&source.x, &source.y};
    double *const line[] = {&source.x, &source.y, &source.x2, &source.y2};
    double *const line3[] = {&source.x,  &source.y,  &source.z1,
                             &source.x2, &source.y2, &source.z2};
    bool is_line = source.kind == AERMOD_LINE || source.kind == AERMOD_RLINE ||
                   source.kind == AERMOD_BUOYLINE;
    double *const *where = is_line ? line : point;
    size_t n = is_line ? 4 : 2;
    if (source.kind == AERMOD_RLINEXT) {
        where = line3;
        n = 6;
    }
    for (size_t i = 0; i < n; i++) {
        DOSI_TRY(aermod_card_real(card, at + 2 + i, where[i], err));
    }
    size_t last = at + 2 + n;
    if (last < card->n_fields && aermod_field_is(&card->fields[last], "FLAT")) {
        source.is_flat = true;
    } else if (last < card->n_fields) {
        DOSI_TRY(aermod_card_real(card, last, &source.z, err));
        source.z *= r->source_metres;
    }
    DOSI_TRY(aermod_grow(r, AERMOD_SOURCES, (void **)&deck->sources, deck->n_sources,
                         AERMOD_MOST_SOURCES, err));
    deck->sources[deck->n_sources++] = source;
    return DOSI_OK;
}

static dosi_status read_parameters(aermod_reading *r,
                                   const aermod_card *card,
                                   size_t at,
                                   dosi_error *err) {
    static const size_t least[AERMOD_KINDS] = {
        [AERMOD_POINT] = 5,    [AERMOD_POINTCAP] = 5, [AERMOD_POINTHOR] = 5,
        [AERMOD_VOLUME] = 4,   [AERMOD_AREA] = 3,     [AERMOD_AREAPOLY] = 3,
        [AERMOD_AREACIRC] = 3, [AERMOD_LINE] = 3,     [AERMOD_RLINE] = 3,
        [AERMOD_RLINEXT] = 4,  [AERMOD_OPENPIT] = 5,  [AERMOD_BUOYLINE] = 2,
        [AERMOD_SWPOINT] = 6};
    dosi_aermod_source *source = aermod_find_source(r, card, at, err);
    if (!source) return DOSI_PARSE;
    size_t n = card->n_fields - at - 1;
    if (n < least[source->kind] || n > AERMOD_PARAMETERS) {
        return aermod_card_fail(card, DOSI_PARSE, err, "%zu parameters of a %s", n,
                                dosi_aermod_kind_name(source->kind));
    }
    for (size_t i = 0; i < n; i++) {
        DOSI_TRY(aermod_card_real(card, at + 1 + i, &source->parameter[i], err));
    }
    source->n_parameters = n;
    return DOSI_OK;
}

/// Adds vertices to one area; their lines must follow each other.
static dosi_status read_vertices(aermod_reading *r,
                                 const aermod_card *card,
                                 size_t at,
                                 dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    dosi_aermod_source *source = aermod_find_source(r, card, at, err);
    if (!source) return DOSI_PARSE;
    if (source->n_vertices == 0) source->first_vertex = deck->n_vertices;
    if (source->first_vertex + source->n_vertices != deck->n_vertices) {
        return aermod_card_fail(card, DOSI_PARSE, err, "AREAVERT of %s in two places",
                                source->id);
    }
    for (size_t i = at + 1; i + 1 < card->n_fields + 1 && i < card->n_fields; i += 2) {
        double xy[2];
        DOSI_TRY(aermod_card_real(card, i, &xy[0], err));
        DOSI_TRY(aermod_card_real(card, i + 1, &xy[1], err));
        DOSI_TRY(aermod_grow(r, AERMOD_VERTICES, (void **)&deck->vertices, deck->n_vertices,
                             AERMOD_MOST_OTHERS, err));
        memcpy(deck->vertices[deck->n_vertices++], xy, sizeof xy);
        source->n_vertices++;
    }
    return DOSI_OK;
}

/// Adds building dimensions to one source.
static dosi_status add_building(aermod_reading *r,
                                const aermod_card *card,
                                size_t at,
                                dosi_aermod_source *source,
                                dosi_error *err) {
    static const char *const keywords[] = {"BUILDHGT", "BUILDWID", "BUILDLEN", "XBADJ",
                                           "YBADJ"};
    dosi_aermod_deck *deck = r->deck;
    if (source->building == 0) {
        DOSI_TRY(aermod_grow(r, AERMOD_BUILDINGS, (void **)&deck->buildings, deck->n_buildings,
                             AERMOD_MOST_OTHERS, err));
        memset(&deck->buildings[deck->n_buildings], 0, sizeof *deck->buildings);
        source->building = ++deck->n_buildings;
    }
    dosi_aermod_building *b = &deck->buildings[source->building - 1];
    double *const rows[] = {b->height_m, b->width_m, b->length_m, b->along_m, b->across_m};
    size_t row = 0;
    while (strcmp(r->keyword, keywords[row]) != 0) row++;
    for (size_t i = at; i < card->n_fields; i++) {
        double value = 0;
        size_t times = 0;
        DOSI_TRY(aermod_card_repeated(card, i, &value, &times, err));
        if (b->n[row] + times > AERMOD_SECTORS) {
            return aermod_card_fail(card, DOSI_PARSE, err, "more than %d values for %s",
                                    AERMOD_SECTORS, source->id);
        }
        for (size_t t = 0; t < times; t++) rows[row][b->n[row]++] = value;
    }
    return DOSI_OK;
}

/// EMISFACT id(s) kind factors
dosi_status aermod_add_factors(aermod_reading *r,
                               const aermod_card *card,
                               size_t at,
                               dosi_aermod_source *source,
                               dosi_error *err) {
    static const char *const words[AERMOD_VARIATIONS] = {
        "",      "SEASON", "MONTH",  "HROFDY",  "WSPEED", "SEASHR",
        "HRDOW", "HRDOW7", "SHRDOW", "SHRDOW7", "MHRDOW", "MHRDOW7"};
    dosi_aermod_deck *deck = r->deck;
    int kind = 1;
    while (kind < AERMOD_VARIATIONS &&
           !(at < card->n_fields && aermod_field_is(&card->fields[at], words[kind]))) {
        kind++;
    }
    if (kind == AERMOD_VARIATIONS) {
        return aermod_card_fail(card, DOSI_PARSE, err, "EMISFACT varies in an unknown way");
    }
    source->variation = (dosi_aermod_variation)kind;
    if (source->n_factors == 0) source->first_factor = deck->n_factors;
    if (source->first_factor + source->n_factors != deck->n_factors) {
        return aermod_card_fail(card, DOSI_PARSE, err, "EMISFACT of %s in two places",
                                source->id);
    }
    for (size_t i = at + 1; i < card->n_fields; i++) {
        double value = 0;
        size_t times = 0;
        DOSI_TRY(aermod_card_repeated(card, i, &value, &times, err));
        for (size_t t = 0; t < times; t++) {
            DOSI_TRY(aermod_grow(r, AERMOD_FACTORS, (void **)&deck->factors, deck->n_factors,
                                 AERMOD_MOST_OTHERS, err));
            deck->factors[deck->n_factors++] = value;
            source->n_factors++;
        }
    }
    return DOSI_OK;
}

dosi_status aermod_for_sources(aermod_reading *r,
                               const aermod_card *card,
                               size_t at,
                               aermod_source_line add,
                               dosi_error *err) {
    char pattern[2 * AERMOD_ID_BYTES];
    DOSI_TRY(aermod_card_name(card, at, pattern, sizeof pattern, err));
    bool is_found = false;
    for (size_t s = 0; s < r->deck->n_sources; s++) {
        if (!aermod_id_matches(r->deck->sources[s].id, pattern)) continue;
        DOSI_TRY(add(r, card, at + 1, &r->deck->sources[s], err));
        is_found = true;
    }
    if (is_found) return DOSI_OK;
    return aermod_card_fail(card, DOSI_PARSE, err, "no LOCATION of source %s before", pattern);
}

/// Whether a word of SRCGROUP is about the background.
static bool is_background_word(const aermod_field *f) {
    return aermod_field_is(f, "BACKGROUND") || aermod_field_is(f, "NOBACKGROUND");
}

/// SRCGROUP id sources... [[NO]BACKGROUND]; ALL alone means all.
static dosi_status read_group(aermod_reading *r,
                              const aermod_card *card,
                              size_t at,
                              dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    char id[AERMOD_ID_BYTES], pattern[2 * AERMOD_ID_BYTES];
    DOSI_TRY(aermod_card_name(card, at, id, sizeof id, err));
    size_t g = 0, n_bytes = (deck->n_sources + 7) / 8;
    while (g < deck->n_groups && strcmp(deck->groups[g].id, id) != 0) g++;
    if (g == deck->n_groups) {
        DOSI_TRY(aermod_grow(r, AERMOD_GROUPS, (void **)&deck->groups, deck->n_groups,
                             AERMOD_MOST_OTHERS, err));
        dosi_aermod_group group = {.member = calloc(n_bytes + 1, 1)};
        if (!group.member) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a deck");
        memcpy(group.id, id, sizeof id);
        deck->groups[deck->n_groups++] = group;
    }
    bool is_all = strcmp(id, "ALL") == 0, is_whole = is_all;
    for (size_t i = at + 1; is_all && i < card->n_fields; i++) {
        is_whole &= is_background_word(&card->fields[i]);
    }
    if (is_all) deck->groups[g].has_background = true; // until NOBACKGROUND
    for (size_t i = at + 1; i < card->n_fields + is_whole; i++) {
        bool is_every = i == card->n_fields;
        if (!is_every && is_background_word(&card->fields[i])) {
            deck->groups[g].has_background = aermod_field_is(&card->fields[i], "BACKGROUND");
            continue;
        }
        if (!is_every) DOSI_TRY(aermod_card_name(card, i, pattern, sizeof pattern, err));
        for (size_t s = 0; s < deck->n_sources; s++) {
            if (!is_every && !aermod_id_matches(deck->sources[s].id, pattern)) continue;
            deck->groups[g].member[s / 8] |= (uint8_t)(1 << (s % 8));
        }
    }
    return DOSI_OK;
}

/// URBANSRC [area] sources... | ALL
static dosi_status read_urban_sources(aermod_reading *r,
                                      const aermod_card *card,
                                      size_t at,
                                      dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    char pattern[2 * AERMOD_ID_BYTES];
    size_t urban = 0;
    if (deck->n_urbans == 0) {
        return aermod_card_fail(card, DOSI_PARSE, err, "URBANSRC without URBANOPT");
    }
    if (deck->n_urbans > 1) {
        DOSI_TRY(aermod_card_name(card, at++, pattern, sizeof pattern, err));
        while (urban < deck->n_urbans && strcmp(deck->urbans[urban].id, pattern) != 0) urban++;
        if (urban == deck->n_urbans) {
            return aermod_card_fail(card, DOSI_PARSE, err, "no URBANOPT of %s", pattern);
        }
    }
    for (; at < card->n_fields; at++) {
        DOSI_TRY(aermod_card_name(card, at, pattern, sizeof pattern, err));
        for (size_t s = 0; s < deck->n_sources; s++) {
            if (strcmp(pattern, "ALL") == 0 ||
                aermod_id_matches(deck->sources[s].id, pattern)) {
                deck->sources[s].urban = urban + 1;
            }
        }
    }
    return DOSI_OK;
}

/// RBARRIER id height distance [height distance]; RDEPRESS id depth top bottom.
static dosi_status read_road(aermod_reading *r,
                             const aermod_card *card,
                             size_t at,
                             dosi_error *err) {
    dosi_aermod_source *source = aermod_find_source(r, card, at, err);
    if (!source) return DOSI_PARSE;
    bool is_barrier = strcmp(r->keyword, "RBARRIER") == 0;
    size_t n = card->n_fields - at - 1;
    if (is_barrier ? n != 2 && n != 4 : n != 3) {
        return aermod_card_fail(card, DOSI_PARSE, err, "%s with %zu numbers", r->keyword, n);
    }
    double *out = is_barrier ? source->barrier : source->depression;
    for (size_t i = 0; i < n; i++) {
        DOSI_TRY(aermod_card_real(card, at + 1 + i, &out[i], err));
    }
    if (is_barrier) source->n_barrier = n / 2;
    if (!is_barrier) source->has_depression = true;
    return DOSI_OK;
}

/// Whether the keyword is one of `words` (n).
static bool is_among(const char *keyword, const char *const *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(keyword, words[i]) == 0) return true;
    }
    return false;
}

dosi_status aermod_read_source(aermod_reading *r,
                               const aermod_card *card,
                               size_t first,
                               dosi_error *err) {
    static const char *const buildings[] = {"BUILDHGT", "BUILDWID", "BUILDLEN", "XBADJ",
                                            "YBADJ"};
    static const char *const notable[] = {"PLATFORM", "HBPSRCID", "ARCFTSRC", "RLEMCONV"};
    const char *keyword = r->keyword;
    if (first >= card->n_fields) return DOSI_OK;
    if (strcmp(keyword, "ELEVUNIT") == 0) {
        r->source_metres = aermod_field_is(&card->fields[first], "FEET") ? 0.3048 : 1;
        return DOSI_OK;
    }
    if (strcmp(keyword, "LOCATION") == 0) return read_location(r, card, first, err);
    if (strcmp(keyword, "SRCPARAM") == 0) return read_parameters(r, card, first, err);
    if (strcmp(keyword, "AREAVERT") == 0) return read_vertices(r, card, first, err);
    if (strcmp(keyword, "SRCGROUP") == 0) return read_group(r, card, first, err);
    if (strcmp(keyword, "URBANSRC") == 0) return read_urban_sources(r, card, first, err);
    if (strcmp(keyword, "RBARRIER") == 0 || strcmp(keyword, "RDEPRESS") == 0) {
        return read_road(r, card, first, err);
    }
    if (is_among(keyword, buildings, 5)) {
        return aermod_for_sources(r, card, first, add_building, err);
    }
    if (strcmp(keyword, "EMISFACT") == 0) {
        return aermod_for_sources(r, card, first, aermod_add_factors, err);
    }
    bool is_taken = false;
    DOSI_TRY(aermod_read_air(r, card, first, &is_taken, err));
    if (!is_taken) DOSI_TRY(aermod_read_deposition(r, card, first, &is_taken, err));
    if (is_taken) return DOSI_OK;
    if (strcmp(keyword, "HOUREMIS") == 0) return aermod_read_hourly(r, card, first, err);
    if (strcmp(keyword, "BLPINPUT") == 0 || strcmp(keyword, "BLPGROUP") == 0) {
        return aermod_read_row(r, card, first, err);
    }
    if (is_among(keyword, notable, sizeof notable / sizeof notable[0])) {
        aermod_note_unsupported(r->deck, keyword);
    } else {
        aermod_note_left(r->deck, keyword);
    }
    return DOSI_OK;
}
