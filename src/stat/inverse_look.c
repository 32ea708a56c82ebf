// A look for sources: readings, the columns of the sources so far and their products, and the
// first look over a grid of places.

#include "stat/inverse_look.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COARSE_ROWS = 6000 };

static const size_t coarse_bytes_max = (size_t)1 << 30;

// --- opening -----------------------------------------------------------------------------

static dosi_status take_memory(inverse_look *l, dosi_error *err) {
    size_t n = l->all.n + 1;
    l->width = l->search->max_sources + 2;
    l->model = calloc(n * l->width, sizeof *l->model);
    l->left = malloc(n * sizeof *l->left);
    l->column = malloc(n * sizeof *l->column);
    l->sparse.at = malloc(n * sizeof *l->sparse.at);
    l->sparse.value = malloc(n * sizeof *l->sparse.value);
    l->scratch = malloc((l->all.n_scratch + 1) * sizeof *l->scratch);
    l->y_coarse = malloc((l->coarse.n + 1) * sizeof *l->y_coarse);
    if (l->model && l->left && l->column && l->sparse.at && l->sparse.value && l->scratch &&
        l->y_coarse) {
        return DOSI_OK;
    }
    return dosi_fail(err, DOSI_NO_MEMORY, "no memory for readings");
}

dosi_status dosi_inverse_look_open(const dosi_inverse_problem *problem,
                                   const dosi_inverse_search *search,
                                   const dosi_run *run,
                                   inverse_look *out,
                                   dosi_error *err) {
    size_t most = search->max_coarse_rows ? search->max_coarse_rows : COARSE_ROWS;
    inverse_look *l = out;
    memset(l, 0, sizeof *l);
    l->problem = problem;
    l->search = search;
    l->run = run;
    DOSI_TRY(dosi_inverse_rows_take(problem, 1, &l->all, err));
    DOSI_TRY(dosi_inverse_rows_take(problem, (problem->n + most - 1) / most, &l->coarse, err));
    DOSI_TRY(take_memory(l, err));
    for (size_t i = 0; i < l->all.n; i++) l->column[i] = problem->y[l->all.row[i]];
    for (size_t i = 0; i < l->coarse.n; i++) l->y_coarse[i] = problem->y[l->coarse.row[i]];
    dosi_inverse_take_effects(&l->all, l->column, l->scratch);
    dosi_inverse_take_effects(&l->coarse, l->y_coarse, l->scratch);
    l->yy = dosi_inverse_dot(l->column, l->column, l->all.n);
    for (size_t i = 0; i < l->all.n; i++) l->model[i * l->width] = l->column[i];
    return DOSI_OK;
}

void dosi_inverse_look_close(inverse_look *l) {
    dosi_inverse_rows_clear(&l->all);
    dosi_inverse_rows_clear(&l->coarse);
    free(l->model);
    free(l->left);
    free(l->column);
    free(l->sparse.at);
    free(l->sparse.value);
    free(l->scratch);
    free(l->y_coarse);
    free(l->columns);
    free(l->norm);
    free(l->gain);
}

// --- sources -----------------------------------------------------------------------------

void dosi_inverse_products(inverse_look *l, const dosi_place *place, double *products) {
    const dosi_inverse_problem *p = l->problem;
    inverse_sparse *sparse = &l->sparse;
    size_t n_sums = l->s.k + 1;
    double sums[DOSI_INVERSE_SOURCES_MAX + 1] = {0};
    p->forward(p->context, place, l->all.row, l->all.n, l->column);
    sparse->n = 0;
    for (size_t i = 0; i < l->all.n; i++) {
        if (l->column[i] == 0.0) continue;
        sparse->at[sparse->n] = (uint32_t)i;
        sparse->value[sparse->n++] = l->column[i];
    }
    // Columns without effects are at right angles to all effects, so the new one may keep its.
    for (size_t r = 0; r < sparse->n; r++) {
        const double *row = l->model + sparse->at[r] * l->width;
        double value = sparse->value[r];
#pragma omp simd
        for (size_t i = 0; i < n_sums; i++) sums[i] += value * row[i];
    }
    memcpy(products, sums + 1, l->s.k * sizeof *products);
    products[l->s.k] = sums[0];
    products[l->s.k + 1] = dosi_inverse_square(&l->all, sparse, l->scratch);
}

void dosi_inverse_put(inverse_look *l, size_t j, const dosi_place *place) {
    inverse_sources *s = &l->s;
    double products[DOSI_INVERSE_SOURCES_MAX + 2];
    assert(j <= s->k && j < DOSI_INVERSE_SOURCES_MAX && j + 1 < l->width);
    if (j == s->k) s->q[s->k++] = 0.0;
    s->place[j] = *place;
    dosi_inverse_column(&l->all, place, l->scratch, l->column);
    memset(products, 0, sizeof products);
    for (size_t i = 0; i < l->all.n; i++) {
        double *row = l->model + i * l->width;
        row[1 + j] = l->column[i];
#pragma omp simd
        for (size_t o = 0; o <= s->k; o++) products[o] += l->column[i] * row[o];
    }
    s->b[j] = products[0];
    for (size_t o = 0; o < s->k; o++) s->gram[j][o] = s->gram[o][j] = products[1 + o];
}

void dosi_inverse_remove(inverse_look *l, size_t j) {
    inverse_sources *s = &l->s;
    size_t last = --s->k;
    if (j == last) return;
    s->place[j] = s->place[last];
    s->q[j] = s->q[last];
    s->b[j] = s->b[last];
    for (size_t o = 0; o < last; o++) s->gram[j][o] = s->gram[last][o];
    s->gram[j][j] = s->gram[last][last];
    for (size_t o = 0; o < last; o++) s->gram[o][j] = s->gram[j][o];
    for (size_t i = 0; i < l->all.n; i++) {
        l->model[i * l->width + 1 + j] = l->model[i * l->width + 1 + last];
    }
}

double dosi_inverse_error(const double *a, const double *b, const double *q, size_t k) {
    double sum = 0.0;
    for (size_t i = 0; i < k; i++) {
        sum -= 2.0 * q[i] * b[i];
        for (size_t o = 0; o < k; o++) sum += q[i] * q[o] * a[i * k + o];
    }
    return sum;
}

double dosi_inverse_fit(inverse_sources *s) {
    double a[DOSI_INVERSE_SOURCES_MAX * DOSI_INVERSE_SOURCES_MAX];
    for (size_t i = 0; i < s->k; i++) {
        memcpy(a + i * s->k, s->gram[i], s->k * sizeof *a);
    }
    dosi_inverse_nnls(a, s->b, s->k, s->q);
    return dosi_inverse_error(a, s->b, s->q, s->k);
}

const double *dosi_inverse_left(inverse_look *l) {
    for (size_t i = 0; i < l->all.n; i++) {
        const double *row = l->model + i * l->width;
        double sum = row[0];
        for (size_t j = 0; j < l->s.k; j++) sum -= l->s.q[j] * row[1 + j];
        l->left[i] = sum;
    }
    return l->left;
}

double dosi_inverse_independent(inverse_look *l) {
    double r = dosi_inverse_correlation(&l->all, dosi_inverse_left(l), l->scratch);
    return (double)l->all.n * (1.0 - r) / (1.0 + r);
}

// --- the first look ----------------------------------------------------------------------

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

dosi_status dosi_inverse_look_first(inverse_look *l, dosi_error *err) {
    size_t n = l->coarse.n;
    l->n_places = count_places(l->search);
    if (l->n_places * n > coarse_bytes_max / sizeof *l->columns) {
        return dosi_fail(
            err, DOSI_LIMIT,
            "the first look has %zu places for %zu readings: a wider step, or fewer heights",
            l->n_places, n);
    }
    l->columns = malloc((l->n_places * n + 1) * sizeof *l->columns);
    l->norm = calloc(l->n_places + 1, sizeof *l->norm);
    l->gain = calloc(l->n_places + 1, sizeof *l->gain);
    if (!l->columns || !l->norm || !l->gain) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for places");
    }
    bool has_memory = true;
#pragma omp parallel num_threads(dosi_run_threads(l->run)) reduction(&& : has_memory)
    {
        double *column = malloc((n + l->coarse.n_scratch + 1) * sizeof *column);
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

/// What is left of the coarse readings without the sources, as look->left.
static void coarse_left(inverse_look *l) {
    memcpy(l->left, l->y_coarse, l->coarse.n * sizeof *l->left);
    for (size_t j = 0; j < l->s.k; j++) {
        dosi_inverse_column(&l->coarse, &l->s.place[j], l->scratch, l->column);
        for (size_t r = 0; r < l->coarse.n; r++) l->left[r] -= l->s.q[j] * l->column[r];
    }
}

bool dosi_inverse_look_next(inverse_look *l, dosi_place *out) {
    size_t n = l->coarse.n;
    assert(l->columns && l->norm && l->gain);
    coarse_left(l);
#pragma omp parallel for schedule(static) num_threads(dosi_run_threads(l->run))
    for (size_t i = 0; i < l->n_places; i++) {
        enum { LANES = 8 };
        const float *column = l->columns + i * n;
        double lanes[LANES] = {0}, sum = 0.0;
        size_t r = 0;
        for (; r + LANES <= n; r += LANES) {
            for (size_t k = 0; k < LANES; k++) {
                lanes[k] += (double)column[r + k] * l->left[r + k];
            }
        }
        for (; r < n; r++) sum += (double)column[r] * l->left[r];
        for (size_t k = 0; k < LANES; k++) sum += lanes[k];
        l->gain[i] = sum > 0 && l->norm[i] > 0 ? sum * sum / l->norm[i] : 0.0;
    }
    size_t best = 0;
    for (size_t i = 1; i < l->n_places; i++) {
        if (l->gain[i] > l->gain[best]) best = i;
    }
    *out = coarse_place(l->search, best);
    return l->gain[best] > 0;
}
