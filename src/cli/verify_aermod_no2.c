// NO2 of an AERMOD deck by the methods of dosi/no2.h: by the plume's volume, its time of
// travel, or its reaction.

#include "cli/verify_aermod.h"
#include "dosi/no2.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCREEN_M  1.2     ///< Where the air's temperature counts for the reaction.
#define ADIABATIC 0.00977 ///< K/m

/// Sources as the methods take them.
struct verify_aermod_no2 {
    const dosi_plume_hour **hour; ///< (n)
    dosi_plume_hour *cities;      ///< (n_urbans)
    dosi_plume_source *source;    ///< (n)
    double *no2_share;            ///< (n)
    bool *is_left_out;            ///< (n)
    dosi_no2_plume *plume;        ///< (n x n_places)
    double *share;                ///< (n x n_places)
    double *background;           ///< (n_places)
};

bool verify_aermod_is_by_plume(const dosi_aermod_deck *deck) {
    return deck->no2 >= AERMOD_NO2_PVMRM;
}

/// Whether a source's plume can be followed.
static bool is_followed(const verify_aermod *run, size_t s) {
    return !run->sources[s].is_road && !run->sources[s].is_buoyant;
}

dosi_status verify_aermod_no2_prepare(verify_aermod *run, dosi_error *err) {
    const dosi_aermod_deck *deck = &run->deck;
    size_t n = deck->n_sources, places = run->receptors.n;
    if (!verify_aermod_is_by_plume(deck)) return DOSI_OK;
    verify_aermod_no2 *w = run->no2 = calloc(1, sizeof *w);
    if (!w) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to run");
    w->hour = calloc(n + 1, sizeof *w->hour);
    w->cities = calloc(deck->n_urbans + 1, sizeof *w->cities);
    w->source = calloc(n + 1, sizeof *w->source);
    w->no2_share = calloc(n + 1, sizeof *w->no2_share);
    w->is_left_out = calloc(n + 1, sizeof *w->is_left_out);
    w->plume = calloc(n * places + 1, sizeof *w->plume);
    w->share = calloc(n * places + 1, sizeof *w->share);
    w->background = calloc(places + 1, sizeof *w->background);
    bool is_whole = w->hour && w->cities && w->source && w->no2_share && w->is_left_out &&
                    w->plume && w->share && w->background;
    if (!is_whole) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to run");
    for (size_t s = 0; s < n; s++) {
        w->no2_share[s] = deck->sources[s].no2_share;
        if (deck->no2 != AERMOD_NO2_TTRM && !is_followed(run, s)) {
            run->sources[s].missing = "the NO2 of its NOx is not modelled";
        }
    }
    return DOSI_OK;
}

void verify_aermod_no2_clear(verify_aermod_no2 *no2) {
    if (!no2) return;
    free(no2->hour);
    free(no2->cities);
    free(no2->source);
    free(no2->no2_share);
    free(no2->is_left_out);
    free(no2->plume);
    free(no2->share);
    free(no2->background);
    free(no2);
}

/// Follows the plumes of an hour.
static dosi_status follow(verify_aermod *run, const dosi_plume_hour *rural, dosi_error *err) {
    verify_aermod_no2 *w = run->no2;
    const dosi_aermod_deck *deck = &run->deck;
    for (size_t u = 0; u < deck->n_urbans; u++) {
        dosi_plume_hour_urban(rural, deck->urbans[u].population, deck->urbans[u].roughness_m,
                              &w->cities[u]);
    }
    for (size_t s = 0; s < deck->n_sources; s++) {
        size_t urban = deck->sources[s].urban;
        w->hour[s] = urban ? &w->cities[urban - 1] : rural;
        w->source[s] = run->sources[s].plume;
        w->source[s].emission *= run->factor[s];
        if (run->factor[s] == 0 || !is_followed(run, s)) {
            w->source[s].emission = 0;
            memset(w->plume + s * run->receptors.n, 0, run->receptors.n * sizeof *w->plume);
            continue;
        }
        DOSI_TRY(dosi_no2_follow(w->hour[s], &w->source[s], &run->receptors,
                                 w->plume + s * run->receptors.n, err));
    }
    return DOSI_OK;
}

/// Global radiation as AERMOD has it from the heat flux; 0 in stable air.
static double radiation_of(const dosi_plume_weather *w) {
    bool is_usable =
        w->obukhov_m <= 0 && w->temperature_k > 0 && w->albedo < 1 && w->bowen != 0;
    if (!is_usable) return 0;
    double t2 = w->temperature_k * w->temperature_k, t4 = t2 * t2;
    double net = (1 + 1 / w->bowen) * w->heat_flux_wm2 / 0.9;
    double cloud = w->cloud_tenths >= 0 ? w->cloud_tenths : 0;
    double out = net * 1.12 - 5.31e-13 * t4 * t2 + 5.67e-8 * t4 - 6 * cloud;
    return fmax(out / (1 - w->albedo), 0);
}

static dosi_no2_air air_of(const verify_aermod *run,
                           size_t hour,
                           const dosi_plume_hour *rural) {
    const dosi_aermod_deck *deck = &run->deck;
    const dosi_aermod_hour *met = &run->met.hours[hour];
    const dosi_plume_weather *weather = &met->weather;
    dosi_no2_air out = {.ozone_ugm3 = dosi_aermod_ozone_at(deck, &run->met, hour),
                        .most = deck->no2_most,
                        .temperature_k = weather->temperature_k,
                        .radiation_wm2 = radiation_of(weather),
                        .nox_ugm3 = dosi_aermod_ambient_at(deck, AERMOD_NOX, met)};
    if (dosi_aermod_has_ambient(deck, AERMOD_BACKGROUND)) {
        out.no2_ugm3 = dosi_aermod_ambient_at(deck, AERMOD_BACKGROUND, met);
    }
    if (deck->no2 == AERMOD_NO2_GRSM && weather->temperature_height_m != SCREEN_M) {
        out.temperature_k = dosi_plume_at(rural, DOSI_PLUME_THETA, SCREEN_M) -
                            ADIABATIC * (SCREEN_M + deck->profile_base_m);
    }
    return out;
}

/// Adds NO2 of sources that are not left out to a group, by a share per place.
static void add_shares(verify_aermod *run, size_t group, double sign) {
    const verify_aermod_no2 *w = run->no2;
    size_t n = run->receptors.n;
    for (size_t s = 0; s < run->deck.n_sources; s++) {
        if (w->is_left_out[s]) continue;
        if (!dosi_aermod_in_group(&run->deck.groups[group], s)) continue;
        for (size_t i = 0; i < n; i++) {
            run->group[group * n + i] += sign * w->share[i] * run->nox[s * n + i];
        }
    }
}

/// By volume: all sources share what they find. For growth, what consumes the increment is what
/// is there with all of today's sources, less what was there with those of old.
static void by_volume(verify_aermod *run,
                      const dosi_no2_sources *sources,
                      const dosi_no2_air *air) {
    verify_aermod_no2 *w = run->no2;
    size_t n = run->deck.n_sources;
    if (!run->deck.is_psd_credit) {
        dosi_no2_by_volume(sources, &run->receptors, air, w->share);
        for (size_t g = 0; g < run->deck.n_groups; g++) add_shares(run, g, 1);
        return;
    }
    static const dosi_aermod_psd left_out[] = {AERMOD_PSD_RETIRED, AERMOD_PSD_INCREMENT};
    for (size_t round = 0; round < 2; round++) {
        for (size_t s = 0; s < n; s++) {
            dosi_aermod_psd psd = run->deck.sources[s].psd;
            w->is_left_out[s] = psd == left_out[round] || psd == AERMOD_PSD_NONE;
        }
        dosi_no2_by_volume(sources, &run->receptors, air, w->share);
        if (round == 0) add_shares(run, 0, 1);
        add_shares(run, 1, round == 0 ? 1 : -1);
    }
}

/// By the time of travel; lines and pits are at the most.
static void by_travel(verify_aermod *run,
                      const dosi_no2_sources *sources,
                      const dosi_no2_air *air) {
    const verify_aermod_no2 *w = run->no2;
    size_t n = run->receptors.n;
    dosi_no2_by_travel(sources, air, w->share);
    for (size_t s = 0; s < run->deck.n_sources; s++) {
        bool is_line = run->deck.sources[s].kind >= AERMOD_LINE;
        for (size_t i = 0; i < n; i++) {
            double share = is_line ? air->most : w->share[s * n + i];
            verify_aermod_add_at(run, s, i, share * run->nox[s * n + i]);
        }
    }
}

/// By reaction: each group for itself, with its background.
static void by_reaction(verify_aermod *run,
                        const dosi_no2_sources *sources,
                        const dosi_no2_air *air) {
    verify_aermod_no2 *w = run->no2;
    const dosi_aermod_deck *deck = &run->deck;
    size_t n = run->receptors.n;
    for (size_t g = 0; g < deck->n_groups; g++) {
        const dosi_aermod_group *group = &deck->groups[g];
        for (size_t s = 0; s < deck->n_sources; s++) {
            w->is_left_out[s] = !dosi_aermod_in_group(group, s);
        }
        dosi_no2_by_reaction(sources, &run->receptors, air, group->has_background, w->share,
                             w->background);
        add_shares(run, g, 1);
        bool has_background =
            group->has_background && dosi_aermod_has_ambient(deck, AERMOD_BACKGROUND);
        for (size_t i = 0; has_background && i < n; i++) {
            run->group[g * n + i] += w->background[i];
        }
    }
}

dosi_status verify_aermod_by_plume(verify_aermod *run,
                                   size_t hour,
                                   const dosi_plume_hour *rural,
                                   dosi_error *err) {
    verify_aermod_no2 *w = run->no2;
    DOSI_TRY(follow(run, rural, err));
    const dosi_no2_air air = air_of(run, hour, rural);
    memset(w->is_left_out, 0, run->deck.n_sources * sizeof *w->is_left_out);
    const dosi_no2_sources sources = {.n = run->deck.n_sources,
                                      .n_places = run->receptors.n,
                                      .hour = w->hour,
                                      .source = w->source,
                                      .no2_share = w->no2_share,
                                      .nox_ugm3 = run->nox,
                                      .plume = w->plume,
                                      .is_left_out = w->is_left_out};
    switch (run->deck.no2) {
    case AERMOD_NO2_PVMRM:
        by_volume(run, &sources, &air);
        break;
    case AERMOD_NO2_TTRM:
        by_travel(run, &sources, &air);
        break;
    default:
        by_reaction(run, &sources, &air);
        break;
    }
    return DOSI_OK;
}
