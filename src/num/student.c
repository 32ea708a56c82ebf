// Student's t distribution, by the incomplete beta function.

#include "dosi/num.h"

#include <assert.h>
#include <math.h>

/// Normal from here on, to 1e-7 of the quantile.
static const double many = 1e7;

/// Continued fraction of the incomplete beta function I_x(a, b), by Lentz's method.
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m <= 1000; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        const double steps[2] = {even, odd};
        double change = 1;
        for (int k = 0; k < 2; k++) {
            d = 1 + steps[k] * d;
            c = 1 + steps[k] / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            change = c * d;
            f *= change;
        }
        if (fabs(change - 1) < 1e-15) break;
    }
    return f;
}

/// I_x(a, b), 0 <= x <= 1.
static double incomplete_beta(double a, double b, double x) {
    if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
    int sign = 0;
    double front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) +
                       a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double dosi_student_cdf(double freedom, double t) {
    assert(freedom > 0);
    if (freedom > many) return 0.5 * erfc(-t * M_SQRT1_2);
    double tail = 0.5 * incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
    return t > 0 ? 1 - tail : tail;
}

double dosi_student_quantile(double freedom, double p) {
    assert(freedom > 0 && p > 0 && p < 1);
    if (p == 0.5) return 0;
    if (p > 0.5) return -dosi_student_quantile(freedom, 1 - p);
    double z = dosi_normal_quantile(p);
    if (freedom > many) return z;
    double low = z < -1 ? z : -1; // of the cdf above p, then widened until below
    while (dosi_student_cdf(freedom, low) > p) low *= 2;
    double high = 0;
    for (int i = 0; i < 200 && high - low > 1e-15 * -low; i++) {
        double middle = (low + high) / 2;
        if (dosi_student_cdf(freedom, middle) > p) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return (low + high) / 2;
}
