// The critical dividing streamline of a hill, and how much of a plume is below it.
// Source: AERMOD Model Formulation, section 5.1; CTDMPLUS (Perry, 1992).

#include "plume/terrain.h"

#include <math.h>

/// Error function to 3e-7. Source: Hastings (1955), p. 187, as AERMOD has it.
static double error_function(double x) {
    static const double c[] = {0.430638e-4,   0.2765672e-3, 0.1520143e-3,
                               0.92705272e-2, 0.0422820123, 0.0705230784};
    double size = fabs(x), sum = 0;
    if (size > 4) return x < 0 ? -1 : 1;
    if (size < 1e-10) return 0;
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) sum = (sum + c[i]) * size;
    double value = 1 - 1 / pow(1 + sum, 16);
    return x < 0 ? -value : value;
}

/// A layer of the hill's flow: its bottom, what is above it, and its stability.
typedef struct layer {
    double bottom_m, top_m, speed_bottom, speed_top, n2;
} layer;

static layer layer_of(const dosi_plume_hour *hour, size_t below, double top_m) {
    const double *bottom = hour->value[below];
    double height = dosi_plume_heights()[below];
    double theta =
        0.5 * (dosi_plume_at(hour, DOSI_PLUME_THETA, top_m) + bottom[DOSI_PLUME_THETA]);
    double lapse =
        0.5 * (dosi_plume_at(hour, DOSI_PLUME_LAPSE, top_m) + bottom[DOSI_PLUME_LAPSE]);
    return (layer){height, top_m, bottom[DOSI_PLUME_SPEED],
                   dosi_plume_at(hour, DOSI_PLUME_SPEED, top_m), PLUME_GRAVITY / theta * lapse};
}

/// Height in a layer where the energy of the flow just lifts it to the top of the hill.
/// @param lack  Energy at the layer's top less the work from there.
static double streamline_in(const layer *l, double hill_m, double lack) {
    double shear = (l->speed_top - l->speed_bottom) / (l->top_m - l->bottom_m);
    double s2 = shear * shear, top = l->top_m;
    double a = 0.5 * (l->n2 - s2);
    double b = top * s2 - l->speed_top * shear - l->n2 * hill_m;
    double c = l->n2 * hill_m * top - 0.5 * (l->n2 + s2) * top * top +
               l->speed_top * shear * top - lack;
    double b2 = b * b, four = 4 * a * c;
    if (b2 < four && b2 - four > -0.001 * b2) four = b2;
    return (-b - sqrt(b2 - four)) / (2 * a);
}

/// Height below which the air goes around a hill of `hill_m`; 0: none.
static double dividing_streamline(const dosi_plume_hour *hour, double hill_m) {
    const double *heights = dosi_plume_heights();
    size_t below = plume_level_below(hill_m);
    double top_m = hill_m, work = 0, lack = 0, out = 0;
    double speed = dosi_plume_at(hour, DOSI_PLUME_SPEED, hill_m);
    lack = 0.5 * speed * speed; // at the top of the hill nothing is to be lifted
    // Downward; the lowest layer where energy fails below and suffices above decides.
    for (size_t i = below + 1; i-- > 0; top_m = heights[i]) {
        layer l = layer_of(hour, i, top_m);
        double middle = 0.5 * (top_m + l.bottom_m);
        work += l.n2 * (hill_m - middle) * (top_m - l.bottom_m);
        double left = 0.5 * l.speed_bottom * l.speed_bottom - work;
        if (left >= 0) {
            out = 0;
        } else if (lack >= 0) {
            out = streamline_in(&l, hill_m, lack);
        }
        lack = left;
    }
    return out;
}

/// Part of a plume with reflections that is below `height_m`.
static double part_below(const plume_hill *h, double height_m) {
    double scale = 1 / (PLUME_SQRT_2 * h->sigma_z_m);
    double top = fmin(h->lid_m, height_m), plume = h->plume_m, sum = 0;
    for (int i = 1; i <= 100; i++) {
        double far = 2.0 * i * h->lid_m;
        double term = error_function(scale * (top - plume + far)) +
                      error_function(scale * (top + plume + far)) +
                      error_function(scale * (top - plume - far)) +
                      error_function(scale * (top + plume - far));
        sum += term;
        if (fabs(term) <= 1e-6 * fabs(sum) && i >= 5) break;
    }
    double part = 0.5 * (error_function(scale * (top - plume)) +
                         error_function(scale * (top + plume)) + sum);
    return part > 1.01 ? 1 : part;
}

double plume_level_part(const plume_release *release, const plume_hill *hill) {
    double base = release->source->base_m;
    double top = fmin(hill->hill_m - base, hill->z_m - base + hill->plume_m);
    if (!(top > 0)) return 0.5;
    double critical = dividing_streamline(release->hour, top);
    return critical > 0 ? 0.5 * (1 + part_below(hill, critical)) : 0.5;
}
