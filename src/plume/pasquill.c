// Spread of plumes by Pasquill's classes. Source: Turner (1970), Workbook of Atmospheric
// Dispersion Estimates, AP-26, as fitted for EPA's ISC and BLP.

#include "plume/pasquill.h"

#include <math.h>

#define DEGREES     57.2958
#define MOST_M      5000.0
#define METRES      1000.0
#define HALF_ANGLES 2.15 ///< sigma_y in half widths of the plume.

enum { PIECES = 10 };

/// sigma_z = a x^b over a range of distances, and its inverse.
typedef struct piece {
    double from_km, a, b;
    double up_to_m; ///< The inverse holds up to this sigma_z; 0: without end.
    double inverse; ///< x = (sigma_z / a)^inverse
} piece;

static const piece table[PASQUILL_CLASSES][PIECES] = {
    {{0, 122.8, 0.9447, 13.95, 1.0585},
     {0.1, 158.08, 1.0542, 21.40, 0.9486},
     {0.15, 170.22, 1.0932, 29.3, 0.9147},
     {0.2, 179.52, 1.1262, 37.67, 0.8879},
     {0.25, 217.41, 1.2644, 47.44, 0.7909},
     {0.3, 258.89, 1.4094, 71.16, 0.7095},
     {0.4, 346.75, 1.7283, 104.65, 0.5786},
     {0.5, 453.85, 2.1166, 0, 0.4725}},
    {{0, 90.673, 0.93198, 20.23, 1.073},
     {0.2, 98.483, 0.98332, 40.0, 1.017},
     {0.4, 109.30, 1.0971, 0, 0.9115}},
    {{0, 61.141, 0.91465, 0, 1.0933}},
    {{0, 34.459, 0.86974, 12.09, 1.1498},
     {0.3, 32.093, 0.81066, 32.09, 1.2336},
     {1, 32.093, 0.64403, 65.12, 1.5527},
     {3, 33.504, 0.60486, 134.9, 1.6533},
     {10, 36.650, 0.56589, 251.2, 1.7671},
     {30, 44.053, 0.51179, 0, 1.9539}},
    {{0, 24.26, 0.8366, 3.534, 1.1953},
     {0.1, 23.331, 0.81956, 8.698, 1.2202},
     {0.3, 21.628, 0.75660, 21.628, 1.3217},
     {1, 21.628, 0.63077, 33.489, 1.5854},
     {2, 22.534, 0.57154, 49.767, 1.7497},
     {4, 24.703, 0.50527, 79.07, 1.9791},
     {10, 26.970, 0.46713, 109.3, 2.1407},
     {20, 35.420, 0.37615, 141.86, 2.6585},
     {40, 47.618, 0.29592, 0, 3.3793}},
    {{0, 15.209, 0.81558, 4.093, 1.2261},
     {0.2, 14.457, 0.78407, 10.93, 1.2754},
     {0.7, 13.953, 0.68465, 13.953, 1.4606},
     {1, 13.953, 0.63227, 21.627, 1.5816},
     {2, 14.823, 0.54503, 26.976, 1.8348},
     {3, 16.187, 0.46490, 40.0, 2.151},
     {7, 17.836, 0.41507, 54.89, 2.4092},
     {15, 22.651, 0.32681, 68.84, 3.0599},
     {30, 27.074, 0.27436, 83.25, 3.6448},
     {60, 34.219, 0.21716, 0, 4.6049}},
};

double pasquill_sigma_y(int kind, double x_km) {
    static const double angle[PASQUILL_CLASSES][2] = {{24.167, 2.5334}, {18.333, 1.8096},
                                                      {12.5, 1.0857},   {8.3333, 0.72382},
                                                      {6.25, 0.54287},  {4.1667, 0.36191}};
    const double *c = angle[kind - 1];
    return METRES * x_km * tan((c[0] - c[1] * log(x_km)) / DEGREES) / HALF_ANGLES;
}

double pasquill_sigma_z(int kind, double x_km) {
    static const double end_km[PASQUILL_CLASSES] = {3.11,     35,       HUGE_VAL,
                                                    HUGE_VAL, HUGE_VAL, HUGE_VAL};
    if (x_km > end_km[kind - 1]) return MOST_M;
    const piece *p = table[kind - 1];
    while (p->up_to_m > 0 && x_km >= p[1].from_km) p++;
    return fmin(MOST_M, p->a * pow(x_km, p->b));
}

double pasquill_virtual_y(int kind, double sigma_m) {
    static const double power[PASQUILL_CLASSES][2] = {
        {213, 1.1148}, {155, 1.097}, {103, 1.092}, {68, 1.076}, {50, 1.086}, {33.5, 1.083}};
    return METRES * pow(sigma_m / power[kind - 1][0], power[kind - 1][1]);
}

double pasquill_virtual_z(int kind, double sigma_m) {
    const piece *p = table[kind - 1];
    while (p->up_to_m > 0 && sigma_m > p->up_to_m) p++;
    return METRES * pow(sigma_m / p->a, p->inverse);
}
