# Tests of this module.
dosi_test(unit sql_parquet)
dosi_test(unit sql_sql)
