# Tests of this module.
dosi_test(unit study_file)
dosi_test(unit study_run)
dosi_test(unit study_trim)
dosi_script_test(cli study 300)
dosi_fuzz(study)
