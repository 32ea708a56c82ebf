// Open pits: an area that is a part of the pit, at its upwind corner, stands for it.
// Source: AERMOD Model Formulation, section on OPENPIT; Perry, Thompson et al. (1994).

#include "plume/pit.h"

#include "plume/area.h"

#include <math.h>

#define DEGREE       (3.14159265358979323846 / 180)
#define DEEP         0.2   ///< Relative depth from which the part stays the same.
#define DEEP_PART    0.08  ///< ... this.
#define TIE_M        1e-5  ///< A later corner must be so much further upwind.
#define SPREAD_DEPTH 4.3   ///< Depth in initial sigma_z.
#define UPWARD       0.029 ///< Speed at which air leaves a pit, of the wind at 10 m.

enum { CORNERS = 4 };

typedef struct rectangle {
    double x[CORNERS], y[CORNERS];
} rectangle;

/// A rectangle from its first corner, turned clockwise from north.
static void set_rectangle(double width, double length, double angle_deg, rectangle *out) {
    double *x = out->x, *y = out->y, s = sin(angle_deg * DEGREE), c = cos(angle_deg * DEGREE);
    x[1] = x[0] + length * s;
    y[1] = y[0] + length * c;
    x[2] = x[1] + width * c;
    y[2] = y[1] - width * s;
    x[3] = x[2] - length * s;
    y[3] = y[2] - length * c;
}

typedef enum side {
    SIDE_ELSEWHERE,
    SIDE_ABOVE, ///< The side is above the place.
    SIDE_HERE,  ///< The place is on it.
} side;

/// Where the side from (xi, yi) to (xj, yj) is as seen from a place at the origin.
static side side_of(double xi, double yi, double xj, double yj) {
    bool is_across = (xi >= 0) != (xj >= 0), is_upward = (yi >= 0) != (yj >= 0);
    if (xi == 0 && yi == 0) return SIDE_HERE;
    if (xi == 0 && xj == 0 && is_upward) return SIDE_HERE;
    if (yi == 0 && yj == 0 && is_across) return SIDE_HERE;
    if (!is_across || (yi < 0 && yj < 0)) return SIDE_ELSEWHERE;
    double above = is_upward ? (yi * xj - xi * yj) / (xj - xi) : 1;
    if (above == 0) return SIDE_HERE;
    return above > 0 ? SIDE_ABOVE : SIDE_ELSEWHERE;
}

/// Whether a place is within; on the edge it is not. (Franklin's test: sides above the place
/// are counted. Places on an edge are common, and rounding decides as AERMOD's does.)
static bool is_within(const rectangle *r, double px, double py) {
    bool is_in = false;
    for (int i = 0; i < CORNERS; i++) {
        int j = (i + 1) % CORNERS;
        side seen = side_of(r->x[i] - px, r->y[i] - py, r->x[j] - px, r->y[j] - py);
        if (seen == SIDE_HERE) return false;
        if (seen == SIDE_ABOVE) is_in = !is_in;
    }
    return is_in;
}

/// The part of the pit that emits, and its share of the pit's area.
static double set_part(const plume_release *release,
                       const dosi_plume_source *s,
                       const rectangle *pit,
                       rectangle *out) {
    double wide = s->pit_width_m, high = s->pit_length_m;
    double length = fmax(wide, high), width = fmin(wide, high);
    double axis = s->pit_angle_deg + (wide > high ? 90 : 0); // of the longer side
    double off = fabs(remainder(release->direction_deg + 180 - axis, 180));
    double along = length * (1 - off / 90) + width * (off / 90);
    double depth = (s->pit_depth_m - s->height_m) / along;
    double part = depth >= DEEP ? DEEP_PART : sqrt(1 - 1.7 * cbrt(depth));
    int first = 0;
    double nearest = HUGE_VAL;
    for (int i = 0; i < CORNERS; i++) {
        double u = -(pit->x[i] * release->sine + pit->y[i] * release->cosine);
        if (!(u < nearest)) continue;
        first = i;
        nearest = u - TIE_M;
    }
    double share = cos(off * DEGREE);
    share *= share;
    double part_width = pow(part, 1 - share) * width, part_length = pow(part, share) * length;
    bool is_turned = (first % 2 == 1) != (wide > high);
    out->x[0] = pit->x[first];
    out->y[0] = pit->y[first];
    set_rectangle(is_turned ? part_length : part_width, is_turned ? part_width : part_length,
                  s->pit_angle_deg + 90 * first, out);
    return part;
}

/// Receptors from one to another of a list.
static dosi_plume_receptors slice(const dosi_plume_receptors *all, size_t from, size_t to) {
    dosi_plume_receptors out = *all;
    out.n = to - from;
    out.x_m += from;
    out.y_m += from;
    if (out.z_m) out.z_m += from;
    if (out.hill_m) out.hill_m += from;
    if (out.flag_m) out.flag_m += from;
    return out;
}

/// The same of results.
static dosi_plume_fluxes slice_fluxes(const dosi_plume_fluxes *all, size_t from) {
    dosi_plume_fluxes out = *all;
    double **const parts[] = {&out.concentration, &out.dry, &out.wet, &out.total};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (*parts[i]) *parts[i] += from;
    }
    return out;
}

/// Particles that settle within the pit do not leave it. @return The share that does.
static double let_escape(plume_deposit *d) {
    double wind = dosi_plume_at(d->release->hour, DOSI_PLUME_SPEED, 10), sum = 0;
    for (size_t i = 0; i < d->n; i++) {
        d->classes[i].share /= 1 + d->classes[i].settling_ms / (UPWARD * wind);
        sum += d->classes[i].share;
    }
    for (size_t i = 0; i < d->n && sum > 0; i++) d->classes[i].share /= sum;
    return sum;
}

void plume_add_pit(const dosi_plume_hour *hour,
                   const dosi_plume_source *source,
                   const dosi_plume_receptors *receptors,
                   const dosi_plume_fluxes *out) {
    rectangle pit = {.x = {source->x_m}, .y = {source->y_m}}, part = pit;
    set_rectangle(source->pit_width_m, source->pit_length_m, source->pit_angle_deg, &pit);
    dosi_plume_source area = *source;
    area.kind = DOSI_PLUME_AREA;
    area.height_m = 0;
    area.sigma_z_m = source->pit_depth_m / SPREAD_DEPTH;
    area.corner_x_m = part.x;
    area.corner_y_m = part.y;
    area.n_corners = CORNERS;
    plume_release release;
    plume_release_init(hour, &area, &release);
    area.emission = source->emission / set_part(&release, source, &pit, &part);
    bool has_deposit = source->particles || source->gas;
    plume_deposit deposit;
    if (has_deposit) {
        plume_deposit_init(&release, &deposit);
        if (source->particles) area.emission *= let_escape(&deposit);
    }
    for (size_t i = 0, end = 0; i < receptors->n; i = end + 1) {
        end = i;
        while (end < receptors->n &&
               !is_within(&pit, receptors->x_m[end], receptors->y_m[end])) {
            end++;
        }
        const dosi_plume_receptors outside = slice(receptors, i, end);
        const dosi_plume_fluxes there = slice_fluxes(out, i);
        plume_add_area(&release, has_deposit ? &deposit : NULL, &outside, &there);
    }
}
