# Tests of this module.
dosi_test(unit spatial_krige)
dosi_test(unit spatial_spacetime)
dosi_test(golden meuse)
