// Checker: sets for positive matrix factorisation as EPA distributes them: a file of
// concentrations and beside it one of uncertainties, told apart by "con" and "unc" in their
// names. Every species is kept, rows with a missing value are dropped, nothing is weighted
// down.
//
// References: the least Q of 100 to 200 random starts of weighted coordinate descent run to a
// relative change of 1e-9 on the same arrays, which their sums identify. A solver passes within
// 1e-5 of it.

#include "cli/verify.h"
#include "dosi/num.h"
#include "dosi/pmf.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/// A set whose optimum is known.
typedef struct known_set {
    const char *name;
    size_t n, m, k;
    double sum_x, sum_u, q;
    size_t n_starts;
    double least_share; ///< Of starts that must come to q; 0: one is enough.
    double limit;       ///< Q that counts as there.
} known_set;

static const known_set known_sets[] = {
    {"St Louis", 418, 13, 6, 14323.32648, 119037.0574, 6527.500, 40, 0, 6527.51},
    {"St Louis", 418, 13, 7, 14323.32648, 119037.0574, 2372.787, 20, 0, 2372.80},
    {"Baltimore", 630, 26, 7, 23228.20065, 5301.632787, 13991.643, 100, 0.95, 13991.65},
    {"Baton Rouge", 307, 41, 6, 122739.0032, 261536.4859, 63818.662, 60, 0, 63819.3},
};
enum { N_KNOWN = sizeof known_sets / sizeof known_sets[0], UNKNOWN_STARTS = 20 };

/// Values below this stand for missing in EPA's files (-99, -999).
static const double missing_below = -98;

/// A set read and prepared.
typedef struct set {
    size_t n, m;
    double *x, *u; ///< (n x m)
} set;

/// The last "con" in a name, case aside; NULL when there is none.
static const char *find_con(const char *name) {
    const char *found = NULL;
    for (const char *at = name; *at; at++) {
        if (strncasecmp(at, "con", 3) == 0) found = at;
    }
    return found;
}

/// Whether the head begins with a column of dates or sample names and has more columns.
static bool has_samples(const char *head) {
    static const char *const firsts[] = {"date", "time", "sample", "id", "day", "\"date"};
    if (strncmp(head, "\xef\xbb\xbf", 3) == 0) head += 3;
    if (strcspn(head, ",\t;") >= strcspn(head, "\r\n")) return false;
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        if (strncasecmp(head, firsts[i], strlen(firsts[i])) == 0) return true;
    }
    return false;
}

static bool recognises(const dosi_verify_file *file) {
    const char *con = find_con(file->name);
    bool is_word = con && (con == file->name || !isalpha((unsigned char)con[-1]));
    return is_word && has_samples(file->head);
}

/// The file of uncertainties beside one of concentrations; NULL when there is none.
static dosi_verify_file *find_companion(dosi_verify *verify, const dosi_verify_file *file) {
    size_t at = (size_t)(find_con(file->name) - file->path);
    for (size_t f = 0; f < verify->n_files; f++) {
        const char *path = verify->files[f].path;
        if (strlen(path) < at + 3 || strncmp(path, file->path, at) != 0) continue;
        if (strncasecmp(path + at, "unc", 3) == 0 && has_samples(verify->files[f].head)) {
            return &verify->files[f];
        }
    }
    return NULL;
}

/// Whether column c holds numbers of a species: real or whole, not the first column.
static bool is_species(const dosi_table *table, size_t c) {
    dosi_type type = table->columns[c].type;
    return c > 0 && (type == DOSI_TYPE_REAL || type == DOSI_TYPE_INT);
}

/// Copies rows that miss nothing in either table. Columns go by their name.
static dosi_status prepare(const dosi_table *x,
                           const dosi_table *u,
                           set *out,
                           dosi_error *err) {
    size_t *columns = malloc((2 * x->n_columns + 1) * sizeof *columns);
    if (!columns) return dosi_fail(err, DOSI_NO_MEMORY, "no memory for columns");
    for (size_t c = 1; c < x->n_columns; c++) {
        size_t other = dosi_table_find(u, x->columns[c].name);
        if (other == SIZE_MAX || !is_species(x, c) || !is_species(u, other)) continue;
        columns[2 * out->m] = c;
        columns[2 * out->m++ + 1] = other;
    }
    size_t n_rows = x->n_rows < u->n_rows ? x->n_rows : u->n_rows;
    out->x = calloc(n_rows * out->m + 1, sizeof *out->x);
    out->u = calloc(n_rows * out->m + 1, sizeof *out->u);
    for (size_t i = 0; i < n_rows && out->x && out->u; i++) {
        bool is_whole = true;
        for (size_t j = 0; j < out->m; j++) {
            double value = dosi_column_real(&x->columns[columns[2 * j]], i);
            double error = dosi_column_real(&u->columns[columns[2 * j + 1]], i);
            is_whole = is_whole && value > missing_below && error > 0;
            out->x[out->n * out->m + j] = value;
            out->u[out->n * out->m + j] = error;
        }
        out->n += is_whole;
    }
    free(columns);
    return out->x && out->u ? DOSI_OK : dosi_fail(err, DOSI_NO_MEMORY, "no memory for a set");
}

static dosi_status read_set(dosi_verify *verify,
                            const dosi_verify_file *x_file,
                            const dosi_verify_file *u_file,
                            set *out,
                            dosi_error *err) {
    dosi_table x = {0}, u = {0};
    dosi_status status = dosi_verify_read(x_file, verify->run, &x, err);
    if (status == DOSI_OK) status = dosi_verify_read(u_file, verify->run, &u, err);
    if (status == DOSI_OK) status = prepare(&x, &u, out, err);
    dosi_table_destroy(&x);
    dosi_table_destroy(&u);
    return status;
}

/// Sum of n values.
static double total(const double *values, size_t n) {
    dosi_sum sum = {0};
    for (size_t i = 0; i < n; i++) dosi_sum_add(&sum, values[i]);
    return dosi_sum_value(&sum);
}

/// Q of g and f as they were returned.
static double q_of(const set *s, const dosi_pmf_solution *solution) {
    dosi_sum sum = {0};
    for (size_t i = 0; i < s->n; i++) {
        for (size_t j = 0; j < s->m; j++) {
            double away = s->x[i * s->m + j];
            for (size_t p = 0; p < solution->n_factors; p++) {
                away -= solution->g[i * solution->n_factors + p] * solution->f[p * s->m + j];
            }
            away /= s->u[i * s->m + j];
            dosi_sum_add(&sum, away * away);
        }
    }
    return dosi_sum_value(&sum);
}

/// What must hold of any solution: Q is what g and f give, and nothing promises to lower it.
static void check_solution(dosi_verify *verify,
                           const dosi_verify_file *file,
                           const set *s,
                           const dosi_pmf_solution *solution) {
    char what[80];
    double q = q_of(s, solution), least = 0;
    for (size_t i = 0; i < s->n * solution->n_factors; i++) least = fmin(least, solution->g[i]);
    for (size_t j = 0; j < s->m * solution->n_factors; j++) least = fmin(least, solution->f[j]);
    (void)snprintf(what, sizeof what, "k=%zu: Q that g and f give", solution->n_factors);
    const dosi_verify_case same = {what, q, solution->q, 1e-9, DOSI_VERIFY_RELATIVE};
    dosi_verify_add(verify, file, &same);
    (void)snprintf(what, sizeof what, "k=%zu: fall of Q still promised", solution->n_factors);
    const dosi_verify_case kkt = {what, 0, solution->kkt, 1e-8, DOSI_VERIFY_ABSOLUTE};
    dosi_verify_add(verify, file, &kkt);
    (void)snprintf(what, sizeof what, "k=%zu: least of g and f", solution->n_factors);
    const dosi_verify_case positive = {what, 0, least, 0, DOSI_VERIFY_ABSOLUTE};
    dosi_verify_add(verify, file, &positive);
    dosi_text_printf(&verify->notes,
                     "note: %s: k=%zu: Q %.3f (expected of good errors %.0f), %zu of %zu "
                     "starts within 0.1 %%, %zu distinct optima\n",
                     file->name, solution->n_factors, solution->q, solution->q_expected,
                     dosi_pmf_count_near(solution, 1e-3), solution->n_starts,
                     solution->n_optima);
}

/// Factorises a set whose optimum is known.
static dosi_status check_known(dosi_verify *verify,
                               const dosi_verify_file *file,
                               const set *s,
                               const known_set *known,
                               dosi_error *err) {
    char what[80];
    const dosi_pmf_problem problem = {s->n, s->m, known->k, s->x, s->u, 0};
    const dosi_pmf_options options = {.n_starts = known->n_starts, .seed = 1};
    dosi_pmf_solution solution = {0};
    DOSI_TRY(dosi_pmf_solve(&problem, &options, verify->run, &solution, err));
    (void)snprintf(what, sizeof what, "%s, k=%zu: least Q", known->name, known->k);
    const dosi_verify_case least = {what, known->q, solution.q, 1e-5, DOSI_VERIFY_AT_MOST};
    dosi_verify_add(verify, file, &least);
    size_t n_there = 0;
    for (size_t t = 0; t < solution.n_starts; t++) {
        n_there += solution.starts[t].q <= known->limit;
    }
    double share = (double)n_there / (double)solution.n_starts;
    if (known->least_share > 0) {
        (void)snprintf(what, sizeof what, "k=%zu: share of starts above %.2f", known->k,
                       known->limit);
        const dosi_verify_case all = {what, 1 - known->least_share, 1 - share, 1e-12,
                                      DOSI_VERIFY_AT_MOST};
        dosi_verify_add(verify, file, &all);
    } else {
        (void)snprintf(what, sizeof what, "k=%zu: best start", known->k);
        const dosi_verify_case found = {what, known->limit, solution.q, 0, DOSI_VERIFY_AT_MOST};
        dosi_verify_add(verify, file, &found);
    }
    check_solution(verify, file, s, &solution);
    dosi_pmf_solution_destroy(&solution);
    return DOSI_OK;
}

/// Whether the arrays are those of a known set.
static bool is_known(const set *s, const known_set *known) {
    return s->n == known->n && s->m == known->m &&
           fabs(total(s->x, s->n * s->m) - known->sum_x) < 1e-8 * known->sum_x &&
           fabs(total(s->u, s->n * s->m) - known->sum_u) < 1e-8 * known->sum_u;
}

/// Factorises a set of which nothing is known.
static dosi_status check_unknown(dosi_verify *verify,
                                 const dosi_verify_file *file,
                                 const set *s,
                                 dosi_error *err) {
    size_t k = s->m > 12 ? 6 : s->m / 2;
    const dosi_pmf_problem problem = {s->n, s->m, k ? k : 1, s->x, s->u, 0};
    const dosi_pmf_options options = {.n_starts = UNKNOWN_STARTS, .seed = 1};
    dosi_pmf_solution solution = {0};
    DOSI_TRY(dosi_pmf_solve(&problem, &options, verify->run, &solution, err));
    check_solution(verify, file, s, &solution);
    dosi_pmf_solution_destroy(&solution);
    return DOSI_OK;
}

static dosi_status check(dosi_verify *verify, dosi_verify_file *file, dosi_error *err) {
    dosi_verify_file *companion = find_companion(verify, file);
    if (!companion) {
        dosi_verify_note(verify, file, "no file of uncertainties (unc) beside it");
        return DOSI_OK;
    }
    companion->is_used = true;
    set s = {0};
    dosi_status status = read_set(verify, file, companion, &s, err);
    size_t n_known = 0;
    for (size_t c = 0; c < N_KNOWN && status == DOSI_OK; c++) {
        if (!is_known(&s, &known_sets[c])) continue;
        n_known++;
        status = check_known(verify, file, &s, &known_sets[c], err);
    }
    if (status == DOSI_OK && n_known == 0) status = check_unknown(verify, file, &s, err);
    free(s.x);
    free(s.u);
    return status;
}

const dosi_checker dosi_checker_pmf = {.subject = "air",
                                       .kind = "sets for factorisation (PMF)",
                                       .recognises = recognises,
                                       .check = check};
