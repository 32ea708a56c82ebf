# Tests of this module.
dosi_test(unit spatial_drift)
dosi_test(unit spatial_krige)
dosi_test(unit spatial_variogram)
dosi_test(unit spatial_network)
dosi_test(unit spatial_spacetime)
dosi_test(unit spatial_year)
dosi_test(golden seoul_network)
dosi_test(golden meuse)
