// Goal: deposition is what EPA's AERMOD gives in recorded runs, nothing is lost but what falls,
// and a source that deposits nothing gives the bits it gave before.

#include "dosi/plume.h"
#include "test.h"

#include <math.h>
#include <string.h>

enum { HOURS = 4, PLACES = 3 };

// A stack with three sizes of particles in rain. Recorded with AERMOD 26135 by the project
// pyaermod (github.com/atmmod/pyaermod, tests/fixtures/postfile_types/conc_ddep_wdep, commit
// bbe00598): Houston, 28 February 1996, 11 to 14 o'clock.
static const dosi_plume_level houston_levels[HOURS] = {
    {6.1, 29, 3.6, 284.85, NAN, NAN},
    {6.1, 9, 3.1, 283.75, NAN, NAN},
    {6.1, 10, 4.6, 283.75, NAN, NAN},
    {6.1, 15, 4.1, 283.75, NAN, NAN},
};
static const double houston[HOURS][10] = {
    // heat, u*, w*, lapse, zic, zim, L, albedo, wind, from
    {28.2, 0.400, 0.672, 0.009, 390, 732, -204.6, 0.26, 3.6, 29},
    {33.6, 0.350, 0.766, 0.017, 486, 505, -116.1, 0.25, 3.1, 9},
    {35.6, 0.506, 0.815, 0.007, 550, 863, -328.6, 0.25, 4.6, 10},
    {34.1, 0.453, 0.812, 0.009, 568, 735, -246.8, 0.25, 4.1, 15},
};
static const double houston_air[HOURS][4] = {
    // temperature, rain, humidity, pressure
    {284.8, 0.8, 85, 1016},
    {283.8, 4.3, 92, 1016},
    {283.8, 2.0, 89, 1016},
    {283.8, 1.0, 89, 1015},
};
static const double recorded[HOURS][PLACES][3] = {
    {{487.72309, 0.12277, 0.00875}, {83.99089, 0.01912, 0.00254}, {25.02247, 0.00524, 0.00127}},
    {{527.05666, 0.12363, 0.03510}, {97.06336, 0.02003, 0.01095}, {19.17414, 0.00354, 0.00371}},
    {{497.17466, 0.14776, 0.01540}, {88.27024, 0.02379, 0.00481}, {19.66152, 0.00492, 0.00177}},
    {{621.02049, 0.17228, 0.01221},
     {119.29972, 0.02998, 0.00409},
     {31.28925, 0.00729, 0.00181}},
};
static const double place_x[PLACES] = {-50, -130, -270}, place_y[PLACES] = {-150, -400, -750};

static void houston_hour(size_t h, dosi_plume_hour *out) {
    const double *v = houston[h], *a = houston_air[h];
    const dosi_moisture moisture = {.precipitation_mm = a[1],
                                    .precipitation_code = 11,
                                    .humidity_percent = a[2],
                                    .pressure_hpa = a[3]};
    const dosi_plume_weather weather = {.heat_flux_wm2 = v[0],
                                        .friction_ms = v[1],
                                        .convective_ms = v[2],
                                        .lapse_above_km = v[3],
                                        .convective_height_m = v[4],
                                        .mechanical_height_m = v[5],
                                        .obukhov_m = v[6],
                                        .roughness_m = 0.15,
                                        .bowen = 0.7,
                                        .albedo = v[7],
                                        .speed_ms = v[8],
                                        .direction_deg = v[9],
                                        .speed_height_m = 6.1,
                                        .temperature_k = a[0],
                                        .temperature_height_m = 2,
                                        .cloud_tenths = 10,
                                        .levels = &houston_levels[h],
                                        .n_levels = 1,
                                        .moisture = &moisture};
    const dosi_plume_limits limits = dosi_plume_limits_default();
    dosi_error err = {""};
    assert_int_equal(dosi_plume_hour_prepare(&weather, &limits, out, &err), DOSI_OK);
}

static const double sizes[] = {2, 10, 30}, parts[] = {0.3, 0.4, 0.3};
static const double densities[] = {2.65, 2.65, 2.65};
static const dosi_particles dust = {3, sizes, parts, densities, false, 0};
static const dosi_plume_source stack = {.kind = DOSI_PLUME_POINT,
                                        .height_m = 10,
                                        .emission = 10,
                                        .exit_temperature_k = 300,
                                        .exit_speed_ms = 5,
                                        .diameter_m = 1,
                                        .particles = &dust};
static const dosi_plume_receptors places = {.n = PLACES, .x_m = place_x, .y_m = place_y};

static void a_stack_s_dust_falls_as_recorded(void **state) {
    (void)state;
    for (size_t h = 0; h < HOURS; h++) {
        dosi_plume_hour hour;
        double value[3][PLACES] = {{0}};
        dosi_error err = {""};
        houston_hour(h, &hour);
        const dosi_plume_fluxes fluxes = {value[0], value[1], value[2], NULL};
        assert_int_equal(dosi_plume_add_fluxes(&hour, &stack, &places, &fluxes, &err), DOSI_OK);
        for (size_t i = 0; i < PLACES; i++) {
            for (size_t k = 0; k < 3; k++) {
                // Printed to five decimals.
                CHECK_NEAR(value[k][i], recorded[h][i][k], 1.1e-5 + 1.2e-5 * recorded[h][i][k]);
            }
        }
    }
}

/// What one hour of the stack gives.
static double one(const dosi_plume_hour *hour, const dosi_plume_source *source, int what) {
    double value[4] = {0, 0, 0, 0};
    const double x = -130, y = -400;
    const dosi_plume_receptors there = {.n = 1, .x_m = &x, .y_m = &y};
    const dosi_plume_fluxes fluxes = {&value[0], &value[1], &value[2], &value[3]};
    dosi_error err = {""};
    assert_int_equal(dosi_plume_add_fluxes(hour, source, &there, &fluxes, &err), DOSI_OK);
    assert_true(fabs(value[3] - value[1] - value[2]) <= 1e-15);
    return value[what];
}

static void settling_velocities_are_as_recorded(void **state) {
    (void)state;
    // Vg of pyaermod's tests/fixtures/psd/PDEP.DAT (AERMOD 26135), six digits.
    CHECK_NEAR(dosi_settling_ms(0.776808, 1), 0.219585e-4, 1e-10);
    CHECK_NEAR(dosi_settling_ms(13.7878, 2.65), 0.153357e-1, 1e-7);
    CHECK_NEAR(dosi_settling_ms(68.9389, 1), 0.143213, 1e-6);
    CHECK_NEAR(dosi_settling_ms(10, 1e-3), 0, 0); // lighter than air
}

static void a_plume_that_keeps_what_falls_has_more(void **state) {
    (void)state;
    dosi_plume_hour hour;
    houston_hour(1, &hour);
    dosi_plume_source keeps = stack;
    keeps.is_kept_dry = keeps.is_kept_wet = true;
    for (int k = 0; k < 3; k++) assert_true(one(&hour, &keeps, k) > one(&hour, &stack, k));
    // Each alone is between.
    dosi_plume_source dry = stack;
    dry.is_kept_wet = true;
    double all = one(&hour, &keeps, 0), both = one(&hour, &stack, 0);
    assert_true(one(&hour, &dry, 0) < all && one(&hour, &dry, 0) > both);
}

static void fine_light_particles_are_nearly_a_gas(void **state) {
    (void)state;
    dosi_plume_hour hour;
    houston_hour(0, &hour);
    const double size = 0.01, all = 1, density = 1e-3; // that do not settle
    const dosi_particles fine = {1, &size, &all, &density, false, 0};
    dosi_plume_source smoke = stack, gas = stack;
    smoke.particles = &fine;
    smoke.is_kept_dry = smoke.is_kept_wet = true;
    gas.particles = NULL;
    double expected = one(&hour, &gas, 0);
    CHECK_NEAR(one(&hour, &smoke, 0), expected, 1e-12 * expected);
    CHECK_NEAR(one(&hour, &gas, 1), 0, 0);
}

static void a_given_velocity_deposits_that_much_of_the_air_below(void **state) {
    (void)state;
    dosi_plume_hour hour;
    houston_hour(0, &hour);
    const dosi_gas gas = {.velocity_ms = 0.01};
    dosi_plume_source source = stack;
    source.particles = NULL;
    source.gas = &gas;
    source.is_kept_dry = true;
    const double x = -130, y = -400, flag = 1.15; // a metre above the roughness length
    const dosi_plume_receptors there = {.n = 1, .x_m = &x, .y_m = &y, .flag_m = &flag};
    double air = 0;
    dosi_error err = {""};
    assert_int_equal(dosi_plume_add(&hour, &source, &there, &air, &err), DOSI_OK);
    double dry = one(&hour, &source, 1);
    // The plume's layer is that down to the receptor, which differs by the metre.
    CHECK_NEAR(dry, 0.01 * 3600 * 1e-6 * air, 1e-2 * dry);
    CHECK_NEAR(one(&hour, &source, 2), 0, 0);
}

static void numbers_that_cannot_be_are_refused(void **state) {
    (void)state;
    dosi_plume_hour hour;
    houston_hour(0, &hour);
    const double bad = -1;
    dosi_particles broken[] = {dust, dust, dust, dust};
    broken[0].n = 0;
    broken[1].diameter_um = &bad;
    broken[1].n = 1;
    broken[2].is_method_2 = true;
    broken[3].n = DOSI_PARTICLE_CLASSES + 1;
    for (size_t i = 0; i < 4; i++) {
        dosi_plume_source source = stack;
        source.particles = &broken[i];
        double value[PLACES] = {0};
        dosi_error err = {""};
        assert_int_equal(dosi_plume_add(&hour, &source, &places, value, &err), DOSI_DOMAIN);
        assert_non_null(strstr(err.message, "classes of particles"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stack_s_dust_falls_as_recorded),
        cmocka_unit_test(settling_velocities_are_as_recorded),
        cmocka_unit_test(a_plume_that_keeps_what_falls_has_more),
        cmocka_unit_test(fine_light_particles_are_nearly_a_gas),
        cmocka_unit_test(a_given_velocity_deposits_that_much_of_the_air_below),
        cmocka_unit_test(numbers_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
