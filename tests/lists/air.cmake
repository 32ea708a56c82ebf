# Tests of this module.
dosi_test(unit air_air)
