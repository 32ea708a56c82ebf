# Tests of this module.
dosi_test(unit feature_query)
