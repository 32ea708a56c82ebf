// Sums that keep what rounding would lose.

#include "dosi/num.h"

#include <math.h>

void dosi_sum_add(dosi_sum *sum, double x) {
    double total = sum->value + x;
    if (fabs(sum->value) >= fabs(x)) {
        sum->correction += (sum->value - total) + x;
    } else {
        sum->correction += (x - total) + sum->value;
    }
    sum->value = total;
}

double dosi_sum_value(const dosi_sum *sum) {
    return sum->value + sum->correction;
}
