# Tests of this module.
dosi_test(unit govern_audit)
