// Emissions of road traffic: hot exhaust by speed, wear, and the fleet that drives.

#include "dosi/emission.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

const char *dosi_vehicle_name(dosi_vehicle vehicle) {
    static const char *const names[DOSI_VEHICLES] = {"car", "van", "truck", "bus"};
    return names[vehicle];
}

const char *dosi_fuel_name(dosi_fuel fuel) {
    static const char *const names[DOSI_FUELS] = {"petrol", "diesel", "lpg",
                                                  "cng",    "hybrid", "electric"};
    return names[fuel];
}

const char *dosi_emission_name(dosi_emission_species species) {
    static const char *const names[DOSI_EMISSIONS] = {"nox",        "no2",  "co",  "voc",
                                                      "pm_exhaust", "pm10", "pm25"};
    return names[species];
}

#define CONSTANT(g_km) \
    { .gamma = (g_km), .eta = 1, .min_kmh = 5, .max_kmh = 130 }
/// alpha to eta of the guidebook's appendix, and the speeds between which it holds.
#define CURVE(a, b, c, d, e, f, g, least, most)                                             \
    {                                                                                       \
        .alpha = (a), .beta = (b), .gamma = (c), .delta = (d), .epsilon = (e), .zeta = (f), \
        .eta = (g), .min_kmh = (least), .max_kmh = (most)                                   \
    }

// EMEP/EEA guidebook 2019, 1.A.3.b.i-iv, appendix 4 (hot emission parameters).
// Petrol, medium car, Euro 5.
#define PETROL_NOX                                                                       \
    CURVE(-0.000314540672240406, 0.103056777252331, 0.239056575951972, -0.3392791490405, \
          0.0345358283618128, 1.98601274556741, 1.26376326022528, 5, 130)
#define PETROL_CO                                                                       \
    CURVE(0.000445265807540281, -0.102075931519888, 6.87692822338964, 10.3838494701837, \
          0.00162104796148859, -0.43756305596665, 30.3373327734632, 5, 130)
#define PETROL_VOC                                                                           \
    CURVE(3.81411947410715e-6, -0.000707365446956988, 0.0452491977889404, 0.173073521070119, \
          6.9899000382836e-5, -0.0475381691356608, 6.21205348188937, 5, 130)
#define PETROL_PM                                                                             \
    CURVE(5.72739714220948e-7, -0.000125894610058486, 0.00690719461608544, 0.064229411197661, \
          0.000329757027793457, -0.0877664087423264, 6.0119212913631, 10, 130)
// Diesel, medium car, Euro 5.
#define DIESEL_NOX                                                                       \
    CURVE(6.67136017103076e-5, -0.0113814672152656, 0.945951726803471, 1.92360814937222, \
          -5.15046309611901e-5, 0.00426427180715127, 1, 10, 130)
// Diesel, goods vehicle N1-III, Euro 5 with a particle filter; NOx "reduction" -406.8 %.
#define VAN_NOX                                                                        \
    {                                                                                  \
        .alpha = 1.53887e-5, .beta = -0.0030705311, .gamma = 0.183141472,              \
        .delta = 1.2268025198, .epsilon = 5.71538e-5, .zeta = -0.0144616914, .eta = 1, \
        .reduction = -4.06786294320326, .min_kmh = 5, .max_kmh = 140                   \
    }
#define VAN_VOC                                                                            \
    CURVE(0.000160358202965765, 0.00575184398013228, -0.00293859527148485,                 \
          -0.00107739606921879, 1.54978132995987, 0.572794584232199, 0.328755696006702, 5, \
          110)
#define VAN_PM                                                                               \
    CURVE(0.000909121175645921, 0.0383533822365834, -0.0147549741074379, 0.0536943840955258, \
          1.53581101401511, 0.552018791296464, 0.339110292097343, 5, 100)
// Diesel, rigid truck of 7.5 to 12 t, Euro V with SCR, half laden, level road.
#define TRUCK_NOX                                                                       \
    CURVE(0.000190409424995162, -0.032819375169858, 1.40668962995408, 4.66977344787631, \
          -5.18834145539719e-5, 0.00351752328764994, 0.13333535835749, 5, 85)
#define TRUCK_CO                                                                       \
    CURVE(0.00493618754623714, 0.0389768348649425, 1.96722201576892, 2.27929938834858, \
          0.00705162156991537, 0.0172640071265019, 0.370861950670315, 5, 85)
#define TRUCK_VOC                                                                         \
    CURVE(0.000203509161474794, 0.0640527369746526, 0.70463210630949, -0.686735022484819, \
          0.0812187594437323, 2.58865311767849, 3.51818624683689e-5, 5, 85)

/// Exhaust of one vehicle and fuel: NOx, CO, VOC, particles; and the part of NOx that is NO2.
typedef struct default_factors {
    dosi_vehicle vehicle;
    dosi_fuel fuel;
    dosi_emission_curve nox, co, voc, pm;
    double no2_part;
} default_factors;

// Where each is from, and which are yet to be checked: docs/emission.md.
static const default_factors defaults[] = {
    {DOSI_VEHICLE_CAR, DOSI_FUEL_PETROL, PETROL_NOX, PETROL_CO, PETROL_VOC, PETROL_PM, 0.03},
    {DOSI_VEHICLE_CAR, DOSI_FUEL_HYBRID, CONSTANT(0.013), CONSTANT(0.042), CONSTANT(0.001),
     CONSTANT(0.0011), 0.03},
    {DOSI_VEHICLE_CAR, DOSI_FUEL_DIESEL, DIESEL_NOX, CONSTANT(0.034), CONSTANT(0.001),
     CONSTANT(0.002), 0.33},
    {DOSI_VEHICLE_CAR, DOSI_FUEL_LPG, CONSTANT(0.056), CONSTANT(0.62), CONSTANT(0.1),
     CONSTANT(0.0011), 0.05},
    {DOSI_VEHICLE_CAR, DOSI_FUEL_CNG, CONSTANT(0.056), CONSTANT(0.62), CONSTANT(0.035),
     CONSTANT(0.0011), 0.05},
    {DOSI_VEHICLE_VAN, DOSI_FUEL_PETROL, CONSTANT(0.064), CONSTANT(2.05), CONSTANT(0.072),
     CONSTANT(0.0011), 0.03},
    {DOSI_VEHICLE_VAN, DOSI_FUEL_LPG, CONSTANT(0.064), CONSTANT(2.05), CONSTANT(0.072),
     CONSTANT(0.0011), 0.05},
    {DOSI_VEHICLE_VAN, DOSI_FUEL_CNG, CONSTANT(0.064), CONSTANT(2.05), CONSTANT(0.072),
     CONSTANT(0.0011), 0.05},
    {DOSI_VEHICLE_VAN, DOSI_FUEL_HYBRID, CONSTANT(0.064), CONSTANT(2.05), CONSTANT(0.072),
     CONSTANT(0.0011), 0.03},
    {DOSI_VEHICLE_VAN, DOSI_FUEL_DIESEL, VAN_NOX, CONSTANT(0.075), VAN_VOC, VAN_PM, 0.33},
    {DOSI_VEHICLE_TRUCK, DOSI_FUEL_DIESEL, TRUCK_NOX, TRUCK_CO, TRUCK_VOC, CONSTANT(0.0161),
     0.12},
    {DOSI_VEHICLE_BUS, DOSI_FUEL_DIESEL, CONSTANT(5.42), CONSTANT(0.223), CONSTANT(0.012),
     CONSTANT(0.0462), 0.12},
    {DOSI_VEHICLE_BUS, DOSI_FUEL_CNG, CONSTANT(2.5), CONSTANT(1.0), CONSTANT(0.045),
     CONSTANT(0.005), 0.05},
};

/// Seoul's registered vehicles, May 2020 (data.seoul.go.kr, by class and fuel): cars; goods
/// vehicles for vans; buses and coaches; trucks are taken as diesel.
static const double registered[DOSI_VEHICLES][DOSI_FUELS] = {
    {1616349, 723477, 227005, 484, 97990, 17422},
    {2149, 296947, 25139, 403, 0, 1609},
    {0, 1, 0, 0, 0, 0},
    {0, 85791, 0, 8509, 0, 144},
};

dosi_emission_model dosi_emission_default(void) {
    dosi_emission_model model;
    memset(&model, 0, sizeof model);
    const dosi_emission_curve none = CONSTANT(0);
    for (size_t v = 0; v < DOSI_VEHICLES; v++) {
        double sum = 0;
        for (size_t f = 0; f < DOSI_FUELS; f++) sum += registered[v][f];
        for (size_t f = 0; f < DOSI_FUELS; f++) {
            model.fuel_share[v][f] = registered[v][f] / sum;
            for (size_t s = 0; s <= DOSI_EMISSION_PM_EXHAUST; s++)
                model.exhaust[v][f][s] = none;
        }
        model.scale[v] = 1;
    }
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        const default_factors *d = &defaults[i];
        dosi_emission_curve *exhaust = model.exhaust[d->vehicle][d->fuel];
        exhaust[DOSI_EMISSION_NOX] = d->nox;
        exhaust[DOSI_EMISSION_CO] = d->co;
        exhaust[DOSI_EMISSION_VOC] = d->voc;
        exhaust[DOSI_EMISSION_PM_EXHAUST] = d->pm;
        model.no2_part[d->vehicle][d->fuel] = d->no2_part;
    }
    for (size_t fuel = 0; fuel < DOSI_FUELS; fuel++) model.fuel_scale[fuel] = 1;
    model.van_share = 0.1;
    model.bus_share = 0.4;
    return model;
}

/// Refuses a curve that has no value over its speeds.
static dosi_status check_curve(const dosi_emission_curve *c,
                               size_t v,
                               size_t f,
                               dosi_error *err) {
    bool is_sound = c->min_kmh > 0 && c->max_kmh >= c->min_kmh && c->reduction <= 1;
    for (int i = 0; i <= 16 && is_sound; i++) {
        double speed = c->min_kmh + (c->max_kmh - c->min_kmh) * i / 16;
        double below = (c->epsilon * speed + c->zeta) * speed + c->eta;
        is_sound = isfinite(below) && below > 0 && isfinite(dosi_emission_exhaust(c, speed));
    }
    if (is_sound) return DOSI_OK;
    return dosi_fail(err, DOSI_DOMAIN,
                     "the exhaust of a %s on %s: its curve from %g to %g km/h has no value",
                     dosi_vehicle_name((dosi_vehicle)v), dosi_fuel_name((dosi_fuel)f),
                     c->min_kmh, c->max_kmh);
}

/// Whether a share is one.
static bool is_share(double share) {
    return share >= 0 && share <= 1;
}

/// Checks what one vehicle has.
static dosi_status check_vehicle(const dosi_emission_model *model, size_t v, dosi_error *err) {
    double sum = 0;
    for (size_t f = 0; f < DOSI_FUELS; f++) {
        sum += model->fuel_share[v][f];
        if (!is_share(model->fuel_share[v][f]) || !is_share(model->no2_part[v][f])) {
            return dosi_fail(err, DOSI_DOMAIN, "a %s on %s: share %g, NO2 part %g: 0..1",
                             dosi_vehicle_name((dosi_vehicle)v), dosi_fuel_name((dosi_fuel)f),
                             model->fuel_share[v][f], model->no2_part[v][f]);
        }
        for (size_t s = 0; s <= DOSI_EMISSION_PM_EXHAUST; s++) {
            if (s == DOSI_EMISSION_NO2) continue;
            DOSI_TRY(check_curve(&model->exhaust[v][f][s], v, f, err));
        }
    }
    if (fabs(sum - 1) < 1e-6 && model->scale[v] >= 0) return DOSI_OK;
    return dosi_fail(err, DOSI_DOMAIN, "a %s: fuels sum to %g, scale %g",
                     dosi_vehicle_name((dosi_vehicle)v), sum, model->scale[v]);
}

dosi_status dosi_emission_check(const dosi_emission_model *model, dosi_error *err) {
    if (!is_share(model->van_share) || !is_share(model->bus_share)) {
        return dosi_fail(err, DOSI_DOMAIN, "vans %g of light, buses %g of heavy vehicles: 0..1",
                         model->van_share, model->bus_share);
    }
    for (size_t f = 0; f < DOSI_FUELS; f++) {
        if (model->fuel_scale[f] >= 0) continue;
        return dosi_fail(err, DOSI_DOMAIN, "what drives on %s: scale %g",
                         dosi_fuel_name((dosi_fuel)f), model->fuel_scale[f]);
    }
    if (!(model->resuspension >= 0)) {
        return dosi_fail(err, DOSI_DOMAIN, "dust stirred up again: %g times: not below 0",
                         model->resuspension);
    }
    for (size_t v = 0; v < DOSI_VEHICLES; v++) DOSI_TRY(check_vehicle(model, v, err));
    return DOSI_OK;
}

double dosi_emission_exhaust(const dosi_emission_curve *c, double speed_kmh) {
    double v = fmin(fmax(speed_kmh, c->min_kmh), c->max_kmh);
    double above = (c->alpha * v + c->beta) * v + c->gamma + c->delta / v;
    double below = (c->epsilon * v + c->zeta) * v + c->eta;
    return fmax(0, above / below * (1 - c->reduction));
}

double dosi_emission_wear(dosi_vehicle vehicle, dosi_emission_species species, double v) {
    // mg/km of tyres, brakes, road: PM10, PM2.5.
    static const double wear[DOSI_VEHICLES][3][2] = {
        {{6.4, 4.49}, {7.35, 2.93}, {7.5, 4.05}},
        {{10.1, 7.1}, {11.5, 4.56}, {7.5, 4.05}},
        {{27.0, 18.9}, {32.0, 12.7}, {38.0, 20.5}},
        {{24.3, 18.9}, {28.8, 12.7}, {34.2, 20.5}},
    };
    size_t s = species == DOSI_EMISSION_PM25;
    double tyre = v < 40 ? 1.39 : v > 90 ? 0.902 : -0.00974 * v + 1.78;
    double brake = v < 40 ? 1.67 : v > 95 ? 0.185 : -0.0270 * v + 2.75;
    const double(*of)[2] = wear[vehicle];
    return 1e-3 * (of[0][s] * tyre + of[1][s] * brake + of[2][s]);
}

/// Dust that a vehicle of a mixed fleet stirs up again, g/km of PM10 and PM2.5: V. R. J. H.
/// Timmers and P. A. J. Achten (2016), Atmos. Environ. 134, 10-17, means of five inventories.
static const double resuspended_g_km[2] = {0.040, 0.012};

void dosi_emission_of(const dosi_emission_model *model,
                      const dosi_traffic *traffic,
                      double *out) {
    double light = 1 - traffic->heavy_share, heavy = traffic->heavy_share;
    const double share[DOSI_VEHICLES] = {
        light * (1 - model->van_share), light * model->van_share,
        heavy * (1 - model->bus_share), heavy * model->bus_share};
    double driven = 0;
    memset(out, 0, DOSI_EMISSIONS * sizeof *out);
    for (size_t v = 0; v < DOSI_VEHICLES; v++) {
        // vehicles an hour x g/km = g/km/h = 1/3.6e6 g/m/s
        double flow = traffic->flow_vph * share[v] * model->scale[v] / 3.6e6;
        double driving = 0;
        for (size_t f = 0; f < DOSI_FUELS; f++) {
            const dosi_emission_curve *exhaust = model->exhaust[v][f];
            double part = flow * model->fuel_share[v][f] * model->fuel_scale[f];
            driving += part;
            if (part == 0) continue;
            double nox =
                part * dosi_emission_exhaust(&exhaust[DOSI_EMISSION_NOX], traffic->speed_kmh);
            out[DOSI_EMISSION_NOX] += nox;
            out[DOSI_EMISSION_NO2] += nox * model->no2_part[v][f];
            for (size_t s = DOSI_EMISSION_CO; s <= DOSI_EMISSION_PM_EXHAUST; s++) {
                out[s] += part * dosi_emission_exhaust(&exhaust[s], traffic->speed_kmh);
            }
        }
        driven += driving;
        for (size_t s = DOSI_EMISSION_PM10; s <= DOSI_EMISSION_PM25; s++) {
            out[s] += driving * dosi_emission_wear((dosi_vehicle)v, (dosi_emission_species)s,
                                                   traffic->speed_kmh);
        }
    }
    out[DOSI_EMISSION_PM10] += model->resuspension * driven * resuspended_g_km[0];
    out[DOSI_EMISSION_PM25] += model->resuspension * driven * resuspended_g_km[1];
    out[DOSI_EMISSION_PM10] += out[DOSI_EMISSION_PM_EXHAUST];
    out[DOSI_EMISSION_PM25] += out[DOSI_EMISSION_PM_EXHAUST];
}
