// Goal: no bytes, whatever they are, make the readers of AERMOD's runs and weather crash, hang
// or leak, and whatever they give is whole.

#include "source/aermod_deck.h"
#include "source/aermod_row.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// An include that brings the text itself: recursion must end.
static dosi_status read_again(void *context,
                              const char *name,
                              dosi_text *out,
                              dosi_error *err) {
    (void)name;
    const dosi_aermod_text *text = context;
    dosi_text_append(out, text->bytes, text->n_bytes < 500 ? text->n_bytes : 500);
    return dosi_text_status(out, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    dosi_aermod_text text = {"fuzz.inp", (const char *)data, size};
    const dosi_aermod_files files = {read_again, &text};
    dosi_aermod_deck deck = {0};
    dosi_error err = {""};
    if (dosi_aermod_deck_read(&text, &files, &deck, &err) == DOSI_OK) {
        assert(deck.n_sources && deck.n_receptors);
        for (size_t s = 0; s < deck.n_sources; s++) {
            const dosi_aermod_source *source = &deck.sources[s];
            assert(source->first_vertex + source->n_vertices <= deck.n_vertices);
            assert(source->first_factor + source->n_factors <= deck.n_factors);
            assert(source->building <= deck.n_buildings && source->urban <= deck.n_urbans);
            assert(source->row <= deck.n_rows && source->olm <= deck.n_olm);
            assert(source->particles <= deck.n_particles);
            if (!source->particles) continue;
            const dosi_aermod_particles *p = &deck.particles[source->particles - 1];
            assert(p->n[0] >= 1 && p->n[0] <= AERMOD_PARTICLES);
            assert(p->n[1] == p->n[0] && p->n[2] == p->n[0]);
        }
        const dosi_aermod_hour hour = {.stamp = 88030101};
        for (int k = 0; k < AERMOD_AMBIENTS; k++) {
            (void)dosi_aermod_ambient_at(&deck, (dosi_aermod_ambient_kind)k, &hour);
        }
        for (size_t e = 0; e < deck.n_emissions; e++) {
            const dosi_aermod_emission *emission = &deck.emissions[e];
            assert(emission->n <= AERMOD_HOURLY);
            assert(emission->source < deck.n_sources || emission->source >= AERMOD_AMBIENT);
            assert(dosi_aermod_hourly(&deck, emission->source, emission->stamp));
        }
        dosi_aermod_deck_clear(&deck);
    } else {
        assert(err.message[0]);
    }
    for (size_t n = 0; n <= AERMOD_OUTPUTS + 1; n++) {
        dosi_aermod_values row = {0};
        bool is_row = dosi_aermod_values_read(text.bytes, size, n, &row);
        assert(!is_row || (n >= 1 && n <= AERMOD_OUTPUTS));
    }
    dosi_aermod_met met = {0};
    if (dosi_aermod_met_read(&text, NULL, &met, NULL) == DOSI_OK) dosi_aermod_met_clear(&met);
    size_t half = size / 2; // one half as the surface file, the other as the profile
    const dosi_aermod_text surface = {"fuzz.sfc", (const char *)data, half};
    const dosi_aermod_text profile = {"fuzz.pfl", (const char *)data + half, size - half};
    if (dosi_aermod_met_read(&surface, &profile, &met, NULL) == DOSI_OK) {
        for (size_t h = 0; h < met.n_hours; h++) {
            const dosi_plume_weather *w = &met.hours[h].weather;
            assert(w->levels >= met.levels &&
                   w->levels + w->n_levels <= met.levels + met.n_levels);
        }
        dosi_aermod_met_clear(&met);
    }
    return 0;
}
