# Tests of this module.
dosi_test(unit num_num)
dosi_test(unit num_fft)
