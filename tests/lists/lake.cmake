# Tests of this module.
dosi_test(unit lake_crash)
dosi_test(unit lake_lake)
dosi_test(unit lake_dcat)
dosi_test(unit lake_profile)
