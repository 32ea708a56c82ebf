// Goal: stacks and areas give what EPA's AERMOD gives for its cases, whatever the order and the
// number of receptors; and plumes behave as plumes must.

#include "dosi/plume.h"
#include "dosi/random.h"
#include "test.h"

#include <math.h>
#include <string.h>

enum { HOURS = 3, PLACES = 5, MANY = 300 };

/// Three hours of AERMOD's AERMET2.SFC and .PFL (version 24142): 88030112 an unstable noon,
/// 88030320 a calm stable night, 88030310 a hot morning in weak wind.
static const dosi_plume_level levels[HOURS][3] = {
    {{10, 308.9, 2.5, 274.69, 40.8, 0.62},
     {50, 303.4, 4.3, 273.79, 27.2, NAN},
     {100, 303.3, 5.2, 273.09, 18.2, 0.99}},
    {{10, 282.8, 0.3, 276.19, 58.2, 0},
     {50, 25.7, 0.5, NAN, 22.3, NAN},
     {100, 20, 0.9, 275.89, 36.6, 0.13}},
    {{10, 289.5, 1.1, 280.79, 68.3, 0.3},
     {50, 279.1, 2.1, 280.39, 30.8, NAN},
     {100, 283.3, 2.6, 279.79, 19.2, 0.63}},
};
static const dosi_plume_weather hours[HOURS] = {
    {97.8,  0.438, 1.247, 0.005, 711, 2198,  -76.9, 0.75,      1.5, 0.51, 2.5,
     308.9, 10,    274.7, 10,    0,   false, false, levels[0], 3,   NULL},
    {-0.3,  0.023, NAN,   NAN, NAN, 8,     4,     0.75,      1.5, 1,   0.3,
     282.8, 10,    276.2, 10,  0,   false, false, levels[1], 3,   NULL},
    {64.4,  0.233, 1.207, 0.008, 978, 271,   -17.7, 0.75,      1.5, 0.52, 1.1,
     289.5, 10,    280.8, 10,    0,   false, false, levels[2], 3,   NULL},
};

/// The sources STACK, AREA and LINE1 of EPA's case "allsrcs".
static const dosi_plume_source stack = {.kind = DOSI_PLUME_POINT,
                                        .x_m = 10,
                                        .y_m = 10,
                                        .height_m = 35,
                                        .emission = 100,
                                        .exit_temperature_k = 432,
                                        .exit_speed_ms = 11.7,
                                        .diameter_m = 2.4};
static const double square_x[] = {-10, -10, 10, 10}, square_y[] = {-10, 10, 10, -10};
static const dosi_plume_source area = {.kind = DOSI_PLUME_AREA,
                                       .height_m = 1,
                                       .emission = 0.001,
                                       .corner_x_m = square_x,
                                       .corner_y_m = square_y,
                                       .n_corners = 4};
// From (300, 800) to (900, 200), 20 m wide.
static const double line_x[] = {292.9289321881345, 892.9289321881345, 907.0710678118655,
                                307.0710678118655};
static const double line_y[] = {792.9289321881345, 192.9289321881345, 207.0710678118655,
                                807.0710678118655};
static const dosi_plume_source line = {.kind = DOSI_PLUME_AREA,
                                       .height_m = 1,
                                       .emission = 0.001,
                                       .sigma_z_m = 20,
                                       .corner_x_m = line_x,
                                       .corner_y_m = line_y,
                                       .n_corners = 4};

/// A receptor's value in AERMOD's hourly results.
typedef struct value {
    double x, y, concentration;
} value;

static dosi_plume_hour hour_of(size_t h) {
    dosi_plume_limits limits = dosi_plume_limits_default();
    dosi_plume_hour hour;
    dosi_error err = {""};
    CHECK_OK(dosi_plume_hour_prepare(&hours[h], &limits, &hour, &err), err);
    return hour;
}

/// What a source brings to one place.
static double at(const dosi_plume_hour *hour,
                 const dosi_plume_source *source,
                 double x,
                 double y) {
    double out = 0;
    dosi_error err = {""};
    const dosi_plume_receptors one = {.n = 1, .x_m = &x, .y_m = &y};
    CHECK_OK(dosi_plume_add(hour, source, &one, &out, &err), err);
    return out;
}

static void compare(const dosi_plume_source *source, value expected[HOURS][PLACES]) {
    for (size_t h = 0; h < HOURS; h++) {
        dosi_plume_hour hour = hour_of(h);
        for (size_t i = 0; i < PLACES; i++) {
            const value *v = &expected[h][i];
            // EPA prints five decimals.
            CHECK_NEAR(at(&hour, source, v->x, v->y), v->concentration,
                       5.1e-6 + 1e-7 * v->concentration);
        }
    }
}

static void a_stack_gives_what_aermod_gives(void **state) {
    (void)state;
    static value expected[HOURS][PLACES] = {{{300, -180, 112.72991},
                                             {420, -300, 106.49381},
                                             {540, -180, 84.31522},
                                             {420, -60, 58.15472},
                                             {300, -540, 35.76436}},
                                            {{-500, -1000, 1.12343},
                                             {-60, -660, 0.75099},
                                             {60, -660, 0.43496},
                                             {-500, -1000, 1.12343},
                                             {-60, -660, 0.75099}},
                                            {{420, -180, 31.95168},
                                             {420, 60, 23.25994},
                                             {420, -180, 31.95168},
                                             {420, 60, 23.25994},
                                             {420, 60, 23.25994}}};
    compare(&stack, expected);
}

static void an_area_gives_what_aermod_gives(void **state) {
    (void)state;
    static value expected[HOURS][PLACES] = {{{60, -60, 40.85371},
                                             {60, -180, 10.39855},
                                             {60, -60, 40.85371},
                                             {60, -180, 10.39855},
                                             {60, -60, 40.85371}},
                                            {{540, -180, 481.56169},
                                             {-1000, -500, 0},
                                             {-660, -660, 0},
                                             {540, -180, 481.56169},
                                             {-660, -660, 0}},
                                            {{60, -60, 110.11719},
                                             {420, 60, 2.06228},
                                             {60, -60, 110.11719},
                                             {420, 60, 2.06228},
                                             {420, 60, 2.06228}}};
    compare(&area, expected);
    static value of_line[HOURS][PLACES] = {{{780, 300, 654.89717},
                                            {420, 660, 561.98270},
                                            {780, 660, 34.25276},
                                            {780, 300, 654.89717},
                                            {780, 660, 34.25276}},
                                           {{540, 660, 4005.07512},
                                            {420, 780, 1040.90572},
                                            {-660, 60, 0},
                                            {540, 660, 4005.07512},
                                            {420, 780, 1040.90572}},
                                           {{780, 300, 1045.53266},
                                            {420, 660, 957.55373},
                                            {660, 660, 237.53565},
                                            {420, 540, 17.80656},
                                            {780, 300, 1045.53266}}};
    compare(&line, of_line);
}

// EPA AERMOD 24142, subroutines AREAIN, PLUMEF, PWIDTH, PSIDE, PSIDE2, ZBRENT and QATR3 of
// AREAPOLY, compiled by themselves and run with the profiles of the hours here. A hook, open to
// the east, on the ground, and a kite above it.
static void polygons_give_what_the_code_of_epa_gives(void **state) {
    (void)state;
    static const double hook_x[] = {-100, -100, 100, 100, -40, -40, 100, 100};
    static const double hook_y[] = {-80, 90, 90, 40, 40, -30, -30, -80};
    static const double kite_x[] = {0, 25, 120, 35, -20}, kite_y[] = {150, 20, 0, -25, -140};
    const dosi_plume_source hook = {.kind = DOSI_PLUME_AREA,
                                    .height_m = 1,
                                    .emission = 1e-3,
                                    .is_flat = true,
                                    .corner_x_m = hook_x,
                                    .corner_y_m = hook_y,
                                    .n_corners = 8};
    const dosi_plume_source kite = {.kind = DOSI_PLUME_AREA,
                                    .height_m = 6,
                                    .emission = 1e-3,
                                    .sigma_z_m = 2,
                                    .is_flat = true,
                                    .corner_x_m = kite_x,
                                    .corner_y_m = kite_y,
                                    .n_corners = 5};
    static const double place[PLACES][2] = {
        {30, 5}, {-70, 0}, {300, -200}, {600, -150}, {-60, -700}};
    static const double of_hook[HOURS][PLACES] = {
        {1547.24411, 5253.77186, 261.383018, 50.6432849, 0.566127034},
        {62630.2644, 16522.9118, 3701.46302, 41024.8205, 0},
        {3537.18226, 12227.339, 451.65071, 261.819915, 0}};
    static const double of_kite[HOURS][PLACES] = {
        {1561.04445, 0, 86.5345405, 22.2354006, 0.909354262},
        {660.438248, 0, 1381.22505, 8861.18944, 0},
        {4390.09962, 0, 165.545329, 77.3032302, 0}};
    for (size_t h = 0; h < HOURS; h++) {
        dosi_plume_hour hour = hour_of(h);
        for (size_t i = 0; i < PLACES; i++) {
            double x = place[i][0], y = place[i][1];
            CHECK_NEAR(at(&hour, &hook, x, y), of_hook[h][i], 1e-8 * of_hook[h][i]);
            CHECK_NEAR(at(&hour, &kite, x, y), of_kite[h][i], 1e-8 * of_kite[h][i]);
        }
    }
}

static void receptors_do_not_know_each_other(void **state) {
    (void)state;
    double x[MANY], y[MANY], z[MANY], all[MANY] = {0}, alone = 0;
    dosi_random random = dosi_random_init(7, 0);
    for (size_t i = 0; i < MANY; i++) {
        x[i] = 4000 * dosi_random_uniform(&random) - 2000;
        y[i] = 4000 * dosi_random_uniform(&random) - 2000;
        z[i] = 100 * dosi_random_uniform(&random) - 20;
    }
    const dosi_plume_source *const sources[] = {&stack, &area};
    dosi_error err = {""};
    for (size_t h = 0; h < HOURS; h++) {
        dosi_plume_hour hour = hour_of(h);
        for (size_t s = 0; s < 2; s++) {
            memset(all, 0, sizeof all);
            const dosi_plume_receptors receptors = {.n = MANY, .x_m = x, .y_m = y, .z_m = z};
            CHECK_OK(dosi_plume_add(&hour, sources[s], &receptors, all, &err), err);
            for (size_t i = 0; i < MANY; i++) {
                alone = 0;
                const dosi_plume_receptors one = {
                    .n = 1, .x_m = &x[i], .y_m = &y[i], .z_m = &z[i]};
                CHECK_OK(dosi_plume_add(&hour, sources[s], &one, &alone, &err), err);
                assert_memory_equal(&alone, &all[i], sizeof alone);
            }
        }
    }
}

/// Random air, its wind from the west; half of the hours are nights.
static dosi_plume_hour random_hour(dosi_random *random) {
    bool is_day = dosi_random_below(random, 2);
    double friction = 0.03 + 0.6 * dosi_random_uniform(random);
    double length = pow(10, 0.5 + 2.5 * dosi_random_uniform(random));
    const dosi_plume_weather weather = {
        .heat_flux_wm2 = is_day ? 100 : -10,
        .friction_ms = friction,
        .convective_ms = is_day ? 0.2 + 2 * dosi_random_uniform(random) : (double)NAN,
        .lapse_above_km = is_day ? 0.006 : (double)NAN,
        .convective_height_m = is_day ? 100 + 1500 * dosi_random_uniform(random) : (double)NAN,
        .mechanical_height_m = 20 + 2000 * friction * dosi_random_uniform(random),
        .obukhov_m = is_day ? -length : length,
        .roughness_m = pow(10, -3 + 3 * dosi_random_uniform(random)),
        .bowen = 1,
        .albedo = 0.2,
        .speed_ms = 0.3 + 8 * dosi_random_uniform(random),
        .direction_deg = 270,
        .speed_height_m = 10,
        .temperature_k = 290,
        .temperature_height_m = 2};
    dosi_plume_limits limits = dosi_plume_limits_default();
    limits.meander_max = 0; // the narrow plume alone
    dosi_plume_hour hour;
    dosi_error err = {""};
    CHECK_OK(dosi_plume_hour_prepare(&weather, &limits, &hour, &err), err);
    if (dosi_random_below(random, 4) > 0) return hour;
    dosi_plume_hour city;
    dosi_plume_hour_urban(&hour, 1e6, 1, &city);
    return city;
}

static void a_narrow_plume_is_felt_up_to_ten_sigma_from_its_axis(void **state) {
    (void)state;
    // Places further out are left out early; sigma_y is found from two places near the axis.
    dosi_random random = dosi_random_init(test_seed(), 11);
    int checked = 0;
    for (int round = 0; round < 3000; round++) {
        dosi_plume_hour hour = random_hour(&random);
        dosi_plume_source source = stack;
        source.x_m = source.y_m = 0;
        source.height_m = pow(10, 2.5 * dosi_random_uniform(&random)) - 1;
        source.exit_speed_ms = 0.5 + 20 * dosi_random_uniform(&random);
        source.exit_temperature_k = 291 + 200 * dosi_random_uniform(&random);
        if (dosi_random_below(&random, 3) == 0) {
            source.kind = DOSI_PLUME_VOLUME;
            source.sigma_y_m = 20 * dosi_random_uniform(&random) + 0.01;
            source.sigma_z_m = 3;
        }
        double x = pow(10, 1.7 + 3 * dosi_random_uniform(&random)), near = 0.02 * x;
        double middle = at(&hour, &source, x, 0), beside = at(&hour, &source, x, near);
        if (middle < 1e-9 || beside >= middle * (1 - 1e-9)) continue;
        double sigma = near / sqrt(2 * log(middle / beside));
        assert_true(at(&hour, &source, x, 9.9 * sigma) > 0);
        checked++;
    }
    assert_true(checked > 1000);
}

static void small_volumes_make_an_area(void **state) {
    (void)state;
    // A square of volumes without spread of their own is the area, far enough away; areas do
    // not meander, so the volumes may not either.
    enum { SIDE = 20 };
    dosi_plume_hour hour = hour_of(0);
    hour.limits.meander_max = 0;
    double sum = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        const dosi_plume_source volume = {.kind = DOSI_PLUME_VOLUME,
                                          .x_m = i % SIDE - 9.5,
                                          .y_m = i / SIDE - 9.5,
                                          .height_m = 1,
                                          .emission = 0.001,
                                          .sigma_y_m = 1e-5,
                                          .sigma_z_m = 1e-5};
        sum += at(&hour, &volume, 300, -240);
    }
    double whole = at(&hour, &area, 300, -240);
    CHECK_NEAR(sum / whole, 1, 0.02);
}

static void heights_of_flat_ground_count_for_nothing(void **state) {
    (void)state;
    for (size_t h = 0; h < HOURS; h++) {
        dosi_plume_hour hour = hour_of(h);
        const double x = 420, y = -180, z = 73, hill = 73;
        dosi_plume_source high = stack;
        high.base_m = z;
        double out = 0;
        dosi_error err = {""};
        const dosi_plume_receptors one = {1, &x, &y, &z, &hill, NULL};
        CHECK_OK(dosi_plume_add(&hour, &high, &one, &out, &err), err);
        CHECK_NEAR(out / at(&hour, &stack, x, y), 1, 1e-12);
    }
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    dosi_plume_hour hour = hour_of(0);
    double x = 1, y = 1, out = 0;
    const dosi_plume_receptors one = {.n = 1, .x_m = &x, .y_m = &y};
    dosi_error err = {""};
    dosi_plume_source bad = stack;
    bad.diameter_m = 0;
    assert_int_equal(dosi_plume_add(&hour, &bad, &one, &out, &err), DOSI_DOMAIN);
    bad = area;
    bad.n_corners = 2;
    assert_int_equal(dosi_plume_add(&hour, &bad, &one, &out, &err), DOSI_DOMAIN);
    bad.n_corners = DOSI_PLUME_VERTICES + 1;
    assert_int_equal(dosi_plume_add(&hour, &bad, &one, &out, &err), DOSI_UNSUPPORTED);
    hour.state = DOSI_PLUME_CALM;
    CHECK_OK(dosi_plume_add(&hour, &stack, &one, &out, &err), err);
    assert_true(out == 0);
}

static void a_city_keeps_its_night_mixed(void **state) {
    (void)state;
    dosi_plume_hour night = hour_of(1), noon = hour_of(0), city;
    dosi_plume_hour_urban(&night, 1e6, 1, &city);
    assert_true(city.is_urban && city.state == DOSI_PLUME_STABLE);
    assert_true(city.mixing_m > night.mixing_m && city.friction_ms >= night.friction_ms);
    for (int z = 0; z < 300; z += 7) {
        assert_true(dosi_plume_at(&city, DOSI_PLUME_SIGMA_W, z) >=
                    dosi_plume_at(&night, DOSI_PLUME_SIGMA_W, z));
    }
    dosi_plume_hour_urban(&noon, 1e6, 1, &city);
    assert_memory_equal(&city, &noon, sizeof city);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stack_gives_what_aermod_gives),
        cmocka_unit_test(an_area_gives_what_aermod_gives),
        cmocka_unit_test(polygons_give_what_the_code_of_epa_gives),
        cmocka_unit_test(receptors_do_not_know_each_other),
        cmocka_unit_test(a_narrow_plume_is_felt_up_to_ten_sigma_from_its_axis),
        cmocka_unit_test(small_volumes_make_an_area),
        cmocka_unit_test(heights_of_flat_ground_count_for_nothing),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_city_keeps_its_night_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
