/// @file road_words.h
/// Short forms for the descriptors of the road methods.
#ifndef DOSI_METHOD_ROAD_WORDS_H
#define DOSI_METHOD_ROAD_WORDS_H

#include "dosi/method.h"

#define ROAD_TEXT(name, default_value, ko, en)                        \
    {                                                                 \
        name, DOSI_PARAMETER_TEXT, NULL, default_value, 0, 0, NULL, { \
            ko, en                                                    \
        }                                                             \
    }
#define ROAD_REAL(name, unit, default_value, min, max, ko, en)            \
    {                                                                     \
        name, DOSI_PARAMETER_REAL, unit, default_value, min, max, NULL, { \
            ko, en                                                        \
        }                                                                 \
    }
#define ROAD_COLUMN(name, type, unit, is_optional, ko, en) \
    {                                                      \
        name, DOSI_TYPE_##type, unit, is_optional, {       \
            ko, en                                         \
        }                                                  \
    }
#define ROAD_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROAD_TABLE(name, is_optional, ko, en, columns) \
    { name, {ko, en}, is_optional, columns, ROAD_COUNT(columns) }

#endif // DOSI_METHOD_ROAD_WORDS_H
