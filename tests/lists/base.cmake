# Tests of this module.
dosi_test(unit base_text)
dosi_test(unit base_time)
dosi_test(unit table_table)
dosi_test(unit table_write)
dosi_test(oom arena_oom)
