// Looking for sources: a coarse look over a grid of places, one source at a time, then each is
// moved to where the error is least.

#include "dosi/num.h"
#include "stat/inverse.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    COARSE_ROWS = 6000,
    SIMPLEX_STEPS = 120,
    FINAL_SWEEPS = 3,
    MOVES = 4, // what moves of a source: x, y, height, rise
    CORNERS = MOVES + 1,
    PARAMETERS = MOVES + 1, // and its strength
    LEAST_EVIDENCE = 10,    // of BIC: "very strong", R. Kass and A. Raftery (1995)
};

static const size_t coarse_bytes_max = (size_t)1 << 30;

/// A look on its way.
typedef struct look {
    const dosi_inverse_problem *problem;
    const dosi_inverse_search *search;
    const dosi_run *run;
    inverse_rows all, coarse;
    double *y;        ///< (all.n) without effects.
    double *y_coarse; ///< (coarse.n)
    size_t n_places;  ///< Of the first look.
    float *columns;   ///< (n_places x coarse.n)
    double *norm;     ///< (n_places) sum of squares.
    size_t k;         ///< Sources so far.
    dosi_place place[DOSI_INVERSE_SOURCES_MAX];
    double q[DOSI_INVERSE_SOURCES_MAX];
    double *found;   ///< (DOSI_INVERSE_SOURCES_MAX x all.n) their columns.
    double *trial;   ///< (all.n) a column that is being tried.
    double *scratch; ///< (n_times + n_sensors)
} look;

/// The place of the first look with index `i`.
static dosi_place coarse_place(const dosi_inverse_search *s, size_t i) {
    size_t n_x = (size_t)((s->x_max_m - s->x_min_m) / s->step_m) + 1;
    size_t n_y = (size_t)((s->y_max_m - s->y_min_m) / s->step_m) + 1;
    size_t h = i / (n_x * n_y);
    double share = s->n_heights > 1 ? (double)h / (double)(s->n_heights - 1) : 0.5;
    return (dosi_place){s->x_min_m + (double)(i % n_x) * s->step_m,
                        s->y_min_m + (double)(i / n_x % n_y) * s->step_m,
                        s->height_min_m + share * (s->height_max_m - s->height_min_m), 1.0};
}

static size_t count_places(const dosi_inverse_search *s) {
    size_t n_x = (size_t)((s->x_max_m - s->x_min_m) / s->step_m) + 1;
    size_t n_y = (size_t)((s->y_max_m - s->y_min_m) / s->step_m) + 1;
    return n_x * n_y * s->n_heights;
}

static dosi_status check(const dosi_inverse_problem *p,
                         const dosi_inverse_search *s,
                         dosi_error *err) {
    if (p->n < 10 || p->n > UINT32_MAX || p->n_times < 2 || p->n_sensors < 2) {
        return dosi_fail(
            err, DOSI_DOMAIN,
            "sources need readings of several sensors at several times, not %zu of "
            "%zu sensors at %zu times",
            p->n, p->n_sensors, p->n_times);
    }
    bool is_box = s->x_max_m >= s->x_min_m && s->y_max_m >= s->y_min_m && s->step_m > 0 &&
                  s->height_max_m >= s->height_min_m && s->rise_min <= 1.0 &&
                  s->rise_max >= 1.0 && s->n_heights >= 1 && s->n_heights <= 16 &&
                  s->max_sources >= 1 && s->max_sources <= DOSI_INVERSE_SOURCES_MAX;
    if (!is_box) return dosi_fail(err, DOSI_DOMAIN, "the search has no room, or too much");
    double across = (s->x_max_m - s->x_min_m) / s->step_m;
    double along = (s->y_max_m - s->y_min_m) / s->step_m;
    if (across * along > 1e6) {
        return dosi_fail(err, DOSI_LIMIT, "the first look has too many places: a wider step");
    }
    return DOSI_OK;
}

// --- the first look ----------------------------------------------------------------------

/// Works out the columns of all places of the first look.
static dosi_status work_columns(look *l, dosi_error *err) {
    size_t n = l->coarse.n;
    l->n_places = count_places(l->search);
    if (l->n_places * n > coarse_bytes_max / sizeof *l->columns) {
        return dosi_fail(
            err, DOSI_LIMIT,
            "the first look has %zu places for %zu readings: a wider step, or fewer "
            "heights",
            l->n_places, n);
    }
    l->columns = malloc(l->n_places * n * sizeof *l->columns);
    l->norm = calloc(l->n_places, sizeof *l->norm);
    if (!l->columns || !l->norm) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for places");
    size_t n_scratch = l->problem->n_times + l->problem->n_sensors;
    bool has_memory = true;
#pragma omp parallel num_threads(dosi_run_threads(l->run)) reduction(&& : has_memory)
    {
        double *column = malloc((n + n_scratch) * sizeof *column);
        has_memory = column != NULL;
#pragma omp for schedule(dynamic, 16)
        for (size_t i = 0; i < l->n_places; i++) {
            if (!has_memory) continue;
            dosi_place place = coarse_place(l->search, i);
            dosi_inverse_column(&l->coarse, &place, column + n, column);
            for (size_t r = 0; r < n; r++) l->columns[i * n + r] = (float)column[r];
            l->norm[i] = dosi_inverse_dot(column, column, n);
        }
        free(column);
    }
    return has_memory ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory for places");
}

/// The place whose column would take most error away from `residual`; false when none would.
static bool best_place(const look *l, const double *residual, double *gain, dosi_place *out) {
    size_t n = l->coarse.n;
    assert(l->columns && l->norm && residual);
#pragma omp parallel for schedule(static) num_threads(dosi_run_threads(l->run))
    for (size_t i = 0; i < l->n_places; i++) {
        double sum = 0.0;
        for (size_t r = 0; r < n; r++) sum += (double)l->columns[i * n + r] * residual[r];
        gain[i] = sum > 0 && l->norm[i] > 0 ? sum * sum / l->norm[i] : 0.0;
    }
    size_t best = 0;
    for (size_t i = 1; i < l->n_places; i++) {
        if (gain[i] > gain[best]) best = i;
    }
    *out = coarse_place(l->search, best);
    return gain[best] > 0;
}

/// What is left of the coarse readings without the sources found.
static void coarse_residual(const look *l, double *column, double *out) {
    memcpy(out, l->y_coarse, l->coarse.n * sizeof *out);
    for (size_t j = 0; j < l->k; j++) {
        dosi_inverse_column(&l->coarse, &l->place[j], l->scratch, column);
        for (size_t r = 0; r < l->coarse.n; r++) out[r] -= l->q[j] * column[r];
    }
}

// --- fitting -----------------------------------------------------------------------------

/// Sum of squares with the best strengths; source `moved` (or none: k) has the trial column.
static double fit_strengths(look *l, size_t moved) {
    double a[DOSI_INVERSE_SOURCES_MAX * DOSI_INVERSE_SOURCES_MAX];
    double b[DOSI_INVERSE_SOURCES_MAX];
    size_t n = l->all.n;
    const double *column[DOSI_INVERSE_SOURCES_MAX];
    for (size_t j = 0; j < l->k; j++) column[j] = j == moved ? l->trial : l->found + j * n;
    for (size_t j = 0; j < l->k; j++) {
        for (size_t m = 0; m <= j; m++) {
            a[j * l->k + m] = dosi_inverse_dot(column[j], column[m], n);
            a[m * l->k + j] = a[j * l->k + m];
        }
        b[j] = dosi_inverse_dot(column[j], l->y, n);
    }
    dosi_inverse_nnls(a, b, l->k, l->q);
    double sum = dosi_inverse_dot(l->y, l->y, n);
    for (size_t j = 0; j < l->k; j++) {
        sum -= 2.0 * l->q[j] * b[j];
        for (size_t m = 0; m < l->k; m++) sum += l->q[j] * l->q[m] * a[j * l->k + m];
    }
    return sum;
}

/// Gram parts that do not change while one source moves are few; each try costs one column and
/// k + 1 products. Places outside the search are pushed back to its edge.
static dosi_place inside(const dosi_inverse_search *s, const double *v) {
    return (dosi_place){fmin(fmax(v[0], s->x_min_m), s->x_max_m),
                        fmin(fmax(v[1], s->y_min_m), s->y_max_m),
                        fmin(fmax(v[2], s->height_min_m), s->height_max_m),
                        fmin(fmax(v[3], s->rise_min), s->rise_max)};
}

/// What is left of each reading, into the trial column.
static const double *residuals(look *l) {
    size_t n = l->all.n;
    memcpy(l->trial, l->y, n * sizeof *l->trial);
    for (size_t j = 0; j < l->k; j++) {
        for (size_t i = 0; i < n; i++) l->trial[i] -= l->q[j] * l->found[j * n + i];
    }
    return l->trial;
}

/// Readings that count as independent: fewer than there are when what is left of a sensor's
/// readings goes together from one time to the next. Uses the trial column.
static double independent_rows(look *l) {
    double r = dosi_inverse_correlation(&l->all, residuals(l), l->scratch);
    return (double)l->all.n * (1.0 - r) / (1.0 + r);
}

/// What is thought of a source's height and rise before the readings, as a sum of squares: 1
/// for each standard error away.
static double unlikely(const dosi_inverse_search *s, const dosi_place *place) {
    double middle = 0.5 * (s->height_min_m + s->height_max_m), sum = 0.0;
    if (s->height_sd_m > 0) sum += pow((place->height_m - middle) / s->height_sd_m, 2);
    if (s->rise_log_sd > 0) sum += pow(log(place->rise) / s->rise_log_sd, 2);
    return sum;
}

/// Variance of what is left, of independent readings.
static double noise_of(look *l, double left) {
    double n = independent_rows(l);
    return n > 0 ? left / n : 0.0;
}

/// What moving one source needs of the others.
typedef struct moving {
    look *l;
    size_t j;
    double a[DOSI_INVERSE_SOURCES_MAX * DOSI_INVERSE_SOURCES_MAX];
    double b[DOSI_INVERSE_SOURCES_MAX];
    double yy;
    double noise; ///< What a standard error away from the expected counts.
} moving;

static double error_at(moving *m, const double *v) {
    look *l = m->l;
    size_t n = l->all.n;
    size_t k = l->k;
    dosi_place place = inside(l->search, v);
    double q[DOSI_INVERSE_SOURCES_MAX];
    dosi_inverse_column(&l->all, &place, l->scratch, l->trial);
    for (size_t i = 0; i < k; i++) {
        const double *other = i == m->j ? l->trial : l->found + i * n;
        double product = dosi_inverse_dot(l->trial, other, n);
        m->a[m->j * k + i] = m->a[i * k + m->j] = product;
    }
    m->b[m->j] = dosi_inverse_dot(l->trial, l->y, n);
    memcpy(q, l->q, k * sizeof *q);
    dosi_inverse_nnls(m->a, m->b, k, q);
    double sum = m->yy + m->noise * unlikely(l->search, &place);
    for (size_t i = 0; i < k; i++) {
        sum -= 2.0 * q[i] * m->b[i];
        for (size_t o = 0; o < k; o++) sum += q[i] * q[o] * m->a[i * k + o];
    }
    return sum;
}

static void start_moving(look *l, size_t j, moving *m) {
    size_t n = l->all.n;
    m->l = l;
    m->j = j;
    m->yy = dosi_inverse_dot(l->y, l->y, n);
    m->noise = noise_of(l, fit_strengths(l, l->k));
    for (size_t i = 0; i < l->k; i++) {
        m->b[i] = dosi_inverse_dot(l->found + i * n, l->y, n);
        for (size_t o = 0; o < l->k; o++) {
            m->a[i * l->k + o] = dosi_inverse_dot(l->found + i * n, l->found + o * n, n);
        }
    }
}

/// Corners in the order of their errors, the worst last.
typedef struct simplex {
    double v[CORNERS][MOVES];
    double f[CORNERS];
} simplex;

static void sort_simplex(simplex *s) {
    for (size_t i = 1; i < CORNERS; i++) {
        for (size_t j = i; j > 0 && s->f[j] < s->f[j - 1]; j--) {
            double keep = s->f[j];
            double corner[MOVES];
            s->f[j] = s->f[j - 1];
            s->f[j - 1] = keep;
            memcpy(corner, s->v[j], sizeof corner);
            memcpy(s->v[j], s->v[j - 1], sizeof corner);
            memcpy(s->v[j - 1], corner, sizeof corner);
        }
    }
}

/// The point at `t` from the centre of the best corners, away from the worst one.
static void point_from_worst(const simplex *s, double t, double *out) {
    for (size_t d = 0; d < MOVES; d++) {
        double centre = 0.0;
        for (size_t i = 0; i < MOVES; i++) centre += s->v[i][d] / MOVES;
        out[d] = centre + t * (centre - s->v[MOVES][d]);
    }
}

static void replace_worst(simplex *s, const double *point, double value) {
    memcpy(s->v[MOVES], point, sizeof s->v[MOVES]);
    s->f[MOVES] = value;
}

/// One step of J. Nelder and R. Mead (1965).
static void step_simplex(moving *m, simplex *s) {
    double point[MOVES];
    double further[MOVES];
    point_from_worst(s, 1.0, point);
    double value = error_at(m, point);
    if (value < s->f[0]) {
        point_from_worst(s, 2.0, further);
        double better = error_at(m, further);
        bool is_better = better < value;
        replace_worst(s, is_better ? further : point, is_better ? better : value);
        return;
    }
    if (value < s->f[MOVES - 1]) {
        replace_worst(s, point, value);
        return;
    }
    point_from_worst(s, value < s->f[MOVES] ? 0.5 : -0.5, further);
    double inner = error_at(m, further);
    if (inner < fmin(value, s->f[MOVES])) {
        replace_worst(s, further, inner);
        return;
    }
    for (size_t i = 1; i < CORNERS; i++) {
        for (size_t d = 0; d < MOVES; d++) s->v[i][d] = 0.5 * (s->v[i][d] + s->v[0][d]);
        s->f[i] = error_at(m, s->v[i]);
    }
}

/// Moves source `j` to where the error is least, beginning with steps of `step_m`.
static void move_source(look *l, size_t j, double step_m) {
    moving m;
    simplex s;
    const dosi_inverse_search *search = l->search;
    const dosi_place at = l->place[j];
    start_moving(l, j, &m);
    double lift = 0.15 * (search->height_max_m - search->height_min_m);
    const double from[MOVES] = {at.x_m, at.y_m, at.height_m, at.rise};
    const double step[MOVES] = {step_m, step_m, lift, at.rise > 1.2 ? -0.3 : 0.3};
    for (size_t i = 0; i < CORNERS; i++) {
        for (size_t d = 0; d < MOVES; d++) s.v[i][d] = from[d] + (i == d + 1 ? step[d] : 0.0);
        s.f[i] = error_at(&m, s.v[i]);
    }
    for (int k = 0; k < SIMPLEX_STEPS; k++) {
        sort_simplex(&s);
        double width = fabs(s.v[MOVES][0] - s.v[0][0]) + fabs(s.v[MOVES][1] - s.v[0][1]);
        if (width < 1.0 && s.f[MOVES] - s.f[0] <= 1e-9 * s.f[0]) break;
        step_simplex(&m, &s);
    }
    sort_simplex(&s);
    l->place[j] = inside(search, s.v[0]);
    dosi_inverse_column(&l->all, &l->place[j], l->scratch, l->found + j * l->all.n);
}

// --- how many ----------------------------------------------------------------------------

/// Adds sources while BIC falls.
static dosi_status add_sources(look *l, double *gain, double *column, dosi_error *err) {
    double before = dosi_inverse_dot(l->y, l->y, l->all.n);
    double *residual = column + l->coarse.n;
    while (l->k < l->search->max_sources) {
        dosi_place place;
        coarse_residual(l, column, residual);
        if (!best_place(l, residual, gain, &place)) break;
        size_t j = l->k++;
        l->place[j] = place;
        l->q[j] = 0.0;
        dosi_inverse_column(&l->all, &place, l->scratch, l->found + j * l->all.n);
        move_source(l, j, 0.5 * l->search->step_m);
        double after = fit_strengths(l, l->k);
        double n = independent_rows(l);
        bool is_worth = after > 0 && n * log(before / after) > PARAMETERS * log(n);
        if (!is_worth) {
            l->k--;
            (void)fit_strengths(l, l->k);
            break;
        }
        before = after;
        dosi_run_report(l->run, (double)l->k / (double)l->search->max_sources,
                        "adding sources");
        DOSI_TRY(dosi_run_check(l->run, err));
    }
    return DOSI_OK;
}

/// Takes source `j` out; the last one takes its place.
static void remove_source(look *l, size_t j) {
    size_t n = l->all.n;
    l->k--;
    l->place[j] = l->place[l->k];
    l->q[j] = l->q[l->k];
    if (j < l->k) memcpy(l->found + j * n, l->found + l->k * n, n * sizeof *l->found);
}

/// Two neighbours that may be one: puts one in their middle, and keeps it so when BIC falls.
static dosi_status try_merge(look *l, size_t i, size_t j, bool *is_merged, dosi_error *err) {
    size_t n = l->all.n;
    size_t k = l->k;
    double *columns = malloc((k * n + 1) * sizeof *columns);
    dosi_place place[DOSI_INVERSE_SOURCES_MAX];
    double q[DOSI_INVERSE_SOURCES_MAX];
    if (!columns) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to join sources");
    memcpy(columns, l->found, k * n * sizeof *columns);
    memcpy(place, l->place, sizeof place);
    memcpy(q, l->q, sizeof q);
    double before = fit_strengths(l, k);
    double share = q[i] + q[j] > 0 ? q[j] / (q[i] + q[j]) : 0.5;
    l->place[i].x_m += share * (place[j].x_m - place[i].x_m);
    l->place[i].y_m += share * (place[j].y_m - place[i].y_m);
    l->place[i].height_m += share * (place[j].height_m - place[i].height_m);
    dosi_inverse_column(&l->all, &l->place[i], l->scratch, l->found + i * n);
    l->q[i] = q[i] + q[j];
    remove_source(l, j);
    move_source(l, i, 0.5 * l->search->step_m);
    double after = fit_strengths(l, l->k);
    double rows = independent_rows(l);
    *is_merged = rows * log(after / before) < PARAMETERS * log(rows);
    if (!*is_merged) {
        l->k = k;
        memcpy(l->found, columns, k * n * sizeof *columns);
        memcpy(l->place, place, sizeof place);
        memcpy(l->q, q, sizeof q);
    }
    free(columns);
    return DOSI_OK;
}

/// Joins pairs that are nearer than two steps of the first look, while BIC falls.
static dosi_status join_neighbours(look *l, dosi_error *err) {
    for (size_t j = 1; j < l->k; j++) {
        for (size_t i = 0; i < j; i++) {
            double apart =
                hypot(l->place[i].x_m - l->place[j].x_m, l->place[i].y_m - l->place[j].y_m);
            bool is_merged = false;
            if (apart < 2.0 * l->search->step_m) DOSI_TRY(try_merge(l, i, j, &is_merged, err));
            if (!is_merged) continue;
            j = 0; // all pairs anew
            break;
        }
        DOSI_TRY(dosi_run_check(l->run, err));
    }
    return DOSI_OK;
}

/// All sources in turn, a few times, from smaller steps each time.
static dosi_status settle(look *l, dosi_error *err) {
    double step_m = 0.3 * l->search->step_m;
    for (int sweep = 0; sweep < FINAL_SWEEPS; sweep++, step_m *= 0.5) {
        for (size_t j = 0; j < l->k; j++) {
            move_source(l, j, step_m);
            (void)fit_strengths(l, l->k);
            DOSI_TRY(dosi_run_check(l->run, err));
        }
    }
    return DOSI_OK;
}

// --- how sure ----------------------------------------------------------------------------

static void shift(dosi_place *place, size_t d, double step) {
    double *const at[MOVES] = {&place->x_m, &place->y_m, &place->height_m, &place->rise};
    *at[d] += step;
}

/// Derivative of the model by parameter `d` of source `j`.
static void derivative(look *l, size_t j, size_t d, double *out) {
    size_t n = l->all.n;
    if (d == MOVES) {
        memcpy(out, l->found + j * n, n * sizeof *out);
        return;
    }
    double step = d == 2 ? 2.0 : d == 3 ? 0.05 : 20.0;
    dosi_place high = l->place[j];
    dosi_place low = l->place[j];
    shift(&high, d, step);
    shift(&low, d, -step);
    dosi_inverse_column(&l->all, &high, l->scratch, out);
    dosi_inverse_column(&l->all, &low, l->scratch, l->trial);
    for (size_t i = 0; i < n; i++) out[i] = l->q[j] * (out[i] - l->trial[i]) / (2.0 * step);
}

/// One over the standard error of what is expected of parameter `c`; 0: nothing is.
static double sureness(const look *l, size_t c) {
    const dosi_inverse_search *s = l->search;
    if (c % PARAMETERS == 2 && s->height_sd_m > 0) return 1.0 / s->height_sd_m;
    double rise = l->place[c / PARAMETERS].rise;
    return c % PARAMETERS == 3 && s->rise_log_sd > 0 ? 1.0 / (s->rise_log_sd * rise) : 0.0;
}

/// Scales columns to length 1 and makes the inverse of their products, in the second half of
/// `a`; false when it has none. @param columns (m x n) @param expected (m) in: a reading of the
/// parameter alone, as what is expected of it counts; out: scaled, too.
static bool invert_products(
    double *columns, size_t m, size_t n, double *expected, double *a, double *scale) {
    for (size_t c = 0; c < m; c++) {
        double *column = columns + c * n;
        double size = sqrt(dosi_inverse_dot(column, column, n));
        scale[c] = size > 0 ? 1.0 / size : 1.0;
        for (size_t i = 0; i < n; i++) column[i] *= scale[c];
        for (size_t d = 0; d <= c; d++) {
            a[c * m + d] = a[d * m + c] = dosi_inverse_dot(column, columns + d * n, n);
        }
        expected[c] *= scale[c];
        a[c * m + c] +=
            expected[c] * expected[c] + 1e-9; // a height that readings say nothing of
    }
    if (dosi_cholesky(a, m) != m) return false;
    dosi_cholesky_inverse(a, m, a + m * m);
    return true;
}

/// Standard errors of all parameters, with what is left of each reading as its own error (H.
/// White, 1980): near a source errors are larger. `inflate`: readings per independent one.
/// @param sd (PARAMETERS x k) out; NaN: none.
static dosi_status work_errors(look *l, double inflate, double *sd, dosi_error *err) {
    size_t n = l->all.n;
    size_t m = PARAMETERS * l->k;
    double *columns = malloc((m * n + 1) * sizeof *columns);
    double *a = malloc((2 * m * m + 1) * sizeof *a);
    double scale[PARAMETERS * DOSI_INVERSE_SOURCES_MAX];
    double expected[PARAMETERS * DOSI_INVERSE_SOURCES_MAX];
    if (!columns || !a) {
        free(columns);
        free(a);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for errors of sources");
    }
    for (size_t c = 0; c < m; c++) {
        derivative(l, c / PARAMETERS, c % PARAMETERS, columns + c * n);
    }
    const double *left = residuals(l);
    double noise = dosi_inverse_dot(left, left, n) / (double)n;
    for (size_t c = 0; c < m; c++) expected[c] = sqrt(inflate * noise) * sureness(l, c);
    bool is_fine = invert_products(columns, m, n, expected, a, scale);
#pragma omp parallel for schedule(static) num_threads(dosi_run_threads(l->run))
    for (size_t c = 0; c < m; c++) {
        const double *inverse = a + m * m + c * m;
        double sum = 0.0;
        for (size_t i = 0; is_fine && i < n; i++) {
            double pull = 0.0;
            for (size_t d = 0; d < m; d++) pull += inverse[d] * columns[d * n + i];
            sum += pull * pull * left[i] * left[i];
        }
        for (size_t d = 0; is_fine && d < m; d++) {
            double pull = inverse[d] * expected[d];
            sum += pull * pull * noise;
        }
        sd[c] = is_fine ? sqrt(inflate * sum) * scale[c] : (double)NAN;
    }
    free(columns);
    free(a);
    return DOSI_OK;
}

/// Sum of squares without source `j`, the others' strengths fitted again.
static double error_without(look *l, size_t j) {
    size_t n = l->all.n;
    double kept[DOSI_INVERSE_SOURCES_MAX];
    memcpy(kept, l->q, sizeof kept);
    memset(l->trial, 0, n * sizeof *l->trial);
    double sum = fit_strengths(l, j);
    memcpy(l->q, kept, sizeof kept);
    return sum;
}

/// Takes out sources without which BIC falls or hardly rises, the least needed first.
static void prune(look *l) {
    while (l->k > 0) {
        double left = fit_strengths(l, l->k);
        double n = independent_rows(l);
        size_t least = 0;
        double least_gain = INFINITY;
        for (size_t j = 0; j < l->k; j++) {
            double gain = n * log(error_without(l, j) / left);
            if (gain >= least_gain) continue;
            least = j;
            least_gain = gain;
        }
        if (least_gain >= PARAMETERS * log(n) + LEAST_EVIDENCE) return;
        remove_source(l, least);
    }
}

static int by_evidence(const void *a, const void *b) {
    double left = ((const dosi_inverse_source *)a)->bic_gain;
    double right = ((const dosi_inverse_source *)b)->bic_gain;
    return (left < right) - (left > right);
}

static dosi_status fill_result(look *l, dosi_inverse_result *out, dosi_error *err) {
    double sd[PARAMETERS * DOSI_INVERSE_SOURCES_MAX];
    double total = dosi_inverse_dot(l->y, l->y, l->all.n);
    double left = l->k > 0 ? fit_strengths(l, l->k) : total;
    double n = independent_rows(l);
    memset(out, 0, sizeof *out);
    out->n_sources = l->k;
    out->noise_sd = sqrt(left / (double)l->all.n);
    out->explained = total > 0 ? 1.0 - left / total : 0.0;
    if (l->k == 0) return DOSI_OK;
    DOSI_TRY(work_errors(l, (double)l->all.n / n, sd, err));
    for (size_t j = 0; j < l->k; j++) {
        double without = error_without(l, j);
        out->sources[j] =
            (dosi_inverse_source){.place = l->place[j],
                                  .strength = l->q[j],
                                  .x_sd_m = sd[PARAMETERS * j],
                                  .y_sd_m = sd[PARAMETERS * j + 1],
                                  .height_sd_m = sd[PARAMETERS * j + 2],
                                  .rise_sd = sd[PARAMETERS * j + 3],
                                  .strength_sd = sd[PARAMETERS * j + MOVES],
                                  .bic_gain = n * log(without / left) - PARAMETERS * log(n)};
    }
    qsort(out->sources, l->k, sizeof out->sources[0], by_evidence);
    return DOSI_OK;
}

// --- the whole ---------------------------------------------------------------------------

static dosi_status take_readings(look *l, dosi_error *err) {
    const dosi_inverse_problem *p = l->problem;
    size_t most = l->search->max_coarse_rows ? l->search->max_coarse_rows : COARSE_ROWS;
    size_t stride = (p->n + most - 1) / most;
    DOSI_TRY(dosi_inverse_rows_take(p, 1, &l->all, err));
    DOSI_TRY(dosi_inverse_rows_take(p, stride, &l->coarse, err));
    l->y = malloc(p->n * sizeof *l->y);
    l->y_coarse = malloc((l->coarse.n + 1) * sizeof *l->y_coarse);
    l->trial = malloc(p->n * sizeof *l->trial);
    l->found = malloc((l->search->max_sources + 1) * p->n * sizeof *l->found);
    l->scratch = malloc((p->n_times + p->n_sensors) * sizeof *l->scratch);
    if (!l->y || !l->y_coarse || !l->trial || !l->found || !l->scratch) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for readings");
    }
    for (size_t i = 0; i < l->all.n; i++) l->y[i] = p->y[l->all.row[i]];
    for (size_t i = 0; i < l->coarse.n; i++) l->y_coarse[i] = p->y[l->coarse.row[i]];
    dosi_inverse_take_effects(&l->all, l->y, l->scratch);
    dosi_inverse_take_effects(&l->coarse, l->y_coarse, l->scratch);
    return DOSI_OK;
}

static void look_clear(look *l) {
    dosi_inverse_rows_clear(&l->all);
    dosi_inverse_rows_clear(&l->coarse);
    free(l->y);
    free(l->y_coarse);
    free(l->columns);
    free(l->norm);
    free(l->found);
    free(l->trial);
    free(l->scratch);
}

static dosi_status find_all(look *l, dosi_error *err) {
    DOSI_TRY(take_readings(l, err));
    DOSI_TRY(work_columns(l, err));
    double *gain = malloc(l->n_places * sizeof *gain);
    double *column = malloc(2 * (l->coarse.n + 1) * sizeof *column);
    dosi_status status = gain && column
                             ? add_sources(l, gain, column, err)
                             : dosi_fail(err, DOSI_NO_MEMORY, "no memory for the first look");
    free(gain);
    free(column);
    if (status == DOSI_OK) status = join_neighbours(l, err);
    if (status == DOSI_OK) status = settle(l, err);
    if (status == DOSI_OK) prune(l);
    return status;
}

dosi_status dosi_inverse_find(const dosi_inverse_problem *problem,
                              const dosi_inverse_search *search,
                              const dosi_run *run,
                              dosi_inverse_result *out,
                              dosi_error *err) {
    assert(problem && search && out && problem->forward);
    DOSI_TRY(check(problem, search, err));
    look *l = calloc(1, sizeof *l);
    if (!l) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to look for sources");
    l->problem = problem;
    l->search = search;
    l->run = run;
    dosi_status status = find_all(l, err);
    if (status == DOSI_OK) status = fill_result(l, out, err);
    look_clear(l);
    free(l);
    return status;
}
