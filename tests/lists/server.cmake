# Tests of this module.
dosi_script_test(http api_v1 300)
