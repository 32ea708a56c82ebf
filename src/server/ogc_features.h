/// @file ogc_features.h
/// What the routes of Features and Tiles share.
#ifndef DOSI_SERVER_OGC_FEATURES_H
#define DOSI_SERVER_OGC_FEATURES_H

#include "server/context.h"

enum { DOSI_HREF_BYTES = 1024 };

#define DOSI_COLLECTION_ROWS INT64_C(5000000)

/// A collection that a request is about: its version and features, both to be given back.
typedef struct dosi_collection {
    char id[DOSI_REFERENCE_BYTES]; ///< "org.name"
    dosi_version version;
    const dosi_features *features; ///< NULL unless asked for.
    bool is_public;
} dosi_collection;

/// Finds the collection {id} of a request that its sender may see; with `reads_features` may
/// read, which is then audited. A dataset of more than DOSI_COLLECTION_ROWS without geometry
/// is no collection.
DOSI_CHECKED dosi_status dosi_collection_open(dosi_server *server,
                                              const dosi_http_request *request,
                                              const char *channel,
                                              bool reads_features,
                                              dosi_collection *out,
                                              dosi_error *err);

/// Gives back what a collection holds.
void dosi_collection_close(dosi_server *server, dosi_collection *collection);

/// Sets ETag (by version and `salt`) and Cache-Control; true when the client is up to date.
bool dosi_collection_is_fresh(const dosi_http_request *request,
                              const dosi_collection *collection,
                              const char *salt,
                              dosi_http_reply *reply);

/// Whether a version can be a collection.
bool dosi_version_is_collection(const dosi_version *version);

#endif // DOSI_SERVER_OGC_FEATURES_H
