# Tests of this module.
dosi_test(unit feature_query)
dosi_fuzz(feature_file)
dosi_test(unit feature_tile)
