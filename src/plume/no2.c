// NO2 in the NOx of plumes by the ozone in their volume.

#include "dosi/no2.h"

#include "plume/no2_state.h"

#include <math.h>

#define MAJOR      0.5 ///< Part of the dominant source's NOx that makes a source a major one.
#define TOLERANCE  1e-5
#define OZONE_MOLE 48e6 ///< ug
#define NO2_MOLE   46.0 ///< g
#define AIR_MOLE   0.028966
#define GAS        8.3145
#define FREEZING   273.15

/// Extent of the centres of plumes.
typedef struct range {
    double low, high;
} range;

static const range nothing = {HUGE_VAL, -HUGE_VAL};

static void widen(range *r, double value) {
    r->low = fmin(r->low, value);
    r->high = fmax(r->high, value);
}

static double extent(const range *r) {
    return r->high > r->low ? r->high - r->low : 0;
}

static bool is_within(const range *r, double value) {
    return value >= r->low - TOLERANCE && value <= r->high + TOLERANCE;
}

/// The box of the major sources: across and along the dominant one's wind, and heights of
/// plumes that follow the ground and of those that stay level.
typedef struct box {
    range across, along, follow, level;
} box;

/// A place on its way.
typedef struct work {
    const dosi_no2_sources *all;
    const dosi_plume_receptors *receptors;
    size_t place, dominant;
    double sine, cosine; ///< Of the dominant source's wind.
    box whole, above;    ///< Of plumes, and of their parts above the inversion.
} work;

static bool is_counted(const work *w, size_t s) {
    return !w->all->is_left_out || !w->all->is_left_out[s];
}

static const dosi_no2_plume *plume_of(const work *w, size_t s) {
    return &w->all->plume[s * w->all->n_places + w->place];
}

static double nox_of(const work *w, size_t s) {
    return w->all->nox_ugm3[s * w->all->n_places + w->place];
}

/// The source that brings most.
/// @return Whether one brings anything.
static bool find_dominant(work *w) {
    double most = 0;
    for (size_t s = 0; s < w->all->n; s++) {
        if (!is_counted(w, s) || !(nox_of(w, s) > most)) continue;
        most = nox_of(w, s);
        w->dominant = s;
    }
    return most > 0;
}

/// Where a source is as seen from the place, by the dominant one's wind.
static void offset_of(const work *w, size_t s, double *along, double *across) {
    no2_shape shape = no2_shape_of(&w->all->source[s], w->sine, w->cosine);
    double dx = w->receptors->x_m[w->place] - shape.x;
    double dy = w->receptors->y_m[w->place] - shape.y;
    *along = fmax(-(dx * w->sine + dy * w->cosine), 1);
    *across = dx * w->cosine - dy * w->sine;
}

/// Height of the place over a source's base.
static double height_over(const work *w, size_t s) {
    const dosi_plume_receptors *r = w->receptors;
    const dosi_plume_source *source = &w->all->source[s];
    double flag = r->flag_m ? r->flag_m[w->place] : 0;
    double z = r->z_m ? r->z_m[w->place] : 0;
    return source->is_flat ? flag : z - source->base_m + flag;
}

/// Takes a plume into a box.
static void take_in(box *b, double along, double across, double height, double ground) {
    widen(&b->across, across);
    widen(&b->along, along);
    widen(&b->follow, height);
    widen(&b->level, height - ground);
}

static void find_box(work *w) {
    const box empty = {nothing, nothing, nothing, nothing};
    w->whole = w->above = empty;
    double least = MAJOR * nox_of(w, w->dominant), ground = height_over(w, w->dominant);
    for (size_t s = 0; s < w->all->n; s++) {
        if (!is_counted(w, s) || !(nox_of(w, s) >= least)) continue;
        const dosi_no2_plume *p = plume_of(w, s);
        double along = 0, across = 0;
        offset_of(w, s, &along, &across);
        take_in(&w->whole, along, across, p->height_m, ground);
        if (!(p->penetrated > 0)) continue;
        take_in(&w->above, along, across, p->penetrated_m, ground);
    }
}

static double box_height(const work *w, const box *b) {
    double level = plume_of(w, w->dominant)->level_part;
    return level * extent(&b->level) + (1 - level) * extent(&b->follow);
}

/// What the sources within a box emit: all NOx, and its NO2.
static void add_emissions(
    const work *w, const box *b, bool is_above, double *nox, double *no2) {
    double level = plume_of(w, w->dominant)->level_part;
    for (size_t s = 0; s < w->all->n; s++) {
        const dosi_plume_source *source = &w->all->source[s];
        const dosi_no2_plume *p = plume_of(w, s);
        double along = 0, across = 0, part = is_above ? p->penetrated : 1 - p->penetrated;
        if (!is_counted(w, s) || !(part > 0)) continue;
        offset_of(w, s, &along, &across);
        if (!is_within(&b->across, across) || !is_within(&b->along, along)) continue;
        double height = is_above ? p->penetrated_m : p->height_m, share = 0;
        if (is_within(&b->follow, height)) share += 1 - level;
        if (is_within(&b->level, height - height_over(w, s))) share += level;
        double area = no2_shape_of(source, w->sine, w->cosine).area_m2;
        *nox += share * part * area * source->emission;
        *no2 += share * part * area * source->emission * w->all->no2_share[s];
    }
}

/// Volume at 0 C and 1013 hPa of one at the height of the dominant plume.
static double standard_part(const work *w) {
    const dosi_plume_hour *hour = w->all->hour[w->dominant];
    double z = w->all->source[w->dominant].base_m + plume_of(w, w->dominant)->height_m;
    double t = dosi_plume_at(hour, DOSI_PLUME_THETA, fmax(z, 0)) - PLUME_ADIABATIC * z;
    return exp(-PLUME_GRAVITY * AIR_MOLE * z / (GAS * t)) * FREEZING / t;
}

/// Distance where the dominant plume fills the mixed layer; infinite in stable air.
static double mixed_at(const work *w) {
    const dosi_plume_hour *hour = w->all->hour[w->dominant];
    if (hour->state == DOSI_PLUME_STABLE) return HUGE_VAL;
    return hour->mixing_m * hour->speed_mean_ms / hour->sigma_w_mean_ms;
}

static double converted(double ozone, double nox) {
    return nox > 0 ? fmin(ozone / nox, 1) : 0;
}

/// The share at a place with a dominant source.
static double share_at(work *w, const dosi_no2_air *air) {
    size_t d = w->dominant;
    const dosi_plume_hour *hour = w->all->hour[d];
    const dosi_plume_source *source = &w->all->source[d];
    const dosi_no2_plume *p = plume_of(w, d);
    plume_release release;
    plume_release_init(hour, source, &release);
    w->sine = release.sine;
    w->cosine = release.cosine;
    find_box(w);
    double away = fmax(p->along_m, 1);
    double one = dosi_no2_volume(hour, source, w->receptors, w->place, NULL, p), all = one;
    bool is_above = hour->state == DOSI_PLUME_UNSTABLE && p->penetrated > 0;
    const double sides[4] = {away >= mixed_at(w) ? 0 : box_height(w, &w->whole),
                             extent(&w->whole.across), is_above ? box_height(w, &w->above) : 0,
                             extent(&w->above.across)};
    if (sides[0] > 0 || sides[1] > 0 || sides[2] > 0 || sides[3] > 0) {
        all = dosi_no2_volume(hour, source, w->receptors, w->place, sides, p);
    }
    double nox = 0, no2 = 0, nox3 = 0, no23 = 0;
    add_emissions(w, &w->whole, false, &nox, &no2);
    add_emissions(w, &w->above, true, &nox3, &no23);
    if (nox == 0 && nox3 == 0) return 0;
    if (isnan(air->ozone_ugm3)) return air->most;
    double ozone = standard_part(w) * air->ozone_ugm3 / OZONE_MOLE;
    double moles = away / (p->speed_ms * NO2_MOLE), own = w->all->no2_share[d];
    double emitted = source->emission * no2_shape_of(source, w->sine, w->cosine).area_m2;
    // (AERMOD's mean: of what is above the inversion nothing counts as emitted NO2.)
    double mean = nox > 0 ? no2 / nox : 0;
    double by_one = converted(one * ozone, emitted * (1 - own) * moles) + own;
    double by_all = converted(all * ozone, (nox - no2 + nox3 - no23) * moles) + mean;
    return fmin(fmin(by_one, by_all), air->most);
}

void dosi_no2_by_volume(const dosi_no2_sources *sources,
                        const dosi_plume_receptors *receptors,
                        const dosi_no2_air *air,
                        double *share) {
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < sources->n_places; i++) {
        work w = {.all = sources, .receptors = receptors, .place = i};
        share[i] = find_dominant(&w) ? share_at(&w, air) : 0;
    }
}
