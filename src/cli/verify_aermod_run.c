// An AERMOD deck made ready, and run hour by hour.

#include "cli/verify_aermod.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI          3.14159265358979323846
#define LEAST       1e-5
#define SO2_URBAN_S 4.81e-5 ///< Loss of SO2 over cities.
enum { CIRCLE_CORNERS = 20, ROAD_EXACT_UP_TO = 1000000 };

/// A parameter, or another value where it was not given.
static double parameter(const dosi_aermod_source *s, size_t i, double otherwise) {
    return i < s->n_parameters ? s->parameter[i] : otherwise;
}

static void set_stack(const dosi_aermod_source *s, dosi_plume_source *out) {
    static const dosi_plume_kind kinds[] = {[AERMOD_POINT] = DOSI_PLUME_POINT,
                                            [AERMOD_POINTCAP] = DOSI_PLUME_POINT_CAPPED,
                                            [AERMOD_POINTHOR] = DOSI_PLUME_POINT_HORIZONTAL};
    out->kind = kinds[s->kind];
    out->exit_temperature_k = parameter(s, 2, 0);
    if (out->exit_temperature_k == 0) out->exit_temperature_k = -LEAST;
    out->exit_speed_ms = fmax(parameter(s, 3, 0), LEAST);
    out->diameter_m = fmax(parameter(s, 4, 0), LEAST);
}

/// A rectangle turned clockwise by `angle`, from its first corner.
static void set_rectangle(verify_aermod_source *out,
                          double width,
                          double length,
                          double angle) {
    double *x = out->corner_x_m, *y = out->corner_y_m;
    double s = sin(angle), c = cos(angle);
    x[1] = x[0] + length * s;
    y[1] = y[0] + length * c;
    x[2] = x[1] + width * c;
    y[2] = y[1] - width * s;
    x[3] = x[2] - length * s;
    y[3] = y[2] - length * c;
    out->plume.n_corners = 4;
}

/// A polygon as large as the circle.
static void set_circle(const dosi_aermod_source *s, verify_aermod_source *out) {
    double wanted = parameter(s, 3, CIRCLE_CORNERS);
    bool is_fine = wanted >= 3 && wanted < VERIFY_CORNERS + 1;
    size_t n = is_fine ? (size_t)wanted : CIRCLE_CORNERS;
    double half = PI / (double)n, radius = s->parameter[2];
    double reach = sqrt(PI * radius * radius / (double)n * tan(half)) / sin(half);
    for (size_t i = 0; i < n; i++) {
        out->corner_x_m[i] = s->x + reach * sin(2 * half * (double)i);
        out->corner_y_m[i] = s->y + reach * cos(2 * half * (double)i);
    }
    out->plume.n_corners = n;
}

static void set_area(const dosi_aermod_deck *deck,
                     const dosi_aermod_source *s,
                     verify_aermod_source *out) {
    dosi_plume_source *p = &out->plume;
    p->kind = DOSI_PLUME_AREA;
    p->corner_x_m = out->corner_x_m;
    p->corner_y_m = out->corner_y_m;
    out->corner_x_m[0] = s->x;
    out->corner_y_m[0] = s->y;
    if (s->kind == AERMOD_AREA) {
        double width = parameter(s, 2, 0);
        p->sigma_z_m = parameter(s, 5, 0);
        set_rectangle(out, width, parameter(s, 3, width), parameter(s, 4, 0) * PI / 180);
    } else if (s->kind == AERMOD_LINE) {
        double dx = s->x2 - s->x, dy = s->y2 - s->y, angle = atan2(dx, dy);
        double width = parameter(s, 2, 1);
        p->sigma_z_m = parameter(s, 3, 0);
        out->corner_x_m[0] -= 0.5 * width * cos(angle);
        out->corner_y_m[0] += 0.5 * width * sin(angle);
        set_rectangle(out, width, hypot(dx, dy), angle);
    } else if (s->kind == AERMOD_AREACIRC) {
        p->sigma_z_m = parameter(s, 4, 0);
        set_circle(s, out);
    } else {
        p->sigma_z_m = parameter(s, 3, 0);
        if (s->n_vertices > VERIFY_CORNERS) out->missing = "more corners than are modelled";
        for (size_t i = 0; i < s->n_vertices && i < VERIFY_CORNERS; i++) {
            out->corner_x_m[i] = deck->vertices[s->first_vertex + i][0];
            out->corner_y_m[i] = deck->vertices[s->first_vertex + i][1];
            p->n_corners = i + 1;
        }
    }
}

static void set_pit(const dosi_aermod_source *s, verify_aermod_source *out) {
    dosi_plume_source *p = &out->plume;
    p->kind = DOSI_PLUME_PIT;
    p->pit_width_m = s->parameter[2];
    p->pit_length_m = s->parameter[3];
    p->pit_depth_m = s->parameter[4] / (p->pit_width_m * p->pit_length_m);
    p->pit_angle_deg = parameter(s, 5, 0);
    if (!(p->pit_depth_m >= p->height_m)) out->missing = "it emits over its pit's edge";
}

/// R-LINE: lines of dosi/road.h.
static void set_road(const dosi_aermod_source *s, verify_aermod_source *out) {
    out->is_road = true;
    bool is_extended = s->kind == AERMOD_RLINEXT;
    double width = parameter(s, 2, 0);
    dosi_road_line *line = &out->road;
    *line = (dosi_road_line){.x0_m = s->x,
                             .y0_m = s->y,
                             .x1_m = s->x2,
                             .y1_m = s->y2,
                             .height_m = is_extended ? 0.5 * (s->z1 + s->z2) : s->parameter[1],
                             .width_m = width,
                             .sigma_z0_m = parameter(s, 3, 0)};
    out->plume.emission = s->parameter[0] * (is_extended ? 1 : width);
    if (is_extended) line->offset_m = parameter(s, 1, 0);
    for (size_t i = 0; i < s->n_barrier && i < 2; i++) {
        line->walls[i] = (dosi_road_wall){s->barrier[2 * i], s->barrier[2 * i + 1]};
    }
    if (s->has_depression) {
        line->depth_m = fabs(s->depression[0]);
        line->top_m = s->depression[1];
        line->bottom_m = s->depression[2];
    }
}

/// @return Whether all sectors of all five tables were given.
static bool set_building(const dosi_aermod_building *from, dosi_plume_building *to) {
    memcpy(to->height_m, from->height_m, sizeof to->height_m);
    memcpy(to->width_m, from->width_m, sizeof to->width_m);
    memcpy(to->length_m, from->length_m, sizeof to->length_m);
    memcpy(to->along_m, from->along_m, sizeof to->along_m);
    memcpy(to->across_m, from->across_m, sizeof to->across_m);
    bool is_whole = true;
    for (int row = 0; row < 5; row++) is_whole = is_whole && from->n[row] == AERMOD_SECTORS;
    return is_whole;
}

/// Turns a deck's source into ours, or says why not.
static void set_source(const dosi_aermod_deck *deck,
                       const dosi_aermod_source *s,
                       verify_aermod_source *out) {
    dosi_plume_source *p = &out->plume;
    *p = (dosi_plume_source){.x_m = s->x,
                             .y_m = s->y,
                             .base_m = s->z,
                             .emission = s->parameter[0],
                             .height_m = parameter(s, 1, 0),
                             .is_flat = s->is_flat || !deck->is_elevated,
                             .is_without_stack_tip = deck->is_without_stack_tip};
    if (deck->half_life_s > 0)
        p->decay_per_s = log(2) / deck->half_life_s;
    else if (s->urban && strcmp(deck->pollutant, "SO2") == 0)
        p->decay_per_s = SO2_URBAN_S;
    switch (s->kind) {
    case AERMOD_POINT:
    case AERMOD_POINTCAP:
    case AERMOD_POINTHOR:
        set_stack(s, p);
        break;
    case AERMOD_VOLUME:
        p->kind = DOSI_PLUME_VOLUME;
        p->sigma_y_m = fmax(parameter(s, 2, 0), LEAST);
        p->sigma_z_m = fmax(parameter(s, 3, 0), LEAST);
        break;
    case AERMOD_AREA:
    case AERMOD_AREAPOLY:
    case AERMOD_AREACIRC:
    case AERMOD_LINE:
        set_area(deck, s, out);
        break;
    case AERMOD_RLINE:
    case AERMOD_RLINEXT:
        set_road(s, out);
        break;
    case AERMOD_OPENPIT:
        set_pit(s, out);
        break;
    case AERMOD_BUOYLINE:
        out->is_buoyant = true;
        if (s->row == 0) out->missing = "it is in no row of BLPINPUT";
        break;
    default:
        out->missing = "not modelled";
        break;
    }
    if (s->has_hourly && !deck->has_hourly_file) {
        out->missing = "its file of hourly emissions is not there";
    }
    if (deck->is_fast && (p->kind == DOSI_PLUME_AREA || p->kind == DOSI_PLUME_PIT)) {
        out->missing = "the coarse integrals of FASTAREA are not modelled";
    }
    verify_aermod_set_deposition(deck, s, out);
    if (s->n_parameters == 0) out->missing = "it has no parameters";
    if (s->building && s->kind <= AERMOD_POINTHOR) {
        p->building = &out->building;
        if (deck->is_screening) out->missing = "SCREEN beside a building is not modelled";
        if (!set_building(&deck->buildings[s->building - 1], &out->building)) {
            out->missing = "its building has not all of its 36 sectors";
        }
    }
}

/// Puts what a file says of an hour in the place of parameters.
static void apply_hourly(const dosi_aermod_emission *e, dosi_aermod_source *s) {
    static const size_t first[AERMOD_KINDS] = {
        [AERMOD_POINT] = 2, [AERMOD_POINTCAP] = 2, [AERMOD_POINTHOR] = 2};
    static const size_t second[AERMOD_KINDS] = {
        [AERMOD_POINT] = 3, [AERMOD_POINTCAP] = 3, [AERMOD_POINTHOR] = 3, [AERMOD_VOLUME] = 2,
        [AERMOD_AREA] = 5,  [AERMOD_AREAPOLY] = 3, [AERMOD_AREACIRC] = 4, [AERMOD_LINE] = 3,
        [AERMOD_RLINE] = 3, [AERMOD_RLINEXT] = 3};
    s->parameter[0] = e->value[0];
    if (e->n < 3 || second[s->kind] == 0) return;
    size_t last = second[s->kind];
    if (s->kind == AERMOD_RLINEXT) {
        s->z1 = s->z2 = e->value[1];
    } else {
        s->parameter[first[s->kind] ? first[s->kind] : 1] = e->value[1];
    }
    s->parameter[last] = e->value[2];
    if (s->kind == AERMOD_VOLUME && e->n > 3) s->parameter[++last] = e->value[3];
    if (s->n_parameters <= last) s->n_parameters = last + 1;
}

/// Makes a source as its file of hourly emissions has it.
/// @return false: it emits nothing.
static bool refresh_source(verify_aermod *run, size_t s, int64_t stamp) {
    const dosi_aermod_emission *e = dosi_aermod_hourly(&run->deck, s, stamp);
    if (!e || e->n == 0 || e->value[0] == 0) return false;
    dosi_aermod_source source = run->deck.sources[s];
    apply_hourly(e, &source);
    set_source(&run->deck, &source, &run->sources[s]);
    return true;
}

/// Turns every wind by the deck's angle.
static void rotate(double *direction_deg, double by) {
    *direction_deg = fmod(*direction_deg - by + 720, 360);
    if (*direction_deg == 0) *direction_deg = 360;
}

dosi_status verify_aermod_prepare(verify_aermod *run, dosi_error *err) {
    const dosi_aermod_deck *deck = &run->deck;
    for (size_t h = 0; deck->rotation_deg != 0 && h < run->met.n_hours; h++) {
        rotate(&run->met.hours[h].weather.direction_deg, deck->rotation_deg);
    }
    for (size_t l = 0; deck->rotation_deg != 0 && l < run->met.n_levels; l++) {
        rotate(&run->met.levels[l].direction_deg, deck->rotation_deg);
    }
    size_t n = deck->n_receptors;
    run->sources = calloc(deck->n_sources + 1, sizeof *run->sources);
    run->n_outputs =
        deck->n_outputs > (size_t)deck->has_output[AERMOD_CONC] ? AERMOD_OUTPUTS : 1;
    run->soil = dosi_soil_start();
    run->memory =
        calloc((5 + run->n_outputs * (1 + deck->n_groups)) * n + 1, sizeof *run->memory);
    size_t n_longest = 0;
    for (size_t r = 0; r < deck->n_rows; r++) {
        size_t lines = 0;
        for (size_t s = 0; s < deck->n_sources; s++) lines += deck->sources[s].row == r + 1;
        if (lines > n_longest) n_longest = lines;
    }
    run->factor = calloc(deck->n_sources + 1, sizeof *run->factor);
    run->lines = calloc(n_longest + 1, sizeof *run->lines);
    run->line_sources = calloc(n_longest + 1, sizeof *run->line_sources);
    run->line_values = calloc(n_longest * n + 1, sizeof *run->line_values);
    if (deck->no2 != AERMOD_NO2_NONE) {
        run->nox = calloc(deck->n_sources * n + 1, sizeof *run->nox);
        if (!run->nox) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to run");
    }
    bool has_lines = run->factor && run->lines && run->line_sources && run->line_values;
    if (!run->sources || !run->memory || !has_lines)
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory to run");
    for (size_t s = 0; s < deck->n_sources; s++) {
        set_source(deck, &deck->sources[s], &run->sources[s]);
    }
    double *x = run->memory, *y = x + n, *z = y + n, *hill = z + n, *flag = hill + n;
    for (size_t i = 0; i < n; i++) {
        const dosi_aermod_receptor *r = &deck->receptors[i];
        x[i] = r->x;
        y[i] = r->y;
        z[i] = r->z;
        hill[i] = r->hill;
        flag[i] = r->flag;
    }
    run->receptors = (dosi_plume_receptors){n, x, y, z, hill, flag};
    run->brought = flag + n;
    run->group = run->brought + run->n_outputs * n;
    DOSI_TRY(verify_aermod_no2_prepare(run, err));
    return dosi_road_kernel_create(&run->kernel, err);
}

void verify_aermod_clear(verify_aermod *run) {
    dosi_road_kernel_destroy(run->kernel);
    free(run->sources);
    free(run->memory);
    free(run->nox);
    free(run->factor);
    verify_aermod_no2_clear(run->no2);
    free(run->lines);
    free(run->line_sources);
    free(run->line_values);
    dosi_aermod_deck_clear(&run->deck);
    dosi_aermod_met_clear(&run->met);
    memset(run, 0, sizeof *run);
}

/// A road's hour into `brought`. Its tables serve all roads of its kind in the hour.
static dosi_status run_road(verify_aermod *run,
                            const verify_aermod_source *source,
                            const dosi_plume_hour *hour,
                            double factor,
                            dosi_error *err) {
    dosi_road_weather weather;
    if (!dosi_road_weather_of(hour, &weather)) return DOSI_OK;
    size_t n = run->receptors.n;
    if (!run->is_kernel_set || !dosi_road_kernel_fits(run->kernel, &source->road)) {
        DOSI_TRY(dosi_road_kernel_set(run->kernel, &weather, &source->road,
                                      n ? run->receptors.flag_m[0] : 0, err));
        run->is_kernel_set = !hour->is_urban;
    }
    const dosi_road_places places = {
        .n = n, .x_m = run->receptors.x_m, .y_m = run->receptors.y_m};
    double emission = source->plume.emission * factor;
    // AERMOD's own rule of integration, errors included, where that is not too long a wait.
    if (run->deck.n_sources * n * run->met.n_hours <= ROAD_EXACT_UP_TO) {
        dosi_road_add_romberg(run->kernel, &source->road, emission, &places, run->brought);
    } else {
        dosi_road_add(run->kernel, &source->road, emission, &places, run->brought);
    }
    return DOSI_OK;
}

/// One source's hour, with its emission's factor, into `brought`.
static dosi_status run_source(
    verify_aermod *run, size_t s, const dosi_plume_hour *hour, double factor, dosi_error *err) {
    const verify_aermod_source *source = &run->sources[s];
    size_t n = run->receptors.n;
    memset(run->brought, 0, run->n_outputs * n * sizeof *run->brought);
    if (source->is_road) return run_road(run, source, hour, factor, err);
    dosi_plume_source plume = source->plume;
    plume.emission *= factor;
    if (run->n_outputs == 1) {
        return dosi_plume_add(hour, &plume, &run->receptors, run->brought, err);
    }
    const bool *has = run->deck.has_output;
    double *at[AERMOD_OUTPUTS];
    for (size_t k = 0; k < AERMOD_OUTPUTS; k++) at[k] = has[k] ? run->brought + k * n : NULL;
    const dosi_plume_fluxes fluxes = {.concentration = at[AERMOD_CONC],
                                      .total = at[AERMOD_DEPOS],
                                      .dry = at[AERMOD_DDEP],
                                      .wet = at[AERMOD_WDEP]};
    return dosi_plume_add_fluxes(hour, &plume, &run->receptors, &fluxes, err);
}

/// EPA's limits, or the deck's.
static dosi_plume_limits limits_of(const dosi_aermod_deck *deck) {
    dosi_plume_limits limits = dosi_plume_limits_default();
    double *const fields[] = {&limits.sigma_v_ms, &limits.speed_ms,  &limits.meander_max,
                              &limits.sigma_w_ms, &limits.meander_h, &limits.meander_min};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!isnan(deck->limits[i])) *fields[i] = deck->limits[i];
    }
    limits.base_m = deck->profile_base_m;
    return limits;
}

const dosi_plume_hour *verify_aermod_air(const verify_aermod *run,
                                         const dosi_aermod_source *source,
                                         const dosi_plume_hour *rural,
                                         dosi_plume_hour *urban) {
    if (source->urban == 0) return rural;
    const dosi_aermod_urban *city = &run->deck.urbans[source->urban - 1];
    dosi_plume_hour_urban(rural, city->population, city->roughness_m, urban);
    return urban;
}

/// Adds an output of a source to its groups.
static void add_output(verify_aermod *run, size_t output, size_t source, const double *values) {
    size_t n = run->receptors.n, n_groups = run->deck.n_groups;
    for (size_t g = 0; g < n_groups; g++) {
        if (!dosi_aermod_in_group(&run->deck.groups[g], source)) continue;
        double *to = run->group + (output * n_groups + g) * n;
        for (size_t i = 0; i < n; i++) to[i] += values[i];
    }
}

void verify_aermod_add(verify_aermod *run, size_t source, const double *values) {
    size_t n = run->receptors.n;
    if (run->nox) {
        memcpy(run->nox + source * n, values, n * sizeof *values);
    } else {
        add_output(run, AERMOD_CONC, source, values);
    }
}

dosi_status verify_aermod_hour(verify_aermod *run,
                               size_t hour,
                               bool *is_valid,
                               dosi_error *err) {
    const dosi_aermod_deck *deck = &run->deck;
    const dosi_aermod_hour *met = &run->met.hours[hour];
    size_t n = run->receptors.n;
    const dosi_plume_limits limits = limits_of(deck);
    dosi_plume_hour rural, urban;
    verify_aermod_set_moisture(run, hour);
    DOSI_TRY(dosi_plume_hour_prepare(&met->weather, &limits, &rural, err));
    *is_valid = rural.state == DOSI_PLUME_STABLE || rural.state == DOSI_PLUME_UNSTABLE;
    run->is_kernel_set = false;
    memset(run->factor, 0, deck->n_sources * sizeof *run->factor);
    memset(run->group, 0, run->n_outputs * deck->n_groups * n * sizeof *run->group);
    if (run->nox) memset(run->nox, 0, deck->n_sources * n * sizeof *run->nox);
    for (size_t s = 0; *is_valid && s < deck->n_sources; s++) {
        const dosi_aermod_source *source = &deck->sources[s];
        if (run->sources[s].missing || run->sources[s].is_buoyant) continue;
        if (source->has_hourly && !refresh_source(run, s, met->stamp)) continue;
        const dosi_plume_hour *air = verify_aermod_air(run, source, &rural, &urban);
        double factor = source->has_hourly ? 1 : dosi_aermod_factor(deck, source, met);
        run->factor[s] = factor;
        DOSI_TRY(run_source(run, s, air, factor, err));
        verify_aermod_add(run, s, run->brought);
        for (size_t k = 1; k < run->n_outputs; k++) {
            add_output(run, k, s, run->brought + k * n);
        }
    }
    if (*is_valid && deck->n_rows) DOSI_TRY(verify_aermod_rows(run, met, &rural, err));
    return *is_valid ? verify_aermod_finish(run, hour, &rural, err) : DOSI_OK;
}
