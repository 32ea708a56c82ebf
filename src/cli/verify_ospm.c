// Checker: street-canyon cases computed with the Operational Street Pollution Model.

#include "cli/verify.h"
#include "dosi/canyon.h"

#include <math.h>
#include <string.h>

/// The columns that a case has, in the order of `header`.
typedef enum ospm_column {
    HEIGHT,
    WIDTH,
    LENGTH_1,
    LENGTH_2,
    AXIS,
    RECEPTOR,
    ROOF,
    TURBULENCE,
    WIND,
    FROM,
    LIGHT,
    HEAVY,
    LIGHT_SPEED,
    HEAVY_SPEED,
    EMISSION,
    SIDE_1,
    SIDE_2,
    N_COLUMNS
} ospm_column;

static const char header[] =
    "H,L,SL1,SL2,P1,RecHeight,f_roof,f_turb,U_mast,wind_dir,NNp,NNt,Vp,Vt,"
    "q_ug_m_s,C_side1_ug_m3,C_side2_ug_m3";
static const double tolerance = 0.01;
static const double precision = 0.01; // of the model's own mean over directions

static bool recognises(const dosi_verify_file *file) {
    return dosi_verify_has_columns(file, header) > 0;
}

/// The street and traffic of a case. Wakes go with the root of the number of vehicles.
static void street_of(const double *v, dosi_canyon *street, dosi_canyon_traffic *traffic) {
    *street = (dosi_canyon){.axis_deg = v[AXIS],
                            .width_m = v[WIDTH],
                            .left_m = v[HEIGHT],
                            .right_m = v[HEIGHT],
                            .ahead_m = v[LENGTH_1],
                            .behind_m = v[LENGTH_2],
                            .roof_share = v[ROOF],
                            .place_m = v[RECEPTOR]};
    double stirring = v[TURBULENCE] * v[TURBULENCE];
    *traffic = (dosi_canyon_traffic){stirring * v[LIGHT], stirring * v[HEAVY], v[LIGHT_SPEED],
                                     v[HEAVY_SPEED]};
}

/// Checks one row: both sides, and that the mirrored wind swaps them to the last bit.
static void check_row(dosi_verify *verify, const dosi_verify_file *file, const double *v) {
    dosi_canyon street;
    dosi_canyon_traffic traffic;
    street_of(v, &street, &traffic);
    double sides[2];
    double mirrored[2];
    const dosi_canyon_wind wind = {v[WIND], v[FROM]};
    // Mirrored at the axis, told from there: no sum is rounded.
    const dosi_canyon_wind mirror_wind = {v[WIND], v[AXIS] - v[FROM]};
    dosi_canyon_sides_to(&street, &traffic, &wind, precision, sides);
    street.axis_deg = 0.0;
    dosi_canyon_sides_to(&street, &traffic, &mirror_wind, precision, mirrored);
    for (int side = 0; side < 2; side++) {
        char what[96];
        (void)snprintf(what, sizeof what, "H %g L %g U %g from %g side %d", v[HEIGHT], v[WIDTH],
                       v[WIND], v[FROM], side + 1);
        const dosi_verify_case item = {what, v[SIDE_1 + side], v[EMISSION] * sides[side],
                                       tolerance, DOSI_VERIFY_RELATIVE};
        dosi_verify_add(verify, file, &item);
        (void)snprintf(what, sizeof what, "H %g L %g U %g from %g side %d mirrored", v[HEIGHT],
                       v[WIDTH], v[WIND], mirror_wind.from_deg + v[AXIS], 2 - side);
        const dosi_verify_case mirror = {what, sides[side], mirrored[1 - side], 0.0,
                                         DOSI_VERIFY_ABSOLUTE};
        dosi_verify_add(verify, file, &mirror);
    }
}

static dosi_status check(dosi_verify *verify, dosi_verify_file *file, dosi_error *err) {
    dosi_table table = {0};
    DOSI_TRY(dosi_verify_read(file, verify->run, &table, err));
    const dosi_column *columns[N_COLUMNS];
    if (dosi_verify_find_columns(&table, header, columns)) {
        for (size_t row = 0; row < table.n_rows; row++) {
            double v[N_COLUMNS];
            for (size_t c = 0; c < N_COLUMNS; c++) v[c] = dosi_column_real(columns[c], row);
            check_row(verify, file, v);
        }
    }
    dosi_table_destroy(&table);
    return DOSI_OK;
}

const dosi_checker dosi_checker_ospm = {
    .subject = "air", .kind = "street-canyon cases", .recognises = recognises, .check = check};
