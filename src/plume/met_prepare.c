// From what a weather station measures to friction velocity, Obukhov length and mixing heights.

#include "dosi/met.h"

#include <math.h>
#include <stdbool.h>

static const double pi = 3.141592653589793238462643383280;
static const double gravity = 9.80665;
static const double air_heat = 1004.0; // J/(kg K)
static const double gas_constant = 287.04;
static const double stefan_boltzmann = 5.67e-8;
static const double least_wind_ms = 0.5;
static const double least_friction_ms = 0.02;
static const double entrainment = 0.2;

enum { N_ITERATIONS = 50 };

double dosi_sun_sine(double latitude_deg, double longitude_deg, dosi_time utc) {
    const double rad = pi / 180.0;
    // Days from 2000-01-01 12:00 UTC.
    double days =
        (double)(utc - dosi_days_from_civil(2000, 1, 1) * DOSI_DAY_US) / 86400e6 - 0.5;
    double mean_longitude = 280.460 + 0.9856474 * days;
    double anomaly = (357.528 + 0.9856003 * days) * rad;
    double ecliptic =
        (mean_longitude + 1.915 * sin(anomaly) + 0.020 * sin(2.0 * anomaly)) * rad;
    double obliquity = (23.439 - 4e-7 * days) * rad;
    double ascension = atan2(cos(obliquity) * sin(ecliptic), cos(ecliptic));
    double declination = asin(sin(obliquity) * sin(ecliptic));
    double hour = (days - floor(days)) * 24.0 + 12.0; // of UTC: days count from noon
    double sidereal = 6.697375 + 0.0657098242 * days + fmod(hour, 24.0);
    double angle = (sidereal * 15.0 + longitude_deg) * rad - ascension;
    double latitude = latitude_deg * rad;
    return sin(declination) * sin(latitude) + cos(declination) * cos(latitude) * cos(angle);
}

double dosi_global_radiation(double sun_sine, double cloud) {
    double clear = 990.0 * sun_sine - 30.0;
    if (!(clear > 0.0)) return 0.0;
    return clear * (1.0 - 0.75 * pow(cloud, 3.4));
}

double dosi_net_radiation(double global_wm2, double albedo, double air_k, double cloud) {
    double squared = air_k * air_k;
    double longwave = 5.31e-13 * squared * squared * squared -
                      stefan_boltzmann * squared * squared + 60.0 * cloud;
    return ((1.0 - albedo) * global_wm2 + longwave) / 1.12;
}

double dosi_heat_flux(double net_wm2, double air_k, double moisture) {
    double celsius = air_k - 273.15;
    // Slope of the saturation curve over the psychrometer constant.
    double saturated_hpa = 6.1094 * exp(17.625 * celsius / (celsius + 243.04));
    double slope = saturated_hpa * 17.625 * 243.04 / ((celsius + 243.04) * (celsius + 243.04));
    double ratio = 0.646 * (1.0 + 0.000944 * celsius) / slope; // gamma / s, hPa/K
    double share = ((1.0 - moisture) + ratio) / (1.0 + ratio);
    return share * 0.9 * net_wm2 - 20.0 * moisture;
}

/// u* and L of an hour with heat flux upwards, by iteration from neutral.
static void unstable_layer(const dosi_met_site *site,
                           double wind_ms,
                           double density,
                           double air_k,
                           dosi_met_hour *out) {
    double z = site->anemometer_m - site->displacement_m;
    double z0 = site->roughness_m;
    double length = -INFINITY;
    double friction = 0.0;
    for (int i = 0; i < N_ITERATIONS; i++) {
        double before = friction;
        friction = DOSI_VON_KARMAN * wind_ms /
                   (log(z / z0) - dosi_mo_psi_m(z / length) + dosi_mo_psi_m(z0 / length));
        length = -density * air_heat * air_k * friction * friction * friction /
                 (DOSI_VON_KARMAN * gravity * out->heat_wm2);
        if (fabs(friction - before) < 1e-10 * friction) break;
    }
    out->friction_ms = friction;
    out->mo_length_m = length;
}

/// u* and L of a stable hour: theta* from cloud, and below the least wind that can carry that
/// heat both fall with the wind.
static void stable_layer(const dosi_met_site *site,
                         double wind_ms,
                         double cloud,
                         double density,
                         double air_k,
                         dosi_met_hour *out) {
    double z = site->anemometer_m - site->displacement_m;
    double drag = DOSI_VON_KARMAN / log(z / site->roughness_m);
    double scale_k = 0.09 * (1.0 - 0.5 * cloud * cloud); // theta*
    double critical = 2.0 * sqrt(5.0 * z * gravity * scale_k / (air_k * drag));
    double friction;
    if (wind_ms >= critical) {
        double ratio = critical / wind_ms;
        friction = 0.5 * drag * wind_ms * (1.0 + sqrt(1.0 - ratio * ratio));
    } else {
        friction = 0.5 * drag * wind_ms;
        scale_k *= wind_ms / critical;
    }
    friction = fmax(friction, least_friction_ms);
    // Never more than 64 W/m2 downwards.
    scale_k = fmin(scale_k, 64.0 / (density * air_heat * friction));
    out->friction_ms = friction;
    out->mo_length_m = air_k * friction * friction / (DOSI_VON_KARMAN * gravity * scale_k);
    out->heat_wm2 = -density * air_heat * friction * scale_k;
}

/// What is carried from hour to hour.
typedef struct carried {
    double mechanical_m; ///< NaN: none yet.
    double heat_km;      ///< Kinematic heat put into the mixed layer since sunrise, K m.
} carried;

/// Mixing heights: the mechanical one follows 2300 u*^1.5 with the time scale of its eddies;
/// the convective one grows with the heat put in.
static void mixing_heights(const dosi_met_site *site,
                           double density,
                           double air_k,
                           carried *before,
                           dosi_met_hour *out) {
    double aim = 2300.0 * pow(out->friction_ms, 1.5);
    if (isnan(before->mechanical_m)) before->mechanical_m = aim;
    double time_s = before->mechanical_m / (2.0 * out->friction_ms);
    double keep = exp(-3600.0 / time_s);
    before->mechanical_m = before->mechanical_m * keep + aim * (1.0 - keep);
    out->mechanical_m = fmin(before->mechanical_m, 4000.0);
    out->convective_m = 0.0;
    out->convective_ms = 0.0;
    if (out->heat_wm2 > 0.0) {
        double flux = out->heat_wm2 / (density * air_heat);
        before->heat_km += 3600.0 * flux;
        out->convective_m = fmin(
            sqrt(2.0 * (1.0 + 2.0 * entrainment) * before->heat_km / site->lapse_km), 4000.0);
        out->convective_ms = cbrt(gravity / air_k * flux * out->convective_m);
    } else if (out->sun_sine <= 0.0) {
        before->heat_km = 0.0;
    }
    out->mixing_m = fmax(out->mechanical_m, out->convective_m);
}

static const dosi_met_hour missing_hour = {
    (double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN,         (double)NAN,
    (double)NAN, (double)NAN, (double)NAN, (double)NAN, DOSI_STABILITY_COUNT};

static dosi_status check_site(const dosi_met_site *s, dosi_error *err) {
    const struct {
        const char *name;
        double value, low, high;
    } fields[] = {
        {"latitude", s->latitude_deg, -90.0, 90.0},
        {"longitude", s->longitude_deg, -180.0, 180.0},
        {"roughness", s->roughness_m, 0.001, 5.0},
        {"displacement", s->displacement_m, 0.0, 100.0},
        {"anemometer", s->anemometer_m, s->displacement_m + 2.0 * s->roughness_m, 500.0},
        {"albedo", s->albedo, 0.0, 1.0},
        {"moisture", s->moisture, 0.0, 1.5},
        {"lapse", s->lapse_km, 0.0005, 0.1},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].value >= fields[i].low && fields[i].value <= fields[i].high) continue;
        return dosi_fail(err, DOSI_DOMAIN, "%s %g is not in %g..%g", fields[i].name,
                         fields[i].value, fields[i].low, fields[i].high);
    }
    return DOSI_OK;
}

/// A value of a column that may be absent, or `otherwise`.
static double value_or(const double *column, size_t i, double otherwise) {
    return column && !isnan(column[i]) ? column[i] : otherwise;
}

dosi_status dosi_met_prepare(const dosi_met_site *site,
                             const dosi_met_weather *weather,
                             dosi_met_hour *hours,
                             dosi_error *err) {
    DOSI_TRY(check_site(site, err));
    carried before = {.mechanical_m = (double)NAN};
    for (size_t i = 0; i < weather->n; i++) {
        hours[i] = missing_hour;
        double cloud = weather->cloud[i];
        if (isnan(weather->wind_ms[i] + weather->temperature_c[i] + cloud)) continue;
        dosi_met_hour *h = &hours[i];
        dosi_time middle = weather->first + (int64_t)i * DOSI_HOUR_US - DOSI_HOUR_US / 2 -
                           (int64_t)site->zone_s * DOSI_SECOND_US;
        double air_k = weather->temperature_c[i] + 273.15;
        double density =
            100.0 * value_or(weather->pressure_hpa, i, 1013.0) / (gas_constant * air_k);
        double wind = fmax(weather->wind_ms[i], least_wind_ms);
        h->sun_sine = dosi_sun_sine(site->latitude_deg, site->longitude_deg, middle);
        h->radiation_wm2 =
            value_or(weather->radiation_wm2, i, dosi_global_radiation(h->sun_sine, cloud));
        h->net_wm2 = dosi_net_radiation(h->radiation_wm2, site->albedo, air_k, cloud);
        h->heat_wm2 = dosi_heat_flux(h->net_wm2, air_k, site->moisture);
        bool is_unstable = h->heat_wm2 > 0.0 && h->radiation_wm2 > 0.0;
        if (is_unstable)
            unstable_layer(site, wind, density, air_k, h);
        else
            stable_layer(site, wind, cloud, density, air_k, h);
        mixing_heights(site, density, air_k, &before, h);
        h->stability = dosi_stability_of_hour(wind, h->radiation_wm2, cloud);
    }
    return DOSI_OK;
}
