// Points and volumes: receptors as the wind sees them, and the mixture of the plume that keeps
// together with the one that meanders over all directions.

#include "plume/point.h"
#include "plume/area.h"
#include "plume/downwash.h"
#include "plume/pit.h"
#include "plume/terrain.h"

#include <math.h>
#include <string.h>

#define MICROGRAMS   1e6
#define LEAST_AWAY_M 0.99

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
static void take(const plume_release *r,
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
        if (along >= 1) {
            out->of_ahead[out->ahead.n] = n;
            put(&out->ahead, all, n);
        }
    }
    pad(all);
    pad(&out->ahead);
}

static void add_points(const plume_release *r,
                       const dosi_plume_receptors *receptors,
                       double *concentration) {
    chunk c;
    plume_evenly even;
    double plume[PLUME_CHUNK], narrow[PLUME_CHUNK];
    double scale = MICROGRAMS * r->source->emission;
    plume_downwash downwash;
    bool has_downwash = r->has_rise && plume_downwash_init(r, &downwash);
    for (size_t next = 0; next < receptors->n;) {
        take(r, receptors, &next, &c);
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

/// Checks a pit, and adds it.
static dosi_status add_pit(const dosi_plume_hour *hour,
                           const dosi_plume_source *source,
                           const dosi_plume_receptors *receptors,
                           double *concentration,
                           dosi_error *err) {
    if (!(source->pit_width_m > 0 && source->pit_length_m > 0 && source->height_m >= 0 &&
          source->pit_depth_m >= source->height_m && isfinite(source->pit_angle_deg) &&
          isfinite(source->emission))) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "a pit's width, length, depth or height is not a usable number");
    }
    bool is_windy = hour->state == DOSI_PLUME_STABLE || hour->state == DOSI_PLUME_UNSTABLE;
    if (is_windy && source->emission != 0) {
        plume_add_pit(hour, source, receptors, concentration);
    }
    return DOSI_OK;
}

dosi_status dosi_plume_add(const dosi_plume_hour *hour,
                           const dosi_plume_source *source,
                           const dosi_plume_receptors *receptors,
                           double *concentration,
                           dosi_error *err) {
    bool is_area = source->kind == DOSI_PLUME_AREA;
    if (is_area && (source->n_corners < 3 || source->n_corners > DOSI_PLUME_VERTICES)) {
        return dosi_fail(err, source->n_corners < 3 ? DOSI_DOMAIN : DOSI_UNSUPPORTED,
                         "an area has 3 to %d corners, not %zu", DOSI_PLUME_VERTICES,
                         source->n_corners);
    }
    if (source->kind == DOSI_PLUME_PIT) {
        return add_pit(hour, source, receptors, concentration, err);
    }
    bool has_stack = source->kind <= DOSI_PLUME_POINT_HORIZONTAL;
    if (!(source->height_m >= 0) || !isfinite(source->emission) ||
        (has_stack && !(source->exit_speed_ms > 0 && source->diameter_m > 0)) ||
        (!has_stack && !(source->sigma_z_m >= 0)) ||
        (source->kind == DOSI_PLUME_VOLUME && !(source->sigma_y_m > 0))) {
        return dosi_fail(err, DOSI_DOMAIN,
                         "a source's height, exit or initial spread is not a usable number");
    }
    if (hour->state != DOSI_PLUME_STABLE && hour->state != DOSI_PLUME_UNSTABLE) return DOSI_OK;
    if (source->emission == 0) return DOSI_OK;
    plume_release release;
    plume_release_init(hour, source, &release);
    if (is_area) {
        plume_add_area(&release, receptors, concentration);
    } else {
        add_points(&release, receptors, concentration);
    }
    return DOSI_OK;
}
