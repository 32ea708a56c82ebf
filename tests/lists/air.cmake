# Tests of this module.
