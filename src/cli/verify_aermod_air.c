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

/// The same of a source and those that share its ozone, by OLM. Without a number for ozone all
/// is converted.
static double share_by_ozone(const verify_aermod *run, size_t source, size_t place, double o3) {
    const dosi_aermod_deck *deck = &run->deck;
    size_t n = run->receptors.n, olm = deck->sources[source].olm;
    double nox = 0, emitted = 0;
    for (size_t s = 0; s < deck->n_sources; s++) {
        if (olm == 0 ? s != source : deck->sources[s].olm != olm) continue;
        nox += run->nox[s * n + place];
        emitted += deck->sources[s].no2_share * run->nox[s * n + place];
    }
    if (!(nox > 0) || isnan(o3)) return deck->no2_most;
    double no2 = dosi_no2_ozone_limited(nox, emitted / nox, o3 * OZONE_NO2);
    return fmin(no2 / nox, deck->no2_most);
}

void verify_aermod_add_at(verify_aermod *run, size_t source, size_t place, double value) {
    for (size_t g = 0; g < run->deck.n_groups; g++) {
        if (!dosi_aermod_in_group(&run->deck.groups[g], source)) continue;
        run->group[g * run->receptors.n + place] += value;
    }
}

/// Turns the NOx kept into NO2 of the groups, by concentrations alone.
static void convert(verify_aermod *run, size_t hour) {
    size_t n = run->receptors.n;
    bool is_ratio = run->deck.no2 == AERMOD_NO2_ARM2;
    double o3 = is_ratio ? 0 : dosi_aermod_ozone_at(&run->deck, &run->met, hour);
    for (size_t s = 0; s < run->deck.n_sources; s++) {
        for (size_t i = 0; i < n; i++) {
            double nox = run->nox[s * n + i];
            if (nox == 0) continue;
            double share = is_ratio ? share_by_ratio(run, i) : share_by_ozone(run, s, i, o3);
            verify_aermod_add_at(run, s, i, nox * share);
        }
    }
}

dosi_status verify_aermod_finish(verify_aermod *run,
                                 size_t hour,
                                 const dosi_plume_hour *rural,
                                 dosi_error *err) {
    const dosi_aermod_deck *deck = &run->deck;
    size_t n = run->receptors.n;
    bool is_by_plume = run->nox && verify_aermod_is_by_plume(deck);
    if (is_by_plume) DOSI_TRY(verify_aermod_by_plume(run, hour, rural, err));
    if (run->nox && !is_by_plume) convert(run, hour);
    bool is_added = is_by_plume && deck->no2 == AERMOD_NO2_GRSM;
    if (is_added || !dosi_aermod_has_ambient(deck, AERMOD_BACKGROUND)) return DOSI_OK;
    double background = dosi_aermod_ambient_at(deck, AERMOD_BACKGROUND, &run->met.hours[hour]);
    for (size_t g = 0; g < deck->n_groups; g++) {
        if (!deck->groups[g].has_background) continue;
        for (size_t i = 0; i < n; i++) run->group[g * n + i] += background;
    }
    return DOSI_OK;
}
