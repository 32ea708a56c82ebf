/// @file keep.h
/// Writing a feed's file, for this module alone.
#ifndef DOSI_FEED_KEEP_H
#define DOSI_FEED_KEEP_H

#include "feed/feed_store.h"

/// Writes feeds/NAME.json, without asking who it is.
DOSI_CHECKED dosi_status dosi_feed_keep(dosi_gate *gate,
                                        const dosi_feed_entry *entry,
                                        dosi_error *err);

#endif // DOSI_FEED_KEEP_H
