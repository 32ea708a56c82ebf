// How an AERMOD run makes NO2 of NOx: shares at the stack, and what is taken together.

#include "source/aermod_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    if (strcmp(r->keyword, "NOMINO3") == 0) {
        deck->is_ozone_unbounded = true;
        return DOSI_OK;
    }
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
    return aermod_read_ambient(r, card, first, is_taken, err);
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

/// The two results of PSDCREDIT.
static dosi_status add_psd_groups(aermod_reading *r, dosi_error *err) {
    static const char *const ids[] = {"NAAQS", "PSDINC"};
    dosi_aermod_deck *deck = r->deck;
    for (size_t g = 0; g < 2 && deck->n_groups < 2; g++) {
        DOSI_TRY(aermod_grow(r, AERMOD_GROUPS, (void **)&deck->groups, deck->n_groups, 2, err));
        dosi_aermod_group group = {.member = calloc((deck->n_sources + 7) / 8 + 1, 1)};
        if (!group.member) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for a deck");
        memcpy(group.id, ids[g], strlen(ids[g]) + 1);
        deck->groups[deck->n_groups++] = group;
    }
    return DOSI_OK;
}

/// PSDGROUP INCRCONS | RETRBASE | NONRBASE sources...
static dosi_status read_psd_group(aermod_reading *r,
                                  const aermod_card *card,
                                  size_t at,
                                  dosi_error *err) {
    static const char *const words[] = {"", "INCRCONS", "RETRBASE", "NONRBASE"};
    dosi_aermod_deck *deck = r->deck;
    int psd = AERMOD_PSD_INCREMENT;
    while (psd <= AERMOD_PSD_BASE && !aermod_field_is(&card->fields[at], words[psd])) psd++;
    if (psd > AERMOD_PSD_BASE || !deck->is_psd_credit) {
        return aermod_card_fail(card, DOSI_PARSE, err, "PSDGROUP of another kind, or alone");
    }
    DOSI_TRY(add_psd_groups(r, err));
    for (size_t i = at + 1; i < card->n_fields; i++) {
        char pattern[2 * AERMOD_ID_BYTES];
        DOSI_TRY(aermod_card_name(card, i, pattern, sizeof pattern, err));
        for (size_t s = 0; s < deck->n_sources; s++) {
            bool is_all = strcmp(pattern, "ALL") == 0;
            if (!is_all && !aermod_id_matches(deck->sources[s].id, pattern)) continue;
            deck->sources[s].psd = (dosi_aermod_psd)psd;
            uint8_t bit = (uint8_t)(1 << (s % 8));
            if (psd != AERMOD_PSD_RETIRED) deck->groups[0].member[s / 8] |= bit;
            deck->groups[1].member[s / 8] |= bit;
        }
    }
    return DOSI_OK;
}

dosi_status aermod_read_air(
    aermod_reading *r, const aermod_card *card, size_t first, bool *is_taken, dosi_error *err) {
    *is_taken = true;
    if (strcmp(r->keyword, "NO2RATIO") == 0) return read_source_share(r, card, first, err);
    if (strcmp(r->keyword, "OLMGROUP") == 0) return read_olm_group(r, card, first, err);
    if (strcmp(r->keyword, "PSDGROUP") == 0) return read_psd_group(r, card, first, err);
    return aermod_read_ambient(r, card, first, is_taken, err);
}

/// Says what of the conversion cannot be modelled, and gives sources their shares.
void aermod_finish_conversion(dosi_aermod_deck *deck) {
    bool needs_ozone = deck->no2 > AERMOD_NO2_ARM2;
    if (needs_ozone && !dosi_aermod_has_ambient(deck, AERMOD_OZONE)) {
        aermod_note_unsupported(deck, "no OZONEVAL");
    }
    if (deck->is_psd_credit && deck->no2 != AERMOD_NO2_PVMRM) {
        aermod_note_unsupported(deck, "PSDCREDIT without PVMRM");
    }
    for (size_t s = 0; s < deck->n_sources; s++) {
        dosi_aermod_source *source = &deck->sources[s];
        if (!source->has_no2_share) source->no2_share = deck->no2_stack;
        if (needs_ozone && isnan(source->no2_share)) {
            aermod_note_unsupported(deck, "no NO2STACK");
        }
    }
}
