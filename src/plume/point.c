// Points and volumes: receptors as the wind sees them, and the mixture of the plume that keeps
// together with the one that meanders over all directions.

#include "plume/point.h"
#include "plume/area.h"
#include "plume/deposit.h"
#include "plume/downwash.h"
#include "plume/pit.h"
#include "plume/terrain.h"

#include <math.h>
#include <string.h>

#define MICROGRAMS   1e6
#define LEAST_AWAY_M 0.99
#define HOUR_S       3600.0

/// Where a receptor of a list is.
static double or_zero(const double *values, size_t i) {
    return values ? values[i] : 0;
}

/// Receptors of a chunk that have a place in the plume, and which they are.
typedef struct chunk {
    plume_places all, ahead;
    size_t of_all[PLUME_CHUNK], of_ahead[PLUME_CHUNK]; ///< Index: receptor; in `all`.
} chunk;

/// Adds one to a list.
static void put(plume_places *list, const plume_places *from, size_t i) {
    size_t n = list->n++;
    list->along[n] = from->along[i];
    list->across[n] = from->across[i];
    list->distance[n] = from->distance[i];
    list->above[n] = from->above[i];
    list->flag[n] = from->flag[i];
    list->z[n] = from->z[i];
    list->hill[n] = from->hill[i];
}

/// Fills up the last lanes.
static void pad(plume_places *list) {
    size_t n = list->n;
    if (n == 0) return;
    while (list->n % PLUME_LANES != 0) put(list, list, n - 1);
    list->n = n;
}

/// Takes receptors from `*next` on until the chunk is full.
/// @param reach  Of the narrow plume; NULL: all ahead are in it.
static void take(const plume_release *r,
                 plume_reach *reach,
                 const dosi_plume_receptors *receptors,
                 size_t *next,
                 chunk *out) {
    const dosi_plume_source *s = r->source;
    double nearest = LEAST_AWAY_M;
    if (s->kind == DOSI_PLUME_VOLUME) nearest += PLUME_SIGMA_TOP * s->sigma_y_m;
    plume_places *all = &out->all;
    all->n = out->ahead.n = 0;
    all->is_hilly = out->ahead.is_hilly = receptors->z_m && !s->is_flat && r->is_stable;
    for (; *next < receptors->n && all->n < PLUME_CHUNK; ++*next) {
        size_t i = *next, n = all->n;
        double dx = receptors->x_m[i] - s->x_m, dy = receptors->y_m[i] - s->y_m;
        double along = -(dx * r->sine + dy * r->cosine);
        double across = dx * r->cosine - dy * r->sine;
        double distance = sqrt(along * along + across * across);
        if (distance < nearest) continue;
        double z = or_zero(receptors->z_m, i);
        all->along[n] = along;
        all->across[n] = across;
        all->distance[n] = distance;
        all->flag[n] = or_zero(receptors->flag_m, i);
        all->above[n] = s->is_flat ? all->flag[n] : z - s->base_m + all->flag[n];
        all->z[n] = z;
        all->hill[n] = receptors->hill_m ? receptors->hill_m[i] : z;
        out->of_all[n] = i;
        all->n++;
        if (along >= 1 && !(reach && plume_reach_is_beyond(reach, along, across))) {
            out->of_ahead[out->ahead.n] = n;
            put(&out->ahead, all, n);
        }
    }
    pad(all);
    pad(&out->ahead);
}

/// Points and volumes that deposit nothing.
static void add_points(const plume_release *r,
                       const dosi_plume_receptors *receptors,
                       double *concentration) {
    chunk c;
    plume_evenly even;
    double plume[PLUME_CHUNK], narrow[PLUME_CHUNK];
    double scale = MICROGRAMS * r->source->emission;
    plume_downwash downwash;
    plume_reach reach;
    plume_reach_init(r, &reach);
    bool has_downwash = r->has_rise && plume_downwash_init(r, &downwash);
    for (size_t next = 0; next < receptors->n;) {
        take(r, &reach, receptors, &next, &c);
        plume_meander(r, &c.all, &even);
        plume_coherent(r, &c.ahead, plume);
        memset(narrow, 0, sizeof narrow);
        for (size_t i = 0; i < c.ahead.n; i++) narrow[c.of_ahead[i]] = plume[i];
        for (size_t i = 0; i < c.all.n; i++) {
            double part = even.fraction[i];
            double value = part * even.value[i] + (1 - part) * narrow[i];
            if (has_downwash) {
                const plume_spot at = {c.all.along[i], c.all.across[i], c.all.above[i],
                                       c.all.flag[i], even.speed[i]};
                value = plume_downwash_at(&downwash, &at, value);
            }
            concentration[c.of_all[i]] += scale * value;
        }
    }
}

static void add_flux(plume_flux *sum, double part, plume_flux more) {
    sum->concentration += part * more.concentration;
    sum->dry += part * more.dry;
    sum->wet += part * more.wet;
}

/// Adds a flux of 1 g/s to the results of a receptor.
static void put_flux(const dosi_plume_fluxes *out, size_t i, double emission, plume_flux f) {
    if (out->concentration) out->concentration[i] += MICROGRAMS * emission * f.concentration;
    if (out->dry) out->dry[i] += HOUR_S * emission * f.dry;
    if (out->wet) out->wet[i] += HOUR_S * emission * f.wet;
    if (out->total) out->total[i] += HOUR_S * emission * (f.dry + f.wet);
}

/// The same with what is deposited.
static void add_depositing(const plume_release *r,
                           const dosi_plume_receptors *receptors,
                           const dosi_plume_fluxes *out) {
    chunk c;
    plume_evenly even;
    plume_deposit deposit;
    double scale = r->source->emission;
    plume_deposit_init(r, &deposit);
    plume_downwash downwash;
    bool has_downwash = r->has_rise && plume_downwash_init(r, &downwash);
    for (size_t next = 0; next < receptors->n;) {
        take(r, NULL, receptors, &next, &c);
        const plume_places *all = &c.all;
        plume_meander(r, all, &even);
        for (size_t i = 0; i < all->n; i++) {
            plume_where at = {.above = all->above[i], .flag = all->flag[i]};
            if (all->is_hilly) at.z = &all->z[i], at.hill = &all->hill[i];
            plume_flux plain = {0, 0, 0};
            at.x = all->distance[i];
            if (at.x >= 1)
                add_flux(&plain, even.fraction[i], plume_deposit_even(&deposit, &at));
            at.x = all->along[i];
            if (at.x >= 1) {
                add_flux(&plain, 1 - even.fraction[i],
                         plume_deposit_narrow(&deposit, &at, all->across[i]));
            }
            if (has_downwash) {
                const plume_spot spot = {all->along[i], all->across[i], all->above[i],
                                         all->flag[i], even.speed[i]};
                plain = plume_downwash_flux(&downwash, &deposit, &spot, plain);
            }
            put_flux(out, c.of_all[i], scale, plain);
        }
    }
}

/// Whether particles and gas are such as can be.
static dosi_status check_deposition(const dosi_plume_source *s, dosi_error *err) {
    const dosi_particles *p = s->particles;
    if (p) {
        bool is_fine = p->n >= 1 && p->n <= (p->is_method_2 ? 1 : DOSI_PARTICLE_CLASSES);
        for (size_t i = 0; i < p->n && is_fine; i++) {
            is_fine = p->diameter_um[i] > 0 &&
                      (p->is_method_2 || (p->fraction[i] >= 0 && p->density_gcm3[i] > 0));
        }
        if (p->is_method_2) is_fine = is_fine && p->fine_share >= 0 && p->fine_share <= 1;
        if (!is_fine) {
            return dosi_fail(
                err, DOSI_DOMAIN,
                "a source's %zu classes of particles have a size, density or share "
                "that cannot be",
                p->n);
        }
    }
    const dosi_gas *g = s->gas;
    if (!g || g->velocity_ms > 0) return DOSI_OK;
    bool is_fine = g->diffusivity_air_m2s > 0 && g->diffusivity_water_m2s > 0 &&
                   g->henry_pam3mol > 0 && g->cuticle_sm >= 0 && g->reactivity >= 0;
    for (size_t i = 0; g->land_use && i < DOSI_LAND_SECTORS; i++) {
        is_fine = is_fine && g->land_use[i] >= 1 && g->land_use[i] <= DOSI_LAND_USES;
    }
    if (g->land_use) is_fine = is_fine && g->season >= 1 && g->season <= DOSI_LAND_SEASONS;
    if (is_fine) return DOSI_OK;
    return dosi_fail(err, DOSI_DOMAIN,
                     "a source's gas or its land has a number that cannot be");
}

/// Whether the numbers of a source are such as its kind needs.
static dosi_status check_source(const dosi_plume_source *source, dosi_error *err) {
    DOSI_TRY(check_deposition(source, err));
    if (source->kind == DOSI_PLUME_PIT) {
        if (source->pit_width_m > 0 && source->pit_length_m > 0 && source->height_m >= 0 &&
            source->pit_depth_m >= source->height_m && isfinite(source->pit_angle_deg) &&
            isfinite(source->emission)) {
            return DOSI_OK;
        }
        return dosi_fail(err, DOSI_DOMAIN,
                         "a pit's width, length, depth or height is not a usable number");
    }
    bool is_area = source->kind == DOSI_PLUME_AREA;
    if (is_area && (source->n_corners < 3 || source->n_corners > DOSI_PLUME_VERTICES)) {
        return dosi_fail(err, source->n_corners < 3 ? DOSI_DOMAIN : DOSI_UNSUPPORTED,
                         "an area has 3 to %d corners, not %zu", DOSI_PLUME_VERTICES,
                         source->n_corners);
    }
    bool has_stack = source->kind <= DOSI_PLUME_POINT_HORIZONTAL;
    if (!(source->height_m >= 0) || !isfinite(source->emission) ||
        (has_stack && !(source->exit_speed_ms > 0 && source->diameter_m > 0)) ||
        (!has_stack && !(source->sigma_z_m >= 0)) ||
        (source->kind == DOSI_PLUME_VOLUME && !(source->sigma_y_m > 0))) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "a source's height, exit or initial spread is not a usable number");
    }
    return DOSI_OK;
}

dosi_status dosi_plume_add_fluxes(const dosi_plume_hour *hour,
                                  const dosi_plume_source *source,
                                  const dosi_plume_receptors *receptors,
                                  const dosi_plume_fluxes *fluxes,
                                  dosi_error *err) {
    DOSI_TRY(check_source(source, err));
    bool is_windy = hour->state == DOSI_PLUME_STABLE || hour->state == DOSI_PLUME_UNSTABLE;
    if (!is_windy || source->emission == 0) return DOSI_OK;
    if (source->kind == DOSI_PLUME_PIT) {
        plume_add_pit(hour, source, receptors, fluxes);
        return DOSI_OK;
    }
    bool has_deposit = source->particles || source->gas;
    plume_release release;
    plume_release_init(hour, source, &release);
    if (source->kind == DOSI_PLUME_AREA) {
        plume_deposit deposit;
        if (has_deposit) plume_deposit_init(&release, &deposit);
        plume_add_area(&release, has_deposit ? &deposit : NULL, receptors, fluxes);
    } else if (has_deposit) {
        add_depositing(&release, receptors, fluxes);
    } else if (fluxes->concentration) {
        add_points(&release, receptors, fluxes->concentration);
    }
    return DOSI_OK;
}

dosi_status dosi_plume_add(const dosi_plume_hour *hour,
                           const dosi_plume_source *source,
                           const dosi_plume_receptors *receptors,
                           double *concentration,
                           dosi_error *err) {
    const dosi_plume_fluxes only = {.concentration = concentration};
    return dosi_plume_add_fluxes(hour, source, receptors, &only, err);
}
