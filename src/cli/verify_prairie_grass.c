// Checker: Project Prairie Grass: sampling arcs downwind of a release near the ground, and the
// hours' similarity parameters, against diffusion with Monin-Obukhov profiles.
//
// Friction velocity, Obukhov length, mixing height and the wind direction's deviation are those
// of the parameter file beside the arcs; roughness is the site's. Nothing is fitted.

#include "cli/verify.h"
#include "dosi/met.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RUNS = 1000, MAX_ARCS = 20000, LINE_BYTES = 512, N_PARAMETERS = 10, N_HEADER = 11 };

static const double roughness_m = 0.008;

/// Similarity parameters of a run.
typedef struct parameters {
    int run;
    double mo_length_m, friction_ms, mixing_m, sigma_theta_rad;
} parameters;

/// One arc as it was measured.
typedef struct arc {
    int run;
    double distance_m, emission_gs, source_m, receptor_m;
    double maximum_mgm3, integral_mgm2;
    double last_rad, last_mgm3; ///< While reading.
    size_t n_points;
} arc;

/// Numbers of a line separated by blanks or commas; quoted words count as none. How many.
static size_t read_numbers(const char *line, double *out, size_t most) {
    size_t n = 0;
    while (*line && n < most) {
        if (*line == '\'') {
            const char *end = strchr(line + 1, '\'');
            if (!end) return n;
            line = end + 1;
            continue;
        }
        char *after = NULL;
        double value = strtod(line, &after);
        if (after == line) {
            if (*line != ',' && *line != ' ' && *line != '\t' && *line != '\r' &&
                *line != '\n') {
                return n;
            }
            line++;
            continue;
        }
        out[n++] = value;
        line = after;
    }
    return n;
}

/// A heading: run, arc, 'date', 'time', distance.
static bool is_heading(const char *line, double *numbers) {
    return strchr(line, '\'') && read_numbers(line, numbers, 3) == 3;
}

static bool recognises(const dosi_verify_file *file) {
    double numbers[N_HEADER + 1];
    const char *second = strchr(file->head, '\n');
    return second && is_heading(file->head, numbers) && second > strchr(file->head, '\'') &&
           read_numbers(second, numbers, N_HEADER) == N_HEADER;
}

/// Whether a file is one of similarity parameters: ten numbers a line.
static bool is_parameter_file(const dosi_verify_file *file) {
    double numbers[N_PARAMETERS + 1];
    char line[LINE_BYTES];
    size_t n = strcspn(file->head, "\n");
    if (n == 0 || n >= sizeof line) return false;
    memcpy(line, file->head, n);
    line[n] = '\0';
    return read_numbers(line, numbers, N_PARAMETERS + 1) == N_PARAMETERS && numbers[2] > 0.0 &&
           numbers[2] < 3.0;
}

/// Ends an arc: what was measured at its points is summed up.
static void add_point(arc *a, double bearing_rad, double mgm3) {
    if (mgm3 < 0.0) return;
    if (a->n_points > 0) {
        a->integral_mgm2 +=
            0.5 * (a->last_mgm3 + mgm3) * (bearing_rad - a->last_rad) * a->distance_m;
    }
    a->maximum_mgm3 = fmax(a->maximum_mgm3, mgm3);
    a->last_rad = bearing_rad;
    a->last_mgm3 = mgm3;
    a->n_points++;
}

static dosi_status read_arcs(const char *path, arc *arcs, size_t *n_arcs, dosi_error *err) {
    assert(arcs);
    FILE *file = fopen(path, "rb");
    if (!file) return dosi_fail(err, DOSI_IO, "cannot open %s", path);
    char line[LINE_BYTES];
    double v[N_HEADER];
    const double rad = 0.017453292519943295;
    arc *current = NULL;
    while (fgets(line, sizeof line, file) && *n_arcs < MAX_ARCS) {
        if (is_heading(line, v)) {
            current = &arcs[(*n_arcs)++];
            *current = (arc){.run = (int)v[0], .distance_m = v[2]};
            if (!fgets(line, sizeof line, file)) break;
            if (read_numbers(line, v, N_HEADER) < N_HEADER) continue;
            current->emission_gs = v[7];
            current->source_m = v[8];
            current->receptor_m = v[9];
        } else if (current && read_numbers(line, v, 4) == 4) {
            add_point(current, v[1] * rad, v[3]);
        }
    }
    (void)fclose(file);
    return DOSI_OK;
}

static dosi_status read_parameters(const char *path,
                                   parameters *runs,
                                   size_t *n_runs,
                                   dosi_error *err) {
    assert(runs);
    FILE *file = fopen(path, "rb");
    if (!file) return dosi_fail(err, DOSI_IO, "cannot open %s", path);
    char line[LINE_BYTES];
    double v[N_PARAMETERS];
    while (fgets(line, sizeof line, file) && *n_runs < MAX_RUNS) {
        if (read_numbers(line, v, N_PARAMETERS) < N_PARAMETERS) continue;
        runs[(*n_runs)++] = (parameters){.run = (int)v[0],
                                         .mo_length_m = v[1],
                                         .friction_ms = v[2],
                                         .mixing_m = v[3],
                                         .sigma_theta_rad = v[8] * 0.017453292519943295};
    }
    (void)fclose(file);
    return DOSI_OK;
}

/// How observed and computed values agree.
typedef struct agreement {
    double n, n_within_two, sum_log, sum_log2, observed, computed;
} agreement;

static void compare(agreement *a, double observed, double computed) {
    double ratio = observed / computed;
    a->n += 1.0;
    a->n_within_two += ratio >= 0.5 && ratio <= 2.0;
    a->sum_log += log(ratio);
    a->sum_log2 += log(ratio) * log(ratio);
    a->observed += observed;
    a->computed += computed;
}

/// Computes an arc and compares its maximum and its crosswind integral.
static dosi_status compare_arc(const arc *a,
                               const parameters *run,
                               agreement *maxima,
                               agreement *integrals) {
    const dosi_diffusion problem = {
        .air = {run->friction_ms, run->mo_length_m, roughness_m},
        .mixing_m = run->mixing_m,
        .source_m = a->source_m,
        .receptor_m = a->receptor_m,
    };
    double integrated = 0.0;
    double drift = 0.0;
    DOSI_TRY(dosi_diffusion_solve(&problem, &a->distance_m, 1, &integrated, &drift, NULL));
    double sigma_y =
        dosi_sigma_y_draxler(run->sigma_theta_rad, a->distance_m, a->distance_m / drift);
    double computed = 1000.0 * a->emission_gs * integrated; // mg/m2
    compare(integrals, a->integral_mgm2, computed);
    compare(maxima, a->maximum_mgm3, computed / (2.5066282746310002 * sigma_y));
    return DOSI_OK;
}

/// The cases: share within a factor of two, geometric variance, fractional bias.
static void add_cases(dosi_verify *verify,
                      const dosi_verify_file *file,
                      const char *what,
                      const agreement *a) {
    char text[96];
    double variance = exp(a->sum_log2 / a->n);
    double bias = 2.0 * fabs(a->observed - a->computed) / (a->observed + a->computed);
    const struct {
        const char *name;
        double most, got;
    } cases[] = {{"share outside a factor of two", 0.17, 1.0 - a->n_within_two / a->n},
                 {"geometric variance VG", 1.30, variance},
                 {"fractional bias, either way", 0.30, bias}};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(text, sizeof text, "%s: %s", what, cases[i].name);
        const dosi_verify_case item = {text, cases[i].most, cases[i].got, 0.0,
                                       DOSI_VERIFY_AT_MOST};
        dosi_verify_add(verify, file, &item);
    }
}

/// Compares every arc whose run has parameters.
static void check_arcs(dosi_verify *verify,
                       const dosi_verify_file *file,
                       const arc *arcs,
                       size_t n_arcs,
                       const parameters *runs,
                       size_t n_runs) {
    agreement maxima = {0};
    agreement integrals = {0};
    size_t n_without = 0;
    for (size_t i = 0; i < n_arcs; i++) {
        size_t r = 0;
        while (r < n_runs && runs[r].run != arcs[i].run) r++;
        bool is_known = r < n_runs && arcs[i].n_points >= 3 && arcs[i].maximum_mgm3 > 0.0;
        if (!is_known || compare_arc(&arcs[i], &runs[r], &maxima, &integrals) != DOSI_OK) {
            n_without++;
        }
    }
    if (maxima.n > 0.0) {
        add_cases(verify, file, "arc maxima", &maxima);
        add_cases(verify, file, "arc integrals", &integrals);
    }
    dosi_verify_note(verify, file, "%zu of %zu arcs: their run has no similarity parameters",
                     n_without, n_arcs);
}

/// The parameter file in the folder of `file`, or NULL.
static dosi_verify_file *find_parameters(dosi_verify *verify, const dosi_verify_file *file) {
    size_t folder = (size_t)(file->name - file->path);
    for (size_t f = 0; f < verify->n_files; f++) {
        dosi_verify_file *other = &verify->files[f];
        if (strncmp(other->path, file->path, folder) != 0) continue;
        if (other->name == other->path + folder && is_parameter_file(other)) return other;
    }
    return NULL;
}

static dosi_status check(dosi_verify *verify, dosi_verify_file *file, dosi_error *err) {
    dosi_verify_file *beside = find_parameters(verify, file);
    if (!beside) {
        dosi_verify_note(verify, file, "no file of similarity parameters beside it");
        return DOSI_OK;
    }
    arc *arcs = calloc(MAX_ARCS, sizeof *arcs);
    parameters *runs = calloc(MAX_RUNS, sizeof *runs);
    size_t n_arcs = 0;
    size_t n_runs = 0;
    dosi_status status =
        arcs && runs ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory for the arcs");
    if (status == DOSI_OK) status = read_arcs(file->path, arcs, &n_arcs, err);
    if (status == DOSI_OK) status = read_parameters(beside->path, runs, &n_runs, err);
    if (status == DOSI_OK) {
        check_arcs(verify, file, arcs, n_arcs, runs, n_runs);
        beside->is_used = true;
    }
    free(arcs);
    free(runs);
    return status;
}

const dosi_checker dosi_checker_prairie_grass = {.subject = "air",
                                                 .kind = "Project Prairie Grass",
                                                 .recognises = recognises,
                                                 .check = check};
