# Tests of this module.
dosi_script_test(cli run)
dosi_script_test(cli verify)
dosi_script_test(cli verify_aermod)
dosi_script_test(cli verify_aermod_deposit)
dosi_script_test(cli verify_aermod_no2)
dosi_script_test(cli verify_spacetime)
dosi_script_test(cli year)
dosi_script_test(cli broken_files 300)
