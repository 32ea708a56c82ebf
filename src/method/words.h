/// @file words.h
/// Short forms for the descriptors of methods: a parameter, a column, a table in a line each.
/// Titles are Korean, then English.
#ifndef DOSI_METHOD_WORDS_H
#define DOSI_METHOD_WORDS_H

#include "dosi/method.h"

#define METHOD_TEXT(name, default_value, ko, en)                      \
    {                                                                 \
        name, DOSI_PARAMETER_TEXT, NULL, default_value, 0, 0, NULL, { \
            ko, en                                                    \
        }                                                             \
    }
#define METHOD_INT(name, default_value, min, max, ko, en)                \
    {                                                                    \
        name, DOSI_PARAMETER_INT, NULL, default_value, min, max, NULL, { \
            ko, en                                                       \
        }                                                                \
    }
#define METHOD_REAL(name, unit, default_value, min, max, ko, en)          \
    {                                                                     \
        name, DOSI_PARAMETER_REAL, unit, default_value, min, max, NULL, { \
            ko, en                                                        \
        }                                                                 \
    }
#define METHOD_BOOL(name, default_value, ko, en)                      \
    {                                                                 \
        name, DOSI_PARAMETER_BOOL, NULL, default_value, 0, 0, NULL, { \
            ko, en                                                    \
        }                                                             \
    }
#define METHOD_CHOICE(name, default_value, choices, ko, en)                \
    {                                                                      \
        name, DOSI_PARAMETER_CHOICE, NULL, default_value, 0, 0, choices, { \
            ko, en                                                         \
        }                                                                  \
    }
#define METHOD_COLUMN(name, type, unit, is_optional, ko, en) \
    {                                                        \
        name, DOSI_TYPE_##type, unit, is_optional, {         \
            ko, en                                           \
        }                                                    \
    }
#define METHOD_TABLE(name, is_optional, ko, en, columns) \
    { name, {ko, en}, is_optional, columns, METHOD_N(columns) }

/// Items of an array.
#define METHOD_N(array) (sizeof(array) / sizeof((array)[0]))

#endif // DOSI_METHOD_WORDS_H
