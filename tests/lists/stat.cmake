# Tests of this module.
dosi_test(unit stat_pmf)
dosi_test(unit stat_polar)
dosi_test(unit stat_surface)
dosi_test(unit stat_pmf_errors)
dosi_test(unit stat_forest)
dosi_test(unit stat_trend)
dosi_test(unit stat_pmf_solver)
dosi_test(unit stat_inverse)
