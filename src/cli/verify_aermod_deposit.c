// What of an AERMOD deck's sources is deposited: their particles or gas, and the hour's water.

#include "cli/verify_aermod.h"

#include <math.h>

/// Particles of METHOD 1 or 2.
static dosi_particles particles_of(const dosi_aermod_particles *from) {
    return (dosi_particles){.n = from->n[0],
                            .diameter_um = from->diameter_um,
                            .fraction = from->fraction,
                            .density_gcm3 = from->density_gcm3,
                            .is_method_2 = from->is_method_2,
                            .fine_share = from->is_method_2 ? from->fraction[0] : 0};
}

/// A gas of its own constants, or of the run's one velocity.
static dosi_gas gas_of(const dosi_aermod_deck *deck, const dosi_aermod_gas *from) {
    return (dosi_gas){.velocity_ms = deck->gas_velocity_ms,
                      .diffusivity_air_m2s = from->diffusivity_air_m2s,
                      .diffusivity_water_m2s = from->diffusivity_water_m2s,
                      .cuticle_sm = from->cuticle_sm,
                      .henry_pam3mol = from->henry_pam3mol,
                      .reactivity = deck->gas_reactivity,
                      .land_use = deck->land_use,
                      .season = deck->season[0],
                      .leaves = {deck->leaves[0], deck->leaves[1]}};
}

void verify_aermod_set_deposition(const dosi_aermod_deck *deck,
                                  const dosi_aermod_source *source,
                                  verify_aermod_source *out) {
    bool is_gas = source->has_gas || deck->gas_velocity_ms > 0;
    out->plume.is_kept_dry = deck->is_kept_dry;
    out->plume.is_kept_wet = deck->is_kept_wet;
    if (source->particles == 0 && !is_gas) return;
    if (out->is_road || out->is_buoyant) {
        out->missing = "deposition from lines is not modelled";
    } else if (source->particles) {
        out->particles = particles_of(&deck->particles[source->particles - 1]);
        out->plume.particles = &out->particles;
    } else if (!(deck->gas_velocity_ms > 0) && (!deck->season[0] || !deck->land_use[0])) {
        out->missing = "its gas needs GDSEASON and GDLANUSE";
    } else {
        out->gas = gas_of(deck, &source->gas);
        out->plume.gas = &out->gas;
    }
}

void verify_aermod_set_moisture(verify_aermod *run, size_t hour) {
    dosi_aermod_hour *met = &run->met.hours[hour];
    met->moisture.soil = run->soil;
    met->weather.moisture = &met->moisture;
    dosi_soil_step(&run->soil, met->moisture.precipitation_mm, met->weather.temperature_k);
    uint8_t season = run->deck.season[(size_t)(met->stamp / 10000 % 100 - 1)];
    for (size_t s = 0; s < run->deck.n_sources; s++) run->sources[s].gas.season = season;
}
