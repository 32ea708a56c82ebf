// What an AERMOD run adds and converts: background concentrations, and NOx to NO2.

#include "source/aermod_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OZONE_UGM3_PPB 1.960 ///< ug/m3 of a ppb at 25 C and 1013.25 hPa, as EPA rounds them.
#define CO_UGM3_PPB    1.144
#define NO2_PPB_UGM3   0.5319 ///< ppb of a ug/m3.
#define SO2_PPB_UGM3   0.3823

/// Mass of a unit "PPB", "PPM" or "UG/M3"; 0: another word.
static double unit_mass(const aermod_field *unit, double ppb_ugm3) {
    if (aermod_field_is(unit, "PPB")) return ppb_ugm3;
    if (aermod_field_is(unit, "PPM")) return 1000 * ppb_ugm3;
    return aermod_field_is(unit, "UG/M3") ? 1 : 0;
}

/// OZONEVAL value [unit]; parts per billion where no unit is given.
static dosi_status read_ozone(aermod_reading *r,
                              const aermod_card *card,
                              size_t first,
                              dosi_error *err) {
    double value = 0, mass = OZONE_UGM3_PPB;
    DOSI_TRY(aermod_card_real(card, first, &value, err));
    if (first + 1 < card->n_fields) {
        mass = unit_mass(&card->fields[first + 1], OZONE_UGM3_PPB);
    }
    if (mass == 0 || value < 0) {
        return aermod_card_fail(card, DOSI_PARSE, err, "ozone of %g in an unknown unit", value);
    }
    r->deck->ozone_ugm3 = mass * value;
    return DOSI_OK;
}

/// A share, 0 to 1.
static dosi_status read_share(const aermod_card *card,
                              size_t field,
                              double *out,
                              dosi_error *err) {
    double value = 0;
    DOSI_TRY(aermod_card_real(card, field, &value, err));
    if (!(value >= 0 && value <= 1)) {
        return aermod_card_fail(card, DOSI_PARSE, err, "a share of %g", value);
    }
    *out = value;
    return DOSI_OK;
}

dosi_status aermod_read_conversion(
    aermod_reading *r, const aermod_card *card, size_t first, bool *is_taken, dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    *is_taken = true;
    if (strcmp(r->keyword, "OZONEVAL") == 0) return read_ozone(r, card, first, err);
    if (strcmp(r->keyword, "NO2STACK") == 0) {
        return read_share(card, first, &deck->no2_stack, err);
    }
    if (strcmp(r->keyword, "NO2EQUIL") == 0) {
        return read_share(card, first, &deck->no2_most, err);
    }
    if (strcmp(r->keyword, "ARMRATIO") == 0) {
        DOSI_TRY(read_share(card, first, &deck->arm2_least, err));
        return read_share(card, first + 1, &deck->arm2_most, err);
    }
    *is_taken = false;
    return DOSI_OK;
}

/// NO2RATIO source share
static dosi_status read_source_share(aermod_reading *r,
                                     const aermod_card *card,
                                     size_t at,
                                     dosi_error *err) {
    char pattern[2 * AERMOD_ID_BYTES];
    double share = 0;
    DOSI_TRY(aermod_card_name(card, at, pattern, sizeof pattern, err));
    DOSI_TRY(read_share(card, at + 1, &share, err));
    for (size_t s = 0; s < r->deck->n_sources; s++) {
        dosi_aermod_source *source = &r->deck->sources[s];
        if (!aermod_id_matches(source->id, pattern)) continue;
        source->no2_share = share;
        source->has_no2_share = true;
    }
    return DOSI_OK;
}

/// OLMGROUP name sources... | ALL: plumes that share the ozone.
static dosi_status read_olm_group(aermod_reading *r,
                                  const aermod_card *card,
                                  size_t at,
                                  dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    char name[2 * AERMOD_ID_BYTES], pattern[2 * AERMOD_ID_BYTES];
    DOSI_TRY(aermod_card_name(card, at, name, sizeof name, err));
    if (strcmp(name, r->olm_name) != 0) deck->n_olm++; // lines of a group follow each other
    memcpy(r->olm_name, name, sizeof name);
    bool is_all = strcmp(name, "ALL") == 0 && at + 1 == card->n_fields;
    for (size_t i = at + 1; i < card->n_fields + is_all; i++) {
        if (!is_all) DOSI_TRY(aermod_card_name(card, i, pattern, sizeof pattern, err));
        for (size_t s = 0; s < deck->n_sources; s++) {
            if (!is_all && !aermod_id_matches(deck->sources[s].id, pattern)) continue;
            deck->sources[s].olm = deck->n_olm;
        }
    }
    return DOSI_OK;
}

// ---- background ----

/// Reads hours: yy mm dd hh value.
static dosi_status read_hours(aermod_reading *r,
                              const dosi_aermod_text *text,
                              dosi_error *err) {
    aermod_card card = {.name = text->name};
    dosi_aermod_deck *deck = r->deck;
    size_t at = 0;
    while (aermod_card_next(&card, text->bytes, text->n_bytes, &at, true)) {
        int64_t part[4];
        dosi_aermod_emission hour = {.source = AERMOD_BACKGROUND, .n = 1};
        if (card.n_fields == 0) continue;
        for (size_t i = 0; i < 4; i++) {
            DOSI_TRY(aermod_card_int(&card, i, &part[i], err));
            if (part[i] < 0 || part[i] > 9999) {
                return aermod_card_fail(&card, DOSI_PARSE, err, "no such hour");
            }
            hour.stamp = hour.stamp * 100 + part[i] % 100;
        }
        DOSI_TRY(aermod_card_real(&card, 4, &hour.value[0], err));
        DOSI_TRY(aermod_grow(r, AERMOD_EMISSIONS, (void **)&deck->emissions, deck->n_emissions,
                             AERMOD_MOST_EMISSIONS, err));
        deck->emissions[deck->n_emissions++] = hour;
    }
    return DOSI_OK;
}

/// BACKGRND HOURLY file [format]
static dosi_status read_hourly_background(aermod_reading *r,
                                          const aermod_card *card,
                                          size_t at,
                                          dosi_error *err) {
    char name[AERMOD_PATH_BYTES];
    if (at >= card->n_fields || card->fields[at].n >= sizeof name) {
        return aermod_card_fail(card, DOSI_PARSE, err, "BACKGRND HOURLY needs a file's name");
    }
    bool is_free = at + 1 == card->n_fields || aermod_field_is(&card->fields[at + 1], "FREE");
    if (!is_free || !r->files) { // columns without gaps
        aermod_note_unsupported(r->deck, "BACKGRND");
        return DOSI_OK;
    }
    memcpy(name, card->fields[at].at, card->fields[at].n);
    name[card->fields[at].n] = '\0';
    dosi_text text = {0};
    dosi_status status = r->files->read(r->files->context, name, &text, err);
    if (status == DOSI_OK) {
        const dosi_aermod_text hourly = {name, dosi_text_string(&text), text.length};
        status = read_hours(r, &hourly, err);
        r->deck->background.kind = AERMOD_BACKGROUND_HOURLY;
    } else if (status == DOSI_NOT_FOUND) {
        aermod_note_unsupported(r->deck, "BACKGRND");
        status = DOSI_OK;
    }
    dosi_text_destroy(&text);
    return status;
}

/// BACKGRND ANNUAL value, or as EMISFACT varies; values may go on over lines.
static dosi_status read_background(aermod_reading *r,
                                   const aermod_card *card,
                                   size_t at,
                                   dosi_error *err) {
    dosi_aermod_background *b = &r->deck->background;
    if (aermod_field_is(&card->fields[at], "HOURLY")) {
        return read_hourly_background(r, card, at + 1, err);
    }
    dosi_aermod_source varying = {.first_factor = b->first_factor, .n_factors = b->n_factors};
    if (aermod_field_is(&card->fields[at], "ANNUAL")) {
        double value = 0;
        DOSI_TRY(aermod_card_real(card, at + 1, &value, err));
        b->kind = AERMOD_BACKGROUND_ANNUAL;
        b->annual = value;
        return DOSI_OK;
    }
    DOSI_TRY(aermod_add_factors(r, card, at, &varying, err));
    *b = (dosi_aermod_background){.kind = AERMOD_BACKGROUND_VARYING,
                                  .variation = varying.variation,
                                  .first_factor = varying.first_factor,
                                  .n_factors = varying.n_factors,
                                  .unit = b->unit};
    return DOSI_OK;
}

/// BACKUNIT unit: of gases that AERMOD knows the mass of.
static dosi_status read_background_unit(aermod_reading *r,
                                        const aermod_card *card,
                                        size_t at,
                                        dosi_error *err) {
    const char *gas = r->deck->pollutant;
    double ppb = 0;
    if (strcmp(gas, "NO2") == 0) ppb = 1 / NO2_PPB_UGM3;
    if (strcmp(gas, "SO2") == 0) ppb = 1 / SO2_PPB_UGM3;
    if (strcmp(gas, "CO") == 0) ppb = CO_UGM3_PPB;
    r->deck->background.unit = unit_mass(&card->fields[at], ppb);
    if (r->deck->background.unit > 0) return DOSI_OK;
    return aermod_card_fail(card, DOSI_PARSE, err, "BACKUNIT of %s is unknown", gas);
}

dosi_status aermod_read_air(
    aermod_reading *r, const aermod_card *card, size_t first, bool *is_taken, dosi_error *err) {
    *is_taken = true;
    if (strcmp(r->keyword, "NO2RATIO") == 0) return read_source_share(r, card, first, err);
    if (strcmp(r->keyword, "OLMGROUP") == 0) return read_olm_group(r, card, first, err);
    if (strcmp(r->keyword, "BACKGRND") == 0) return read_background(r, card, first, err);
    if (strcmp(r->keyword, "BACKUNIT") == 0) return read_background_unit(r, card, first, err);
    *is_taken = false;
    return DOSI_OK;
}

double dosi_aermod_background_at(const dosi_aermod_deck *deck, const dosi_aermod_hour *hour) {
    const dosi_aermod_background *b = &deck->background;
    double unit = b->unit > 0 ? b->unit : 1;
    if (b->kind == AERMOD_BACKGROUND_NONE) return 0;
    if (b->kind == AERMOD_BACKGROUND_ANNUAL) return unit * b->annual;
    if (b->kind == AERMOD_BACKGROUND_HOURLY) {
        const dosi_aermod_emission *e =
            dosi_aermod_hourly(deck, AERMOD_BACKGROUND, hour->stamp);
        return e && e->value[0] >= 0 ? unit * e->value[0] : (double)NAN;
    }
    const dosi_aermod_source varying = {
        .variation = b->variation, .first_factor = b->first_factor, .n_factors = b->n_factors};
    return unit * dosi_aermod_factor(deck, &varying, hour);
}

/// Says what of the conversion is not modelled: PVMRM and TTRM are where there is ozone.
void aermod_finish_conversion(dosi_aermod_deck *deck) {
    bool needs_ozone = deck->no2 == AERMOD_NO2_OLM || deck->no2 == AERMOD_NO2_SHARE;
    if (deck->no2 == AERMOD_NO2_SHARE && deck->ozone_ugm3 != 0) {
        aermod_note_unsupported(deck, "PVMRM or TTRM with ozone");
    } else if (needs_ozone && isnan(deck->ozone_ugm3)) {
        aermod_note_unsupported(deck, "no OZONEVAL");
    }
    for (size_t s = 0; s < deck->n_sources; s++) {
        dosi_aermod_source *source = &deck->sources[s];
        if (!source->has_no2_share) source->no2_share = deck->no2_stack;
        if (deck->no2 > AERMOD_NO2_ARM2 && isnan(source->no2_share)) {
            aermod_note_unsupported(deck, "no NO2STACK");
        }
    }
}
