// A year of many streets: 20,000 streets x 8,760 h of the street canyon, timed on some of them.
// Usage: bench_canyon [streets]; CPU seconds of one thread, best of three.

#include "dosi/canyon.h"
#include "dosi/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { HOURS = 8760, ALL_STREETS = 20000 };

static double wind[HOURS], from[HOURS], light[HOURS], heavy[HOURS], speed[HOURS];
static double left[HOURS], right[HOURS], exact_left[HOURS], exact_right[HOURS];

/// Winds as in a city, traffic with the hours of the day.
static void make_hours(void) {
    dosi_random random = dosi_random_init(1, 1);
    for (int i = 0; i < HOURS; i++) {
        double day = 0.5 - 0.45 * cos(2 * M_PI * (i % 24) / 24.0);
        wind[i] = 0.2 + 2.4 * sqrt(-2 * log(1 - dosi_random_uniform(&random)));
        from[i] = floor(36 * dosi_random_uniform(&random)) * 10;
        light[i] = 1200 * day * (0.9 + 0.2 * dosi_random_uniform(&random));
        heavy[i] = 0.06 * light[i];
        speed[i] = 30;
    }
}

static dosi_canyon street_of(int i) {
    double height = 9 + i % 30;
    return (dosi_canyon){.axis_deg = 7.0 * i,
                         .width_m = 14 + i % 5 * 4,
                         .left_m = height,
                         .right_m = height,
                         .ahead_m = 100,
                         .behind_m = 100,
                         .roof_share = 0.82};
}

int main(int argc, char **argv) {
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 40;
    dosi_run run = {.n_threads = 1};
    dosi_error err;
    double best = INFINITY, mean = 0, worst = 0;
    make_hours();
    const dosi_canyon_hours hours = {HOURS, wind, from, light, heavy, speed, speed};
    for (int repeat = 0; repeat < 3; repeat++) {
        clock_t start = clock();
        for (int i = 0; i < n; i++) {
            dosi_canyon street = street_of(i);
            if (dosi_canyon_year(&street, &hours, &run, left, right, &err) != DOSI_OK) return 1;
        }
        best = fmin(best, (double)(clock() - start) / CLOCKS_PER_SEC);
    }
    clock_t start = clock();
    for (int i = 0; i < 4; i++) {
        dosi_canyon street = street_of(i);
        if (dosi_canyon_year(&street, &hours, &run, left, right, &err) != DOSI_OK ||
            dosi_canyon_series(&street, &hours, &run, exact_left, exact_right, &err) !=
                DOSI_OK) {
            return 1;
        }
        for (int h = 0; h < HOURS; h++) {
            double scale = fmax(exact_left[h], exact_right[h]);
            double apart =
                fmax(fabs(left[h] - exact_left[h]), fabs(right[h] - exact_right[h])) / scale;
            worst = fmax(worst, apart);
            mean += apart / HOURS / 4;
        }
    }
    double hourly = (double)(clock() - start) / CLOCKS_PER_SEC / 4 / HOURS;
    double each = best / (double)n;
    printf("a street and year: %.2f ms (%.3f us an hour; hour by hour about %.2f us)\n",
           1e3 * each, 1e6 * each / HOURS, 1e6 * hourly);
    printf("%d streets: %.0f s on one thread, %.0f s on two\n", ALL_STREETS, ALL_STREETS * each,
           ALL_STREETS * each / 2);
    printf("apart from hour by hour: mean %.3f %%, at most %.2f %% of the greater side\n",
           100 * mean, 100 * worst);
    return 0;
}
