// Special functions: Bessel K of any order, and the normal quantile.

#include "dosi/num.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/// The two gamma-function combinations of Temme's series for |mu| <= 1/2:
/// g1 = (1/G(1-mu) - 1/G(1+mu)) / (2 mu), g2 = (1/G(1-mu) + 1/G(1+mu)) / 2.
static void temme_gammas(double mu, double *g1, double *g2) {
    // 1/Gamma(1 + z) = sum c[k] z^k; Abramowitz and Stegun (1964), 6.1.34.
    static const double c[] = {
        1.0000000000000000,  0.5772156649015329,  -0.6558780715202538, -0.0420026350340952,
        0.1665386113822915,  -0.0421977345555443, -0.0096219715278770, 0.0072189432466630,
        -0.0011651675918591, -0.0002152416741149, 0.0001280502823882,  -0.0000201348547807,
        -0.0000012504934821, 0.0000011330272320,  -0.0000002056338417, 0.0000000061160950,
        0.0000000050020075,  -0.0000000011812746, 0.0000000001043427,  0.0000000000077823,
        -0.0000000000036968, 0.0000000000005100,  -0.0000000000000206,
    };
    double odd = 0, even = 0;
    for (size_t k = sizeof c / sizeof c[0]; k-- > 0;) {
        if (k % 2) {
            odd = odd * mu * mu + c[k];
        } else {
            even = even * mu * mu + c[k];
        }
    }
    *g1 = -odd;
    *g2 = even;
}

/// K_mu and K_{mu+1} by Temme's series, 0 < x <= 2, |mu| <= 1/2.
static void temme_series(double mu, double x, double *k0, double *k1) {
    double g1 = 0, g2 = 0;
    temme_gammas(mu, &g1, &g2);
    double lx = log(2 / x);
    double sigma = mu * lx;
    double pimu = M_PI * mu;
    double a = fabs(pimu) < 1e-8 ? 1 : pimu / sin(pimu);
    double s = fabs(sigma) < 1e-8 ? 1 : sinh(sigma) / sigma;
    double f = a * (cosh(sigma) * g1 + s * lx * g2);
    double e = exp(sigma);
    double p = 0.5 * e / (g2 - mu * g1); // Gamma(1 + mu) / 2 (x/2)^-mu
    double q = 0.5 / (e * (g2 + mu * g1));
    double c = 1, sum = f, sum1 = p;
    for (int k = 1; k < 500; k++) {
        f = (k * f + p + q) / (k * k - mu * mu);
        c *= 0.25 * x * x / k;
        p /= k - mu;
        q /= k + mu;
        double term = c * f;
        sum += term;
        sum1 += c * (p - k * f);
        if (fabs(term) < fabs(sum) * DBL_EPSILON) break;
    }
    *k0 = sum;
    *k1 = sum1 * 2 / x;
}

/// The same by Steed's continued fraction CF2, x > 2.
static void steed_fraction(double mu, double x, double *k0, double *k1) {
    double b = 2 * (1 + x);
    double d = 1 / b;
    double delta = d, h = d;
    double q1 = 0, q2 = 1;
    double a1 = 0.25 - mu * mu;
    double q = a1, c = a1, a = -a1;
    double s = 1 + q * delta;
    for (int i = 2; i < 10000; i++) {
        a -= 2 * (i - 1);
        c = -a * c / i;
        double next = (q1 - b * q2) / a;
        q1 = q2;
        q2 = next;
        q += c * next;
        b += 2;
        d = 1 / (b + a * d);
        delta = (b * d - 1) * delta;
        h += delta;
        double ds = q * delta;
        s += ds;
        if (fabs(ds) < fabs(s) * DBL_EPSILON) break;
    }
    *k0 = sqrt(M_PI / (2 * x)) * exp(-x) / s;
    *k1 = *k0 * (mu + x + 0.5 - a1 * h) / x;
}

double dosi_bessel_k(double nu, double x) {
    assert(nu >= 0 && x > 0);
    int n_up = (int)(nu + 0.5);
    double mu = nu - n_up;
    double low = 0, high = 0;
    if (x <= 2) {
        temme_series(mu, x, &low, &high);
    } else {
        steed_fraction(mu, x, &low, &high);
    }
    for (int i = 1; i <= n_up; i++) {
        double next = 2 * (mu + i) / x * high + low;
        low = high;
        high = next;
    }
    return low;
}

/// Acklam's approximation, relative error below 1.15e-9.
static double rough_quantile(double p) {
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
                               -2.759285104469687e+02, 1.383577518672690e+02,
                               -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
                               -1.556989798598866e+02, 6.680131188771972e+01,
                               -1.328068155288572e+01};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
                               -2.400758277161838e+00, -2.549732539343734e+00,
                               4.374664141464968e+00,  2.938163982698783e+00};
    static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01,
                               2.445134137142996e+00, 3.754408661907416e+00};
    if (p < 0.02425) {
        double q = sqrt(-2 * log(p));
        return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
               ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    }
    double q = p - 0.5;
    double r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
           (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

double dosi_normal_quantile(double p) {
    assert(p > 0 && p < 1);
    if (p > 0.5) return -dosi_normal_quantile(1 - p);
    double x = rough_quantile(p);
    double error = 0.5 * erfc(-x * M_SQRT1_2) - p;
    double u = error * sqrt(2 * M_PI) * exp(0.5 * x * x);
    return x - u / (1 + 0.5 * x * u);
}
