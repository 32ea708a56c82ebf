# Tests of this module.
dosi_test(unit air_air)
dosi_test(unit air_median)
dosi_test(unit air_rules)
dosi_test(unit air_calibrate)
dosi_test(unit air_recalibrate)
