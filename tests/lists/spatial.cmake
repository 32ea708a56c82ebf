# Tests of this module.
dosi_test(unit spatial_krige)
dosi_test(golden meuse)
