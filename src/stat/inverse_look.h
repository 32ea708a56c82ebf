/// @file inverse_look.h
/// A look for sources on its way: the sources so far, what they give at every reading, and the
/// products from which strengths and errors follow.
#ifndef DOSI_STAT_INVERSE_LOOK_H
#define DOSI_STAT_INVERSE_LOOK_H

#include "stat/inverse.h"

enum {
    INVERSE_MOVES = 4, // what moves of a source: x, y, height, rise
    INVERSE_PARAMETERS = INVERSE_MOVES + 1,
};

/// Sources as they are thought to be, and products of their columns without effects.
typedef struct inverse_sources {
    size_t k;
    dosi_place place[DOSI_INVERSE_SOURCES_MAX];
    double q[DOSI_INVERSE_SOURCES_MAX];
    double gram[DOSI_INVERSE_SOURCES_MAX][DOSI_INVERSE_SOURCES_MAX];
    double b[DOSI_INVERSE_SOURCES_MAX]; ///< With the readings.
} inverse_sources;

typedef struct inverse_look {
    const dosi_inverse_problem *problem;
    const dosi_inverse_search *search;
    const dosi_run *run;
    inverse_rows all, coarse;
    inverse_sources s;
    size_t width;  ///< Of a row of `model`.
    double *model; ///< (all.n x width) without effects: the reading, then each source's column.
    double yy;     ///< Sum of squares of the readings.
    double *left;  ///< (all.n) what the sources leave: dosi_inverse_left().
    double *column;        ///< (all.n) scratch.
    inverse_sparse sparse; ///< (all.n) scratch.
    double *scratch;
    double *y_coarse; ///< (coarse.n)
    size_t n_places;  ///< Of the first look.
    float *columns;   ///< (n_places x coarse.n)
    double *norm;     ///< (n_places) sum of squares.
    double *gain;     ///< (n_places)
} inverse_look;

/// Opens a look: readings without effects, no source yet. Close after use, also on failure.
DOSI_CHECKED dosi_status dosi_inverse_look_open(const dosi_inverse_problem *problem,
                                                const dosi_inverse_search *search,
                                                const dosi_run *run,
                                                inverse_look *out,
                                                dosi_error *err);

void dosi_inverse_look_close(inverse_look *look);

/// Products of a place's column with each source's (k), with the readings (1) and with itself
/// (1), into `products`: k + 2 numbers.
void dosi_inverse_products(inverse_look *look, const dosi_place *place, double *products);

/// Puts source `j` (of k, or the next) at a place; its strength stays.
void dosi_inverse_put(inverse_look *look, size_t j, const dosi_place *place);

/// Takes source `j` out; the last one takes its place.
void dosi_inverse_remove(inverse_look *look, size_t j);

/// Best strengths, from those there are. @return Sum of squares that is left.
double dosi_inverse_fit(inverse_sources *sources);

/// The sum of squares, less that of the readings, of strengths `q` with products `a` (k x k).
double dosi_inverse_error(const double *a, const double *b, const double *q, size_t k);

/// What is left of each reading, as look->left.
const double *dosi_inverse_left(inverse_look *look);

/// Readings that count as independent: fewer than there are when what is left of a sensor's
/// readings goes together from one time to the next.
double dosi_inverse_independent(inverse_look *look);

/// Works out the columns of the first look; the place that would take most error away next,
/// and whether any would.
DOSI_CHECKED dosi_status dosi_inverse_look_first(inverse_look *look, dosi_error *err);
bool dosi_inverse_look_next(inverse_look *look, dosi_place *out);

/// Moves source `j` to where the error is least, beginning with steps of `step_m`, until a step
/// counts less than `fine` of a standard error, squared. Strengths are fitted.
void dosi_inverse_move(inverse_look *look, size_t j, double step_m, double fine);

/// Standard errors of x, y, height, rise and strength of each source.
/// @param sd  (INVERSE_PARAMETERS x k) out; NaN: none.
DOSI_CHECKED dosi_status dosi_inverse_errors(inverse_look *look, double *sd, dosi_error *err);

#endif // DOSI_STAT_INVERSE_LOOK_H
