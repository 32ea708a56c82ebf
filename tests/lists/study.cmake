# Tests of this module.
dosi_test(unit study_file)
dosi_test(unit study_run)
