// Goal: roads give what EPA's AERMOD gives for its R-LINE cases with and without a wall, the
// quick integral is the fine sum, and a road behaves as a road must.

#include "dosi/plume.h"
#include "dosi/random.h"
#include "dosi/road.h"
#include "test.h"

enum { HOURS = 3, PLACES = 7 };

/// Three hours of AERMOD's AERMET2.SFC and .PFL (version 24142): an unstable noon, a calm
/// stable night and a hot morning in weak wind.
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
static const double place_x[PLACES] = {-300, 180, 540, -60, 60, 300, 780};
static const double place_y[PLACES] = {-300, -180, -60, 60, 60, 180, 780};
static const dosi_road_places places = {PLACES, place_x, place_y, 0};

/// The road of AERMOD's Test1: 200 m north to south, 1 g/m/s.
static const dosi_road_line road = {
    .y0_m = -100, .y1_m = 100, .height_m = 1, .width_m = 3.6, .sigma_z0_m = 2};

static dosi_road_weather weather_of(size_t h) {
    dosi_plume_limits limits = dosi_plume_limits_default();
    dosi_plume_hour hour;
    dosi_error err = {""};
    CHECK_OK(dosi_plume_hour_prepare(&hours[h], &limits, &hour, &err), err);
    dosi_road_weather weather;
    assert_true(dosi_road_weather_of(&hour, &weather));
    return weather;
}

static dosi_road_kernel *kernel_of(const dosi_road_weather *weather,
                                   const dosi_road_line *line) {
    dosi_road_kernel *kernel = NULL;
    dosi_error err = {""};
    CHECK_OK(dosi_road_kernel_create(&kernel, &err), err);
    CHECK_OK(dosi_road_kernel_set(kernel, weather, line, 0, &err), err);
    return kernel;
}

/// Both integrals beside AERMOD's.
static void compare(size_t h, const dosi_road_line *line, const double *expected) {
    dosi_road_weather weather = weather_of(h);
    dosi_road_kernel *kernel = kernel_of(&weather, line);
    double quick[PLACES] = {0}, slow[PLACES] = {0};
    dosi_road_add(kernel, line, 1, &places, quick);
    dosi_road_add_romberg(kernel, line, 1, &places, slow);
    for (size_t i = 0; i < PLACES; i++) {
        CHECK_NEAR(slow[i] / expected[i], 1, 0.002);
        CHECK_NEAR(quick[i] / expected[i], 1, 0.01);
    }
    dosi_road_kernel_destroy(kernel);
}

static void a_road_gives_what_aermod_gives(void **state) {
    (void)state;
    // Test1_Base_cart_3cond_SNC.PST of EPA's test cases, hours 88030112, 88030320, 88030310.
    static const double expected[HOURS][PLACES] = {
        {70.5637, 4295.80124, 262.15362, 6813.6274, 11585.08412, 119.33585, 4.96863},
        {31213.67902, 66802.89467, 21416.54931, 316456.68934, 316455.19901, 40871.74517,
         7820.95519},
        {66.93048, 2678.50191, 520.32974, 9147.9291, 16176.12273, 237.95301, 3.77076},
    };
    for (size_t h = 0; h < HOURS; h++) compare(h, &road, expected[h]);
}

static void a_wall_gives_what_aermod_gives(void **state) {
    (void)state;
    // Test3_Base_cart_3cond_SNC_bar.PST, the same hours: a wall of 10 m, 10 m to the east.
    static const double expected[HOURS][PLACES] = {
        {73.44682, 4220.63611, 251.58972, 5285.12873, 9631.72329, 112.25254, 5.0997},
        {17143.61514, 61082.80242, 29074.52611, 49600.05943, 161627.91811, 29058.885,
         1918.81814},
        {71.51914, 2675.75624, 530.86808, 8800.08859, 17990.34088, 233.34507, 4.00422},
    };
    dosi_road_line line = road;
    line.walls[0] = (dosi_road_wall){10, 10};
    for (size_t h = 0; h < HOURS; h++) compare(h, &line, expected[h]);
}

/// The integral as a fine sum of points.
static double fine_sum(const dosi_road_kernel *kernel,
                       const dosi_road_line *line,
                       double x,
                       double y) {
    enum { POINTS = 3000 };
    double dx = line->x1_m - line->x0_m, dy = line->y1_m - line->y0_m, sum = 0;
    double along = 90 - atan2(dy, dx) * 180 / M_PI;
    for (int i = 0; i < POINTS; i++) {
        double t = (i + 0.5) / POINTS;
        sum += dosi_road_point(kernel, line->width_m, along, x - line->x0_m - t * dx,
                               y - line->y0_m - t * dy);
    }
    return sum * hypot(dx, dy) / POINTS;
}

static void the_quick_integral_is_the_fine_sum(void **state) {
    (void)state;
    dosi_random random = dosi_random_init(test_seed(), 3);
    for (int round = 0; round < 60; round++) {
        dosi_road_weather weather = weather_of((size_t)round % HOURS);
        weather.direction_deg = 360 * dosi_random_uniform(&random);
        weather.roughness_m = 0.05 + dosi_random_uniform(&random);
        weather.sigma_v_ms = weather.friction_ms * (1 + 2 * dosi_random_uniform(&random));
        double angle = 2 * M_PI * dosi_random_uniform(&random);
        double length = 20 * pow(50, dosi_random_uniform(&random));
        dosi_road_line line = {.x1_m = length * cos(angle),
                               .y1_m = length * sin(angle),
                               .height_m = 0.5 + dosi_random_uniform(&random),
                               .width_m = 30 * dosi_random_uniform(&random),
                               .sigma_z0_m = 3 * dosi_random_uniform(&random)};
        dosi_road_kernel *kernel = kernel_of(&weather, &line);
        // Within a few road lengths, and not on the road itself, where the sum is too coarse.
        double far = (0.02 + dosi_random_uniform(&random)) * 3 * length;
        double turn = 2 * M_PI * dosi_random_uniform(&random);
        double x = 0.5 * line.x1_m + far * cos(turn), y = 0.5 * line.y1_m + far * sin(turn);
        double quick = 0, fine = fine_sum(kernel, &line, x, y);
        dosi_road_add(kernel, &line, 1, &(dosi_road_places){1, &x, &y, 0}, &quick);
        CHECK_NEAR(quick / fine, 1, 0.005);
        dosi_road_kernel_destroy(kernel);
    }
}

static void halves_of_a_road_make_the_whole(void **state) {
    (void)state;
    dosi_road_weather weather = weather_of(0);
    dosi_road_line halves[2] = {road, road};
    halves[0].y1_m = halves[1].y0_m = 13;
    dosi_road_kernel *kernel = kernel_of(&weather, &road);
    double whole[PLACES] = {0}, parts[PLACES] = {0};
    dosi_road_add(kernel, &road, 1, &places, whole);
    for (int i = 0; i < 2; i++) dosi_road_add(kernel, &halves[i], 1, &places, parts);
    for (size_t i = 0; i < PLACES; i++) CHECK_NEAR(parts[i] / whole[i], 1, 2e-3);
    dosi_road_kernel_destroy(kernel);
}

static void a_road_does_not_care_which_end_is_first(void **state) {
    (void)state;
    dosi_road_weather weather = weather_of(2);
    dosi_road_line turned = road;
    turned.y0_m = 100;
    turned.y1_m = -100;
    for (int has_wall = 0; has_wall < 2; has_wall++) {
        dosi_road_line lines[2] = {road, turned};
        double out[2][PLACES] = {{0}};
        for (int i = 0; i < 2; i++) {
            if (has_wall) lines[i].walls[0] = (dosi_road_wall){6, -12};
            dosi_road_kernel *kernel = kernel_of(&weather, &lines[i]);
            dosi_road_add(kernel, &lines[i], 1, &places, out[i]);
            dosi_road_kernel_destroy(kernel);
        }
        for (size_t i = 0; i < PLACES; i++) CHECK_NEAR(out[0][i] / out[1][i], 1, 1e-9);
    }
}

static void a_calm_hour_has_no_weather_for_roads(void **state) {
    (void)state;
    dosi_plume_hour hour = {.state = DOSI_PLUME_CALM};
    dosi_road_weather weather = {.speed_ms = 7};
    assert_false(dosi_road_weather_of(&hour, &weather));
    assert_true(weather.speed_ms == 7);
}

static void weather_outside_its_domain_is_refused(void **state) {
    (void)state;
    dosi_road_weather weather = weather_of(0);
    dosi_road_kernel *kernel = kernel_of(&weather, &road);
    dosi_error err = {""};
    weather.friction_ms = 0;
    assert_int_equal(dosi_road_kernel_set(kernel, &weather, &road, 0, &err), DOSI_DOMAIN);
    assert_non_null(strstr(err.message, "friction_ms"));
    weather.friction_ms = 0.4;
    dosi_road_line sunk = road;
    sunk.depth_m = 6;
    assert_int_equal(dosi_road_kernel_set(kernel, &weather, &sunk, 0, &err), DOSI_DOMAIN);
    dosi_road_kernel_destroy(kernel);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_road_gives_what_aermod_gives),
        cmocka_unit_test(a_wall_gives_what_aermod_gives),
        cmocka_unit_test(the_quick_integral_is_the_fine_sum),
        cmocka_unit_test(halves_of_a_road_make_the_whole),
        cmocka_unit_test(a_road_does_not_care_which_end_is_first),
        cmocka_unit_test(a_calm_hour_has_no_weather_for_roads),
        cmocka_unit_test(weather_outside_its_domain_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
