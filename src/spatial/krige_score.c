// How good predictions with variances are.

#include "dosi/krige.h"
#include "dosi/num.h"

#include <math.h>

dosi_krige_score dosi_krige_score_of(const double *observed,
                                     const double *predicted,
                                     const double *variance,
                                     size_t n) {
    dosi_sum error = {0}, absolute = {0}, square = {0}, ratio = {0};
    dosi_sum so = {0}, sp = {0};
    size_t n_used = 0, n_inside = 0;
    for (size_t i = 0; i < n; i++) {
        double e = observed[i] - predicted[i];
        if (isnan(e)) continue;
        n_used++;
        dosi_sum_add(&error, e);
        dosi_sum_add(&absolute, fabs(e));
        dosi_sum_add(&square, e * e);
        dosi_sum_add(&ratio, e * e / variance[i]);
        n_inside += e * e <= 1.959963984540054 * 1.959963984540054 * variance[i];
        dosi_sum_add(&so, observed[i]);
        dosi_sum_add(&sp, predicted[i]);
    }
    double count = (double)n_used;
    double mean_o = dosi_sum_value(&so) / count, mean_p = dosi_sum_value(&sp) / count;
    dosi_sum oo = {0}, op = {0}, pp = {0};
    for (size_t i = 0; i < n; i++) {
        if (isnan(observed[i] - predicted[i])) continue;
        double o = observed[i] - mean_o, p = predicted[i] - mean_p;
        dosi_sum_add(&oo, o * o);
        dosi_sum_add(&op, o * p);
        dosi_sum_add(&pp, p * p);
    }
    double scale = sqrt(dosi_sum_value(&oo) * dosi_sum_value(&pp));
    return (dosi_krige_score){
        .n = n_used,
        .me = dosi_sum_value(&error) / count,
        .mae = dosi_sum_value(&absolute) / count,
        .rmse = sqrt(dosi_sum_value(&square) / count),
        .msdr = dosi_sum_value(&ratio) / count,
        .coverage_95 = (double)n_inside / count,
        .correlation = dosi_sum_value(&op) / scale, // 0/0 is NaN, as is all of this for n = 0
    };
}
