# Tests of this module.
dosi_test(unit method_method)
dosi_test(unit method_dissolve)
dosi_test(unit method_faults)
dosi_test(unit method_normalise)
dosi_test(unit method_pmf)
dosi_test(unit method_rules)
dosi_test(unit method_calibrate)
dosi_test(unit method_met)
