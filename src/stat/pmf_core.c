// Positive matrix factorisation: data, memory, and exact alternating solutions.

#include "stat/pmf_core.h"

#include "dosi/num.h"
#include "stat/pmf_lanes.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_K = DOSI_PMF_MAX_FACTORS };

/// Memory handed out piece by piece; counts first when `base` is NULL.
typedef struct pool {
    char *base;
    size_t used;
} pool;

/// `n` zeroed items of `size` bytes, aligned to 64.
static void *take(pool *from, size_t n, size_t size) {
    void *at = from->base ? from->base + from->used : NULL;
    from->used += (n * size + PMF_ALIGN - 1) / PMF_ALIGN * PMF_ALIGN;
    return at;
}

static double *take_reals(pool *from, size_t n) {
    return take(from, n, sizeof(double));
}

/// Zeroed memory of what `counted` counted.
static void *make_memory(const pool *counted) {
    void *memory = aligned_alloc(PMF_ALIGN, counted->used ? counted->used : PMF_ALIGN);
    if (memory) memset(memory, 0, counted->used);
    return memory;
}

static void lay_data(pmf_data *d, pool *from) {
    d->x = take_reals(from, d->n * d->mp);
    d->w = take_reals(from, d->n * d->mp);
    d->wx = take_reals(from, d->n * d->mp);
    d->wt = take_reals(from, d->m * d->np);
    d->wxt = take_reals(from, d->m * d->np);
    d->scale = take_reals(from, d->mp);
}

/// Whether a cell is measured.
static bool is_known(const dosi_pmf_problem *problem, size_t cell) {
    return isfinite(problem->x[cell]) && isfinite(problem->u[cell]) && problem->u[cell] > 0;
}

/// Scale of species j: its root mean square, weighted.
static double scale_of(const dosi_pmf_problem *problem, size_t j) {
    double sum_w = 0, sum_wxx = 0;
    for (size_t i = 0; i < problem->n_rows; i++) {
        size_t cell = i * problem->n_species + j;
        if (!is_known(problem, cell)) continue;
        double w = 1 / (problem->u[cell] * problem->u[cell]);
        sum_w += w;
        sum_wxx += w * problem->x[cell] * problem->x[cell];
    }
    return sum_wxx > 0 ? sqrt(sum_wxx / sum_w) : 1;
}

static void fill_data(const dosi_pmf_problem *problem, pmf_data *d) {
    for (size_t j = 0; j < d->m; j++) {
        d->scale[j] = scale_of(problem, j);
        for (size_t i = 0; i < d->n; i++) {
            size_t cell = i * d->m + j;
            if (!is_known(problem, cell)) continue;
            double x = problem->x[cell] / d->scale[j], u = problem->u[cell] / d->scale[j];
            double w = 1 / (u * u);
            d->x[i * d->mp + j] = x;
            d->w[i * d->mp + j] = d->wt[j * d->np + i] = w;
            d->wx[i * d->mp + j] = d->wxt[j * d->np + i] = w * x;
            d->sum_wxx += w * x * x;
            d->n_cells++;
        }
    }
}

dosi_status pmf_data_create(const dosi_pmf_problem *problem, pmf_data *out, dosi_error *err) {
    size_t n = problem->n_rows, m = problem->n_species, k = problem->n_factors;
    if (k < 1 || k > MAX_K) {
        return dosi_fail(err, DOSI_DOMAIN, "%zu factors, not 1 to %d", k, MAX_K);
    }
    if (n < 2 || m < 2 || n > 10000000 || m > 10000) {
        return dosi_fail(err, DOSI_DOMAIN, "%zu samples of %zu species cannot be factorised", n,
                         m);
    }
    pmf_data d = {.n = n, .m = m, .np = pmf_pad(n), .mp = pmf_pad(m), .k = k};
    d.kp = pmf_pad(k);
    d.pp = pmf_pad(k * (k + 1) / 2);
    pool counted = {0};
    lay_data(&d, &counted);
    pool memory = {make_memory(&counted), 0};
    if (!memory.base) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu samples", n);
    lay_data(&d, &memory);
    fill_data(problem, &d);
    if (d.n_cells == 0) {
        free(memory.base);
        return dosi_fail(err, DOSI_DOMAIN, "no value has an uncertainty above 0");
    }
    *out = d;
    return DOSI_OK;
}

void pmf_data_destroy(pmf_data *data) {
    free(data->x); // the first piece of the memory
    *data = (pmf_data){0};
}

static void lay_side(pmf_side *s, const pmf_data *d, size_t n, pool *from) {
    s->n = n;
    s->np = pmf_pad(n);
    s->values = take_reals(from, n * d->kp);
    s->pairs = take_reals(from, n * d->pp);
    s->normal = take_reals(from, n * d->pp);
    s->right = take_reals(from, n * d->kp);
}

static void lay_work(pmf_work *w, bool has_weights, pool *from) {
    const pmf_data *d = w->data;
    size_t unknowns = pmf_pad(d->m * d->k);
    w->residual = take_reals(from, d->n * d->mp);
    lay_side(&w->g, d, d->n, from);
    lay_side(&w->f, d, d->m, from);
    w->g_old = take_reals(from, d->n * d->kp);
    w->f_old = take_reals(from, d->m * d->kp);
    w->g_safe = take_reals(from, d->n * d->kp);
    w->f_safe = take_reals(from, d->m * d->kp);
    if (has_weights) {
        w->w = take_reals(from, d->n * d->mp);
        w->wx = take_reals(from, d->n * d->mp);
        w->wt = take_reals(from, d->m * d->np);
        w->wxt = take_reals(from, d->m * d->np);
    }
    w->free_j = take(from, unknowns, sizeof *w->free_j);
    w->free_p = take(from, unknowns, sizeof *w->free_p);
    w->gradient = take_reals(from, d->m * d->kp);
    w->system = take_reals(from, unknowns * unknowns);
    w->factor = take_reals(from, unknowns * unknowns);
    w->rows = take_reals(from, (PMF_CHUNK + d->kp) * unknowns);
    w->step = take_reals(from, unknowns);
    w->slope = take_reals(from, unknowns);
    w->low = take_reals(from, unknowns);
    w->high = take_reals(from, unknowns);
    w->damping = take_reals(from, unknowns);
    w->right = take_reals(from, unknowns);
    w->spread = take_reals(from, d->k * unknowns);
    w->side_of = take(from, unknowns, sizeof *w->side_of);
}

dosi_status pmf_work_create(const pmf_data *data,
                            bool has_weights,
                            pmf_work *out,
                            dosi_error *err) {
    pmf_work w = {.data = data};
    pool counted = {0};
    lay_work(&w, has_weights, &counted);
    pool memory = {make_memory(&counted), 0};
    if (!memory.base) {
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory for %zu factors of %zu species",
                         data->k, data->m);
    }
    lay_work(&w, has_weights, &memory);
    w.memory = memory.base;
    w.g.w = has_weights ? w.w : data->w;
    w.g.wx = has_weights ? w.wx : data->wx;
    w.f.w = has_weights ? w.wt : data->wt;
    w.f.wx = has_weights ? w.wxt : data->wxt;
    w.lambda = 1e-2;
    *out = w;
    if (has_weights) pmf_work_weigh(out, NULL, 0);
    return DOSI_OK;
}

void pmf_work_destroy(pmf_work *work) {
    free(work->memory);
    memset(work, 0, sizeof *work);
}

void pmf_work_keep(pmf_work *work) {
    const pmf_data *d = work->data;
    memcpy(work->g_safe, work->g.values, d->n * d->kp * sizeof *work->g_safe);
    memcpy(work->f_safe, work->f.values, d->m * d->kp * sizeof *work->f_safe);
}

void pmf_work_return(pmf_work *work) {
    const pmf_data *d = work->data;
    memcpy(work->g.values, work->g_safe, d->n * d->kp * sizeof *work->g_safe);
    memcpy(work->f.values, work->f_safe, d->m * d->kp * sizeof *work->f_safe);
}

/// Model value of cell (i, j).
static double model_at(const pmf_work *work, size_t i, size_t j) {
    const size_t kp = work->data->kp;
    const double *g = work->g.values + i * kp, *f = work->f.values + j * kp;
    double sum = 0;
    for (size_t p = 0; p < work->data->k; p++) sum += g[p] * f[p];
    return sum;
}

void pmf_work_weigh(pmf_work *work, const double *row_factor, double alpha) {
    const pmf_data *d = work->data;
    assert(work->w);
    work->row_factor = row_factor;
    for (size_t i = 0; i < d->n; i++) {
        for (size_t j = 0; j < d->m; j++) {
            size_t cell = i * d->mp + j;
            double w = d->w[cell] * (row_factor ? row_factor[i] : 1);
            if (alpha > 0 && w > 0) {
                double z = fabs(d->x[cell] - model_at(work, i, j)) * sqrt(d->w[cell]);
                if (z > alpha) w *= alpha / z;
            }
            work->w[cell] = work->wt[j * d->np + i] = w;
            work->wx[cell] = work->wxt[j * d->np + i] = w * d->x[cell];
        }
    }
}

void pmf_side_pairs(const pmf_work *work, pmf_side *side) {
    const size_t k = work->data->k, kp = work->data->kp, pp = work->data->pp;
    for (size_t i = 0; i < side->n; i++) {
        const double *v = side->values + i * kp;
        double *to = side->pairs + i * pp;
        for (size_t p = 0, at = 0; p < k; p++) {
            for (size_t q = p; q < k; q++) to[at++] = v[p] * v[q];
        }
    }
}

void pmf_side_sums(const pmf_work *work, pmf_side *side, const pmf_side *other) {
    const size_t kp = work->data->kp, pp = work->data->pp;
    for (size_t i = 0; i < side->n; i++) {
        pmf_combine(side->w + i * other->np, other->n, other->pairs, pp, side->normal + i * pp);
        pmf_combine(side->wx + i * other->np, other->n, other->values, kp,
                    side->right + i * kp);
    }
}

double pmf_solve_g(pmf_work *work) {
    const pmf_data *d = work->data;
    const pmf_tilt *tilt = &work->tilt;
    pmf_side_pairs(work, &work->f);
    pmf_side_sums(work, &work->g, &work->f);
    double tilted = tilt->strength * work->f.values[tilt->j * d->kp + tilt->p] / (double)d->n;
    for (size_t i = 0; i < d->n; i++) {
        double *right = work->g.right + i * d->kp;
        right[tilt->p] += tilted * pmf_row_factor(work, i);
        pmf_nnls(work->g.normal + i * d->pp, right, d->k, work->g.values + i * d->kp);
    }
    return pmf_phi(work);
}

void pmf_solve_f(pmf_work *work) {
    const pmf_data *d = work->data;
    pmf_side_pairs(work, &work->g);
    pmf_side_sums(work, &work->f, &work->g);
    for (size_t j = 0; j < d->m; j++) {
        pmf_nnls(work->f.normal + j * d->pp, work->f.right + j * d->kp, d->k,
                 work->f.values + j * d->kp);
    }
}

double pmf_spring_length(const pmf_work *work, const pmf_spring *spring) {
    double sum = -spring->value;
    for (size_t j = 0; j < work->data->m; j++) {
        sum += spring->coefficients[j] * work->f.values[j * work->data->kp + spring->p];
    }
    return sum;
}

double pmf_mean(const pmf_work *work, size_t p) {
    double sum = 0;
    for (size_t i = 0; i < work->data->n; i++) {
        sum += work->g.values[i * work->data->kp + p] * pmf_row_factor(work, i);
    }
    return sum / (double)work->data->n;
}

double pmf_phi(pmf_work *work) {
    const pmf_data *d = work->data;
    double phi = 0;
    for (size_t i = 0; i < d->n; i++) {
        const double *w = work->g.w + i * d->mp, *x = d->x + i * d->mp;
        double *residual = work->residual + i * d->mp;
        double sum = 0;
        for (size_t j = 0; j < d->m; j++) {
            double away = x[j] - model_at(work, i, j);
            residual[j] = w[j] * away;
            sum += residual[j] * away;
        }
        phi += 0.5 * sum;
    }
    if (work->tilt.strength != 0) {
        phi -= work->tilt.strength * work->f.values[work->tilt.j * d->kp + work->tilt.p] *
               pmf_mean(work, work->tilt.p);
    }
    for (size_t t = 0; work->hold && t < work->hold->n_springs; t++) {
        double length = pmf_spring_length(work, &work->hold->springs[t]);
        phi += 0.5 * work->hold->springs[t].weight * length * length;
    }
    return phi;
}

void pmf_normalise(pmf_work *work) {
    const pmf_data *d = work->data;
    for (size_t p = 0; p < d->k; p++) {
        double sum = 0;
        for (size_t j = 0; j < d->m; j++) {
            sum += work->f.values[j * d->kp + p] * work->f.values[j * d->kp + p];
        }
        double length = sqrt(sum);
        if (!(length > 0)) continue;
        for (size_t j = 0; j < d->m; j++) work->f.values[j * d->kp + p] /= length;
        for (size_t i = 0; i < d->n; i++) work->g.values[i * d->kp + p] *= length;
    }
}

void pmf_alternate(pmf_work *work, size_t n, double tolerance) {
    work->lambda = 1e-2;
    work->phi = pmf_solve_g(work);
    for (size_t t = 0; t < n; t++) {
        pmf_solve_f(work);
        pmf_normalise(work);
        double phi = pmf_solve_g(work);
        double fall = work->phi - phi;
        work->phi = phi;
        if (!(fall > tolerance * phi)) return;
    }
}
