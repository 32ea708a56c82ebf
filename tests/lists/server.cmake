# Tests of this module.
dosi_script_test(http api_v1 300)
dosi_fuzz(items_query)
