// The end of an hour of an AERMOD deck: NO2 of what the sources brought as NOx, and background.

#include "cli/verify_aermod.h"
#include "dosi/chemistry.h"

#include <math.h>

#define OZONE_NO2 (46.0 / 48.0) ///< Mass of the NO2 that ozone makes.

/// NO2 of all sources' NOx together, as a share, by ARM2.
static double share_by_ratio(const verify_aermod *run, size_t place) {
    size_t n = run->receptors.n;
    double nox = 0;
    for (size_t s = 0; s < run->deck.n_sources; s++) nox += run->nox[s * n + place];
    if (!(nox > 0)) return run->deck.arm2_most;
    return dosi_no2_ambient_ratio(nox, run->deck.arm2_least, run->deck.arm2_most) / nox;
}

/// The same of a source and those that share its ozone, by OLM.
static double share_by_ozone(const verify_aermod *run, size_t source, size_t place) {
    const dosi_aermod_deck *deck = &run->deck;
    size_t n = run->receptors.n, olm = deck->sources[source].olm;
    double nox = 0, emitted = 0;
    for (size_t s = 0; s < deck->n_sources; s++) {
        if (olm == 0 ? s != source : deck->sources[s].olm != olm) continue;
        nox += run->nox[s * n + place];
        emitted += deck->sources[s].no2_share * run->nox[s * n + place];
    }
    if (!(nox > 0)) return deck->no2_most;
    double no2 = dosi_no2_ozone_limited(nox, emitted / nox, deck->ozone_ugm3 * OZONE_NO2);
    return fmin(no2 / nox, deck->no2_most);
}

static double share_of(const verify_aermod *run, size_t source, size_t place) {
    switch (run->deck.no2) {
    case AERMOD_NO2_ARM2:
        return share_by_ratio(run, place);
    case AERMOD_NO2_OLM:
        return share_by_ozone(run, source, place);
    default:
        return fmin(run->deck.sources[source].no2_share, run->deck.no2_most);
    }
}

void verify_aermod_finish(verify_aermod *run, const dosi_aermod_hour *met) {
    const dosi_aermod_deck *deck = &run->deck;
    size_t n = run->receptors.n;
    for (size_t s = 0; run->nox && s < deck->n_sources; s++) {
        for (size_t i = 0; i < n; i++) {
            double no2 = run->nox[s * n + i];
            if (no2 == 0) continue;
            no2 *= share_of(run, s, i);
            for (size_t g = 0; g < deck->n_groups; g++) {
                if (dosi_aermod_in_group(&deck->groups[g], s)) run->group[g * n + i] += no2;
            }
        }
    }
    if (deck->background.kind == AERMOD_BACKGROUND_NONE) return;
    double background = dosi_aermod_background_at(deck, met);
    for (size_t g = 0; g < deck->n_groups; g++) {
        if (!deck->groups[g].has_background) continue;
        for (size_t i = 0; i < n; i++) run->group[g * n + i] += background;
    }
}
