// What an AERMOD run says of deposition: sizes of particles, gases, and units of results.

#include "source/aermod_private.h"

#include <math.h>
#include <string.h>

#define CM2_M2    1e-4
#define SCM_SM    100    ///< s/m in a s/cm.
#define UG_G      1e6    ///< AERMOD's own factor from emissions to concentrations,
#define S_HOUR    3600.0 ///< and to depositions.
#define SUM_OFF   0.02   ///< AERMOD takes fractions of 0.98 to 1.02 together.
#define FINE_GCM3 1.0

/// The particles of a source, made when they are new.
static dosi_status particles_of(aermod_reading *r,
                                dosi_aermod_source *source,
                                dosi_aermod_particles **out,
                                dosi_error *err) {
    dosi_aermod_deck *deck = r->deck;
    if (source->particles == 0) {
        DOSI_TRY(aermod_grow(r, AERMOD_SIZES, (void **)&deck->particles, deck->n_particles,
                             AERMOD_MOST_SOURCES, err));
        memset(&deck->particles[deck->n_particles], 0, sizeof *deck->particles);
        source->particles = ++deck->n_particles;
    }
    *out = &deck->particles[source->particles - 1];
    return DOSI_OK;
}

/// PARTDIAM, MASSFRAX, PARTDENS source(s) values
static dosi_status add_sizes(aermod_reading *r,
                             const aermod_card *card,
                             size_t at,
                             dosi_aermod_source *source,
                             dosi_error *err) {
    dosi_aermod_particles *p = NULL;
    DOSI_TRY(particles_of(r, source, &p, err));
    int row = strcmp(r->keyword, "PARTDIAM") == 0 ? 0 : strcmp(r->keyword, "MASSFRAX") ? 2 : 1;
    double *const rows[] = {p->diameter_um, p->fraction, p->density_gcm3};
    for (size_t i = at; i < card->n_fields; i++) {
        double value = 0;
        size_t times = 0;
        DOSI_TRY(aermod_card_repeated(card, i, &value, &times, err));
        if (times > AERMOD_PARTICLES - p->n[row]) {
            return aermod_card_fail(card, DOSI_LIMIT, err, "more than %d sizes of %s",
                                    AERMOD_PARTICLES, source->id);
        }
        if (!(row == 1 ? value >= 0 && value <= 1 : value > 0 && value <= 1e5)) {
            return aermod_card_fail(card, DOSI_PARSE, err, "%s %g of %s", r->keyword, value,
                                    source->id);
        }
        for (size_t t = 0; t < times; t++) rows[row][p->n[row]++] = value;
    }
    return DOSI_OK;
}

/// METHOD_2 source(s) fine-share mean-diameter
static dosi_status set_method_2(aermod_reading *r,
                                const aermod_card *card,
                                size_t at,
                                dosi_aermod_source *source,
                                dosi_error *err) {
    dosi_aermod_particles *p = NULL;
    double share = 0, diameter_um = 0;
    DOSI_TRY(aermod_card_real(card, at, &share, err));
    DOSI_TRY(aermod_card_real(card, at + 1, &diameter_um, err));
    if (!(share >= 0 && share <= 1) || !(diameter_um > 0 && diameter_um <= 1e5)) {
        return aermod_card_fail(card, DOSI_PARSE, err, "METHOD_2 of %s: %g fine, %g um",
                                source->id, share, diameter_um);
    }
    DOSI_TRY(particles_of(r, source, &p, err));
    *p = (dosi_aermod_particles){.n = {1, 1, 1},
                                 .diameter_um = {diameter_um},
                                 .fraction = {share},
                                 .density_gcm3 = {FINE_GCM3},
                                 .is_method_2 = true};
    return DOSI_OK;
}

/// GASDEPOS source(s) diffusivities in air and water, cuticle's resistance, Henry's constant
static dosi_status set_gas(aermod_reading *r,
                           const aermod_card *card,
                           size_t at,
                           dosi_aermod_source *source,
                           dosi_error *err) {
    (void)r;
    double v[4];
    for (size_t i = 0; i < 4; i++) {
        DOSI_TRY(aermod_card_real(card, at + i, &v[i], err));
        if (!(v[i] > 0)) {
            return aermod_card_fail(card, DOSI_PARSE, err, "GASDEPOS %g of %s", v[i],
                                    source->id);
        }
    }
    source->has_gas = true;
    source->gas = (dosi_aermod_gas){v[0] * CM2_M2, v[1] * CM2_M2, v[2] * SCM_SM, v[3]};
    return DOSI_OK;
}

/// GDSEASON and GDLANUSE: `n` whole numbers of 1 to `most`.
static dosi_status read_codes(
    const aermod_card *card, size_t at, uint8_t *out, const size_t size[2], dosi_error *err) {
    size_t n = 0;
    for (; at < card->n_fields; at++) {
        double value = 0;
        size_t times = 0;
        DOSI_TRY(aermod_card_repeated(card, at, &value, &times, err));
        bool is_code = value >= 1 && value <= (double)size[1] && value == floor(value);
        if (!is_code || times > size[0] - n) {
            return aermod_card_fail(card, DOSI_PARSE, err, "%zu times %g among %zu of 1..%zu",
                                    times, value, size[0], size[1]);
        }
        memset(out + n, (int)value, times);
        n += times;
    }
    if (n == size[0]) return DOSI_OK;
    return aermod_card_fail(card, DOSI_PARSE, err, "%zu numbers, not %zu", n, size[0]);
}

/// GASDEPDF reactivity leaves of autumn and spring [pollutant]
static dosi_status read_gas_defaults(dosi_aermod_deck *deck,
                                     const aermod_card *card,
                                     size_t at,
                                     dosi_error *err) {
    DOSI_TRY(aermod_card_real(card, at, &deck->gas_reactivity, err));
    DOSI_TRY(aermod_card_real(card, at + 1, &deck->leaves[0], err));
    return aermod_card_real(card, at + 2, &deck->leaves[1], err);
}

/// EMISUNIT, CONCUNIT, DEPOUNIT factor label label: factors from g/s on.
static dosi_status read_unit(aermod_reading *r,
                             const aermod_card *card,
                             size_t at,
                             dosi_error *err) {
    double factor = 0;
    DOSI_TRY(aermod_card_real(card, at, &factor, err));
    if (!(factor > 0)) return aermod_card_fail(card, DOSI_PARSE, err, "a factor of %g", factor);
    if (strcmp(r->keyword, "DEPOUNIT") != 0) r->deck->concentration_unit = factor / UG_G;
    if (strcmp(r->keyword, "CONCUNIT") != 0) r->deck->deposition_unit = factor / S_HOUR;
    return DOSI_OK;
}

/// Lines of the CO pathway.
static dosi_status read_control(
    aermod_reading *r, const aermod_card *card, size_t first, bool *is_taken, dosi_error *err) {
    static const size_t months[2] = {12, 5}, sectors[2] = {AERMOD_SECTORS, 9};
    if (strcmp(r->keyword, "GASDEPVD") == 0) {
        DOSI_TRY(aermod_card_real(card, first, &r->deck->gas_velocity_ms, err));
        if (r->deck->gas_velocity_ms > 0) return DOSI_OK;
        return aermod_card_fail(card, DOSI_PARSE, err, "GASDEPVD %g m/s",
                                r->deck->gas_velocity_ms);
    }
    if (strcmp(r->keyword, "GDSEASON") == 0) {
        return read_codes(card, first, r->deck->season, months, err);
    }
    if (strcmp(r->keyword, "GDLANUSE") == 0) {
        return read_codes(card, first, r->deck->land_use, sectors, err);
    }
    if (strcmp(r->keyword, "GASDEPDF") == 0) {
        return read_gas_defaults(r->deck, card, first, err);
    }
    *is_taken = false;
    return DOSI_OK;
}

dosi_status aermod_read_deposition(
    aermod_reading *r, const aermod_card *card, size_t first, bool *is_taken, dosi_error *err) {
    static const struct {
        const char *keyword;
        aermod_source_line take;
    } lines[] = {{"PARTDIAM", add_sizes},
                 {"MASSFRAX", add_sizes},
                 {"PARTDENS", add_sizes},
                 {"METHOD_2", set_method_2},
                 {"GASDEPOS", set_gas}};
    *is_taken = true;
    if (strcmp(r->path, "CO") == 0) return read_control(r, card, first, is_taken, err);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (strcmp(r->keyword, lines[i].keyword) == 0) {
            return aermod_for_sources(r, card, first, lines[i].take, err);
        }
    }
    bool is_unit = strlen(r->keyword) == 8 && strcmp(r->keyword + 4, "UNIT") == 0 &&
                   strcmp(r->keyword, "ELEVUNIT") != 0 && strcmp(r->keyword, "BACKUNIT") != 0;
    if (is_unit) return read_unit(r, card, first, err);
    *is_taken = false;
    return DOSI_OK;
}

dosi_status aermod_finish_deposition(dosi_aermod_deck *deck,
                                     const char *name,
                                     dosi_error *err) {
    for (size_t s = 0; s < deck->n_sources; s++) {
        const dosi_aermod_source *source = &deck->sources[s];
        if (source->particles == 0) continue;
        const dosi_aermod_particles *p = &deck->particles[source->particles - 1];
        if (p->n[0] == 0 || p->n[1] != p->n[0] || p->n[2] != p->n[0]) {
            return dosi_fail(err, DOSI_PARSE,
                             "%.120s: source %s has %zu diameters, %zu fractions and %zu "
                             "densities of particles",
                             name, source->id, p->n[0], p->n[1], p->n[2]);
        }
        double sum = 0;
        for (size_t i = 0; i < p->n[0]; i++) sum += p->fraction[i];
        if (!p->is_method_2 && fabs(sum - 1) > SUM_OFF) {
            return dosi_fail(err, DOSI_PARSE,
                             "%.120s: fractions of the particles of source %s are %g together",
                             name, source->id, sum);
        }
    }
    return DOSI_OK;
}
