// Checker's part: all kinds of kriging of gstat's meuse data. References: gstat 2.1-0 (Debian
// r-cran-gstat), the R call above each; m and g are meuse.csv and meuse_grid.csv with
// coordinates ~ x + y and m$lz <- log(m$zinc); all with 15 digits.

#include "cli/verify_meuse.h"
#include "dosi/num.h"

#include <math.h>
#include <stdlib.h>

/// vgm(0.5906078022101, "Sph", 897.020909797, 0.0506624268192), "sph"; "pure" without nugget.
static const dosi_variogram spherical = {.kind = DOSI_VARIOGRAM_SPHERICAL,
                                         .nugget = 0.0506624268192,
                                         .psill = 0.5906078022101,
                                         .range_m = 897.020909797};
static const dosi_variogram pure = {
    .kind = DOSI_VARIOGRAM_SPHERICAL, .psill = 0.5906078022101, .range_m = 897.020909797};
/// vgm(0.1764155856, "Exp", 340.3200647, 0.0571223110), "ex"
static const dosi_variogram residual = {.kind = DOSI_VARIOGRAM_EXPONENTIAL,
                                        .nugget = 0.0571223110,
                                        .psill = 0.1764155856,
                                        .range_m = 340.3200647};
/// vgm(0.1574955697, "Sph", 882.8722070, 0.1011637405), "ni"
static const dosi_variogram indicator = {.kind = DOSI_VARIOGRAM_SPHERICAL,
                                         .nugget = 0.1011637405,
                                         .psill = 0.1574955697,
                                         .range_m = 882.8722070};
/// vgm(0.3, "Sph", 400, 0.04, add.to = vgm(0.35, "Exp", 600))
static const dosi_variogram outer = {
    .kind = DOSI_VARIOGRAM_EXPONENTIAL, .psill = 0.35, .range_m = 600};
static const dosi_variogram nested = {.kind = DOSI_VARIOGRAM_SPHERICAL,
                                      .nugget = 0.04,
                                      .psill = 0.3,
                                      .range_m = 400,
                                      .nested = &outer};
/// vgm(0.59, "Sph", 1200, 0.05, anis = c(45, 0.4))
static const dosi_variogram turned = {.kind = DOSI_VARIOGRAM_SPHERICAL,
                                      .nugget = 0.05,
                                      .psill = 0.59,
                                      .range_m = 1200,
                                      .azimuth_deg = 45,
                                      .ratio = 0.4};
/// vgm(0.5, "Gau", 386, 0.117)
static const dosi_variogram gaussian = {
    .kind = DOSI_VARIOGRAM_GAUSSIAN, .nugget = 0.117, .psill = 0.5, .range_m = 386};
/// vgm(0.567350659, "Mat", 201.1926573, 0.0950634253, kappa = 1.5); range 150, kappa = 2.5;
/// vgm(0.9, "Mat", 1700, 0.05, kappa = 0.3)
static const dosi_variogram matern_15 = {.kind = DOSI_VARIOGRAM_MATERN,
                                         .nugget = 0.0950634253,
                                         .psill = 0.567350659,
                                         .range_m = 201.1926573,
                                         .kappa = 1.5};
static const dosi_variogram matern_25 = {.kind = DOSI_VARIOGRAM_MATERN,
                                         .nugget = 0.0950634253,
                                         .psill = 0.567350659,
                                         .range_m = 150,
                                         .kappa = 2.5};
static const dosi_variogram matern_03 = {
    .kind = DOSI_VARIOGRAM_MATERN, .nugget = 0.05, .psill = 0.9, .range_m = 1700, .kappa = 0.3};

enum { DRIFT_NONE, DRIFT_DIST, DRIFT_PLACE, DRIFT_FLOOD, MAX_DRIFT = 3 };
enum { ERRORS_NONE, ERRORS_EQUAL, ERRORS_UNLIKE };

/// A run with its reference.
typedef struct kriging_case {
    const char *what;
    const dosi_variogram *model;
    double mean; ///< 0: unknown.
    int drift, errors;
    bool is_indicator; ///< Of zinc < 500; else log(zinc).
    double block[2];
    size_t n_nearest;
    double grid[6]; ///< Prediction and variance of cells 1 and 1500, sums of both; leaving one
                    ///< out: mean error, mean absolute error, RMSE, MSDR.
} kriging_case;

static const kriging_case cases[] = {
    // krige(lz ~ 1, m, g, sph, beta = 5.9)
    {.what = "simple, mean 5.9",
     .model = &spherical,
     .mean = 5.9,
     .grid = {6.45215526168389, 0.316002687097374, 4.9584513816032, 0.191498063023419,
              17681.908760681, 573.592570969641}},
    // ..., nmax = 20
    {.what = "simple, 20 nearest",
     .model = &spherical,
     .mean = 5.9,
     .n_nearest = 20,
     .grid = {6.46503623626947, 0.319080187921489, 4.85345968891497, 0.193198055080658,
              17686.1058180971, 578.831556883243}},
    // krige(lz ~ sqrt(dist), m, g, ex)
    {.what = "drift sqrt(dist)",
     .model = &residual,
     .drift = DRIFT_DIST,
     .grid = {7.04125226064256, 0.177545153703758, 4.85417708855704, 0.133350379466697,
              17691.9452255791, 397.719140904451}},
    // ..., nmax = 25
    {.what = "drift sqrt(dist), 25 nearest",
     .model = &residual,
     .drift = DRIFT_DIST,
     .n_nearest = 25,
     .grid = {7.03738148956718, 0.200674945581267, 4.88651444933061, 0.133882015749676,
              17696.9040343669, 410.33950475171}},
    // krige(lz ~ x + y, m, g, ex)
    {.what = "drift x + y",
     .model = &residual,
     .drift = DRIFT_PLACE,
     .grid = {6.47597865212774, 0.180851165854806, 4.91702621259133, 0.133291145294903,
              17681.1410193442, 398.519337459687}},
    // krige(lz ~ sqrt(dist) + I(ffreq == 2) + I(ffreq == 3), m, g, ex)
    {.what = "drift dist, flood",
     .model = &residual,
     .drift = DRIFT_FLOOD,
     .grid = {7.02312265683091, 0.177650408428014, 4.81878312556536, 0.133407718583275,
              17429.6637850736, 408.53523181547}},
    // krige(lz ~ 1, m, g, sph, block = c(40, 40))
    {.what = "blocks of 40 m",
     .model = &spherical,
     .block = {40, 40},
     .grid = {6.49915789074094, 0.249310773936639, 4.95820038301099, 0.121280790759765,
              17710.103905968, 359.663798271674}},
    // ..., nmax = 20
    {.what = "blocks, 20 nearest",
     .model = &spherical,
     .block = {40, 40},
     .n_nearest = 20,
     .grid = {6.54641359613796, 0.274155785090859, 4.85149886924608, 0.122948718773332,
              17652.3273392448, 370.980820582511}},
    // krige(lz ~ sqrt(dist), m, g, ex, block = c(40, 40))
    {.what = "blocks, drift",
     .model = &residual,
     .drift = DRIFT_DIST,
     .block = {40, 40},
     .grid = {7.04120825380769, 0.110173334664282, 4.85414512944873, 0.0660490943383833,
              17692.000403322, 189.886851935032}},
    // krige(lz ~ 1, m, g, sph, beta = 5.9, block = c(40, 40))
    {.what = "blocks, simple",
     .model = &spherical,
     .mean = 5.9,
     .block = {40, 40},
     .grid = {6.4516478463656, 0.245498474197482, 4.95812932238592, 0.121280796564709,
              17682.3760223387, 358.168775399645}},
    // krige(lz ~ 1, m, g, sph, block = c(100, 60))
    {.what = "blocks of 100 x 60 m",
     .model = &spherical,
     .block = {100, 60},
     .grid = {6.49818562088587, 0.230527914342066, 4.95720715829187, 0.103404491499006,
              17712.341086353, 310.324666441301}},
    // krige(I(zinc < 500) ~ 1, m, g, ni)
    {.what = "indicator zinc < 500",
     .model = &indicator,
     .is_indicator = true,
     .grid = {0.30615976733586, 0.191310090473867, 0.941453985580953, 0.155173470949848,
              2184.04895042962, 482.884197837174}},
    // ..., nmax = 16
    {.what = "indicator, 16 nearest", // with 15, gstat takes the other of two sites as near
     .model = &indicator,
     .is_indicator = true,
     .n_nearest = 16,
     .grid = {0.277228732950969, 0.205069852515508, 1, 0.15605156019533, 2232.2491994917,
              489.101991827202}},
    // krige(lz ~ 1, m, g, nested)
    {.what = "nested",
     .model = &nested,
     .grid = {6.4350108112933, 0.44960298428286, 4.86256461180723, 0.282372156808235,
              17704.5446910245, 790.255594857857}},
    // krige(lz ~ 1, m, g, turned)
    {.what = "anisotropic",
     .model = &turned,
     .grid = {6.65664143542944, 0.287713356890423, 4.81468106799805, 0.21000951002235,
              17745.339877663, 645.044560557263}},
    // ..., nmax = 20
    {.what = "anisotropic, 20 nearest",
     .model = &turned,
     .n_nearest = 20,
     .grid = {6.66364889291792, 0.301426025935485, 4.80925323912506, 0.211960502746635,
              17668.8882542588, 659.720199408769}},
    // krige(lz ~ 1, m, g, gau)
    {.what = "gaussian",
     .model = &gaussian,
     .grid = {6.54444855998638, 0.290064865772397, 4.90783581949522, 0.167031997738563,
              17705.8952338355, 579.763729676339}},
    // krige(lz ~ 1, m, g, mat1)
    {.what = "matern 1.5",
     .model = &matern_15,
     .grid = {6.54121199202324, 0.323274707132027, 4.86181280799391, 0.181561025390953,
              17695.027921314, 589.476965980793}},
    // krige(lz ~ 1, m, g, mat2)
    {.what = "matern 2.5",
     .model = &matern_25,
     .grid = {6.57258025659551, 0.291644807982002, 4.86742475176079, 0.156948301926441,
              17686.5284943324, 534.435237493502}},
    // krige(lz ~ 1, m, g, mat3)
    {.what = "matern 0.3",
     .model = &matern_03,
     .grid = {6.52397514063176, 0.386343644534035, 4.8873113540291, 0.270508126387292,
              17704.3720554097, 793.438422710654}},
    // krige(lz ~ 1, m, g, vgm(0.0506624268192, "Err", 0, add.to = pure))
    {.what = "equal errors",
     .model = &pure,
     .errors = ERRORS_EQUAL,
     .grid = {6.49962408412582, 0.269145961737312, 4.9584777419739, 0.140835637377821,
              17709.5307263941, 417.879477275128}},
    // ..., nmax = 20
    {.what = "equal errors, 20 nearest",
     .model = &pure,
     .errors = ERRORS_EQUAL,
     .n_nearest = 20,
     .grid = {6.54692213405482, 0.293999564938866, 4.85111342186435, 0.14253696700414,
              17651.8805566722, 429.248234552092}},
    // krige(lz ~ 1, m, g, pure, weights = 1 / (1:155 / 155 * 0.2 + 0.01))
    {.what = "unlike errors",
     .model = &pure,
     .errors = ERRORS_UNLIKE,
     .grid = {6.51418930740987, 0.255506319923534, 4.98708371971208, 0.162815215879175,
              17801.0488673595, 479.221545228001}},
};

static const kriging_case left_out[] = {
    // krige.cv(lz ~ sqrt(dist), m, ex)
    {.what = "drift sqrt(dist)",
     .model = &residual,
     .drift = DRIFT_DIST,
     .grid = {-0.00312395216368239, 0.270078850577784, 0.377650884310095, 1.08212257348686}},
    // krige.cv(lz ~ 1, m, sph, beta = 5.9)
    {.what = "simple, mean 5.9",
     .model = &spherical,
     .mean = 5.9,
     .grid = {0.00601539371264159, 0.292283491092554, 0.392338504732742, 0.822138326866003}},
    // krige.cv(lz ~ sqrt(dist), m, ex, nmax = 25)
    {.what = "drift, 25 nearest",
     .model = &residual,
     .drift = DRIFT_DIST,
     .n_nearest = 25,
     .grid = {-0.00523971510160262, 0.275935389489798, 0.385476885863469, 1.1022510966141}},
    // krige.cv(lz ~ 1, m, sph, nmax = 20)
    {.what = "20 nearest",
     .model = &spherical,
     .n_nearest = 20,
     .grid = {0.00633732145597363, 0.284817576688907, 0.388346624032232, 0.798010869186776}},
    // krige.cv(I(zinc < 500) ~ 1, m, ni)
    {.what = "indicator",
     .model = &indicator,
     .is_indicator = true,
     .grid = {-0.000924798169935387, 0.249879898855207, 0.330921499982138, 0.717424650118109}},
    // krige.cv(lz ~ 1, m, turned)
    {.what = "anisotropic",
     .model = &turned,
     .grid = {0.00295914903618221, 0.297288634292588, 0.393769530839559, 0.732941250912587}},
};

/// Numbers that a case needs, in one piece of memory.
typedef struct kriging_data {
    double values[MEUSE_SITES], errors[MEUSE_SITES], drift[MEUSE_SITES * MAX_DRIFT];
    double target_drift[MEUSE_CELLS * MAX_DRIFT];
    double prediction[MEUSE_CELLS], variance[MEUSE_CELLS];
} kriging_data;

/// Drift columns of a kind at places; how many there are.
static size_t fill_drift(int kind, const meuse_places *places, double *out) {
    static const size_t widths[] = {0, 1, 2, 3};
    size_t width = widths[kind];
    for (size_t i = 0; i < places->n; i++) {
        double *row = out + i * width;
        if (kind == DRIFT_PLACE) {
            row[0] = places->x[i];
            row[1] = places->y[i];
        } else if (kind != DRIFT_NONE) {
            row[0] = sqrt(places->dist[i]);
        }
        if (kind == DRIFT_FLOOD) {
            row[1] = places->flood[i] == 2 ? 1 : 0;
            row[2] = places->flood[i] == 3 ? 1 : 0;
        }
    }
    return width;
}

/// The problem of a case.
static dosi_krige make_problem(const kriging_case *c,
                               const meuse_places *from,
                               const dosi_sites *sites,
                               kriging_data *data) {
    for (size_t i = 0; i < from->n; i++) {
        double zinc = from->zinc[i];
        data->values[i] = c->is_indicator ? (zinc < 500 ? 1 : 0) : log(zinc);
        double unlike = (double)(i + 1) / 155 * 0.2 + 0.01;
        data->errors[i] = c->errors == ERRORS_UNLIKE ? unlike : 0.0506624268192;
    }
    return (dosi_krige){
        .model = c->model,
        .sites = sites,
        .values = data->values,
        .n_maps = 1,
        .n_nearest = c->n_nearest,
        .mean_kind = c->mean != 0 ? DOSI_KRIGE_MEAN_KNOWN : DOSI_KRIGE_MEAN_UNKNOWN,
        .mean = c->mean,
        .n_drift = fill_drift(c->drift, from, data->drift),
        .drift = data->drift,
        .target_drift = data->target_drift,
        .error_variance = c->errors == ERRORS_NONE ? NULL : data->errors,
        .block_m = {c->block[0], c->block[1]},
    };
}

static void add(dosi_verify *verify,
                const dosi_verify_file *file,
                const char *const *words,
                double expected,
                double got) {
    char what[80];
    (void)snprintf(what, sizeof what, "%s: %s", words[0], words[1]);
    const dosi_verify_case item = {what, expected, got, 1e-9, DOSI_VERIFY_RELATIVE};
    dosi_verify_add(verify, file, &item);
}

static double total(const double *values, size_t n) {
    dosi_sum sum = {0};
    for (size_t i = 0; i < n; i++) dosi_sum_add(&sum, values[i]);
    return dosi_sum_value(&sum);
}

/// One case on the grid.
static dosi_status check_grid(dosi_verify *verify,
                              const dosi_verify_file *file,
                              const kriging_case *c,
                              const meuse_places *const *places,
                              kriging_data *data,
                              dosi_error *err) {
    static const char *const names[6] = {
        "cell 1",        "variance 1",         "cell 1500",
        "variance 1500", "sum of predictions", "sum of variances"};
    const dosi_sites sites = meuse_sites(places[0]), cells = meuse_sites(places[1]);
    const dosi_krige problem = make_problem(c, places[0], &sites, data);
    (void)fill_drift(c->drift, places[1], data->target_drift);
    DOSI_TRY(dosi_krige_predict(&problem, &cells, verify->run, data->prediction, data->variance,
                                err));
    const double got[6] = {data->prediction[0],
                           data->variance[0],
                           data->prediction[1499],
                           data->variance[1499],
                           total(data->prediction, cells.n),
                           total(data->variance, cells.n)};
    for (size_t i = 0; i < 6; i++) {
        const char *const words[2] = {c->what, names[i]};
        add(verify, file, words, c->grid[i], got[i]);
    }
    return DOSI_OK;
}

/// One case of leaving one out.
static dosi_status check_left_out(dosi_verify *verify,
                                  const dosi_verify_file *file,
                                  const kriging_case *c,
                                  const meuse_places *from,
                                  kriging_data *data,
                                  dosi_error *err) {
    static const char *const names[4] = {"left out, ME", "left out, MAE", "left out, RMSE",
                                         "left out, MSDR"};
    const dosi_sites sites = meuse_sites(from);
    const dosi_krige problem = make_problem(c, from, &sites, data);
    DOSI_TRY(
        dosi_krige_leave_one_out(&problem, verify->run, data->prediction, data->variance, err));
    dosi_krige_score s =
        dosi_krige_score_of(data->values, data->prediction, data->variance, sites.n);
    const double got[4] = {s.me, s.mae, s.rmse, s.msdr};
    for (size_t i = 0; i < 4; i++) {
        const char *const words[2] = {c->what, names[i]};
        add(verify, file, words, c->grid[i], got[i]);
    }
    return DOSI_OK;
}

dosi_status verify_meuse_kriging(dosi_verify *verify,
                                 const dosi_verify_file *file,
                                 const meuse_places *sites,
                                 const meuse_places *cells,
                                 dosi_error *err) {
    kriging_data *data = calloc(1, sizeof *data);
    if (!data) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for the kriging cases");
    const meuse_places *const places[2] = {sites, cells};
    dosi_status status = DOSI_OK;
    for (size_t i = 0; cells && i < sizeof cases / sizeof cases[0] && status == DOSI_OK; i++) {
        status = check_grid(verify, file, &cases[i], places, data, err);
    }
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0] && status == DOSI_OK; i++) {
        status = check_left_out(verify, file, &left_out[i], sites, data, err);
    }
    free(data);
    return status;
}
