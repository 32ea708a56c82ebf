# Tests of this module.
dosi_test(unit sample_city)
