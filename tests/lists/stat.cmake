# Tests of this module.
dosi_test(unit stat_pmf)
