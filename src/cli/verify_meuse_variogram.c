// Checker's part: variograms of gstat's meuse data: directions, indicators, residuals, two
// variables, nested fits and likelihoods. References: gstat 2.1-0 (Debian r-cran-gstat), the R
// call at each; m is meuse.csv with coordinates ~ x + y.

#include "cli/verify_meuse.h"
#include "dosi/num.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_BINS = 15 };

enum { OF_LOG_ZINC, OF_INDICATOR, OF_RESIDUALS, OF_BOTH };

/// A sample variogram with its reference.
typedef struct sample_case {
    const char *what;
    int of;
    double azimuth_deg, tolerance_deg;
    double bins[N_BINS][3];
} sample_case;

static const sample_case samples[] = {
    // variogram(log(zinc) ~ 1, m, alpha = c(0, 45, 90, 135))
    {"azimuth 0",
     OF_LOG_ZINC,
     0,
     22.5,
     {
         {12, 84.36079530228, 0.05327857236375},
         {76, 165.5979969433, 0.2259465488479},
         {109, 270.2944146892, 0.2732141036339},
         {134, 371.2782399986, 0.3372729416077},
         {158, 478.0647999361, 0.5153016892394},
         {154, 583.3560119905, 0.5392794633246},
         {159, 692.5091137635, 0.5446153070369},
         {158, 797.5294066805, 0.7000399398777},
         {156, 901.8652921194, 0.7241924704182},
         {156, 1011.553179065, 0.7998692727593},
         {137, 1115.244919379, 0.9332381861886},
         {135, 1220.316739518, 0.7039782301759},
         {109, 1328.078588967, 0.9736846668304},
         {120, 1436.932371498, 0.7908094550309},
         {96, 1544.68558722, 0.8440806454788},
     }},
    // variogram(log(zinc) ~ 1, m, alpha = c(0, 45, 90, 135))
    {"azimuth 45",
     OF_LOG_ZINC,
     45,
     22.5,
     {
         {11, 82.06663285981, 0.07851571238157},
         {91, 165.758288905, 0.1258100529705},
         {118, 266.930930346, 0.2133332151169},
         {136, 374.2488627899, 0.2997547573725},
         {172, 479.406182667, 0.257284767755},
         {177, 587.5355356132, 0.3081546063269},
         {209, 693.0262000861, 0.3879329560992},
         {226, 796.3755355891, 0.4412063846638},
         {283, 905.2503763111, 0.4295119559821},
         {264, 1012.263262624, 0.4569811334662},
         {274, 1121.20926218, 0.4713872269595},
         {275, 1221.637041425, 0.4520079225872},
         {282, 1330.934305559, 0.4757948247277},
         {297, 1438.212616591, 0.4625390830477},
         {299, 1542.755145309, 0.4860397190078},
     }},
    // variogram(log(zinc) ~ 1, m, alpha = c(0, 45, 90, 135))
    {"azimuth 90",
     OF_LOG_ZINC,
     90,
     22.5,
     {
         {16, 78.75466133768, 0.0813710015829},
         {70, 160.0166735698, 0.2575266685989},
         {97, 267.6897341538, 0.3194426983867},
         {98, 372.0268785751, 0.472975197136},
         {118, 479.7622582787, 0.5431255175919},
         {98, 585.8558885032, 0.7927541190847},
         {115, 691.0434160107, 0.6710650276582},
         {100, 796.2214190075, 0.6490509960038},
         {88, 901.262008579, 1.003926476303},
         {72, 1004.666415157, 1.058973307964},
         {68, 1109.434630038, 1.034822499389},
         {51, 1223.732936252, 1.037600187242},
         {44, 1322.808873301, 0.9510844816777},
         {30, 1430.990009049, 0.7950988597824},
         {16, 1544.278416294, 0.6714274309078},
     }},
    // variogram(log(zinc) ~ 1, m, alpha = c(0, 45, 90, 135))
    {"azimuth 135",
     OF_LOG_ZINC,
     135,
     22.5,
     {
         {18, 74.69621380522, 0.2350878088757},
         {62, 163.8307547446, 0.2903517382094},
         {95, 264.2107115684, 0.4308177205339},
         {89, 373.3969037417, 0.6296333145764},
         {99, 475.9869081336, 0.6437104647433},
         {104, 584.0580480815, 0.8240308357413},
         {91, 697.1863619092, 0.8982800357935},
         {80, 792.9364844089, 0.9213711908091},
         {62, 899.4417528586, 0.940301078817},
         {51, 1014.816741041, 1.055962178152},
         {21, 1118.558386866, 1.157976838798},
         {16, 1216.886070978, 0.9870310672131},
         {17, 1323.207448319, 0.7307084944979},
         {10, 1431.535292173, 0.2780814623281},
         {4, 1536.742637148, 0.3627444485881},
     }},
    // variogram(log(zinc) ~ 1, m, alpha = 30, tol.hor = 15)
    {"azimuth 30",
     OF_LOG_ZINC,
     30,
     15,
     {
         {8, 88.83994220499, 0.07091083642934},
         {61, 165.4538209557, 0.07492358660018},
         {80, 271.6633636761, 0.1953616902622},
         {89, 371.8028951316, 0.269027480008},
         {124, 477.3861780894, 0.258353168994},
         {132, 585.3946234202, 0.2428034534208},
         {158, 692.9112616773, 0.3195576427356},
         {160, 796.4021994949, 0.3349641041217},
         {190, 904.8645259287, 0.3518474101247},
         {199, 1011.046202872, 0.4010733420198},
         {202, 1117.979679151, 0.4091198078434},
         {211, 1219.521960003, 0.3610383982203},
         {215, 1331.046512062, 0.4049935717114},
         {228, 1438.961948453, 0.4101961807043},
         {227, 1543.348162823, 0.4397946851832},
     }},
    // variogram(I(zinc < 500) ~ 1, m)
    {"indicator",
     OF_INDICATOR,
     0,
     0,
     {
         {57, 79.29243745583, 0.140350877193},
         {299, 163.9736655589, 0.1254180602007},
         {419, 267.3648276703, 0.1658711217184},
         {457, 372.7354223908, 0.2111597374179},
         {547, 478.4766950471, 0.2239488117002},
         {533, 585.3405810954, 0.2392120075047},
         {574, 693.1452555425, 0.2560975609756},
         {564, 796.1836488513, 0.2606382978723},
         {589, 903.1464983003, 0.2631578947368},
         {543, 1011.291773391, 0.2697974217311},
         {500, 1117.862345518, 0.261},
         {477, 1221.328098766, 0.2337526205451},
         {452, 1329.16406507, 0.2422566371681},
         {457, 1437.256203283, 0.2319474835886},
         {415, 1543.202482, 0.2253012048193},
     }},
    // variogram(log(zinc) ~ sqrt(dist), m)
    {"residuals",
     OF_RESIDUALS,
     0,
     0,
     {
         {57, 79.29243745583, 0.08819593958173},
         {299, 163.9736655589, 0.1352367055714},
         {419, 267.3648276703, 0.1471846524608},
         {457, 372.7354223908, 0.1592971572218},
         {547, 478.4766950471, 0.1793340615467},
         {533, 585.3405810954, 0.1929815084023},
         {574, 693.1452555425, 0.2375637765766},
         {564, 796.1836488513, 0.2549548333653},
         {589, 903.1464983003, 0.2400306149209},
         {543, 1011.291773391, 0.2477801130114},
         {500, 1117.862345518, 0.2253489418249},
         {477, 1221.328098766, 0.203834582078},
         {452, 1329.16406507, 0.204620032646},
         {457, 1437.256203283, 0.179808298466},
         {415, 1543.202482, 0.1803123282173},
     }},
    // variogram(gstat(gstat(NULL, "lz", log(zinc) ~ 1, m), "lc", log(cadmium) ~ 1, m)); pairs
    // halved: gstat counts them in both orders
    {"zinc and cadmium",
     OF_BOTH,
     0,
     0,
     {
         {57, 79.29243745583, 0.2132963318682},
         {299, 163.9736655589, 0.3583052714288},
         {419, 267.3648276703, 0.459530415489},
         {457, 372.7354223908, 0.5877030817021},
         {547, 478.4766950471, 0.6647269094389},
         {533, 585.3405810954, 0.8033521296528},
         {574, 693.1452555425, 0.8319782972979},
         {564, 796.1836488513, 0.9046825310992},
         {589, 903.1464983003, 0.9507196521588},
         {543, 1011.291773391, 1.043238811766},
         {500, 1117.862345518, 1.007919268332},
         {477, 1221.328098766, 0.934206201744},
         {452, 1329.16406507, 1.004263421039},
         {457, 1437.256203283, 0.8938917856012},
         {415, 1543.202482, 0.9033214574104},
     }},
};

/// What a least-squares fit may not exceed: fit.variogram(v, vgm(...))'s SSErr.
typedef struct fit_case {
    const char *what;
    int of;
    dosi_variogram_kind kind, nested; ///< Nested: NUGGET for none.
    double kappa, error;
} fit_case;

static const fit_case fits[] = {
    // vgm(0.6, "Gau", 400, 0.1)
    {"gaussian", OF_LOG_ZINC, DOSI_VARIOGRAM_GAUSSIAN, DOSI_VARIOGRAM_NUGGET, 0,
     1.9150659982299e-05},
    // vgm(0.3, "Sph", 300, 0.05, add.to = vgm(0.3, "Sph", 1000))
    {"spherical and spherical", OF_LOG_ZINC, DOSI_VARIOGRAM_SPHERICAL, DOSI_VARIOGRAM_SPHERICAL,
     0, 1.2198950963929e-05},
    // vgm(0.15, "Sph", 400, 0.05, add.to = vgm(0.3, "Exp", 1000)), whose range ends negative
    {"spherical and exponential", OF_LOG_ZINC, DOSI_VARIOGRAM_SPHERICAL,
     DOSI_VARIOGRAM_EXPONENTIAL, 0, 9.01119439893e-06},
    // variogram(log(zinc) ~ sqrt(dist), m), vgm(0.2, "Exp", 300, 0.05)
    {"residuals, exponential", OF_RESIDUALS, DOSI_VARIOGRAM_EXPONENTIAL, DOSI_VARIOGRAM_NUGGET,
     0, 7.0636306797825e-06},
    // variogram(I(zinc < 500) ~ 1, m), vgm(0.2, "Sph", 800, 0.1)
    {"indicator, spherical", OF_INDICATOR, DOSI_VARIOGRAM_SPHERICAL, DOSI_VARIOGRAM_NUGGET, 0,
     8.9409467208398e-06},
    // vgm(0.6, "Mat", 300, 0.1, kappa = 0.5), fit.kappa = TRUE: ends at 1.3
    {"matern 1.3", OF_LOG_ZINC, DOSI_VARIOGRAM_MATERN, DOSI_VARIOGRAM_NUGGET, 1.3,
     1.0931809183586e-05},
};

/// A restricted likelihood with a known range. References: the likelihood written out in R
/// (chol, solve, determinant) and optim(method = "BFGS") on both sills; gstat's
/// fit.variogram.reml() stops a little below: -101.5973 and -78.5812.
typedef struct reml_case {
    const char *what;
    int of;
    dosi_variogram_kind kind;
    double range_m; ///< 0: searched.
    double likelihood, nugget, psill;
} reml_case;

static const reml_case likelihoods[] = {
    {"spherical, range 900", OF_LOG_ZINC, DOSI_VARIOGRAM_SPHERICAL, 900, -101.5864019,
     0.027249572, 0.59291923},
    {"drift, exponential, range 340", OF_RESIDUALS, DOSI_VARIOGRAM_EXPONENTIAL, 340,
     -78.57989781, 0.070212412, 0.15876611},
    {"drift, exponential", OF_RESIDUALS, DOSI_VARIOGRAM_EXPONENTIAL, 0, -77.85846127,
     0.048711595, 0.14902587},
};

/// Values of a kind; `second` only of both. `drift` is sqrt(dist).
static dosi_status fill_values(int of,
                               const meuse_places *from,
                               const double *drift,
                               double *const *first_and_second,
                               dosi_error *err) {
    double *first = first_and_second[0], *second = first_and_second[1];
    for (size_t i = 0; i < from->n; i++) {
        first[i] = log(from->zinc[i]);
        second[i] = of == OF_BOTH ? log(from->cadmium[i]) : first[i];
        if (of == OF_INDICATOR) first[i] = second[i] = from->zinc[i] < 500 ? 1 : 0;
    }
    if (of != OF_RESIDUALS) return DOSI_OK;
    const dosi_sites sites = meuse_sites(from);
    const dosi_reml data = {
        .sites = &sites, .values = first, .n_maps = 1, .n_drift = 1, .drift = drift};
    DOSI_TRY(dosi_drift_residuals(&data, second, err));
    memcpy(first, second, from->n * sizeof *first);
    return DOSI_OK;
}

static void add(dosi_verify *verify,
                const dosi_verify_file *file,
                const char *what,
                const double *expected_and_got,
                double tolerance) {
    const dosi_verify_case item = {what, expected_and_got[0], expected_and_got[1], tolerance,
                                   DOSI_VERIFY_RELATIVE};
    dosi_verify_add(verify, file, &item);
}

/// One sample variogram.
static void compare_bins(dosi_verify *verify,
                         const dosi_verify_file *file,
                         const sample_case *c,
                         const dosi_variogram_bin *bins) {
    char what[80];
    for (size_t b = 0; b < N_BINS; b++) {
        const double got[3] = {bins[b].n_pairs, bins[b].distance_m, bins[b].gamma};
        static const char *const names[3] = {"pairs", "distance", "gamma"};
        for (size_t k = 0; k < 3; k++) {
            (void)snprintf(what, sizeof what, "%s, class %zu: %s", c->what, b + 1, names[k]);
            const double both[2] = {c->bins[b][k], got[k]};
            add(verify, file, what, both, k == 0 ? 0 : 1e-11);
        }
    }
}

/// One fit.
static dosi_status check_fit(dosi_verify *verify,
                             const dosi_verify_file *file,
                             const fit_case *c,
                             const dosi_variogram_bin *bins,
                             dosi_error *err) {
    char what[80];
    double error = NAN;
    dosi_variogram second = {.kind = c->nested};
    dosi_variogram model = {.kind = c->kind, .kappa = c->kappa};
    if (c->nested != DOSI_VARIOGRAM_NUGGET) model.nested = &second;
    DOSI_TRY(dosi_variogram_fit(bins, N_BINS, DOSI_VARIOGRAM_PAIRS_H2, &model, &error, err));
    (void)snprintf(what, sizeof what, "fit %s: SSErr", c->what);
    const dosi_verify_case item = {what, c->error, error, 1e-6, DOSI_VERIFY_AT_MOST};
    dosi_verify_add(verify, file, &item);
    return DOSI_OK;
}

/// One likelihood.
static dosi_status check_likelihood(dosi_verify *verify,
                                    const dosi_verify_file *file,
                                    const reml_case *c,
                                    const dosi_reml *data,
                                    dosi_error *err) {
    char what[80];
    double likelihood = NAN;
    dosi_variogram model = {.kind = c->kind};
    dosi_reml wanted = *data;
    wanted.range_m = c->range_m;
    wanted.n_drift = c->of == OF_RESIDUALS ? 1 : 0;
    DOSI_TRY(dosi_variogram_fit_reml(&wanted, &model, &likelihood, err));
    const double numbers[3][2] = {
        {c->likelihood, likelihood}, {c->nugget, model.nugget}, {c->psill, model.psill}};
    static const char *const names[3] = {"log likelihood", "nugget", "partial sill"};
    for (size_t k = 0; k < 3; k++) {
        (void)snprintf(what, sizeof what, "REML %s: %s", c->what, names[k]);
        add(verify, file, what, numbers[k], k == 0 ? 1e-7 : 1e-3);
    }
    return DOSI_OK;
}

dosi_status verify_meuse_variograms(dosi_verify *verify,
                                    const dosi_verify_file *file,
                                    const meuse_places *from,
                                    dosi_error *err) {
    double first[MEUSE_SITES], second[MEUSE_SITES], drift[MEUSE_SITES];
    double *const writable[2] = {first, second};
    const double *const both[2] = {first, second};
    const dosi_sites sites = meuse_sites(from);
    dosi_variogram_bin bins[N_BINS];
    for (size_t i = 0; i < from->n; i++) drift[i] = sqrt(from->dist[i]);
    for (size_t k = 0; k < sizeof samples / sizeof samples[0]; k++) {
        const sample_case *c = &samples[k];
        const dosi_variogram_classes classes = {.azimuth_deg = c->azimuth_deg,
                                                .tolerance_deg = c->tolerance_deg};
        DOSI_TRY(fill_values(c->of, from, drift, writable, err));
        DOSI_TRY(dosi_variogram_sample_cross(&sites, both, 1, &classes, bins, err));
        compare_bins(verify, file, c, bins);
    }
    for (size_t k = 0; k < sizeof fits / sizeof fits[0]; k++) {
        DOSI_TRY(fill_values(fits[k].of, from, drift, writable, err));
        DOSI_TRY(dosi_variogram_sample(&sites, first, 1, NULL, bins, err));
        DOSI_TRY(check_fit(verify, file, &fits[k], bins, err));
    }
    DOSI_TRY(fill_values(OF_LOG_ZINC, from, drift, writable, err));
    const dosi_reml data = {.sites = &sites, .values = first, .n_maps = 1, .drift = drift};
    for (size_t k = 0; k < sizeof likelihoods / sizeof likelihoods[0]; k++) {
        DOSI_TRY(check_likelihood(verify, file, &likelihoods[k], &data, err));
    }
    return DOSI_OK;
}
