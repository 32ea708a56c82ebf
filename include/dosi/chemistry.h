/// @file chemistry.h
/// NO, NO2 and ozone near their sources.
///
/// All amounts are volume shares (ppb here; any one unit will do where no rate enters). NOx is
/// NO + NO2; oxidant is NO2 + O3. Nothing else reacts on the way from a street to the roofs.
#ifndef DOSI_CHEMISTRY_H
#define DOSI_CHEMISTRY_H

#include "dosi/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The three at a place, ppb.
typedef struct dosi_nox {
    double no, no2, o3;
} dosi_nox;

/// Rate of NO + O3 -> NO2 + O2, 1/(ppb s): 1.4e-12 exp(-1310/T) cm3/s at 1013 hPa.
/// Source: IUPAC task group on atmospheric chemical kinetic data (NOx27, 2017 sheet).
DOSI_API double dosi_rate_no_o3(double air_k);

/// Photolysis of NO2, 1/s, from global radiation: 0.8e-3 exp(-10 / Q) + 7.4e-6 Q.
/// Source: O. Hertel and R. Berkowicz (1989), Modelling NO2 concentrations in a street, DMU
/// Luft A-131. 0 where Q <= 0.
DOSI_API double dosi_photolysis_no2(double radiation_wm2);

/// Photostationary state of what is mixed: O3 NO k = J NO2, with NOx and oxidant kept.
/// @param k_ppb_s, j_s  Rates; k > 0, j >= 0.
DOSI_API dosi_nox dosi_nox_photostationary(const dosi_nox *mixed, double k_ppb_s, double j_s);

/// What is mixed, some seconds later: the same two reactions with time, exactly (a Riccati
/// equation), with NOx and oxidant kept. No time leaves it as it is, much time gives
/// dosi_nox_photostationary().
/// @param age_s  >= 0; may be infinite.
DOSI_API dosi_nox dosi_nox_aged(const dosi_nox *mixed,
                                double age_s,
                                double k_ppb_s,
                                double j_s);

/// What a street's air is: background air and the street's own emission, reacting while the
/// street is aired through with a time constant (OSPM's scheme).
/// @param background  Air that comes in, >= 0 each.
/// @param added_nox_ppb  NOx that the street's traffic adds (dosi_canyon_sides()), >= 0.
/// @param no2_share   Share of it emitted as NO2, 0..1.
/// @param residence_s  Time that air stays in the street, > 0; infinite gives the
///                     photostationary state.
/// NOx is kept exactly; NO2 solves the balance's quadratic equation.
/// Source: R. Palmgren, R. Berkowicz et al. (1996), Sci. Total Environ. 189/190, 409-415.
DOSI_API dosi_nox dosi_nox_in_street(const dosi_nox *background,
                                     double added_nox_ppb,
                                     double no2_share,
                                     double residence_s,
                                     double k_ppb_s,
                                     double j_s);

/// Time that air stays in a street: its height over the exchange through the roof level, s.
DOSI_API double dosi_street_residence(double height_m, double exchange_ms);

/// Ozone limiting: NO2 = share NOx + min((1 - share) NOx, O3 of the background).
/// Source: H. S. Cole and J. E. Summerhays (1979), JAPCA 29, 812-817.
DOSI_API double dosi_no2_ozone_limited(double nox_ppb, double no2_share, double o3_ppb);

/// Ambient ratio method 2: NO2 / NOx falls with NOx by EPA's sixth-order polynomial, kept
/// within [least, most] (0.5 and 0.9 by default in the United States). Source: EPA, AERMOD
/// model formulation, ARM2 (EPA-454/B-22-009, 2022).
/// @param nox_ugm3  NOx as NO2, ug/m3, >= 0: the polynomial is of mass.
/// @return NO2, ug/m3.
DOSI_API double dosi_no2_ambient_ratio(double nox_ugm3, double least, double most);

#ifdef __cplusplus
}
#endif

#endif // DOSI_CHEMISTRY_H
