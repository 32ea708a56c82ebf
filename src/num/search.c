// Small optimisation problems: two coefficients, one variable.

#include "dosi/num.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>

/// sum w (y - c0 a - c1 b)^2, computed from the residuals.
static double residual_sum(const double *const *columns, size_t n, double c0, double c1) {
    const double *w = columns[0], *y = columns[1], *a = columns[2], *b = columns[3];
    dosi_sum sum = {0};
    for (size_t i = 0; i < n; i++) {
        double r = y[i] - c0 * a[i] - c1 * b[i];
        dosi_sum_add(&sum, w[i] * r * r);
    }
    return dosi_sum_value(&sum);
}

double dosi_fit_two_nonnegative(const double *w,
                                const double *y,
                                const double *a,
                                const double *b,
                                size_t n,
                                double *coefficients) {
    assert(coefficients);
    dosi_sum saa = {0}, sab = {0}, sbb = {0}, say = {0}, sby = {0};
    for (size_t i = 0; i < n; i++) {
        dosi_sum_add(&saa, w[i] * a[i] * a[i]);
        dosi_sum_add(&sab, w[i] * a[i] * b[i]);
        dosi_sum_add(&sbb, w[i] * b[i] * b[i]);
        dosi_sum_add(&say, w[i] * a[i] * y[i]);
        dosi_sum_add(&sby, w[i] * b[i] * y[i]);
    }
    double aa = dosi_sum_value(&saa), ab = dosi_sum_value(&sab), bb = dosi_sum_value(&sbb);
    double ay = dosi_sum_value(&say), by = dosi_sum_value(&sby);
    double det = aa * bb - ab * ab;
    double tries[4][2] = {
        {0, 0},
        {aa > 0 ? fmax(ay / aa, 0) : 0, 0},
        {0, bb > 0 ? fmax(by / bb, 0) : 0},
        {0, 0},
    };
    if (det > 1e-14 * aa * bb) {
        double c0 = (ay * bb - by * ab) / det;
        double c1 = (by * aa - ay * ab) / det;
        if (c0 >= 0 && c1 >= 0) {
            tries[3][0] = c0;
            tries[3][1] = c1;
        }
    }
    const double *columns[4] = {w, y, a, b};
    double best = INFINITY;
    for (size_t i = 0; i < 4; i++) {
        double sum = residual_sum(columns, n, tries[i][0], tries[i][1]);
        if (sum < best) {
            best = sum;
            coefficients[0] = tries[i][0];
            coefficients[1] = tries[i][1];
        }
    }
    return best;
}

/// The three best points so far, best first, as Brent keeps them.
typedef struct brent {
    double low, high;
    double x, w, v;
    double fx, fw, fv;
    double step, last_step;
} brent;

/// The next place to look: the parabola's minimum when it is trusted, else golden section.
static double next_step(brent *b, double tolerance) {
    double middle = 0.5 * (b->low + b->high);
    double p = 0, q = 0;
    if (fabs(b->last_step) > tolerance) {
        double r = (b->x - b->w) * (b->fx - b->fv);
        q = (b->x - b->v) * (b->fx - b->fw);
        p = (b->x - b->v) * q - (b->x - b->w) * r;
        q = 2 * (q - r);
        if (q > 0) p = -p;
        q = fabs(q);
    }
    double older = b->last_step;
    b->last_step = b->step;
    bool is_trusted = q > 0 && fabs(p) < fabs(0.5 * q * older) && p > q * (b->low - b->x) &&
                      p < q * (b->high - b->x);
    if (is_trusted) {
        double step = p / q;
        double u = b->x + step;
        if (u - b->low < 2 * tolerance || b->high - u < 2 * tolerance) {
            step = b->x < middle ? tolerance : -tolerance;
        }
        return step;
    }
    b->last_step = (b->x < middle ? b->high : b->low) - b->x;
    return 0.3819660112501051 * b->last_step;
}

/// Takes in the value at `u`.
static void take(brent *b, double u, double fu) {
    if (fu <= b->fx) {
        *(u < b->x ? &b->high : &b->low) = b->x;
        b->v = b->w, b->fv = b->fw;
        b->w = b->x, b->fw = b->fx;
        b->x = u, b->fx = fu;
        return;
    }
    *(u < b->x ? &b->low : &b->high) = u;
    if (fu <= b->fw || b->w == b->x) {
        b->v = b->w, b->fv = b->fw;
        b->w = u, b->fw = fu;
    } else if (fu <= b->fv || b->v == b->x || b->v == b->w) {
        b->v = u, b->fv = fu;
    }
}

double dosi_minimise(double (*f)(void *context, double x),
                     void *context,
                     const double *interval,
                     double tolerance,
                     double *f_min) {
    assert(f && interval && interval[0] <= interval[1] && tolerance > 0);
    brent b = {.low = interval[0], .high = interval[1]};
    b.x = b.low + 0.3819660112501051 * (b.high - b.low);
    b.w = b.v = b.x;
    b.fx = b.fw = b.fv = f(context, b.x);
    for (int i = 0; i < 200; i++) {
        double near = tolerance * fabs(b.x) + DBL_MIN;
        if (fabs(b.x - 0.5 * (b.low + b.high)) <= 2 * near - 0.5 * (b.high - b.low)) break;
        double step = next_step(&b, near);
        b.step = step;
        if (fabs(step) < near) step = step < 0 ? -near : near;
        take(&b, b.x + step, f(context, b.x + step));
    }
    if (f_min) *f_min = b.fx;
    return b.x;
}
