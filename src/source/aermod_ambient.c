// What the air of an AERMOD run brings: ozone, NOx and background; one value, values that vary,
// or a file of hours, each for all winds or for the sectors that the air goes to.

#include "source/aermod_format.h"
#include "source/aermod_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OZONE_UGM3_PPB   1.960 ///< ug/m3 of a ppb at 25 C and 1013.25 hPa, as EPA rounds them.
#define CO_UGM3_PPB      1.144
#define NO2_PPB_UGM3     0.5319 ///< ppb of a ug/m3.
#define SO2_PPB_UGM3     0.3823
#define MOST_OZONE       900.0 ///< A file's ozone from here on, in its unit, is missing.
#define OZONE_FLOOR_UGM3 78.4  ///< 40 ppb.

double aermod_unit_mass(const aermod_field *unit, double ppb_ugm3) {
    if (aermod_field_is(unit, "PPB")) return ppb_ugm3;
    if (aermod_field_is(unit, "PPM")) return 1000 * ppb_ugm3;
    return aermod_field_is(unit, "UG/M3") ? 1 : 0;
}

void aermod_start_ambient(dosi_aermod_deck *deck) {
    deck->ambient[AERMOD_OZONE].unit = OZONE_UGM3_PPB;
    deck->ambient[AERMOD_NOX].unit = 1 / NO2_PPB_UGM3;
    deck->ambient[AERMOD_BACKGROUND].unit = 1;
}

/// ug/m3 of a ppb; 0: a gas that AERMOD does not know the mass of.
static double ppb_of(const dosi_aermod_deck *deck, dosi_aermod_ambient_kind kind) {
    const char *gas = deck->pollutant;
    if (kind == AERMOD_OZONE) return OZONE_UGM3_PPB;
    if (kind == AERMOD_NOX || strcmp(gas, "NO2") == 0) return 1 / NO2_PPB_UGM3;
    if (strcmp(gas, "SO2") == 0) return 1 / SO2_PPB_UGM3;
    return strcmp(gas, "CO") == 0 ? CO_UGM3_PPB : 0;
}

/// Which "source" of the deck's emissions the hours of a sector are.
static size_t series_of(dosi_aermod_ambient_kind kind, size_t sector) {
    return AERMOD_AMBIENT + AERMOD_AMBIENT_SECTORS * (size_t)kind + sector;
}

// ---- lines ----

/// O3SECTOR and the like: where sectors begin.
static dosi_status read_sectors(const aermod_card *card,
                                size_t first,
                                dosi_aermod_ambient *out,
                                dosi_error *err) {
    size_t n = card->n_fields - first;
    if (n < 2 || n > AERMOD_AMBIENT_SECTORS) {
        return aermod_card_fail(card, DOSI_PARSE, err, "%zu sectors, not 2 to 6", n);
    }
    for (size_t i = 0; i < n; i++) {
        DOSI_TRY(aermod_card_real(card, first + i, &out->from_deg[i], err));
        double below = i ? out->from_deg[i - 1] : -1;
        if (!(out->from_deg[i] > below && out->from_deg[i] <= 360)) {
            return aermod_card_fail(card, DOSI_PARSE, err, "sectors that do not rise");
        }
    }
    out->n_sectors = n;
    return DOSI_OK;
}

/// The sector that a line is about: SECT1 to SECT6, where there are sectors.
static dosi_status take_sector(const aermod_card *card,
                               const dosi_aermod_ambient *ambient,
                               size_t *at,
                               size_t *sector,
                               dosi_error *err) {
    *sector = 0;
    if (ambient->n_sectors > 0) {
        char word[2 * AERMOD_ID_BYTES];
        DOSI_TRY(aermod_card_name(card, *at, word, sizeof word, err));
        bool is_sector = strncmp(word, "SECT", 4) == 0 && word[4] >= '1' && word[4] <= '6' &&
                         word[5] == '\0';
        if (!is_sector || (size_t)(word[4] - '1') >= ambient->n_sectors) {
            return aermod_card_fail(card, DOSI_PARSE, err, "no such sector: %s", word);
        }
        *sector = (size_t)(word[4] - '1');
        ++*at;
    }
    if (*at < card->n_fields) return DOSI_OK;
    return aermod_card_fail(card, DOSI_PARSE, err, "nothing behind the keyword");
}

/// A unit at a field, where there is one.
static dosi_status take_unit(const aermod_reading *r,
                             const aermod_card *card,
                             size_t at,
                             dosi_aermod_ambient_kind kind,
                             double *unit,
                             dosi_error *err) {
    if (at >= card->n_fields) return DOSI_OK;
    double mass = aermod_unit_mass(&card->fields[at], ppb_of(r->deck, kind));
    if (!(mass > 0)) {
        return aermod_card_fail(card, DOSI_PARSE, err, "%s of %s is unknown", r->keyword,
                                kind == AERMOD_BACKGROUND ? r->deck->pollutant : "this unit");
    }
    *unit = mass;
    return DOSI_OK;
}

/// A value for all hours, and its unit.
static dosi_status read_value(const aermod_reading *r,
                              const aermod_card *card,
                              size_t at,
                              dosi_aermod_ambient_kind kind,
                              dosi_aermod_ambient_sector *out,
                              dosi_error *err) {
    DOSI_TRY(aermod_card_real(card, at, &out->value, err));
    if (kind != AERMOD_BACKGROUND) {
        out->value_unit = ppb_of(r->deck, kind);
        DOSI_TRY(take_unit(r, card, at + 1, kind, &out->value_unit, err));
    }
    if (out->value < 0) return aermod_card_fail(card, DOSI_PARSE, err, "less than nothing");
    out->has_value = true;
    return DOSI_OK;
}

/// Values that vary as those of EMISFACT; lines may go on.
static dosi_status read_varying(aermod_reading *r,
                                const aermod_card *card,
                                size_t at,
                                dosi_aermod_ambient_sector *out,
                                dosi_error *err) {
    if (aermod_field_is(&card->fields[at], "ANNUAL")) {
        DOSI_TRY(aermod_card_real(card, at + 1, &out->value, err));
        out->has_value = true;
        return DOSI_OK;
    }
    dosi_aermod_source varying = {.first_factor = out->first_factor,
                                  .n_factors = out->n_factors};
    DOSI_TRY(aermod_add_factors(r, card, at, &varying, err));
    out->variation = varying.variation;
    out->first_factor = varying.first_factor;
    out->n_factors = varying.n_factors;
    return DOSI_OK;
}

// ---- files ----

static dosi_status add_hour(aermod_reading *r,
                            const aermod_card *card,
                            size_t series,
                            const double *numbers,
                            dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    dosi_aermod_emission hour = {.source = series, .n = 1};
    for (size_t i = 0; i < 4; i++) {
        if (!(numbers[i] >= 0 && numbers[i] <= 9999)) {
            return aermod_card_fail(card, DOSI_PARSE, err, "no such hour");
        }
        hour.stamp = hour.stamp * 100 + (int64_t)numbers[i] % 100;
    }
    hour.value[0] = numbers[4];
    DOSI_TRY(aermod_grow(r, AERMOD_EMISSIONS, (void **)&deck->emissions, deck->n_emissions,
                         AERMOD_MOST_EMISSIONS, err));
    deck->emissions[deck->n_emissions++] = hour;
    return DOSI_OK;
}

/// The five numbers of a line: fields, or columns where `format` is not NULL.
static dosi_status take_numbers(const aermod_card *card,
                                const aermod_field *line,
                                const aermod_format *format,
                                double *out,
                                dosi_error *err) {
    for (size_t i = 0; i < 5; i++) {
        if (!format) {
            DOSI_TRY(aermod_card_real(card, i, &out[i], err));
        } else if (!aermod_format_real(format, i, line->at, line->n, &out[i])) {
            return aermod_card_fail(card, DOSI_PARSE, err, "column %zu has no number", i + 1);
        }
    }
    return DOSI_OK;
}

/// Reads hours: yy mm dd hh value.
static dosi_status read_hours(aermod_reading *r,
                              const dosi_aermod_text *text,
                              const aermod_format *format,
                              size_t series,
                              dosi_error *err) {
    aermod_card card = {.name = text->name};
    double numbers[5];
    size_t at = 0, start = 0;
    for (; aermod_card_next(&card, text->bytes, text->n_bytes, &at, true); start = at) {
        size_t end = at < text->n_bytes ? at : text->n_bytes;
        const aermod_field line = {text->bytes + start, end - start};
        if (card.n_fields == 0) continue;
        DOSI_TRY(take_numbers(&card, &line, format, numbers, err));
        DOSI_TRY(add_hour(r, &card, series, numbers, err));
    }
    return DOSI_OK;
}

/// A file of hours, [unit and] format; it may not be there.
static dosi_status read_file(aermod_reading *r,
                             const aermod_card *card,
                             size_t at,
                             size_t format_at,
                             size_t series,
                             dosi_error *err) {
    char name[AERMOD_PATH_BYTES];
    aermod_format format;
    if (card->fields[at].n >= sizeof name) {
        return aermod_card_fail(card, DOSI_PARSE, err, "a file's name is too long");
    }
    memcpy(name, card->fields[at].at, card->fields[at].n);
    name[card->fields[at].n] = '\0';
    bool is_free =
        format_at >= card->n_fields || aermod_field_is(&card->fields[format_at], "FREE");
    bool is_known =
        is_free || (aermod_format_read(&card->fields[format_at], &format) && format.n >= 5);
    if (!is_known || !r->files) {
        aermod_note_unsupported(r->deck, r->keyword);
        return DOSI_OK;
    }
    dosi_text text = {0};
    dosi_status status = r->files->read(r->files->context, name, &text, err);
    if (status == DOSI_OK) {
        const dosi_aermod_text hourly = {name, dosi_text_string(&text), text.length};
        status = read_hours(r, &hourly, is_free ? NULL : &format, series, err);
    } else if (status == DOSI_NOT_FOUND) {
        aermod_note_unsupported(r->deck, r->keyword);
        status = DOSI_OK;
    }
    dosi_text_destroy(&text);
    return status;
}

/// OZONEFIL, NOX_FILE: file [unit [format]].
static dosi_status read_file_line(aermod_reading *r,
                                  const aermod_card *card,
                                  size_t at,
                                  dosi_aermod_ambient_kind kind,
                                  size_t sector,
                                  dosi_error *err) {
    dosi_aermod_ambient_sector *out = &r->deck->ambient[kind].sector[sector];
    out->file_unit = 1;
    DOSI_TRY(take_unit(r, card, at + 1, kind, &out->file_unit, err));
    out->has_file = true;
    return read_file(r, card, at, at + 2, series_of(kind, sector), err);
}

/// BACKGRND [sector] HOURLY file [format] | ANNUAL value | values that vary.
static dosi_status read_background(
    aermod_reading *r, const aermod_card *card, size_t at, size_t sector, dosi_error *err) {
    dosi_aermod_ambient_sector *out = &r->deck->ambient[AERMOD_BACKGROUND].sector[sector];
    if (!aermod_field_is(&card->fields[at], "HOURLY")) {
        return read_varying(r, card, at, out, err);
    }
    if (at + 1 >= card->n_fields) {
        return aermod_card_fail(card, DOSI_PARSE, err, "BACKGRND HOURLY needs a file's name");
    }
    out->has_file = true;
    return read_file(r, card, at + 1, at + 2, series_of(AERMOD_BACKGROUND, sector), err);
}

/// What a keyword is about.
typedef enum topic { SECTORS, VALUE, VALUES, HOURS, UNIT, BACKGROUND } topic;

static const struct {
    const char *keyword;
    dosi_aermod_ambient_kind kind;
    topic topic;
} keywords[] = {
    {"O3SECTOR", AERMOD_OZONE, SECTORS},
    {"OZONEVAL", AERMOD_OZONE, VALUE},
    {"O3VALUES", AERMOD_OZONE, VALUES},
    {"OZONEFIL", AERMOD_OZONE, HOURS},
    {"OZONUNIT", AERMOD_OZONE, UNIT},
    {"NOXSECTR", AERMOD_NOX, SECTORS},
    {"NOXVALUE", AERMOD_NOX, VALUE},
    {"NOX_VALS", AERMOD_NOX, VALUES},
    {"NOX_FILE", AERMOD_NOX, HOURS},
    {"NOX_UNIT", AERMOD_NOX, UNIT},
    {"BGSECTOR", AERMOD_BACKGROUND, SECTORS},
    {"BACKUNIT", AERMOD_BACKGROUND, UNIT},
    {"BACKGRND", AERMOD_BACKGROUND, BACKGROUND},
};

dosi_status aermod_read_ambient(
    aermod_reading *r, const aermod_card *card, size_t first, bool *is_taken, dosi_error *err) {
    enum { KEYWORDS = sizeof keywords / sizeof *keywords };
    size_t k = 0, sector = 0;
    while (k < KEYWORDS && strcmp(r->keyword, keywords[k].keyword) != 0) k++;
    *is_taken = k < KEYWORDS;
    if (!*is_taken) return DOSI_OK;
    dosi_aermod_ambient_kind kind = keywords[k].kind;
    dosi_aermod_ambient *ambient = &r->deck->ambient[kind];
    if (keywords[k].topic == SECTORS) return read_sectors(card, first, ambient, err);
    if (keywords[k].topic == UNIT) return take_unit(r, card, first, kind, &ambient->unit, err);
    DOSI_TRY(take_sector(card, ambient, &first, &sector, err));
    dosi_aermod_ambient_sector *out = &ambient->sector[sector];
    switch (keywords[k].topic) {
    case VALUE:
        return read_value(r, card, first, kind, out, err);
    case VALUES:
        return read_varying(r, card, first, out, err);
    case HOURS:
        return read_file_line(r, card, first, kind, sector, err);
    default:
        return read_background(r, card, first, sector, err);
    }
}

// ---- an hour ----

bool dosi_aermod_has_ambient(const dosi_aermod_deck *deck, dosi_aermod_ambient_kind kind) {
    for (size_t i = 0; i < AERMOD_AMBIENT_SECTORS; i++) {
        const dosi_aermod_ambient_sector *s = &deck->ambient[kind].sector[i];
        if (s->has_value || s->has_file || s->n_factors > 0) return true;
    }
    return false;
}

/// The sector that the air goes to.
static size_t sector_at(const dosi_aermod_ambient *ambient, const dosi_aermod_hour *hour) {
    size_t n = ambient->n_sectors;
    if (n < 2) return 0;
    double to = hour->weather.direction_deg + 180;
    if (to > 360) to -= 360;
    if (!(to >= ambient->from_deg[0])) return n - 1; // also where there is no wind
    size_t i = 0;
    while (i + 1 < n && to >= ambient->from_deg[i + 1]) i++;
    return i;
}

/// Without its file.
static double usual_at(const dosi_aermod_deck *deck,
                       const dosi_aermod_ambient *ambient,
                       const dosi_aermod_ambient_sector *s,
                       const dosi_aermod_hour *hour) {
    if (s->n_factors > 0) {
        const dosi_aermod_source varying = {.variation = s->variation,
                                            .first_factor = s->first_factor,
                                            .n_factors = s->n_factors};
        return ambient->unit * dosi_aermod_factor(deck, &varying, hour);
    }
    if (!s->has_value) return NAN;
    return (s->value_unit > 0 ? s->value_unit : ambient->unit) * s->value;
}

/// What the file of a sector says; NaN: nothing.
static double file_at(const dosi_aermod_deck *deck,
                      dosi_aermod_ambient_kind kind,
                      size_t sector,
                      int64_t stamp) {
    const dosi_aermod_ambient *ambient = &deck->ambient[kind];
    const dosi_aermod_ambient_sector *s = &ambient->sector[sector];
    const dosi_aermod_emission *e = dosi_aermod_hourly(deck, series_of(kind, sector), stamp);
    if (!s->has_file || !e || !(e->value[0] >= 0)) return NAN;
    if (kind == AERMOD_OZONE && e->value[0] >= MOST_OZONE) return NAN;
    return (s->file_unit > 0 ? s->file_unit : ambient->unit) * e->value[0];
}

double dosi_aermod_ambient_at(const dosi_aermod_deck *deck,
                              dosi_aermod_ambient_kind kind,
                              const dosi_aermod_hour *hour) {
    const dosi_aermod_ambient *ambient = &deck->ambient[kind];
    size_t sector = sector_at(ambient, hour);
    double value = file_at(deck, kind, sector, hour->stamp);
    return isnan(value) ? usual_at(deck, ambient, &ambient->sector[sector], hour) : value;
}

double dosi_aermod_ozone_at(const dosi_aermod_deck *deck,
                            const dosi_aermod_met *met,
                            size_t h) {
    enum { HOURS_BEFORE = 24 };
    const dosi_aermod_hour *hour = &met->hours[h];
    double length = hour->weather.obukhov_m, most = 0;
    size_t sector = sector_at(&deck->ambient[AERMOD_OZONE], hour);
    double value = file_at(deck, AERMOD_OZONE, sector, hour->stamp);
    if (isnan(value)) return dosi_aermod_ambient_at(deck, AERMOD_OZONE, hour);
    if (!(length > 0) || length > 250 || deck->is_ozone_unbounded) return value;
    for (size_t back = 1; back <= HOURS_BEFORE && back <= h; back++) {
        const dosi_aermod_hour *before = &met->hours[h - back];
        if (hour->time - before->time > HOURS_BEFORE * DOSI_HOUR_US) break;
        double then = file_at(deck, AERMOD_OZONE, sector, before->stamp);
        if (then > most) most = then;
    }
    double least = fmin(most, OZONE_FLOOR_UGM3);
    if (length > 50) least *= (250 - length) / 200;
    return fmax(value, least);
}
