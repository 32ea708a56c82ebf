// Units as they are written in headers, and as Dosi writes them (UCUM where there is one).

#include "source/header.h"

#include <string.h>

typedef struct unit_word {
    const char *written;
    const char *unit;
} unit_word;

const char *dosi_unit_find(const char *bytes, size_t n_bytes) {
    static const unit_word words[] = {
        {"ppm", "ppm"},
        {"ppb", "ppb"},
        {"㎍/㎥", "ug/m3"},
        {"㎍/m³", "ug/m3"},
        {"㎍/m3", "ug/m3"},
        {"μg/㎥", "ug/m3"},
        {"μg/m³", "ug/m3"},
        {"μg/m3", "ug/m3"},
        {"µg/㎥", "ug/m3"},
        {"µg/m³", "ug/m3"},
        {"µg/m3", "ug/m3"},
        {"ug/m3", "ug/m3"},
        {"mg/m3", "mg/m3"},
        {"㎎/㎥", "mg/m3"},
        {"°C", "Cel"},
        {"℃", "Cel"},
        {"%", "%"},
        {"％", "%"},
        {"mm", "mm"},
        {"㎜", "mm"},
        {"cm", "cm"},
        {"㎝", "cm"},
        {"m", "m"},
        {"km", "km"},
        {"㎞", "km"},
        {"m/s", "m/s"},
        {"㎧", "m/s"},
        {"km/h", "km/h"},
        {"hPa", "hPa"},
        {"Pa", "Pa"},
        {"hr", "h"},
        {"h", "h"},
        {"MJ/m2", "MJ/m2"},
        {"MJ/m²", "MJ/m2"},
        {"MJ/㎡", "MJ/m2"},
        {"W/m2", "W/m2"},
        {"W/㎡", "W/m2"},
        {"㎡", "m2"},
        {"m2", "m2"},
        {"m²", "m2"},
        {"㎢", "km2"},
        {"km2", "km2"},
        {"km²", "km2"},
        {"ha", "ha"},
        {"dB", "dB"},
        {"dB(A)", "dB(A)"},
        {"deg", "deg"},
        {"°", "deg"},
        {"kg", "kg"},
        {"t", "t"},
        {"명", "{person}"},
        {"인", "{person}"},
        {"세대", "{household}"},
        {"가구", "{household}"},
        {"대", "{vehicle}"},
        {"원", "KRW"},
        {"천원", "10*3.KRW"},
        {"만원", "10*4.KRW"},
        {"백만원", "10*6.KRW"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].written) == n_bytes &&
            memcmp(words[i].written, bytes, n_bytes) == 0) {
            return words[i].unit;
        }
    }
    return NULL;
}
