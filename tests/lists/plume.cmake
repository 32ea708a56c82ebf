# Tests of this module.
dosi_test(unit plume_canyon)
dosi_test(unit plume_gauss)
dosi_test(unit plume_hour)
dosi_test(unit plume_road)
dosi_test(unit plume_met)
dosi_test(unit plume_road_city)
dosi_test(unit plume_emission)
dosi_test(unit plume_chemistry)
