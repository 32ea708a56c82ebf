// Areas of a fixed network with the covariances of their errors, and groups of them weighted by
// who is there.

#include "spatial/exposure.h"

#include "spatial/covariance.h"

#include <assert.h>
#include <cblas.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// --- areas ---------------------------------------------------------------------------------

/// Targets that stand for the areas, one area after the other.
typedef struct points {
    size_t n;
    size_t *start;         ///< (areas + 1)
    double *x, *y, *share; ///< (n) shares of an area sum to one.
} points;

static void points_clear(points *p) {
    free(p->start);
    free(p->x);
    memset(p, 0, sizeof *p);
}

/// Chooses the targets that stand for the areas.
static dosi_status points_open(const dosi_sites *targets,
                               const dosi_year_areas *areas,
                               points *p,
                               dosi_error *err) {
    size_t most = areas->n * YEAR_WITHIN;
    *p = (points){.start = calloc(areas->n + 1, sizeof *p->start),
                  .x = calloc(3 * most + 1, sizeof *p->x)};
    if (!p->start || !p->x) {
        points_clear(p);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu areas", areas->n);
    }
    p->y = p->x + most;
    p->share = p->y + most;
    for (size_t a = 0; a < areas->n; a++) {
        size_t start = areas->start[a], n = areas->start[a + 1] - start;
        size_t n_used = n < YEAR_WITHIN ? n : YEAR_WITHIN;
        double total = 0;
        for (size_t i = 0; i < n_used; i++) {
            size_t k = start + i * n / n_used;
            p->x[p->n + i] = targets->x[areas->target[k]];
            p->y[p->n + i] = targets->y[areas->target[k]];
            p->share[p->n + i] = areas->weight[k];
            total += areas->weight[k];
        }
        for (size_t i = 0; i < n_used; i++) p->share[p->n + i] /= total;
        p->n += n_used;
        p->start[a + 1] = p->n;
    }
    return DOSI_OK;
}

/// Mean covariances, without the nugget, of area `a` with areas 0..a into its row of errors.
static void fill_row(const dosi_exposure *exposure,
                     const points *p,
                     const covariance_field *field,
                     size_t a) {
    double dx[COVARIANCE_BATCH], dy[COVARIANCE_BATCH], covariance[COVARIANCE_BATCH];
    double *row = exposure->error + a * exposure->n;
    assert(p->start && p->x);
    for (size_t b = 0; b <= a; b++) row[b] = 0;
    for (size_t k = p->start[a]; k < p->start[a + 1]; k++) {
        size_t b = 0;
        for (size_t first = 0; first < p->start[a + 1]; first += COVARIANCE_BATCH) {
            size_t left = p->start[a + 1] - first;
            size_t n = left < COVARIANCE_BATCH ? left : COVARIANCE_BATCH;
            for (size_t i = 0; i < n; i++) {
                dx[i] = p->x[k] - p->x[first + i];
                dy[i] = p->y[k] - p->y[first + i];
            }
            covariance_fill(field, dx, dy, covariance, n);
            for (size_t i = 0; i < n; i++) {
                while (first + i >= p->start[b + 1]) b++;
                row[b] += p->share[k] * p->share[first + i] * covariance[i];
            }
        }
    }
}

/// Mean of covariate `k` over area `a`; 0 without targets.
static double area_covariate(const dosi_exposure *exposure,
                             const dosi_sites *targets,
                             const dosi_year_areas *areas,
                             size_t k,
                             size_t a) {
    const double *f = exposure->year->effects->target + k * targets->n;
    double sum = 0, total = 0;
    for (size_t i = areas->start[a]; i < areas->start[a + 1]; i++) {
        sum += areas->weight[i] * f[areas->target[i]];
        total += areas->weight[i];
    }
    return total > 0 ? sum / total : 0;
}

/// Adds to the covariances of area `a` with the sites what effects give them.
static void add_effects(const dosi_exposure *exposure,
                        const dosi_sites *targets,
                        const dosi_year_areas *areas,
                        size_t a,
                        double *covariance) {
    const dosi_year_effects *effects = exposure->year->effects;
    size_t n = exposure->year->n;
    for (size_t k = 0; effects && effects->target && k < effects->n; k++) {
        double scaled = area_covariate(exposure, targets, areas, k, a) * effects->variance[k];
        for (size_t i = 0; i < n; i++) covariance[i] += scaled * effects->site[k * n + i];
    }
}

/// Adds what effects give areas among each other.
static dosi_status add_area_effects(const dosi_exposure *exposure,
                                    const dosi_sites *targets,
                                    const dosi_year_areas *areas,
                                    dosi_error *err) {
    const dosi_year_effects *effects = exposure->year->effects;
    size_t n = exposure->n;
    if (!effects || !effects->target) return DOSI_OK;
    double *f = malloc((n + 1) * sizeof *f);
    if (!f) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu areas", n);
    for (size_t k = 0; k < effects->n; k++) {
        for (size_t a = 0; a < n; a++) f[a] = area_covariate(exposure, targets, areas, k, a);
        for (size_t a = 0; a < n; a++) {
            double scaled = effects->variance[k] * f[a];
            for (size_t b = 0; b <= a; b++) exposure->error[a * n + b] += scaled * f[b];
        }
    }
    free(f);
    return DOSI_OK;
}

/// Covariances of area `a` with the sites, its weights, and its multiplier.
static double open_area(const dosi_exposure *exposure,
                        const dosi_sites *targets,
                        const dosi_year_areas *areas,
                        size_t a) {
    const dosi_year *year = exposure->year;
    size_t n = year->n;
    double *covariance = exposure->covariance + a * n, *weight = exposure->weight + a * n;
    double total = 0, multiplier = -year->rest;
    for (size_t k = areas->start[a]; k < areas->start[a + 1]; k++) {
        year_covariances(year, targets->x[areas->target[k]], targets->y[areas->target[k]],
                         weight);
        for (size_t i = 0; i < n; i++) covariance[i] += areas->weight[k] * weight[i];
        total += areas->weight[k];
    }
    memset(weight, 0, n * sizeof *weight);
    if (!(total > 0)) return NAN;
    for (size_t i = 0; i < n; i++) covariance[i] /= total;
    add_effects(exposure, targets, areas, a, covariance);
    (void)year_weights(year, covariance, 0, weight);
    for (size_t i = 0; i < n; i++) multiplier += year->mean[i] * covariance[i];
    return multiplier;
}

/// From covariances of areas to those of their errors: less w_b' c_a and the multiplier of b.
static void take_known(const dosi_exposure *exposure, const double *multiplier) {
    size_t n = exposure->n, n_sites = exposure->year->n;
    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b <= a; b++) {
            double known = isnan(multiplier[a]) ? (double)NAN : multiplier[b];
            for (size_t i = 0; i < n_sites; i++) {
                known +=
                    exposure->weight[b * n_sites + i] * exposure->covariance[a * n_sites + i];
            }
            double *error = &exposure->error[a * n + b];
            *error -= known;
            if (a == b && *error < 0) *error = 0;
            exposure->error[b * n + a] = *error;
        }
    }
}

/// All areas.
static dosi_status open_areas(const dosi_exposure *exposure,
                              const dosi_sites *targets,
                              const dosi_year_areas *areas,
                              const dosi_run *run,
                              dosi_error *err) {
    points p;
    covariance_field field;
    covariance_field_set(&field, exposure->year->model, exposure->year->sill);
    field.sill -= exposure->year->nugget; // it averages out
    DOSI_TRY(points_open(targets, areas, &p, err));
    double *multiplier = malloc((areas->n + 1) * sizeof *multiplier);
    if (!multiplier) {
        points_clear(&p);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu areas", areas->n);
    }
#pragma omp parallel for schedule(dynamic, 4) num_threads(dosi_run_threads(run))
    for (size_t back = 0; back < areas->n; back++) {
        size_t a = areas->n - 1 - back; // the longest rows first
        if (dosi_run_check(run, NULL) != DOSI_OK) continue;
        fill_row(exposure, &p, &field, a);
        multiplier[a] = open_area(exposure, targets, areas, a);
    }
    dosi_status status = dosi_run_check(run, err);
    if (status == DOSI_OK) status = add_area_effects(exposure, targets, areas, err);
    if (status == DOSI_OK) take_known(exposure, multiplier);
    points_clear(&p);
    free(multiplier);
    return status;
}

dosi_status dosi_exposure_create(const dosi_year *year,
                                 const dosi_sites *targets,
                                 const dosi_year_areas *areas,
                                 const dosi_run *run,
                                 dosi_exposure **out,
                                 dosi_error *err) {
    assert(year && targets && areas && out);
    size_t n = areas->n, n_sites = year->n;
    dosi_exposure *exposure = calloc(1, sizeof *exposure);
    double *memory = calloc(n * (2 * n_sites + n) + 1, sizeof *memory);
    if (!exposure || !memory) {
        free(exposure);
        free(memory);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu areas", n);
    }
    *exposure =
        (dosi_exposure){year, n, memory, memory + n * n_sites, memory + 2 * n * n_sites};
    dosi_status status = open_areas(exposure, targets, areas, run, err);
    if (status == DOSI_OK) {
        *out = exposure;
    } else {
        dosi_exposure_destroy(exposure);
    }
    return status;
}

void dosi_exposure_destroy(dosi_exposure *exposure) {
    if (!exposure) return;
    free(exposure->covariance);
    free(exposure);
}

double dosi_exposure_covariance(const dosi_exposure *exposure, size_t a, size_t b) {
    assert(exposure && a < exposure->n && b < exposure->n);
    return exposure->error[a * exposure->n + b];
}

double exposure_mean(const dosi_year *year, size_t m, const double *covariance) {
    const double *dual = year->dual + m * year->n;
    double value = year->mean_value[m];
    for (size_t i = 0; i < year->n; i++) value += covariance[i] * dual[i];
    return value;
}

// --- groups --------------------------------------------------------------------------------

/// What finding groups needs at every pattern.
typedef struct group_work {
    const dosi_exposure *exposure;
    const dosi_exposure_people *people;
    const dosi_exposure_groups *groups;
    const dosi_exposure_result *out;
} group_work;

/// Groups under one pattern of people.
typedef struct pattern {
    double *variance;   ///< (groups) of the whole network; NaN: nobody there.
    double *covariance; ///< (groups x sites)
    double *weight;     ///< (groups x sites)
    double *share;      ///< (areas) of the group at hand.
    double *away;       ///< (areas) shares of those who are away.
    double *crossed;    ///< (areas) E away
    double *away_rows;  ///< (2 x sites) covariances with the sites, and weights, of those away.
    year_gap gap;
} pattern;

static bool pattern_reserve(const group_work *w, pattern *p) {
    size_t n = w->groups->n, n_areas = w->exposure->n, n_sites = w->exposure->year->n;
    *p = (pattern){.variance = calloc(n * (2 * n_sites + 1) + 3 * n_areas + 2 * n_sites + 1,
                                      sizeof(double))};
    if (!year_gap_reserve(w->exposure->year, &p->gap) || !p->variance) return false;
    p->covariance = p->variance + n;
    p->weight = p->covariance + n * n_sites;
    p->share = p->weight + n * n_sites;
    p->away = p->share + n_areas;
    p->crossed = p->away + n_areas;
    p->away_rows = p->crossed + n_areas;
    return true;
}

static void pattern_clear(pattern *p) {
    year_gap_clear(&p->gap);
    free(p->variance);
}

/// Shares of the `n` areas listed (NULL: the first n) that have targets and people; their sum.
static double find_shares(const dosi_exposure *exposure,
                          const double *people,
                          const uint32_t *list,
                          size_t n,
                          double *out) {
    double total = 0;
    for (size_t k = 0; k < n; k++) {
        size_t a = list ? list[k] : k;
        bool counts = people[a] > 0 && exposure_has(exposure, a);
        out[k] = counts ? people[a] : 0;
        total += out[k];
    }
    for (size_t k = 0; k < n && total > 0; k++) out[k] /= total;
    return total;
}

/// Adds `share` times the rows of an area to those of a group.
static void add_area(const dosi_exposure *exposure,
                     size_t a,
                     double share,
                     double *const rows[2]) {
    size_t n = exposure->year->n;
    for (size_t i = 0; i < n; i++) {
        rows[0][i] += share * exposure->covariance[a * n + i];
        rows[1][i] += share * exposure->weight[a * n + i];
    }
}

/// Those away under pattern `i`, and what their errors share with every area's; their own
/// variance. NaN where nobody can be away.
static double open_away(const group_work *w, size_t i, pattern *p) {
    const dosi_exposure *exposure = w->exposure;
    size_t n = exposure->n;
    if (!w->people->home) return NAN;
    if (!(find_shares(exposure, w->people->away + i * n, NULL, n, p->away) > 0)) return NAN;
    double own = 0, *const rows[2] = {p->away_rows, p->away_rows + exposure->year->n};
    memset(rows[0], 0, 2 * exposure->year->n * sizeof *rows[0]);
    for (size_t a = 0; a < n; a++) {
        p->crossed[a] = 0;
        if (p->away[a] > 0) add_area(exposure, a, p->away[a], rows);
        if (!exposure_has(exposure, a)) continue;
        for (size_t b = 0; b < n; b++) {
            if (p->away[b] > 0) p->crossed[a] += p->away[b] * exposure->error[a * n + b];
        }
        own += p->away[a] * p->crossed[a];
    }
    return own;
}

/// Group `g` under pattern `i`: variance, covariances with the sites, weights.
static void open_group(const group_work *w, size_t i, size_t g, double away_own, pattern *p) {
    const dosi_exposure *exposure = w->exposure;
    size_t n_areas = exposure->n, n_sites = exposure->year->n;
    size_t start = w->groups->start[g], n = w->groups->start[g + 1] - start;
    const uint32_t *area = w->groups->area + start;
    double *const rows[2] = {p->covariance + g * n_sites, p->weight + g * n_sites};
    double people = find_shares(exposure, w->people->weight + i * n_areas, area, n, p->share);
    double home = isnan(away_own) ? 1 : w->people->home[i], own = 0, crossed = 0;
    if (w->out->people) w->out->people[i * w->groups->n + g] = people;
    memset(rows[0], 0, n_sites * sizeof *rows[0]);
    memset(rows[1], 0, n_sites * sizeof *rows[1]);
    p->variance[g] = NAN;
    if (!(people > 0)) return;
    for (size_t k = 0; k < n; k++) {
        if (!(p->share[k] > 0)) continue;
        const double *row = exposure->error + area[k] * n_areas;
        double sum = 0;
        for (size_t l = 0; l < n; l++) {
            if (p->share[l] > 0) sum += p->share[l] * row[area[l]];
        }
        own += p->share[k] * sum;
        crossed += home < 1 ? p->share[k] * p->crossed[area[k]] : 0;
        add_area(exposure, area[k], home * p->share[k], rows);
    }
    p->variance[g] = own;
    if (!(home < 1)) return;
    p->variance[g] = home * home * own + 2 * home * (1 - home) * crossed +
                     (1 - home) * (1 - home) * away_own;
    for (size_t k = 0; k < n_sites; k++) {
        rows[0][k] += (1 - home) * p->away_rows[k];
        rows[1][k] += (1 - home) * p->away_rows[n_sites + k];
    }
}

/// All groups at map `m`.
static void draw_groups(const group_work *w, size_t m, pattern *p) {
    const dosi_year *year = w->exposure->year;
    size_t n = w->groups->n, row = year->time_of[m] * n;
    year_gap_open(year, year->values + m * year->n, &p->gap);
    for (size_t g = 0; g < n; g++) {
        if (isnan(p->variance[g])) continue;
        double more = year_gap_variance(&p->gap, p->weight + g * year->n);
        w->out->mean[row + g] = exposure_mean(year, m, p->covariance + g * year->n);
        w->out->variance[row + g] = fmax(p->variance[g], 0) + more;
    }
}

/// Everything under pattern `i`.
static void do_pattern(const group_work *w, size_t i, pattern *p) {
    const dosi_year *year = w->exposure->year;
    double away_own = open_away(w, i, p);
    for (size_t g = 0; g < w->groups->n; g++) open_group(w, i, g, away_own, p);
    for (size_t m = 0; m < year->n_maps; m++) {
        if (w->people->pattern_of[year->time_of[m]] == i) draw_groups(w, m, p);
    }
}

dosi_status dosi_exposure_find_groups(const dosi_exposure *exposure,
                                      const dosi_exposure_people *people,
                                      const dosi_exposure_groups *groups,
                                      const dosi_run *run,
                                      const dosi_exposure_result *out,
                                      dosi_error *err) {
    assert(exposure && people && people->weight && groups && out && out->mean && out->variance);
    assert(!people->home || people->away);
    const group_work w = {exposure, people, groups, out};
    size_t n_all = exposure->year->n_times * groups->n;
    for (size_t k = 0; k < n_all; k++) out->mean[k] = out->variance[k] = NAN;
    atomic_bool has_no_memory = false;
#pragma omp parallel num_threads(dosi_run_threads(run))
    {
        pattern p;
        bool is_ready = pattern_reserve(&w, &p);
        if (!is_ready) atomic_store(&has_no_memory, true);
#pragma omp for schedule(dynamic, 1)
        for (size_t i = 0; i < people->n_patterns; i++) {
            if (is_ready && dosi_run_check(run, NULL) == DOSI_OK) do_pattern(&w, i, &p);
        }
        pattern_clear(&p);
    }
    if (has_no_memory) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu groups", groups->n);
    }
    return dosi_run_check(run, err);
}
