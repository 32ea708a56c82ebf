# Tests of this module.
dosi_test(unit source_rdata)
dosi_test(unit source_ogr)
dosi_test(unit source_delimited)
dosi_test(unit source_zip)
dosi_test(unit source_feed)
dosi_test(unit source_records)
dosi_test(unit source_xlsx)
dosi_script_test(cli source_shared_counts 300)
