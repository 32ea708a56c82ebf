# Tests of this module.
dosi_test(unit geo_shapes)
dosi_test(unit geo_places)
dosi_fuzz(wkb)
