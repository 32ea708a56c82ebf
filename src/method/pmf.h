/// @file pmf.h
/// What the files of air.pmf share: the samples as arrays, and the results under way.
#ifndef DOSI_METHOD_PMF_H
#define DOSI_METHOD_PMF_H

#include "dosi/pmf.h"
#include "method/columns.h"

enum {
    PMF_PROFILES,
    PMF_CONTRIBUTIONS,
    PMF_SPECIES,
    PMF_INTERVALS,
    PMF_STABILITY,
    PMF_OPTIMA,
    PMF_RUNS,
    PMF_CHOICE,
    PMF_OUTPUTS
};

/// The inputs as arrays.
typedef struct pmf_samples {
    size_t n, m;
    const char **names;            ///< (m) species, borrowed from the table.
    const char *unit;              ///< Of the first species; NULL: none.
    dosi_pmf_category *categories; ///< (m)
    double *x, *u;                 ///< (n x m)
    size_t total;                  ///< Species of the total; SIZE_MAX: none.
    size_t n_dropped;
} pmf_samples;

/// A run on its way.
typedef struct pmf_job {
    const dosi_method_call *call;
    pmf_samples samples;
    dosi_pmf_problem problem;
    dosi_pmf_solution base, shown; ///< Before and after constraints or rotation.
    bool is_changed;               ///< `shown` is not `base`.
    dosi_pmf_bootstrap bootstrap;
    dosi_pmf_ranges ranges, pooled;
} pmf_job;

/// Whether `name` is an item of a comma-separated list.
bool pmf_is_listed(const char *list, const char *name);

/// Reads and prepares the inputs; says in the report what was taken and left out.
DOSI_CHECKED dosi_status pmf_samples_read(const dosi_method_call *call,
                                          pmf_samples *out,
                                          dosi_error *err);
void pmf_samples_clear(pmf_samples *samples);

/// Index of a species; SIZE_MAX when there is none.
size_t pmf_find_species(const pmf_samples *samples, const char *name);

/// Reads "2:lead <= 0.01; 1:sulphate -> 0; 3:oc/ec -> 2".
/// @param items  (room) out.
DOSI_CHECKED dosi_status pmf_constraints_read(const char *text,
                                              const pmf_samples *samples,
                                              size_t room,
                                              dosi_pmf_constraint *items,
                                              size_t *n,
                                              dosi_error *err);

/// Fills all outputs but runs, optima and choice.
DOSI_CHECKED dosi_status pmf_put_outputs(const pmf_job *job, dosi_error *err);

/// Adds the starts and optima of a solution, and its row of the choice of k.
DOSI_CHECKED dosi_status pmf_put_starts(const pmf_job *job,
                                        const dosi_pmf_solution *solution,
                                        dosi_error *err);

/// Says in plain words how good and how unique the solution is.
void pmf_put_words(const pmf_job *job);

#endif // DOSI_METHOD_PMF_H
