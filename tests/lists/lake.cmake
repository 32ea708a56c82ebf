# Tests of this module.
dosi_test(unit lake_lake)
