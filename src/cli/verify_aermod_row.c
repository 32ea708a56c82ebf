// Rows of buoyant lines of an AERMOD deck: lines of a row rise together.

#include "cli/verify_aermod.h"

#include <string.h>

/// Collects the lines of a row as the hour has them; `*buoyancy` is their mean where the file
/// of hourly emissions tells.
static size_t collect_lines(verify_aermod *run,
                            size_t row,
                            const dosi_aermod_hour *met,
                            double *buoyancy) {
    const dosi_aermod_deck *deck = &run->deck;
    size_t n = 0, n_told = 0;
    double told = 0;
    for (size_t s = 0; s < deck->n_sources; s++) {
        const dosi_aermod_source *source = &deck->sources[s];
        if (source->row != row + 1 || run->sources[s].missing) continue;
        double emission = source->parameter[0] * dosi_aermod_factor(deck, source, met);
        if (source->has_hourly) {
            const dosi_aermod_emission *e = dosi_aermod_hourly(deck, s, met->stamp);
            emission = e && e->n > 0 ? e->value[0] : 0;
            told += e && e->n > 1 ? e->value[1] : 0;
            n_told++;
        }
        run->line_sources[n] = s;
        run->lines[n++] = (dosi_buoyant_line){.x0_m = source->x,
                                              .y0_m = source->y,
                                              .x1_m = source->x2,
                                              .y1_m = source->y2,
                                              .base_m = source->z,
                                              .height_m = source->parameter[1],
                                              .emission = emission,
                                              .is_flat = run->sources[s].plume.is_flat};
    }
    if (n_told) *buoyancy = told / (double)n_told;
    return n;
}

dosi_status verify_aermod_rows(verify_aermod *run,
                               const dosi_aermod_hour *met,
                               const dosi_plume_hour *rural,
                               dosi_error *err) {
    const dosi_aermod_deck *deck = &run->deck;
    for (size_t r = 0; r < deck->n_rows; r++) {
        const dosi_aermod_row *row = &deck->rows[r];
        double buoyancy = row->buoyancy;
        size_t n_lines = collect_lines(run, r, met, &buoyancy), n = run->receptors.n;
        if (n_lines == 0 || !(buoyancy > 0)) continue;
        const dosi_aermod_source *first = &deck->sources[run->line_sources[0]];
        dosi_plume_hour urban;
        const dosi_plume_hour *air = verify_aermod_air(run, first, rural, &urban);
        const dosi_buoyant_group group = {
            .n = n_lines,
            .lines = run->lines,
            .length_m = row->length_m,
            .height_m = row->height_m,
            .width_m = row->width_m,
            .line_width_m = row->line_width_m,
            .gap_m = row->gap_m,
            .buoyancy = buoyancy,
            .decay_per_s = run->sources[run->line_sources[0]].plume.decay_per_s};
        memset(run->line_values, 0, n_lines * n * sizeof *run->line_values);
        DOSI_TRY(dosi_buoyant_add(air, &group, &run->receptors, run->line_values, err));
        for (size_t i = 0; i < n_lines; i++) {
            verify_aermod_add(run, run->line_sources[i], run->line_values + i * n);
        }
    }
    return DOSI_OK;
}
