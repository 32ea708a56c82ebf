// An AERMOD run read: pathways and keywords, each handed to whoever knows it.

#include "source/aermod_private.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEYWORD_COLUMN = 12, MOST_DEPTH = 4 };

dosi_status aermod_grow(aermod_reading *r,
                        aermod_array array,
                        void **items,
                        size_t n,
                        size_t most,
                        dosi_error *err) {
    static const size_t bytes[] = {
        [AERMOD_SOURCES] = sizeof(dosi_aermod_source),
        [AERMOD_GROUPS] = sizeof(dosi_aermod_group),
        [AERMOD_URBANS] = sizeof(dosi_aermod_urban),
        [AERMOD_RECEPTORS] = sizeof(dosi_aermod_receptor),
        [AERMOD_RESULTS] = sizeof(dosi_aermod_result),
        [AERMOD_BUILDINGS] = sizeof(dosi_aermod_building),
        [AERMOD_VERTICES] = sizeof(double[2]),
        [AERMOD_FACTORS] = sizeof(double),
        [AERMOD_ROWS] = sizeof(dosi_aermod_row),
        [AERMOD_EMISSIONS] = sizeof(dosi_aermod_emission),
        [AERMOD_SIZES] = sizeof(dosi_aermod_particles),
    };
    if (n < r->capacity[array]) return DOSI_OK;
    if (n >= most) return dosi_fail(err, DOSI_LIMIT, "more than %zu items in a deck", most);
    size_t more = r->capacity[array] ? 2 * r->capacity[array] : 32;
    void *grown = realloc(*items, more * bytes[array]);
    if (!grown) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a deck");
    *items = grown;
    r->capacity[array] = more;
    return DOSI_OK;
}

/// Adds a word to a list of words, once.
static void add_word(char list[AERMOD_PATH_BYTES], const char *word) {
    size_t n = strlen(list), more = strlen(word);
    if (strstr(list, word) || n + more + 2 >= AERMOD_PATH_BYTES) return;
    if (n) list[n++] = ' ';
    memcpy(list + n, word, more + 1);
}

void aermod_note_unsupported(dosi_aermod_deck *deck, const char *what) {
    add_word(deck->unsupported, what);
}

void aermod_note_left(dosi_aermod_deck *deck, const char *keyword) {
    // What says nothing of concentrations: names, files of messages and of restarts.
    static const char *const idle[] = {
        "TITLETWO", "AVERTIME", "RUNORNOT", "EVENTFIL", "ERRORFIL", "SAVEFILE", "INITFILE",
        "MULTYEAR", "DEBUGOPT", "SURFDATA", "UAIRDATA", "SITEDATA", "NUMYEARS", "ELEVUNIT"};
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
        if (strcmp(keyword, idle[i]) == 0) return;
    }
    add_word(deck->unknown, keyword);
}

bool dosi_aermod_in_group(const dosi_aermod_group *group, size_t s) {
    return group->member[s / 8] >> (s % 8) & 1;
}

const char *dosi_aermod_kind_name(dosi_aermod_kind kind) {
    static const char *const names[AERMOD_KINDS] = {
        "POINT", "POINTCAP", "POINTHOR", "VOLUME",  "AREA",     "AREAPOLY", "AREACIRC",
        "LINE",  "RLINE",    "RLINEXT",  "OPENPIT", "BUOYLINE", "SWPOINT"};
    return names[kind];
}

double dosi_aermod_factor(const dosi_aermod_deck *deck,
                          const dosi_aermod_source *source,
                          const dosi_aermod_hour *hour) {
    static const size_t seasons[] = {0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 0};
    if (source->n_factors == 0) return 1;
    dosi_civil start = dosi_time_to_civil(hour->time - DOSI_HOUR_US);
    size_t h = (size_t)start.hour, month = (size_t)start.month - 1, season = seasons[month];
    size_t day7 = (size_t)dosi_time_weekday(hour->time - DOSI_HOUR_US);
    size_t day = day7 < 5 ? 0 : day7 - 4;
    size_t wind = 0;
    while (wind < 5 && hour->weather.speed_ms > deck->wind_limits[wind]) wind++;
    const size_t at[AERMOD_VARIATIONS] = {[AERMOD_SEASON] = season,
                                          [AERMOD_MONTH] = month,
                                          [AERMOD_HROFDY] = h,
                                          [AERMOD_WSPEED] = wind,
                                          [AERMOD_SEASHR] = h + season * 24,
                                          [AERMOD_HRDOW] = h + day * 24,
                                          [AERMOD_HRDOW7] = h + day7 * 24,
                                          [AERMOD_SHRDOW] = h + season * 24 + day * 96,
                                          [AERMOD_SHRDOW7] = h + season * 24 + day7 * 96,
                                          [AERMOD_MHRDOW] = h + month * 24 + day * 288,
                                          [AERMOD_MHRDOW7] = h + month * 24 + day7 * 288};
    size_t i = at[source->variation];
    return i < source->n_factors ? deck->factors[source->first_factor + i] : 1;
}

bool dosi_aermod_uses_hour(const dosi_aermod_deck *deck, const dosi_aermod_hour *hour) {
    dosi_civil day = dosi_time_to_civil(hour->time - DOSI_HOUR_US);
    int64_t stamp = ((day.year * 100LL + day.month) * 100 + day.day) * 100 + day.hour + 1;
    if (deck->has_days) {
        int64_t days = dosi_days_from_civil(day.year, day.month, day.day);
        size_t number = (size_t)(days - dosi_days_from_civil(day.year, 1, 1)) + 1;
        if (!deck->day_of_year[number] && !deck->day_of_month[day.month][day.day]) return false;
    }
    return (!deck->first_stamp || stamp >= deck->first_stamp) &&
           (!deck->last_stamp || stamp <= deck->last_stamp);
}

void dosi_aermod_deck_clear(dosi_aermod_deck *deck) {
    for (size_t g = 0; g < deck->n_groups; g++) free(deck->groups[g].member);
    free(deck->sources);
    free(deck->groups);
    free(deck->urbans);
    free(deck->receptors);
    free(deck->results);
    free(deck->buildings);
    free(deck->particles);
    free(deck->vertices);
    free(deck->factors);
    free(deck->rows);
    free(deck->emissions);
    memset(deck, 0, sizeof *deck);
}

static dosi_status read_text(aermod_reading *r, const dosi_aermod_text *text, dosi_error *err);

/// Reads the file of an INCLUDED line in its place.
static dosi_status read_included(aermod_reading *r,
                                 const aermod_card *card,
                                 size_t first,
                                 dosi_error *err) {
    char name[AERMOD_PATH_BYTES];
    if (first >= card->n_fields || card->fields[first].n >= sizeof name) {
        return aermod_card_fail(card, DOSI_PARSE, err, "INCLUDED needs a file's name");
    }
    memcpy(name, card->fields[first].at, card->fields[first].n);
    name[card->fields[first].n] = '\0';
    if (!r->files || r->depth == MOST_DEPTH) {
        return aermod_card_fail(card, DOSI_PARSE, err, "cannot include \"%.100s\" here", name);
    }
    dosi_text text = {0};
    dosi_status status = r->files->read(r->files->context, name, &text, err);
    if (status == DOSI_OK) {
        r->depth++;
        const dosi_aermod_text included = {name, dosi_text_string(&text), text.length};
        status = read_text(r, &included, err);
        r->depth--;
    }
    dosi_text_destroy(&text);
    return status;
}

/// Takes pathway and keyword, when the line has them; `*first`: where its data start.
static void take_keyword(aermod_reading *r, const aermod_card *card, size_t *first) {
    size_t at = 0;
    const aermod_field *f = &card->fields[0];
    size_t column = card->column;
    if (f->n == 2 && column < 3) {
        r->path[0] = (char)toupper((unsigned char)f->at[0]);
        r->path[1] = (char)toupper((unsigned char)f->at[1]);
        r->keyword[0] = '\0';
        at++;
        if (card->n_fields > 1) column += (size_t)(card->fields[1].at - f->at);
    }
    if (at < card->n_fields && column < KEYWORD_COLUMN &&
        card->fields[at].n < sizeof r->keyword) {
        size_t n = card->fields[at].n;
        for (size_t i = 0; i < n; i++) {
            r->keyword[i] = (char)toupper((unsigned char)card->fields[at].at[i]);
        }
        r->keyword[n] = '\0';
        at++;
    }
    *first = at;
}

static dosi_status read_line(aermod_reading *r, const aermod_card *card, dosi_error *err) {
    size_t first = 0;
    take_keyword(r, card, &first);
    if (strcmp(r->keyword, "STARTING") == 0 || strcmp(r->keyword, "FINISHED") == 0) {
        return DOSI_OK;
    }
    if (strcmp(r->keyword, "INCLUDED") == 0) return read_included(r, card, first, err);
    if (strcmp(r->path, "SO") == 0) return aermod_read_source(r, card, first, err);
    if (strcmp(r->path, "RE") == 0) return aermod_read_receptor(r, card, first, err);
    bool is_option =
        strcmp(r->path, "CO") == 0 || strcmp(r->path, "ME") == 0 || strcmp(r->path, "OU") == 0;
    if (is_option) return aermod_read_option(r, card, first, err);
    if (strcmp(r->path, "EV") == 0) return DOSI_OK; // events repeat what the rest computes
    return aermod_card_fail(card, DOSI_PARSE, err, "\"%s\" is not one of CO SO RE ME OU EV",
                            r->path);
}

static dosi_status read_text(aermod_reading *r, const dosi_aermod_text *text, dosi_error *err) {
    aermod_card card = {.name = text->name};
    size_t at = 0;
    while (aermod_card_next(&card, text->bytes, text->n_bytes, &at, false)) {
        if (card.n_fields == 0) continue;
        if (card.fields[0].n >= 2 && memcmp(card.fields[0].at, "**", 2) == 0) continue;
        DOSI_TRY(read_line(r, &card, err));
    }
    return DOSI_OK;
}

/// Checks that there is something to run.
static dosi_status check_deck(const dosi_aermod_deck *deck, const char *name, dosi_error *err) {
    if (deck->n_sources == 0) return dosi_fail(err, DOSI_PARSE, "%.120s: no sources", name);
    if (deck->n_receptors == 0) return dosi_fail(err, DOSI_PARSE, "%.120s: no receptors", name);
    if (!deck->surface_path[0]) {
        return dosi_fail(err, DOSI_PARSE, "%.120s: no SURFFILE", name);
    }
    for (size_t s = 0; s < deck->n_sources; s++) {
        const dosi_aermod_source *source = &deck->sources[s];
        if (source->n_parameters == 0) {
            return dosi_fail(err, DOSI_PARSE, "%.120s: source %s has no SRCPARAM", name,
                             source->id);
        }
    }
    return DOSI_OK;
}

dosi_status dosi_aermod_deck_read(const dosi_aermod_text *text,
                                  const dosi_aermod_files *files,
                                  dosi_aermod_deck *out,
                                  dosi_error *err) {
    static const double wind_limits[5] = {1.54, 3.09, 5.14, 8.23, 10.8};
    dosi_aermod_deck deck;
    memset(&deck, 0, sizeof deck);
    memcpy(deck.wind_limits, wind_limits, sizeof wind_limits);
    for (size_t i = 0; i < 6; i++) deck.limits[i] = NAN;
    deck.no2_stack = NAN;
    aermod_start_ambient(&deck);
    deck.concentration_unit = deck.deposition_unit = 1;
    deck.leaves[0] = 0.5;
    deck.leaves[1] = 0.25;
    deck.no2_most = deck.arm2_most = 0.9;
    deck.arm2_least = 0.5;
    aermod_reading r = {
        .deck = &deck, .files = files, .source_metres = 1, .receptor_metres = 1};
    r.net.x = malloc((size_t)2 * AERMOD_NET_AXIS * sizeof *r.net.x);
    dosi_status status = DOSI_OK;
    if (!r.net.x) {
        status = dosi_fail(err, DOSI_NO_MEMORY, "no memory for a deck");
    } else {
        r.net.y = r.net.x + AERMOD_NET_AXIS;
        status = read_text(&r, text, err);
    }
    free(r.net.x);
    aermod_finish_sources(&deck);
    aermod_finish_conversion(&deck);
    if (status == DOSI_OK) status = check_deck(&deck, text->name, err);
    if (status == DOSI_OK) status = aermod_finish_deposition(&deck, text->name, err);
    if (status == DOSI_OK) {
        *out = deck;
    } else {
        dosi_aermod_deck_clear(&deck);
    }
    return status;
}
