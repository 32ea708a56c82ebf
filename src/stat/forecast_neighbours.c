// Forecasts: what the other stations tell of a station. Which of them runs ahead of which is
// learnt, station by station, from how each moved against the network after the others did.
//
// The regressors of an hour are the same for all stations, so that one sum of squares serves
// all. What is learnt until an hour predicts from it: a feature that has never seen its future.

#include "dosi/num.h"
#include "stat/forecast_work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t hours_on[FORECAST_NEIGHBOUR] = {1, 6};
enum { CHANGE_H = 3, DAYS_AN_HOUR = 10, FIRST_H = 72, DAY_H = 24 };

/// The regression of one number of hours on.
typedef struct neighbours {
    const forecast_net *net;
    size_t h, p;    ///< p = 2 stations.
    double *x;      ///< (p)
    double *gram;   ///< (p x p) lower
    double *factor; ///< (p x p)
    double *right;  ///< (stations x p)
    double *beta;   ///< (stations x p)
    double n;
    bool has_model;
} neighbours;

/// How far each station is off the network's mean in hour `t`, and how that changed.
static void take_regressors(const forecast_net *net, size_t t, double *x) {
    size_t n = net->n_stations;
    size_t before = t > CHANGE_H ? t - CHANGE_H : 0;
    for (size_t s = 0; s < n; s++) {
        bool is_active = net->is_active[t * n + s];
        double now = net->z[t * n + s] - net->mean[t];
        x[s] = is_active ? now : 0;
        x[n + s] = is_active ? now - (net->z[before * n + s] - net->mean[before]) : 0;
    }
}

/// What hour `t` tells of the one h hours before. A station without a reading did what the
/// network did.
static void learn(neighbours *w, size_t t) {
    const forecast_net *net = w->net;
    size_t n = net->n_stations;
    size_t at = t - w->h;
    take_regressors(net, at, w->x);
    for (size_t i = 0; i < w->p; i++) {
        for (size_t j = 0; j <= i; j++) w->gram[i * w->p + j] += w->x[i] * w->x[j];
    }
    for (size_t s = 0; s < n; s++) {
        if (!isfinite(net->reading[t * n + s]) || !net->is_active[at * n + s]) continue;
        double y = net->z[t * n + s] - net->mean[t] - (net->z[at * n + s] - net->mean[at]);
        double *right = w->right + s * w->p;
        for (size_t i = 0; i < w->p; i++) right[i] += w->x[i] * y;
    }
    w->n++;
}

/// Ridge regressions of all stations.
static void fit(neighbours *w) {
    size_t p = w->p;
    double pull = (double)DAYS_AN_HOUR * DAY_H * (double)w->h / w->n;
    memcpy(w->factor, w->gram, p * p * sizeof *w->factor);
    for (size_t i = 0; i < p; i++) {
        double *own = &w->factor[i * p + i];
        *own = *own > 0 ? *own * (1 + pull) : 1;
    }
    if (dosi_cholesky(w->factor, p) != p) return;
    memcpy(w->beta, w->right, w->net->n_stations * p * sizeof *w->beta);
    for (size_t s = 0; s < w->net->n_stations; s++) {
        dosi_cholesky_forward(w->factor, p, w->beta + s * p);
        dosi_cholesky_backward(w->factor, p, w->beta + s * p);
    }
    w->has_model = true;
}

/// From the first hour to the last.
static void go(neighbours *w, double *out) {
    size_t n = w->net->n_stations;
    size_t next = FIRST_H;
    for (size_t t = 0; t < w->net->n_hours; t++) {
        if (t >= w->h) learn(w, t);
        if (t >= next) {
            fit(w);
            next = t + (t / 25 > DAY_H ? t / 25 : DAY_H);
        }
        if (!w->has_model) continue;
        take_regressors(w->net, t, w->x);
        for (size_t s = 0; s < n; s++) {
            const double *beta = w->beta + s * w->p;
            double sum = 0;
            for (size_t i = 0; i < w->p; i++) sum += beta[i] * w->x[i];
            out[t * n + s] = sum;
        }
    }
}

bool forecast_take_neighbours(forecast_net *net) {
    size_t n = net->n_stations;
    size_t p = 2 * n;
    net->neighbour = calloc(FORECAST_NEIGHBOUR * net->n_hours * n + 1, sizeof *net->neighbour);
    if (!net->neighbour) return false;
    if (!forecast_has_neighbours(net)) return true;
    double *memory = malloc((2 * p * p + 2 * n * p + p) * sizeof *memory);
    if (!memory) return false;
    for (size_t k = 0; k < FORECAST_NEIGHBOUR; k++) {
        memset(memory, 0, (2 * p * p + 2 * n * p + p) * sizeof *memory);
        neighbours w = {.net = net, .h = hours_on[k], .p = p, .x = memory};
        w.gram = w.x + p;
        w.factor = w.gram + p * p;
        w.right = w.factor + p * p;
        w.beta = w.right + n * p;
        go(&w, net->neighbour + k * net->n_hours * n);
    }
    free(memory);
    return true;
}
