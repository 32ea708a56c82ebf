/// @file visibility.h
/// How visible a result may be: never more than what it was made from.
#ifndef DOSI_STUDY_VISIBILITY_H
#define DOSI_STUDY_VISIBILITY_H

#include <string.h>

/// 0 public, 1 organisation, 2 private (and whatever is not known).
static inline int dosi_visibility_strictness(const char *visibility) {
    if (strcmp(visibility, "public") == 0) return 0;
    return strcmp(visibility, "organisation") == 0 ? 1 : 2;
}

/// The stricter of two, borrowed.
static inline const char *dosi_visibility_stricter(const char *a, const char *b) {
    return dosi_visibility_strictness(b) > dosi_visibility_strictness(a) ? b : a;
}

#endif // DOSI_STUDY_VISIBILITY_H
