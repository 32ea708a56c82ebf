// NO2 in the NOx of plumes by the time that NO and ozone have.

#include "dosi/chemistry.h"

#include "plume/no2_state.h"

#include <math.h>

#define OZONE_UGM3_PPB 1.960 ///< As EPA rounds them.
#define NO2_PPB_UGM3   0.5319
#define MOST_AGE_S     3600.0
#define DOWNWIND_M     0.1  ///< From here on a plume takes air in; before, it is all air.
#define LEAST_SIGMA_M  0.01 ///< Least spread.
#define MAJOR          0.5
#define LEAST_RATE     1e-6

// ---- travel time ----

/// How long the NO of a source was on its way.
static double travel_time(const dosi_plume_hour *hour,
                          const dosi_plume_source *source,
                          const dosi_no2_plume *p) {
    bool is_stable = hour->state == DOSI_PLUME_STABLE,
         is_point = source->kind < DOSI_PLUME_VOLUME;
    double speed = p->speed_ms, way = p->distance_m;
    bool is_straight = source->kind <= DOSI_PLUME_VOLUME && p->meander < 0.5;
    if (is_straight && p->along_m >= 0) way = p->along_m;
    if (!is_stable && !is_point) speed = fmax(speed, p->release_ms);
    if (!is_stable && is_point && !p->is_direct) speed = p->release_ms;
    if (!is_stable && is_point && p->penetrated >= 0.5) speed = p->penetrated_ms;
    return speed > 0 ? way / speed : 0;
}

void dosi_no2_by_travel(const dosi_no2_sources *sources,
                        const dosi_no2_air *air,
                        double *share) {
    double rate = 15.33 / air->temperature_k * exp(-1450 / air->temperature_k);
    double per_s = rate * air->ozone_ugm3 / OZONE_UGM3_PPB;
    for (size_t s = 0; s < sources->n; s++) {
        bool is_pit = sources->source[s].kind == DOSI_PLUME_PIT;
        for (size_t i = 0; i < sources->n_places; i++) {
            size_t at = s * sources->n_places + i;
            double t = travel_time(sources->hour[s], &sources->source[s], &sources->plume[at]);
            double own = sources->no2_share[s], part = 1 - exp(-per_s * t);
            bool is_most = is_pit || !(part < air->most); // also without a number for ozone
            share[at] = is_most ? air->most : own + part * (1 - own);
        }
    }
}

// ---- reaction in the plume of a moment ----

/// Sizes of a plume (sigma_y sigma_z): of the moment at the source and here, and on the mean.
typedef struct sizes {
    double start, now, mean;
} sizes;

/// Spread of the moment: what turbulence adds is bounded by eddies' growth. Source: Carruthers
/// et al. (2017), as changed in 2023.
static double momentary(double sigma, double start, double growth2) {
    const double bend = 0.2;
    double added = sigma * sigma - start * start;
    if (added <= LEAST_SIGMA_M) return sigma;
    double mix = added + bend * sqrt(added * growth2) + growth2;
    return sqrt(added * growth2 / mix + start * start);
}

/// Dissipation at the plume's centre.
static double dissipation(const dosi_plume_hour *hour, double centre_m) {
    double u = hour->friction_ms, w = hour->convective_ms, zi = hour->mixing_m;
    double height = fmax(centre_m, fmax(hour->roughness_m, 1e-4));
    if (hour->obukhov_m > 0) return (2.5 / height + 4 / zi) * u * u * u;
    return (2.5 / height + 2 / zi) * u * u * u + 0.4 * w * w * w / zi;
}

static double least(double sigma) {
    return fmax(sigma, LEAST_SIGMA_M);
}

static sizes sizes_of(const plume_release *r, const no2_spot *spot, const dosi_no2_plume *p) {
    const dosi_plume_source *source = r->source;
    no2_state s;
    no2_state_at(r, spot, p->along_m, &s);
    double own = 0; // of the source
    if (r->has_rise) own = 0.5 * source->diameter_m;
    if (source->kind > DOSI_PLUME_VOLUME) {
        own = 0.5 * sqrt(no2_shape_of(source, r->sine, r->cosine).area_m2);
    }
    double t = p->along_m / s.speed_ms;
    double growth2 = dissipation(r->hour, s.height_m) * t * t * t / 3;
    double y = least(hypot(s.sigma_y, own)), y0 = least(hypot(s.start_y, own));
    double z = least(s.sigma_z), z0 = least(s.start_z);
    plume_release plain = *r;
    plain.penetrated = 0;
    double meander = no2_meander(&plain, p->distance_m, &s);
    double wide = 1 / (meander / (PLUME_SQRT_2PI * p->along_m) + (1 - meander) / y);
    sizes out = {.mean = wide * z};
    out.now = fmin(momentary(y, y0, growth2) * momentary(z, z0, growth2), out.mean);
    out.start = least(hypot(r->sigma_y_m, own)) * least(r->sigma_z_m);
    out.start = fmin(out.start, out.now);
    return out;
}

/// An hour's air, in ppb.
typedef struct sky {
    double rate, photolysis;
    bool is_day;
    dosi_nox far;      ///< Background before the sources.
    double far_nox;    ///< Its NOx.
    double takes_part; ///< 1: its NO and NO2 react too; 0: its ozone alone.
} sky;

static sky sky_of(const dosi_no2_air *air, bool has_background) {
    sky out = {.rate = fmax(4.405e-2 * exp(-1370 / air->temperature_k), LEAST_RATE),
               .photolysis = dosi_photolysis_no2(air->radiation_wm2),
               .is_day = air->radiation_wm2 > 0};
    double no2 = fmax(air->no2_ugm3, 0) * NO2_PPB_UGM3, o3 = air->ozone_ugm3 / OZONE_UGM3_PPB;
    bool is_told = air->nox_ugm3 >= 0;
    double nox = is_told ? fmax(air->nox_ugm3 * NO2_PPB_UGM3, no2) : no2;
    if (!is_told && out.is_day && o3 > 0) nox = no2 / o3 * (o3 + out.photolysis / out.rate);
    out.far = (dosi_nox){nox - no2, no2, o3};
    out.far_nox = nox;
    if (is_told && out.is_day) {
        out.far = dosi_nox_photostationary(&out.far, out.rate, out.photolysis);
    }
    out.takes_part = has_background && out.is_day;
    return out;
}

/// A group's NOx at a place, in ppb.
typedef struct mixture {
    double total, most; ///< On the mean; of the source that brings most.
    double no, no2;     ///< Of the moment.
    double moment_most; ///< Of the source that brings most at the moment.
    double taken;       ///< Least part of the air that a major plume has taken in.
    double back;        ///< From the moment to the mean, weighted by NOx of the moment.
    double age_s;
} mixture;

/// A place, and all that comes by it.
typedef struct view {
    const dosi_no2_sources *all;
    const dosi_plume_receptors *receptors;
    size_t place;
    double together; ///< Part of the NOx that is not of the greatest source.
} view;

/// NOx of a source, ppb; 0: none, or left out.
static double nox_of(const view *v, size_t s) {
    if (v->all->is_left_out && v->all->is_left_out[s]) return 0;
    return fmax(v->all->nox_ugm3[s * v->all->n_places + v->place], 0) * NO2_PPB_UGM3;
}

/// A plume of the moment: how much denser than on the mean, and how much of it is taken in.
typedef struct moment {
    double denser, taken;
} moment;

static moment moment_of(const view *v, size_t s) {
    const dosi_no2_plume *p = &v->all->plume[s * v->all->n_places + v->place];
    if (!(p->along_m > DOWNWIND_M)) return (moment){1, 1};
    plume_release release;
    plume_release_init(v->all->hour[s], &v->all->source[s], &release);
    no2_spot spot = no2_spot_of(&release, v->receptors, v->place);
    sizes size = sizes_of(&release, &spot, p);
    // Where several plumes meet, moments even out.
    double even = fmin(fmax((v->together - 0.25) / 0.5, 0), 1);
    double now = size.now + (size.mean - size.now) * even;
    return (moment){size.mean / now, 1 - size.start / now};
}

/// All sources at the place.
static mixture mixture_at(view *v) {
    mixture m = {.taken = 1};
    for (size_t s = 0; s < v->all->n; s++) {
        double nox = nox_of(v, s);
        if (!(nox > 0)) continue;
        m.total += nox;
        m.most = fmax(m.most, nox);
        m.age_s += nox * v->all->plume[s * v->all->n_places + v->place].age_s;
    }
    if (!(m.total > 0)) return m;
    m.age_s = fmin(m.age_s / m.total, MOST_AGE_S);
    v->together = 1 - m.most / m.total;
    for (size_t s = 0; s < v->all->n; s++) {
        double nox = nox_of(v, s);
        if (!(nox > 0)) continue;
        nox *= moment_of(v, s).denser;
        m.no2 += v->all->no2_share[s] * nox;
        m.no += (1 - v->all->no2_share[s]) * nox;
        m.moment_most = fmax(m.moment_most, nox);
    }
    for (size_t s = 0; s < v->all->n; s++) { // which are major is known only now
        double nox = nox_of(v, s);
        if (!(nox > 0)) continue;
        moment now = moment_of(v, s);
        if (nox * now.denser > MAJOR * m.moment_most) m.taken = fmin(m.taken, now.taken);
    }
    m.back = m.total / (m.no + m.no2);
    return m;
}

/// NO2 in the NOx at a place.
static double react(const sky *air, const mixture *m) {
    dosi_nox in = {air->takes_part * m->taken * air->far.no,
                   air->takes_part * m->taken * air->far.no2, m->taken * air->far.o3};
    if (air->takes_part > 0) {
        in = dosi_nox_photostationary(&in, air->rate, air->photolysis);
    }
    const dosi_nox mixed = {in.no + m->no, in.no2 + m->no2, in.o3};
    dosi_nox after = dosi_nox_aged(&mixed, m->age_s, air->rate, air->photolysis);
    double no2 = (after.no2 - in.no2) * m->back + air->takes_part * air->far.no2;
    double no = (after.no - in.no) * m->back + air->takes_part * air->far.no;
    return no2 + no != 0 ? no2 / (no2 + no) : 0;
}

void dosi_no2_by_reaction(const dosi_no2_sources *sources,
                          const dosi_plume_receptors *receptors,
                          const dosi_no2_air *air,
                          bool has_background,
                          double *share,
                          double *background_ugm3) {
    bool is_known = air->ozone_ugm3 >= 0;
    sky far = {0};
    if (is_known) far = sky_of(air, has_background);
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < sources->n_places; i++) {
        share[i] = 1;
        background_ugm3[i] = air->no2_ugm3;
        if (!is_known) continue;
        view v = {.all = sources, .receptors = receptors, .place = i};
        mixture m = mixture_at(&v);
        share[i] = react(&far, &m);
        if (far.is_day) background_ugm3[i] = share[i] * far.far_nox / NO2_PPB_UGM3;
    }
}
