// NO, NO2 and ozone near their sources.

#include "dosi/chemistry.h"

#include <assert.h>
#include <math.h>

double dosi_rate_no_o3(double air_k) {
    const double molecules_cm3_ppb = 1e-9 * 101325.0 / (1.380649e-23 * air_k) * 1e-6;
    return 1.4e-12 * exp(-1310.0 / air_k) * molecules_cm3_ppb;
}

double dosi_photolysis_no2(double radiation_wm2) {
    if (!(radiation_wm2 > 0.0)) return 0.0;
    return 0.8e-3 * exp(-10.0 / radiation_wm2) + 7.4e-6 * radiation_wm2;
}

double dosi_street_residence(double height_m, double exchange_ms) {
    return height_m / exchange_ms;
}

/// The smaller root of x^2 - b x + c = 0 for b, c >= 0 with real roots, without cancellation.
static double smaller_root(double b, double c) {
    double inside = fmax(b * b - 4.0 * c, 0.0);
    double sum = b + sqrt(inside);
    return sum > 0.0 ? 2.0 * c / sum : 0.0;
}

/// NO2 of the balance 0 = k NO O3 - J NO2 + (fresh - NO2) / tau with NOx and oxidant kept:
/// NO2^2 - (NOx + Ox + r) NO2 + NOx Ox + d fresh = 0, r = (J + 1/tau)/k, d = 1/(k tau).
static dosi_nox balance(
    double nox, double oxidant, double fresh_no2, double lost_ppb, double aired_ppb) {
    double b = nox + oxidant + lost_ppb + aired_ppb;
    double no2 = smaller_root(b, nox * oxidant + aired_ppb * fresh_no2);
    no2 = fmin(no2, fmin(nox, oxidant));
    return (dosi_nox){.no = nox - no2, .no2 = no2, .o3 = oxidant - no2};
}

dosi_nox dosi_nox_photostationary(const dosi_nox *mixed, double k_ppb_s, double j_s) {
    assert(k_ppb_s > 0.0 && j_s >= 0.0);
    return balance(mixed->no + mixed->no2, mixed->no2 + mixed->o3, mixed->no2, j_s / k_ppb_s,
                   0.0);
}

dosi_nox dosi_nox_aged(const dosi_nox *mixed, double age_s, double k_ppb_s, double j_s) {
    assert(k_ppb_s > 0.0 && j_s >= 0.0 && age_s >= 0.0);
    double nox = mixed->no + mixed->no2;
    double oxidant = mixed->no2 + mixed->o3;
    // d NO2 / dt = k (NO2 - low) (NO2 - high): low is the steady state.
    double b = nox + oxidant + j_s / k_ppb_s;
    double low = smaller_root(b, nox * oxidant);
    double high = b - low;
    double fading = exp(-k_ppb_s * (high - low) * age_s);
    double away = mixed->no2 - low;
    double to_high = high - mixed->no2;
    double below = to_high + away * fading;
    double no2 = low;
    if (below > 0.0 && high > low) {
        no2 = low + away * fading * (high - low) / below;
    } else if (isfinite(age_s)) {
        no2 = low + away / (1.0 + k_ppb_s * fabs(away) * age_s);
    }
    no2 = fmin(fmax(no2, 0.0), fmin(nox, oxidant));
    return (dosi_nox){.no = nox - no2, .no2 = no2, .o3 = oxidant - no2};
}

dosi_nox dosi_nox_in_street(const dosi_nox *background,
                            double added_nox_ppb,
                            double no2_share,
                            double residence_s,
                            double k_ppb_s,
                            double j_s) {
    assert(k_ppb_s > 0.0 && residence_s > 0.0);
    double fresh_no2 = background->no2 + no2_share * added_nox_ppb;
    double nox = background->no + background->no2 + added_nox_ppb;
    return balance(nox, fresh_no2 + background->o3, fresh_no2, j_s / k_ppb_s,
                   1.0 / (k_ppb_s * residence_s));
}

double dosi_no2_ozone_limited(double nox_ppb, double no2_share, double o3_ppb) {
    return no2_share * nox_ppb + fmin((1.0 - no2_share) * nox_ppb, o3_ppb);
}

double dosi_no2_ambient_ratio(double nox_ugm3, double least, double most) {
    // Sixth order downwards.
    static const double c[] = {-1.1723e-17, 4.2795e-14,  -5.8345e-11, 3.4555e-08,
                               -5.6062e-06, -2.7383e-03, 1.2441};
    double ratio = c[0];
    for (int i = 1; i < 7; i++) ratio = ratio * nox_ugm3 + c[i];
    return nox_ugm3 * fmin(fmax(ratio, least), most);
}
