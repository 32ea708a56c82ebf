# Tests of this module.
dosi_test(golden meuse)
