// Lines of the CO, ME and OU pathways of an AERMOD run: options, weather, results.

#include "source/aermod_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Copies a field as it is written.
static dosi_status take_path(const aermod_card *card,
                             size_t field,
                             char *out,
                             dosi_error *err) {
    if (field >= card->n_fields || card->fields[field].n >= AERMOD_PATH_BYTES) {
        return aermod_card_fail(card, DOSI_PARSE, err, "a file's name is missing or too long");
    }
    memcpy(out, card->fields[field].at, card->fields[field].n);
    out[card->fields[field].n] = '\0';
    return DOSI_OK;
}

/// Options that only say how to check or report, and may be left aside.
static bool is_harmless(const aermod_field *f) {
    static const char *const words[] = {"WARNCHKD", "NOCHKD", "ALPHA",   "BETA",
                                        "NOWARN",   "RURAL",  "DRYDPLT", "WETDPLT"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (aermod_field_is(f, words[i])) return true;
    }
    return false;
}

/// The column of results that a word of MODELOPT asks for; AERMOD_OUTPUTS: none.
static dosi_aermod_output output_of(const aermod_field *f) {
    static const char *const words[AERMOD_OUTPUTS] = {"CONC", "DEPOS", "DDEP", "WDEP"};
    int k = 0;
    while (k < AERMOD_OUTPUTS && !aermod_field_is(f, words[k])) k++;
    return (dosi_aermod_output)k;
}

/// Turns on what a word of MODELOPT turns on. @return Whether it does.
static bool take_switch(dosi_aermod_deck *deck, const aermod_field *f) {
    const struct {
        const char *word;
        bool *on;
    } switches[] = {{"FLAT", &deck->is_flat},
                    {"ELEV", &deck->is_elevated},
                    {"DFAULT", &deck->is_regulatory},
                    {"DEFAULT", &deck->is_regulatory},
                    {"NOSTD", &deck->is_without_stack_tip},
                    {"NODRYDPLT", &deck->is_kept_dry},
                    {"NOWETDPLT", &deck->is_kept_wet},
                    {"FASTAREA", &deck->is_fast},
                    {"FASTALL", &deck->is_fast},
                    {"SCREEN", &deck->is_screening},
                    {"PSDCREDIT", &deck->is_psd_credit}};
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (!aermod_field_is(f, switches[i].word)) continue;
        *switches[i].on = true;
        return true;
    }
    dosi_aermod_output output = output_of(f);
    if (output == AERMOD_OUTPUTS) return false;
    deck->n_outputs += !deck->has_output[output];
    deck->has_output[output] = true;
    return true;
}

/// The conversion of NOx that a word of MODELOPT asks for.
static dosi_aermod_no2 conversion_of(const aermod_field *f) {
    if (aermod_field_is(f, "ARM2")) return AERMOD_NO2_ARM2;
    if (aermod_field_is(f, "OLM")) return AERMOD_NO2_OLM;
    if (aermod_field_is(f, "PVMRM")) return AERMOD_NO2_PVMRM;
    if (aermod_field_is(f, "TTRM")) return AERMOD_NO2_TTRM;
    return aermod_field_is(f, "GRSM") ? AERMOD_NO2_GRSM : AERMOD_NO2_NONE;
}

static dosi_status read_model_options(dosi_aermod_deck *deck,
                                      const aermod_card *card,
                                      size_t first,
                                      dosi_error *err) {
    for (size_t i = first; i < card->n_fields; i++) {
        const aermod_field *f = &card->fields[i];
        char word[AERMOD_ID_BYTES];
        if (is_harmless(f) || take_switch(deck, f)) continue;
        if (conversion_of(f) != AERMOD_NO2_NONE) {
            deck->no2 = conversion_of(f);
        } else {
            DOSI_TRY(aermod_card_name(card, i, word, sizeof word, err));
            aermod_note_unsupported(deck, word);
        }
    }
    // What a regulatory run may not have is as if it were not written.
    if (deck->is_regulatory) deck->is_flat = deck->is_without_stack_tip = false;
    if (!deck->is_flat) deck->is_elevated = true;
    return DOSI_OK;
}

/// URBANOPT [ID] population [name] [roughness]; the ID only with several areas.
static dosi_status read_urban(aermod_reading *r,
                              const aermod_card *card,
                              size_t first,
                              dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    dosi_aermod_urban urban = {.roughness_m = 1};
    size_t at = first;
    if (aermod_card_real(card, at, &urban.population, NULL) != DOSI_OK) {
        DOSI_TRY(aermod_card_name(card, at++, urban.id, sizeof urban.id, err));
        DOSI_TRY(aermod_card_real(card, at, &urban.population, err));
    }
    if (at + 2 < card->n_fields) {
        DOSI_TRY(aermod_card_real(card, at + 2, &urban.roughness_m, err));
    }
    if (!(urban.population > 0) || !(urban.roughness_m > 0)) {
        return aermod_card_fail(card, DOSI_PARSE, err, "population %g, roughness %g m",
                                urban.population, urban.roughness_m);
    }
    DOSI_TRY(aermod_grow(r, AERMOD_URBANS, (void **)&deck->urbans, deck->n_urbans,
                         AERMOD_MOST_OTHERS, err));
    deck->urbans[deck->n_urbans++] = urban;
    return DOSI_OK;
}

/// Takes the rest of a line as the run's title.
static void take_title(dosi_aermod_deck *deck, const aermod_card *card, size_t first) {
    if (first >= card->n_fields) return;
    const aermod_field *a = &card->fields[first], *z = &card->fields[card->n_fields - 1];
    size_t n = (size_t)(z->at + z->n - a->at);
    if (n >= sizeof deck->title) n = sizeof deck->title - 1;
    memcpy(deck->title, a->at, n);
    deck->title[n] = '\0';
}

/// Notes a keyword that was not read: one of `notable` (n) changes results.
static void note(dosi_aermod_deck *deck,
                 const char *keyword,
                 const char *const *notable,
                 size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(keyword, notable[i]) == 0) {
            aermod_note_unsupported(deck, keyword);
            return;
        }
    }
    aermod_note_left(deck, keyword);
}

static dosi_status read_control(aermod_reading *r,
                                const aermod_card *card,
                                size_t first,
                                dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    const char *keyword = r->keyword;
    if (strcmp(keyword, "MODELOPT") == 0) return read_model_options(deck, card, first, err);
    if (strcmp(keyword, "URBANOPT") == 0) return read_urban(r, card, first, err);
    if (strcmp(keyword, "POLLUTID") == 0) {
        return aermod_card_name(card, first, deck->pollutant, sizeof deck->pollutant, err);
    }
    if (strcmp(keyword, "FLAGPOLE") == 0) {
        if (first == card->n_fields) return DOSI_OK;
        return aermod_card_real(card, first, &deck->flagpole_m, err);
    }
    if (strcmp(keyword, "HALFLIFE") == 0) {
        return aermod_card_real(card, first, &deck->half_life_s, err);
    }
    if (strcmp(keyword, "DCAYCOEF") == 0) {
        double rate = 0;
        DOSI_TRY(aermod_card_real(card, first, &rate, err));
        if (rate > 0) deck->half_life_s = log(2) / rate;
        return DOSI_OK;
    }
    if (strcmp(keyword, "TITLEONE") == 0) {
        take_title(deck, card, first);
        return DOSI_OK;
    }
    if (strcmp(keyword, "LOW_WIND") == 0) {
        for (size_t i = 0; i < 6 && first + i < card->n_fields; i++) {
            DOSI_TRY(aermod_card_real(card, first + i, &deck->limits[i], err));
        }
        return DOSI_OK;
    }
    bool is_taken = false;
    DOSI_TRY(aermod_read_conversion(r, card, first, &is_taken, err));
    if (!is_taken) DOSI_TRY(aermod_read_deposition(r, card, first, &is_taken, err));
    if (is_taken) return DOSI_OK;
    static const char *const notable[] = {"AWMADWNW", "ORD_DWNW", "ARCFTOPT"};
    note(deck, keyword, notable, sizeof notable / sizeof notable[0]);
    return DOSI_OK;
}

/// STARTEND yy mm dd [hh] yy mm dd [hh]
static dosi_status read_hours_used(aermod_reading *r,
                                   const aermod_card *card,
                                   size_t first,
                                   dosi_error *err) {
    size_t n = card->n_fields - first, parts = n == 8 ? 4 : 3;
    if (n != 6 && n != 8) {
        return aermod_card_fail(card, DOSI_PARSE, err, "STARTEND with %zu numbers", n);
    }
    int64_t *const stamps[] = {&r->deck->first_stamp, &r->deck->last_stamp};
    for (size_t s = 0; s < 2; s++) {
        int64_t part[4] = {0, 0, 0, s == 0 ? 1 : 24};
        for (size_t i = 0; i < parts; i++) {
            DOSI_TRY(aermod_card_int(card, first + s * parts + i, &part[i], err));
            if (part[i] < 0 || part[i] > 9999) {
                return aermod_card_fail(card, DOSI_PARSE, err, "no such day");
            }
        }
        if (part[0] < 100) part[0] += part[0] < 50 ? 2000 : 1900;
        *stamps[s] = ((part[0] * 100 + part[1]) * 100 + part[2]) * 100 + part[3];
    }
    return DOSI_OK;
}

/// A day "61" or "3/1" at `*at`; month 0: by its number in the year.
static bool read_day(const char **at, long *month, long *day) {
    char *end = NULL;
    *month = 0;
    *day = strtol(*at, &end, 10);
    if (end == *at) return false;
    if (*end == '/') {
        *month = *day;
        *at = end + 1;
        *day = strtol(*at, &end, 10);
        if (end == *at) return false;
    }
    *at = end;
    return *month > 0 ? *month <= 12 && *day >= 1 && *day <= 31
                      : *month == 0 && *day >= 1 && *day <= 366;
}

/// Marks the days from one to another, both by number or both by month and day.
static bool mark_days(dosi_aermod_deck *deck, const long *from, const long *to) {
    if ((from[0] == 0) != (to[0] == 0)) return false;
    for (long day = from[1]; from[0] == 0 && day <= to[1]; day++) deck->day_of_year[day] = true;
    for (long at = from[0] * 32 + from[1]; from[0] > 0 && at <= to[0] * 32 + to[1]; at++) {
        deck->day_of_month[at / 32][at % 32] = true;
    }
    return from[0] * 32 + from[1] <= to[0] * 32 + to[1];
}

/// DAYRANGE with days and ranges of days: 61 61-70 3/1 3/1-3/10
static dosi_status read_days_used(aermod_reading *r,
                                  const aermod_card *card,
                                  size_t first,
                                  dosi_error *err) {
    for (size_t i = first; i < card->n_fields; i++) {
        char text[24];
        size_t n = card->fields[i].n < sizeof text ? card->fields[i].n : sizeof text - 1;
        memcpy(text, card->fields[i].at, n);
        text[n] = '\0';
        const char *at = text;
        long from[2], to[2];
        bool is_fine = read_day(&at, &from[0], &from[1]);
        to[0] = from[0];
        to[1] = from[1];
        if (is_fine && *at == '-') {
            at++;
            is_fine = read_day(&at, &to[0], &to[1]);
        }
        if (!is_fine || *at != '\0' || !mark_days(r->deck, from, to)) {
            return aermod_card_fail(card, DOSI_PARSE, err, "\"%s\" are no days", text);
        }
    }
    r->deck->has_days = true;
    return DOSI_OK;
}

static dosi_status read_weather(aermod_reading *r,
                                const aermod_card *card,
                                size_t first,
                                dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    if (strcmp(r->keyword, "SURFFILE") == 0) {
        return take_path(card, first, deck->surface_path, err);
    }
    if (strcmp(r->keyword, "PROFFILE") == 0) {
        return take_path(card, first, deck->profile_path, err);
    }
    if (strcmp(r->keyword, "WDROTATE") == 0) {
        return aermod_card_real(card, first, &deck->rotation_deg, err);
    }
    if (strcmp(r->keyword, "WINDCATS") == 0) {
        for (size_t i = 0; i < 5; i++) {
            DOSI_TRY(aermod_card_real(card, first + i, &deck->wind_limits[i], err));
        }
        return DOSI_OK;
    }
    if (strcmp(r->keyword, "PROFBASE") == 0) {
        DOSI_TRY(aermod_card_real(card, first, &deck->profile_base_m, err));
        bool is_feet =
            first + 1 < card->n_fields && aermod_field_is(&card->fields[first + 1], "FEET");
        if (is_feet) deck->profile_base_m *= 0.3048;
        return DOSI_OK;
    }
    if (strcmp(r->keyword, "STARTEND") == 0) return read_hours_used(r, card, first, err);
    if (strcmp(r->keyword, "DAYRANGE") == 0) return read_days_used(r, card, first, err);
    static const char *const notable[] = {"SCIMBYHR", "NOTURB", "NOSA",   "NOSW",   "NOTURBST",
                                          "NOTURBCO", "NOSAST", "NOSWST", "NOSACO", "NOSWCO"};
    note(deck, r->keyword, notable, sizeof notable / sizeof notable[0]);
    return DOSI_OK;
}

/// The hours of an averaging period; MONTH is -1; PERIOD and ANNUAL are 0.
static dosi_status take_average(const aermod_card *card,
                                size_t field,
                                int *out,
                                dosi_error *err) {
    int64_t hours = 0;
    bool is_period =
        field < card->n_fields && (aermod_field_is(&card->fields[field], "PERIOD") ||
                                   aermod_field_is(&card->fields[field], "ANNUAL"));
    bool is_month = field < card->n_fields && aermod_field_is(&card->fields[field], "MONTH");
    if (is_month) hours = -1;
    if (!is_period && !is_month) DOSI_TRY(aermod_card_int(card, field, &hours, err));
    *out = (int)hours;
    return DOSI_OK;
}

/// The rank that a word such as "FIRST" or "3RD" or "FIRST-THIRD" starts with; 0: none.
static int rank_of(const aermod_field *f) {
    static const char *const words[] = {"FIRST", "SECOND",  "THIRD",  "FOURTH", "FIFTH",
                                        "SIXTH", "SEVENTH", "EIGHTH", "NINTH",  "TENTH"};
    for (int i = 0; i < 10; i++) {
        if (aermod_field_is(f, words[i])) return i + 1;
    }
    bool is_number = f->n >= 3 && f->n <= 5 && f->at[0] >= '1' && f->at[0] <= '9';
    return is_number ? f->at[0] - '0' : 0;
}

/// Adds a result file to the deck.
static dosi_status add_result(aermod_reading *r,
                              const dosi_aermod_result *result,
                              dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    DOSI_TRY(aermod_grow(r, AERMOD_RESULTS, (void **)&deck->results, deck->n_results,
                         AERMOD_MOST_OTHERS, err));
    deck->results[deck->n_results++] = *result;
    return DOSI_OK;
}

/// POSTFILE hours group PLOT file [unit]; PLOTFILE hours group [rank] file [unit]; SUMMFILE
/// file
static dosi_status read_result(aermod_reading *r,
                               const aermod_card *card,
                               size_t first,
                               dosi_error *err) {
    bool is_post = strcmp(r->keyword, "POSTFILE") == 0;
    if (strcmp(r->keyword, "SUMMFILE") == 0) {
        dosi_aermod_result summary = {.kind = AERMOD_SUMMARY};
        DOSI_TRY(take_path(card, first, summary.path, err));
        return add_result(r, &summary, err);
    }
    if (!is_post && strcmp(r->keyword, "PLOTFILE") != 0) return DOSI_OK;
    dosi_aermod_result result = {.kind = is_post ? AERMOD_POSTFILE : AERMOD_PLOTFILE};
    DOSI_TRY(take_average(card, first, &result.average_h, err));
    DOSI_TRY(aermod_card_name(card, first + 1, result.group, sizeof result.group, err));
    bool has_third = is_post || result.average_h != 0;
    if (is_post && first + 2 < card->n_fields &&
        !aermod_field_is(&card->fields[first + 2], "PLOT")) {
        return DOSI_OK; // UNFORM: not text
    }
    if (!is_post && has_third && first + 2 < card->n_fields) {
        result.rank = rank_of(&card->fields[first + 2]);
    }
    DOSI_TRY(take_path(card, first + 2 + has_third, result.path, err));
    return add_result(r, &result, err);
}

dosi_status aermod_read_option(aermod_reading *r,
                               const aermod_card *card,
                               size_t first,
                               dosi_error *err) {
    if (strcmp(r->path, "CO") == 0) return read_control(r, card, first, err);
    if (strcmp(r->path, "ME") == 0) return read_weather(r, card, first, err);
    return read_result(r, card, first, err);
}
