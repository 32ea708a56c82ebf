// Goal: sources that made the readings are found where they are and as strong as they are, no
// more of them than there are; known sources are weighed, and where readings say nothing the
// prior does.

#include "dosi/inverse.h"
#include "dosi/random.h"
#include "stat/inverse.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SENSORS = 16, TIMES = 120, ROWS = SENSORS * TIMES };

/// A little world: sensors on a grid, a wind for each time, readings.
typedef struct world {
    double x[SENSORS], y[SENSORS], to_x[TIMES], to_y[TIMES], speed[TIMES];
    uint32_t time[ROWS], sensor[ROWS];
    double value[ROWS];
    dosi_inverse_problem problem;
} world;

/// A simple plume: spread grows with the way, the higher the source the later it reaches the
/// ground.
static double plume(const world *w, const dosi_place *place, size_t t, size_t s) {
    double dx = w->x[s] - place->x_m;
    double dy = w->y[s] - place->y_m;
    double along = dx * w->to_x[t] + dy * w->to_y[t];
    double across = dy * w->to_x[t] - dx * w->to_y[t];
    if (along <= 0) return 0;
    double sy = 0.16 * along + 10;
    double sz = 0.14 * along + 5;
    double height = place->height_m * (0.5 + 0.5 * place->rise);
    return 1e6 * exp(-0.5 * pow(across / sy, 2) - 0.5 * pow(height / sz, 2)) /
           (3.14159 * sy * sz * w->speed[t]);
}

static void forward(const void *context,
                    const dosi_place *place,
                    const uint32_t *row,
                    size_t n_rows,
                    double *out) {
    const world *w = context;
    for (size_t i = 0; i < n_rows; i++) {
        out[i] = plume(w, place, w->time[row[i]], w->sensor[row[i]]);
    }
}

static void make_world(world *w, const dosi_place *places, const double *q, size_t n) {
    dosi_random random = dosi_random_init(11, 0);
    for (size_t s = 0; s < SENSORS; s++) {
        w->x[s] = 1500.0 * (double)(s % 4) + 300.0 * dosi_random_uniform(&random);
        w->y[s] = 1500.0 * (double)(s / 4) + 300.0 * dosi_random_uniform(&random);
    }
    for (size_t t = 0; t < TIMES; t++) {
        double angle = 6.2831853 * dosi_random_uniform(&random);
        w->to_x[t] = cos(angle);
        w->to_y[t] = sin(angle);
        w->speed[t] = 1.0 + 4.0 * dosi_random_uniform(&random);
        double background = 20.0 + 10.0 * dosi_random_normal(&random);
        for (size_t s = 0; s < SENSORS; s++) {
            size_t i = t * SENSORS + s;
            w->time[i] = (uint32_t)t;
            w->sensor[i] = (uint32_t)s;
            w->value[i] = background + 2.0 * (double)s + dosi_random_normal(&random);
            for (size_t j = 0; j < n; j++) w->value[i] += q[j] * plume(w, &places[j], t, s);
        }
    }
    w->problem = (dosi_inverse_problem){.n = ROWS,
                                        .y = w->value,
                                        .time = w->time,
                                        .sensor = w->sensor,
                                        .n_times = TIMES,
                                        .n_sensors = SENSORS,
                                        .forward = forward,
                                        .context = w};
}

static const dosi_place places[] = {{1200, 3300, 40, 1}, {3600, 1700, 60, 1}};
static const double strengths[] = {30, 50};
static const dosi_inverse_search search = {.x_min_m = -500,
                                           .x_max_m = 5500,
                                           .y_min_m = -500,
                                           .y_max_m = 5500,
                                           .step_m = 600,
                                           .height_min_m = 10,
                                           .height_max_m = 100,
                                           .rise_min = 1,
                                           .rise_max = 1,
                                           .n_heights = 2,
                                           .max_sources = 5};

static void sources_are_found_where_they_are(void **state) {
    (void)state;
    static world w;
    static dosi_inverse_result found;
    dosi_error err = {""};
    make_world(&w, places, strengths, 2);
    CHECK_OK(dosi_inverse_find(&w.problem, &search, NULL, &found, &err), err);
    assert_int_equal(found.n_sources, 2);
    for (size_t j = 0; j < 2; j++) {
        size_t best = 0;
        double nearest = INFINITY;
        for (size_t i = 0; i < found.n_sources; i++) {
            double apart = hypot(found.sources[i].place.x_m - places[j].x_m,
                                 found.sources[i].place.y_m - places[j].y_m);
            if (apart < nearest) best = i;
            nearest = fmin(nearest, apart);
        }
        assert_true(nearest < 60);
        CHECK_NEAR(found.sources[best].strength, strengths[j], 0.1 * strengths[j]);
        assert_true(found.sources[best].bic_gain > 50);
        assert_true(nearest <
                    5 * hypot(found.sources[best].x_sd_m, found.sources[best].y_sd_m));
    }
    assert_true(found.explained > 0.5);
}

static void nothing_is_found_where_nothing_is(void **state) {
    (void)state;
    static world w;
    static dosi_inverse_result found;
    dosi_error err = {""};
    make_world(&w, places, strengths, 0);
    CHECK_OK(dosi_inverse_find(&w.problem, &search, NULL, &found, &err), err);
    assert_int_equal(found.n_sources, 0);
    CHECK_NEAR(found.noise_sd, 1.0, 0.1);
}

static void bytes_do_not_depend_on_threads(void **state) {
    (void)state;
    static world w;
    static dosi_inverse_result first;
    static dosi_inverse_result found;
    dosi_error err = {""};
    make_world(&w, places, strengths, 2);
    for (int threads = 1; threads <= 7; threads += 3) {
        const dosi_run run = {.n_threads = threads};
        CHECK_OK(dosi_inverse_find(&w.problem, &search, &run, &found, &err), err);
        if (threads == 1) first = found;
        assert_memory_equal(&first, &found, sizeof found);
    }
}

static void a_look_begins_from_what_was_found_before(void **state) {
    (void)state;
    static world w;
    static dosi_inverse_result first, again;
    dosi_error err = {""};
    dosi_inverse_search from = search;
    make_world(&w, places, strengths, 2);
    CHECK_OK(dosi_inverse_find(&w.problem, &search, NULL, &first, &err), err);
    from.start = &first;
    CHECK_OK(dosi_inverse_find(&w.problem, &from, NULL, &again, &err), err);
    assert_int_equal(again.n_sources, first.n_sources);
    assert_true(again.noise_sd <= first.noise_sd * (1 + 1e-6));
    for (size_t j = 0; j < first.n_sources; j++) {
        const dosi_inverse_source *a = &first.sources[j], *b = &again.sources[j];
        assert_true(hypot(a->place.x_m - b->place.x_m, a->place.y_m - b->place.y_m) < 20);
        CHECK_NEAR(a->strength, b->strength, 0.05 * a->strength);
    }
}

/// Readings of many sensors with gaps, a course and shared columns; whatever is put in, what is
/// left has nothing in common with any effect, and its sum of squares is known beforehand.
static void check_effects(size_t n_sensors, size_t n_times) {
    enum { MOST = 8000, SHARED = 3 };
    static double y[MOST], course[64], shared[SHARED * MOST], v[MOST], value[MOST];
    static uint32_t time[MOST], sensor[MOST], at[MOST];
    dosi_random random = dosi_random_init(3, n_sensors);
    inverse_sparse sparse = {0, at, value};
    size_t n = 0;
    for (size_t i = 0; i < n_sensors * n_times; i++) {
        if (dosi_random_uniform(&random) < 0.1) continue;
        time[n] = (uint32_t)(i / n_sensors);
        sensor[n] = (uint32_t)(i % n_sensors);
        y[n++] = dosi_random_normal(&random);
    }
    for (size_t t = 0; t < n_times; t++) course[t] = 1 + dosi_random_uniform(&random);
    for (size_t i = 0; i < SHARED * n; i++) shared[i] = dosi_random_uniform(&random);
    memcpy(shared + n, shared, n * sizeof *shared); // one says nothing new
    const dosi_inverse_problem problem = {.n = n,
                                          .y = y,
                                          .time = time,
                                          .sensor = sensor,
                                          .n_times = n_times,
                                          .n_sensors = n_sensors,
                                          .course = course,
                                          .n_shared = SHARED,
                                          .shared = shared};
    inverse_rows rows;
    dosi_error err = {""};
    CHECK_OK(dosi_inverse_rows_take(&problem, 1, &rows, &err), err);
    double *scratch = calloc(rows.n_scratch + 4 * n_sensors + n_times, sizeof *scratch);
    assert_non_null(scratch);
    for (size_t i = 0; i < n; i++) {
        v[i] = i % 5 == 0 ? 3 + dosi_random_normal(&random) : 0;
        if (v[i] == 0) continue;
        at[sparse.n] = (uint32_t)i;
        value[sparse.n++] = v[i];
    }
    double square = dosi_inverse_square(&rows, &sparse, scratch);
    dosi_inverse_take_effects(&rows, v, scratch);
    CHECK_NEAR(square / dosi_inverse_dot(v, v, n), 1, 1e-7);
    double *sum = scratch, *with = sum + n_sensors, *of_time = with + n_sensors;
    memset(scratch, 0, (2 * n_sensors + n_times) * sizeof *scratch);
    for (size_t i = 0; i < n; i++) {
        sum[sensor[i]] += v[i];
        with[sensor[i]] += v[i] * course[time[i]];
        of_time[time[i]] += v[i];
    }
    for (size_t i = 0; i < 2 * n_sensors + n_times; i++) CHECK_NEAR(scratch[i], 0, 1e-5);
    for (size_t k = 0; k < SHARED; k++) {
        CHECK_NEAR(dosi_inverse_dot(v, shared + k * n, n), 0, 1e-4);
    }
    free(scratch);
    dosi_inverse_rows_clear(&rows);
}

static void effects_leave_nothing_of_themselves(void **state) {
    (void)state;
    check_effects(20, 50);
    check_effects(800, 8); // too many sensors for a factor
}

static void known_sources_are_weighed(void **state) {
    (void)state;
    static world w;
    dosi_error err = {""};
    // The third place is far downwind of nothing: readings cannot tell.
    dosi_inverse_known known[] = {{.place = places[0], .prior = 10, .prior_sd = 50},
                                  {.place = places[1], .prior = 10, .prior_sd = 50},
                                  {.place = {9e6, 9e6, 50, 1}, .prior = 7, .prior_sd = 3}};
    double noise = 0;
    make_world(&w, places, strengths, 2);
    CHECK_OK(dosi_inverse_strengths(&w.problem, known, 3, NULL, &noise, &err), err);
    CHECK_NEAR(known[0].strength, 30, 4 * known[0].sd);
    CHECK_NEAR(known[1].strength, 50, 4 * known[1].sd);
    assert_true(known[0].averaging > 0.95 && known[1].averaging > 0.95);
    CHECK_NEAR(known[2].strength, 7, 1e-9);
    CHECK_NEAR(known[2].sd, 3, 1e-6);
    CHECK_NEAR(known[2].averaging, 0, 1e-9);
    CHECK_NEAR(noise, 1.0, 0.1);
}

/// One more of a series whose values are like the one before.
static double next_of(dosi_random *random, double before, double phi) {
    return phi * before + sqrt(1 - phi * phi) * dosi_random_normal(random);
}

/// Mean of ((strength - truth) / sd)^2 over many worlds of slowly changing errors and plumes.
static double miss_of(double phi_plume, double phi_error) {
    enum { WORLDS = 60, GROUPS = 3 };
    static world w;
    static double columns[GROUPS][ROWS];
    dosi_error err = {""};
    dosi_random random = dosi_random_init(5, 1);
    double sum = 0;
    for (size_t k = 0; k < WORLDS; k++) {
        make_world(&w, places, strengths, 0);
        double state[GROUPS + 1][SENSORS] = {{0}};
        for (size_t i = 0; i < ROWS; i++) {
            size_t s = i % SENSORS;
            for (size_t g = 0; g <= GROUPS; g++) {
                double *at = &state[g][s];
                *at = next_of(&random, *at, g < GROUPS ? phi_plume : phi_error);
            }
            w.value[i] = 5 + 3 * (double)s + 2 * state[GROUPS][s];
            for (size_t g = 0; g < GROUPS; g++) {
                columns[g][i] = 3 + state[g][s];
                w.value[i] += (double)(g + 1) * columns[g][i];
            }
        }
        dosi_inverse_known known[GROUPS] = {{.prior_sd = 100, .column = columns[0]},
                                            {.prior_sd = 100, .column = columns[1]},
                                            {.prior_sd = 100, .column = columns[2]}};
        w.problem.forward = NULL;
        CHECK_OK(dosi_inverse_strengths(&w.problem, known, GROUPS, NULL, NULL, &err), err);
        for (size_t g = 0; g < GROUPS; g++) {
            sum += pow((known[g].strength - (double)(g + 1)) / known[g].sd, 2);
        }
    }
    return sum / (WORLDS * GROUPS);
}

/// 180 misses: their mean square is within 0.6..1.6 when standard errors are honest; without
/// regard to time it would be about 9 where both are slow.
static void standard_errors_are_honest(void **state) {
    (void)state;
    double fast = miss_of(0, 0.9), slow = miss_of(0.9, 0.9);
    assert_true(fast > 0.6 && fast < 1.6);
    assert_true(slow > 0.6 && slow < 1.6);
}

static void what_makes_no_sense_is_said(void **state) {
    (void)state;
    static world w;
    static dosi_inverse_result found;
    dosi_error err = {""};
    dosi_inverse_search wrong = search;
    make_world(&w, places, strengths, 2);
    wrong.step_m = 0;
    assert_int_equal(dosi_inverse_find(&w.problem, &wrong, NULL, &found, &err), DOSI_DOMAIN);
    wrong.step_m = 1;
    assert_int_equal(dosi_inverse_find(&w.problem, &wrong, NULL, &found, &err), DOSI_LIMIT);
    w.value[5] = (double)NAN;
    assert_int_equal(dosi_inverse_find(&w.problem, &search, NULL, &found, &err), DOSI_DOMAIN);
    dosi_inverse_known known = {.place = places[0]};
    assert_int_equal(dosi_inverse_strengths(&w.problem, &known, 1, NULL, NULL, &err),
                     DOSI_DOMAIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_are_found_where_they_are),
        cmocka_unit_test(nothing_is_found_where_nothing_is),
        cmocka_unit_test(bytes_do_not_depend_on_threads),
        cmocka_unit_test(a_look_begins_from_what_was_found_before),
        cmocka_unit_test(effects_leave_nothing_of_themselves),
        cmocka_unit_test(known_sources_are_weighed),
        cmocka_unit_test(standard_errors_are_honest),
        cmocka_unit_test(what_makes_no_sense_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
