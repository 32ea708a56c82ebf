// Goal: on time that no fit has seen beside an instrument, a calibration that knows of drift
// and humidity and is renewed blind by the network beats least squares fitted once.
//
// A made city: 8 reference stations and 24 sensors for 180 days. Places differ by a lasting and
// a passing share, both less the better the air is mixed. Sensors have a gain, an offset,
// noise, growth in humid air, and lose sensitivity exponentially and by a random walk: no form
// that is fitted is exactly theirs. For the first 21 days each hangs beside a station; judged
// are the 159 days after that, against the truth at its own place.

#include "dosi/calibrate.h"
#include "dosi/random.h"
#include "test.h"

enum { STATIONS = 8, SENSORS = 24, DAYS = 180, HOURS = 24 * DAYS, BESIDE = 24 * 21 };

/// The made city.
typedef struct city {
    double truth[HOURS], mixed[HOURS], humidity[HOURS], days[HOURS];
    double stations[STATIONS * HOURS]; ///< As the references read.
    double field[HOURS];               ///< Of well-mixed hours.
} city;

/// One sensor, and where it is.
typedef struct sensor {
    double beside[HOURS]; ///< The station's reading in the first days, NaN later.
    double place[HOURS];  ///< Truth.
    double raw[HOURS];
    double out[HOURS], room[HOURS], wanted[HOURS];
} sensor;

static city at;
static sensor one;

/// A value of the next hour of what lasts: standard deviation 1.
static double walk(dosi_random *random, double before, double memory) {
    return memory * before + sqrt(1 - memory * memory) * dosi_random_normal(random);
}

/// Concentrations at a place.
static void make_place(dosi_random *random, double *out) {
    double lasting = 0.15 * dosi_random_normal(random), passing = 0;
    for (size_t h = 0; h < HOURS; h++) {
        passing = walk(random, passing, 0.85);
        out[h] = at.truth[h] * exp((1 - at.mixed[h]) * (lasting + 0.25 * passing));
    }
}

static void make_city(uint64_t seed) {
    dosi_random random = dosi_random_init(seed, 1);
    double weather = 0, mixing = 0, wet = 0, room[STATIONS];
    for (size_t h = 0; h < HOURS; h++) {
        weather = walk(&random, weather, 0.98);
        mixing = walk(&random, mixing, 0.95);
        wet = walk(&random, wet, 0.97);
        double day = sin((double)(h % 24) * M_PI / 12);
        at.truth[h] = 22 * exp(0.55 * weather + 0.1 * day);
        at.mixed[h] = 1 / (1 + exp(-2 * mixing));
        at.humidity[h] = fmin(fmax(62 - 14 * day + 14 * wet, 15), 97);
        at.days[h] = (double)h / 24;
    }
    for (size_t s = 0; s < STATIONS; s++) {
        double *values = at.stations + s * HOURS;
        make_place(&random, values);
        for (size_t h = 0; h < HOURS; h++) {
            values[h] = fmax(round(values[h] * (1 + 0.03 * dosi_random_normal(&random))), 1);
        }
    }
    size_t n = dosi_calibration_mixed_field(at.stations, STATIONS, HOURS, 0.15, at.field, room);
    assert_true(n > HOURS / 10 && n < HOURS * 9 / 10);
}

/// A sensor that ages. @param drift  Share of its sensitivity lost a day; 0: a steady one.
static void make_sensor(uint64_t seed, size_t s, double drift, double kappa) {
    dosi_random random = dosi_random_init(seed, 100 + s);
    double gain = 1.4 * exp(0.2 * dosi_random_normal(&random)), wander = 0;
    double offset = 2 * dosi_random_normal(&random);
    make_place(&random, one.place);
    for (size_t h = 0; h < HOURS; h++) {
        if (drift > 0) wander += 0.0008 * dosi_random_normal(&random);
        double reference = at.stations[s % STATIONS * HOURS + h];
        if (h < BESIDE) one.place[h] = reference;
        one.beside[h] = h < BESIDE ? reference : (double)NAN;
        double rh = fmin(at.humidity[h], 95);
        double seen = gain * exp(wander - drift * at.days[h]) * one.place[h] *
                          (1 + kappa / (100 / rh - 1)) +
                      offset;
        one.raw[h] = fmax(seen * (1 + 0.05 * dosi_random_normal(&random)) +
                              1.5 * dosi_random_normal(&random),
                          0);
    }
}

/// Fits one way; RMSE squared over the held-out hours against the truth at the place.
static double judge(dosi_calibration_form form, const double *reference, bool has_drift) {
    const dosi_calibration_data data = {.form = form,
                                        .is_robust = has_drift,
                                        .least = 72,
                                        .n = HOURS,
                                        .raw = one.raw,
                                        .humidity = at.humidity,
                                        .reference = reference,
                                        .days = has_drift ? at.days : NULL};
    dosi_calibration c;
    dosi_error err = {""};
    CHECK_OK(dosi_calibration_fit(&data, one.room, &c, &err), err);
    for (size_t h = 0; h < HOURS; h++) {
        double value = dosi_calibration_apply(&c, one.raw[h], at.humidity[h], at.days[h]);
        one.out[h] = fmax(value, 0);
        one.wanted[h] = h < BESIDE ? (double)NAN : one.place[h];
    }
    dosi_calibration_score score = dosi_calibration_judge(one.out, one.wanted, HOURS);
    return score.rmse * score.rmse;
}

/// The station beside at first, the network's well-mixed hours after.
static const double *network(double *out) {
    for (size_t h = 0; h < HOURS; h++) out[h] = h < BESIDE ? one.beside[h] : at.field[h];
    return out;
}

static void drift_aware_network_calibration_beats_least_squares_fitted_once(void **state) {
    (void)state;
    static double reference[HOURS];
    static const uint64_t seeds[] = {1, 2, 3};
    for (size_t k = 0; k < sizeof seeds / sizeof seeds[0]; k++) {
        double sum[4] = {0};
        make_city(seeds[k]);
        for (size_t s = 0; s < SENSORS; s++) {
            make_sensor(seeds[k], s, 0.001 + 0.002 * (double)s / SENSORS, 0.25);
            sum[0] += judge(DOSI_CALIBRATION_LINEAR, one.beside, false);
            sum[1] += judge(DOSI_CALIBRATION_KOHLER, one.beside, false);
            sum[2] += judge(DOSI_CALIBRATION_KOHLER, at.field, true); // never beside
            sum[3] += judge(DOSI_CALIBRATION_KOHLER, network(reference), true);
        }
        for (int i = 0; i < 4; i++) sum[i] = sqrt(sum[i] / SENSORS);
        printf("seed %llu, held-out RMSE ug/m3: least squares once %.2f, humidity once %.2f, "
               "network alone %.2f, beside then network %.2f\n",
               (unsigned long long)seeds[k], sum[0], sum[1], sum[2], sum[3]);
        assert_true(sum[2] <= 0.8 * sum[0]);
        assert_true(sum[3] <= 0.8 * sum[0]);
        assert_true(sum[3] <= 0.8 * sum[1]); // not by humidity alone
    }
}

static void humidity_aware_calibration_beats_a_line_on_held_out_time(void **state) {
    (void)state;
    double line = 0, damp = 0, growth = 0, dry_line = 0, dry_growth = 0;
    make_city(4);
    for (size_t s = 0; s < SENSORS; s++) {
        make_sensor(4, s, 0, 0.25);
        line += judge(DOSI_CALIBRATION_LINEAR, one.beside, false);
        damp += judge(DOSI_CALIBRATION_HUMIDITY, one.beside, false);
        growth += judge(DOSI_CALIBRATION_KOHLER, one.beside, false);
        make_sensor(4, s, 0, 0); // a heated inlet: nothing to gain, little to lose
        dry_line += judge(DOSI_CALIBRATION_LINEAR, one.beside, false);
        dry_growth += judge(DOSI_CALIBRATION_KOHLER, one.beside, false);
    }
    printf("no drift, held-out RMSE ug/m3: line %.2f, with humidity %.2f, growth %.2f; "
           "dry sensors: line %.2f, growth %.2f\n",
           sqrt(line / SENSORS), sqrt(damp / SENSORS), sqrt(growth / SENSORS),
           sqrt(dry_line / SENSORS), sqrt(dry_growth / SENSORS));
    assert_true(sqrt(damp) < sqrt(line));
    assert_true(sqrt(growth) < 0.8 * sqrt(line));
    assert_true(sqrt(dry_growth) < 1.1 * sqrt(dry_line));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drift_aware_network_calibration_beats_least_squares_fitted_once),
        cmocka_unit_test(humidity_aware_calibration_beats_a_line_on_held_out_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
