# Tests of this module.
dosi_test(unit govern_audit)
dosi_test(unit govern_decide)
dosi_test(unit govern_names)
dosi_test(unit govern_gate)
dosi_test(unit govern_query)
dosi_test(unit govern_account)
dosi_fuzz(sql_names)
dosi_script_test(cli govern)
