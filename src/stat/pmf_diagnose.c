// Positive matrix factorisation: uncertainties before it, diagnosis after it.

#include "dosi/pmf.h"

#include <math.h>
#include <stdlib.h>

double dosi_pmf_uncertainty(double x, double detection_limit, double error_fraction) {
    if (!(x > detection_limit)) return isnan(x) ? (double)NAN : detection_limit * (5.0 / 6);
    return hypot(error_fraction * x, 0.5 * detection_limit);
}

static dosi_pmf_category category_of(const dosi_pmf_rules *rules, size_t j) {
    return rules->categories ? rules->categories[j] : DOSI_PMF_STRONG;
}

/// Whether a cell is measured.
static bool is_known(double x, double u) {
    return isfinite(x) && isfinite(u) && u > 0;
}

/// Applies rules to one row; whether it misses nothing but bad species.
static bool prepare_row(const dosi_pmf_rules *rules, size_t m, const double *x, double *u) {
    const double weak = rules->weak_factor > 0 ? rules->weak_factor : 3;
    bool is_whole = true;
    for (size_t j = 0; j < m; j++) {
        dosi_pmf_category category = category_of(rules, j);
        if (category == DOSI_PMF_BAD) {
            u[j] = NAN;
        } else if (!is_known(x[j], u[j])) {
            is_whole = false;
        } else {
            u[j] = hypot(u[j], rules->extra * x[j]);
            if (category == DOSI_PMF_WEAK) u[j] *= weak;
        }
    }
    return is_whole;
}

size_t dosi_pmf_prepare(
    size_t n_rows, size_t n_species, const dosi_pmf_rules *rules, const double *x, double *u) {
    size_t n_dropped = 0;
    for (size_t i = 0; i < n_rows; i++) {
        double *row = u + i * n_species;
        if (prepare_row(rules, n_species, x + i * n_species, row) || !rules->drops_rows) {
            continue;
        }
        for (size_t j = 0; j < n_species; j++) row[j] = NAN;
        n_dropped++;
    }
    return n_dropped;
}

/// Sums over the known values of one species.
typedef struct sums {
    size_t n, n_beyond;
    double signal, q, scaled, x, y, xx, yy, xy, parts;
} sums;

/// Modelled value of (i, j).
static double model_at(const dosi_pmf_solution *s, size_t i, size_t j) {
    double sum = 0;
    for (size_t p = 0; p < s->n_factors; p++) {
        sum += s->g[i * s->n_factors + p] * s->f[p * s->n_species + j];
    }
    return sum;
}

/// Adds a value to the sums of its species.
static void add_value(sums *s, double x, double u, double model) {
    double z = (x - model) / u;
    s->n++;
    s->n_beyond += fabs(z) > 3;
    s->signal += x > u ? (x - u) / u : 0;
    s->q += z * z;
    s->scaled += z;
    s->x += x;
    s->y += model;
    s->xx += x * x;
    s->yy += model * model;
    s->xy += x * model;
    s->parts += (fabs(x - model) + model) / u;
}

static dosi_pmf_fit fit_of(const sums *s, double q_per_value) {
    double n = (double)s->n, vx = s->xx - s->x * s->x / n, vy = s->yy - s->y * s->y / n;
    double vxy = s->xy - s->x * s->y / n, slope = vx > 0 ? vxy / vx : (double)NAN;
    return (dosi_pmf_fit){
        .n = s->n,
        .signal_to_noise = s->signal / n,
        .q = s->q,
        .q_ratio = s->q / (n * q_per_value),
        .r2 = vx > 0 && vy > 0 ? vxy * vxy / (vx * vy) : (double)NAN,
        .slope = slope,
        .intercept = (s->y - slope * s->x) / n,
        .bias = s->scaled / n,
        .beyond_3 = (double)s->n_beyond / n,
    };
}

void dosi_pmf_diagnose(const dosi_pmf_problem *problem,
                       const dosi_pmf_solution *solution,
                       dosi_pmf_fit *fits,
                       double *explained) {
    const size_t n = problem->n_rows, m = problem->n_species, k = solution->n_factors;
    double n_cells =
        solution->q_expected + (double)(k * (n + m)); // values known, as it was made
    for (size_t j = 0; j < m; j++) {
        sums s = {0};
        double parts[DOSI_PMF_MAX_FACTORS] = {0};
        for (size_t i = 0; i < n; i++) {
            double x = problem->x[i * m + j], u = problem->u[i * m + j];
            if (!is_known(x, u)) continue;
            add_value(&s, x, u, model_at(solution, i, j));
            for (size_t p = 0; p < k; p++) {
                parts[p] += solution->g[i * k + p] * solution->f[p * m + j] / u;
            }
        }
        fits[j] = s.n ? fit_of(&s, solution->q_expected / n_cells) : (dosi_pmf_fit){0};
        for (size_t p = 0; p < k && explained; p++) {
            explained[p * m + j] = s.parts > 0 ? parts[p] / s.parts : (double)NAN;
        }
    }
}
