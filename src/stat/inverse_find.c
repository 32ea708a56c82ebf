// Looking for sources: a coarse look over a grid of places, one source at a time, then each is
// moved to where the error is least; neighbours that one source explains as well are joined,
// and those that readings do not need are left out.

#include "stat/inverse_look.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FINAL_SWEEPS = 3,
    AGAIN_SWEEPS = 2, // when there was something to begin from
    PARAMETERS = INVERSE_PARAMETERS,
    LEAST_EVIDENCE = 10, // of BIC: "very strong", R. Kass and A. Raftery (1995)
};

static const double rough = 0.1, fine = 0.01; // of a standard error, squared: dosi_inverse_move

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

/// Sum of squares with the best strengths.
static double fit(inverse_look *l) {
    return l->yy + dosi_inverse_fit(&l->s);
}

/// How much BIC rises when the sum of squares does.
static double bic_rise(inverse_look *l, double from, double to) {
    double n = dosi_inverse_independent(l);
    return n * log(to / from) - PARAMETERS * log(n);
}

/// Adds sources while BIC falls.
static dosi_status add_sources(inverse_look *l, dosi_error *err) {
    double before = fit(l);
    dosi_place place;
    while (l->s.k < l->search->max_sources && dosi_inverse_look_next(l, &place)) {
        size_t j = l->s.k;
        dosi_inverse_put(l, j, &place);
        dosi_inverse_move(l, j, 0.5 * l->search->step_m, rough);
        double after = fit(l);
        if (!(after > 0) || bic_rise(l, after, before) <= 0) {
            dosi_inverse_remove(l, j);
            (void)fit(l);
            break;
        }
        before = after;
        dosi_run_report(l->run, (double)l->s.k / (double)l->search->max_sources,
                        "adding sources");
        DOSI_TRY(dosi_run_check(l->run, err));
    }
    return DOSI_OK;
}

/// Two neighbours that may be one: puts one in their middle, and keeps it so when BIC falls.
static dosi_status try_merge(
    inverse_look *l, size_t i, size_t j, bool *is_merged, dosi_error *err) {
    size_t n_model = l->all.n * l->width;
    double *model = malloc((n_model + 1) * sizeof *model);
    inverse_sources *kept = malloc(sizeof *kept);
    if (!model || !kept) {
        free(model);
        free(kept);
        return dosi_fail(err, DOSI_NO_MEMORY, "no memory to join sources");
    }
    double before = fit(l);
    memcpy(model, l->model, n_model * sizeof *model);
    *kept = l->s;
    const dosi_place *a = &kept->place[i], *b = &kept->place[j];
    double q = kept->q[i] + kept->q[j], share = q > 0 ? kept->q[j] / q : 0.5;
    dosi_place middle = *a;
    middle.x_m += share * (b->x_m - a->x_m);
    middle.y_m += share * (b->y_m - a->y_m);
    middle.height_m += share * (b->height_m - a->height_m);
    dosi_inverse_remove(l, j);
    dosi_inverse_put(l, i, &middle);
    l->s.q[i] = q;
    dosi_inverse_move(l, i, 0.5 * l->search->step_m, rough);
    *is_merged = bic_rise(l, before, fit(l)) < 0;
    if (!*is_merged) {
        l->s = *kept;
        memcpy(l->model, model, n_model * sizeof *model);
    }
    free(model);
    free(kept);
    return DOSI_OK;
}

/// Joins pairs that are nearer than two steps of the first look, while BIC falls.
static dosi_status join_neighbours(inverse_look *l, dosi_error *err) {
    for (size_t j = 1; j < l->s.k; j++) {
        for (size_t i = 0; i < j; i++) {
            const dosi_place *a = &l->s.place[i], *b = &l->s.place[j];
            double apart = hypot(a->x_m - b->x_m, a->y_m - b->y_m);
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
static dosi_status settle(inverse_look *l, int n_sweeps, double step_m, dosi_error *err) {
    for (int sweep = 0; sweep < n_sweeps; sweep++, step_m *= 0.5) {
        for (size_t j = 0; j < l->s.k; j++) {
            dosi_inverse_move(l, j, step_m, fine);
            DOSI_TRY(dosi_run_check(l->run, err));
        }
    }
    return DOSI_OK;
}

/// Sum of squares without source `j`, the others' strengths fitted again.
static double error_without(const inverse_look *l, size_t j) {
    inverse_sources rest = l->s;
    memset(rest.gram[j], 0, sizeof rest.gram[j]);
    for (size_t i = 0; i < rest.k; i++) rest.gram[i][j] = 0.0;
    rest.b[j] = rest.q[j] = 0.0;
    return l->yy + dosi_inverse_fit(&rest);
}

/// Takes out sources without which BIC falls or hardly rises, the least needed first.
static void prune(inverse_look *l) {
    while (l->s.k > 0) {
        double left = fit(l);
        size_t least = 0;
        double least_gain = INFINITY;
        for (size_t j = 0; j < l->s.k; j++) {
            double gain = bic_rise(l, left, error_without(l, j));
            if (gain >= least_gain) continue;
            least = j;
            least_gain = gain;
        }
        if (least_gain >= LEAST_EVIDENCE) return;
        dosi_inverse_remove(l, least);
    }
}

static int by_evidence(const void *a, const void *b) {
    double left = ((const dosi_inverse_source *)a)->bic_gain;
    double right = ((const dosi_inverse_source *)b)->bic_gain;
    return (left < right) - (left > right);
}

static dosi_status fill_result(inverse_look *l, dosi_inverse_result *out, dosi_error *err) {
    double sd[PARAMETERS * DOSI_INVERSE_SOURCES_MAX];
    double left = fit(l);
    if (l->s.k > 0) DOSI_TRY(dosi_inverse_errors(l, sd, err));
    memset(out, 0, sizeof *out);
    out->n_sources = l->s.k;
    out->noise_sd = sqrt(left / (double)l->all.n);
    out->explained = l->yy > 0 ? 1.0 - left / l->yy : 0.0;
    for (size_t j = 0; j < l->s.k; j++) {
        out->sources[j] =
            (dosi_inverse_source){.place = l->s.place[j],
                                  .strength = l->s.q[j],
                                  .x_sd_m = sd[PARAMETERS * j],
                                  .y_sd_m = sd[PARAMETERS * j + 1],
                                  .height_sd_m = sd[PARAMETERS * j + 2],
                                  .rise_sd = sd[PARAMETERS * j + 3],
                                  .strength_sd = sd[PARAMETERS * j + INVERSE_MOVES],
                                  .bic_gain = bic_rise(l, left, error_without(l, j))};
    }
    qsort(out->sources, l->s.k, sizeof out->sources[0], by_evidence);
    return DOSI_OK;
}

/// Begins from what was found before, as far as it is within the search.
static dosi_status begin(inverse_look *l, const dosi_inverse_result *start, dosi_error *err) {
    for (size_t j = 0; j < start->n_sources && j < l->search->max_sources; j++) {
        dosi_inverse_put(l, j, &start->sources[j].place);
        l->s.q[j] = start->sources[j].strength;
    }
    return settle(l, 1, 0.1 * l->search->step_m, err);
}

static dosi_status find_all(inverse_look *l, dosi_error *err) {
    const dosi_inverse_result *start = l->search->start;
    bool is_again = start && start->n_sources > 0;
    if (is_again) DOSI_TRY(begin(l, start, err));
    DOSI_TRY(dosi_inverse_look_first(l, err));
    DOSI_TRY(add_sources(l, err));
    DOSI_TRY(join_neighbours(l, err));
    DOSI_TRY(settle(l, is_again ? AGAIN_SWEEPS : FINAL_SWEEPS,
                    (is_again ? 0.1 : 0.3) * l->search->step_m, err));
    prune(l);
    return DOSI_OK;
}

dosi_status dosi_inverse_find(const dosi_inverse_problem *problem,
                              const dosi_inverse_search *search,
                              const dosi_run *run,
                              dosi_inverse_result *out,
                              dosi_error *err) {
    assert(problem && search && out && problem->forward);
    DOSI_TRY(check(problem, search, err));
    inverse_look *l = malloc(sizeof *l);
    if (!l) return dosi_fail(err, DOSI_NO_MEMORY, "no memory to look for sources");
    dosi_status status = dosi_inverse_look_open(problem, search, run, l, err);
    if (status == DOSI_OK) status = find_all(l, err);
    if (status == DOSI_OK) status = fill_result(l, out, err);
    dosi_inverse_look_close(l);
    free(l);
    return status;
}
