# Tests of this module.
dosi_test(unit method_method)
dosi_test(unit method_dissolve)
