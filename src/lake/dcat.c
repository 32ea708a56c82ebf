// Datasets as DCAT-AP 3, in JSON-LD, for catalogues of other cities and states.

#include "dosi/json.h"
#include "lake/lake.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define EU "http://publications.europa.eu/resource/authority/"

static const char context[] =
    "{\"adms\":\"http://www.w3.org/ns/adms#\",\"dcat\":\"http://www.w3.org/ns/dcat#\","
    "\"dct\":\"http://purl.org/dc/terms/\",\"foaf\":\"http://xmlns.com/foaf/0.1/\","
    "\"geo\":\"http://www.opengis.net/ont/geosparql#\","
    "\"spdx\":\"http://spdx.org/rdf/terms#\","
    "\"vcard\":\"http://www.w3.org/2006/vcard/ns#\","
    "\"xsd\":\"http://www.w3.org/2001/XMLSchema#\"}";

/// A licence's URI: as it is, or from its SPDX id or KOGL type.
static void put_licence_uri(dosi_text *out, const char *licence) {
    if (strstr(licence, "://")) {
        dosi_text_puts(out, licence);
    } else if (strncmp(licence, "KOGL-", 5) == 0) {
        dosi_text_printf(out, "https://www.kogl.or.kr/info/licenseType%s.do", licence + 5);
    } else {
        dosi_text_printf(out, "https://spdx.org/licenses/%s", licence);
    }
}

/// "key": {"@id": uri}.
static void put_link(dosi_json *json, const char *key, const char *uri) {
    dosi_json_key(json, key);
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "@id", uri);
    dosi_json_end_object(json);
}

/// "key": {"@type": type, "@value": value}.
static void put_typed(dosi_json *json, const char *key, const char *type, const char *value) {
    dosi_json_key(json, key);
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "@type", type);
    dosi_json_member_string(json, "@value", value);
    dosi_json_end_object(json);
}

static void put_word(dosi_json *json, const char *language, const char *value) {
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "@language", language);
    dosi_json_member_string(json, "@value", value);
    dosi_json_end_object(json);
}

/// A text in both languages as far as it is known, else `fallback` without a language.
static void put_words(dosi_json *json,
                      const char *key,
                      const json_t *words,
                      const char *fallback) {
    const char *ko = json_string_value(json_object_get(words, "ko"));
    const char *en = json_string_value(json_object_get(words, "en"));
    dosi_json_key(json, key);
    dosi_json_begin_array(json);
    if (ko) put_word(json, "ko", ko);
    if (en) put_word(json, "en", en);
    if (!ko && !en) dosi_json_string(json, fallback);
    dosi_json_end_array(json);
}

static void put_time(dosi_json *json, const char *key, dosi_time time, int zone_s) {
    char text[DOSI_TIME_TEXT_BYTES];
    dosi_time_format(time, zone_s, text);
    put_typed(json, key, "xsd:dateTime", text);
}

static void put_agent(dosi_json *json, const json_t *metadata, const char *organisation) {
    const char *name = json_string_value(json_object_get(metadata, "publisher"));
    dosi_json_key(json, "dct:publisher");
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "@type", "foaf:Agent");
    dosi_json_member_string(json, "foaf:name", name ? name : organisation);
    dosi_json_end_object(json);
}

static void put_contact(dosi_json *json, const json_t *metadata) {
    const char *contact = json_string_value(json_object_get(metadata, "contact"));
    dosi_text uri = {0};
    if (!contact || !*contact) return;
    bool is_mail = strchr(contact, '@') && !strchr(contact, ':');
    dosi_text_printf(&uri, "%s%s", is_mail ? "mailto:" : "", contact);
    bool is_uri = strchr(contact, ':') || is_mail;
    dosi_json_key(json, "dcat:contactPoint");
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "@type", "vcard:Kind");
    dosi_json_member_string(json, "vcard:fn", contact);
    if (is_uri) {
        bool has_mail = strncmp(dosi_text_string(&uri), "mailto:", 7) == 0;
        put_link(json, has_mail ? "vcard:hasEmail" : "vcard:hasURL", dosi_text_string(&uri));
    }
    dosi_json_end_object(json);
    dosi_text_destroy(&uri);
}

static void put_spatial(dosi_json *json, const double extent[4]) {
    if (isnan(extent[0])) return;
    dosi_text wkt = {0};
    const double west = extent[0];
    const double south = extent[1];
    const double east = extent[2];
    const double north = extent[3];
    const double ring[][2] = {
        {west, south}, {east, south}, {east, north}, {west, north}, {west, south}};
    dosi_text_puts(&wkt, "POLYGON((");
    for (size_t i = 0; i < sizeof ring / sizeof *ring; i++) {
        if (i > 0) dosi_text_puts(&wkt, ", ");
        dosi_text_put_real(&wkt, ring[i][0]);
        dosi_text_putc(&wkt, ' ');
        dosi_text_put_real(&wkt, ring[i][1]);
    }
    dosi_text_puts(&wkt, "))");
    dosi_json_key(json, "dct:spatial");
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "@type", "dct:Location");
    put_typed(json, "dcat:bbox", "geo:wktLiteral", dosi_text_string(&wkt));
    dosi_json_end_object(json);
    dosi_text_destroy(&wkt);
}

static void put_temporal(dosi_json *json, const dosi_version *version) {
    if (version->time_first == DOSI_TIME_MISSING) return;
    dosi_json_key(json, "dct:temporal");
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "@type", "dct:PeriodOfTime");
    put_time(json, "dcat:startDate", version->time_first, INT32_MIN);
    put_time(json, "dcat:endDate", version->time_last, INT32_MIN);
    dosi_json_end_object(json);
}

/// A form in which the data can be had.
typedef struct form {
    const char *format;     ///< As the download's `format` parameter.
    const char *file_type;  ///< The EU's code.
    const char *media_type; ///< IANA's name.
} form;

static void put_distribution(dosi_json *json,
                             const dosi_version *version,
                             const json_t *metadata,
                             const char *uri,
                             const form *how) {
    char text[DOSI_REFERENCE_BYTES + 512];
    const char *licence = json_string_value(json_object_get(metadata, "licence"));
    dosi_json_begin_object(json);
    (void)snprintf(text, sizeof text, "%s#%s", uri, how->format);
    dosi_json_member_string(json, "@id", text);
    dosi_json_member_string(json, "@type", "dcat:Distribution");
    (void)snprintf(text, sizeof text, "%s/%s@%lld (%s)", version->organisation, version->name,
                   (long long)version->number, how->format);
    dosi_json_member_string(json, "dct:title", text);
    (void)snprintf(text, sizeof text, "%s/download?format=%s&version=%lld", uri, how->format,
                   (long long)version->number);
    put_link(json, "dcat:accessURL", text);
    put_link(json, "dcat:downloadURL", text);
    (void)snprintf(text, sizeof text, "https://www.iana.org/assignments/media-types/%s",
                   how->media_type);
    put_link(json, "dcat:mediaType", text);
    (void)snprintf(text, sizeof text, EU "file-type/%s", how->file_type);
    put_link(json, "dct:format", text);
    if (licence) {
        dosi_text licence_uri = {0};
        put_licence_uri(&licence_uri, licence);
        put_link(json, "dct:license", dosi_text_string(&licence_uri));
        dosi_text_destroy(&licence_uri);
    }
    if (strcmp(how->format, "parquet") == 0) {
        (void)snprintf(text, sizeof text, "%lld", (long long)version->n_bytes);
        put_typed(json, "dcat:byteSize", "xsd:nonNegativeInteger", text);
        dosi_json_key(json, "spdx:checksum");
        dosi_json_begin_object(json);
        dosi_json_member_string(json, "@type", "spdx:Checksum");
        put_link(json, "spdx:algorithm",
                 "http://spdx.org/rdf/terms#checksumAlgorithm_blake2b256");
        put_typed(json, "spdx:checksumValue", "xsd:hexBinary", version->hash);
        dosi_json_end_object(json);
    }
    dosi_json_end_object(json);
}

static void put_distributions(dosi_json *json,
                              const dosi_version *version,
                              const json_t *metadata,
                              const char *uri) {
    static const form forms[] = {
        {"parquet", "PARQUET", "application/vnd.apache.parquet"},
        {"csv", "CSV", "text/csv"},
        {"json", "JSON", "application/json"},
        {"geojson", "GEOJSON", "application/geo+json"},
    };
    dosi_json_key(json, "dcat:distribution");
    dosi_json_begin_array(json);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        bool is_map = strcmp(forms[i].format, "geojson") == 0;
        if (is_map && isnan(version->extent[0])) continue;
        put_distribution(json, version, metadata, uri, &forms[i]);
    }
    dosi_json_end_array(json);
}

/// What says that the data is simulated.
static void put_simulated(dosi_json *json) {
    dosi_json_key(json, "dct:provenance");
    dosi_json_begin_object(json);
    dosi_json_member_string(json, "@type", "dct:ProvenanceStatement");
    dosi_json_key(json, "dct:description");
    dosi_json_begin_array(json);
    put_word(json, "ko", "모의 자료: 모형이 만든 것이며 측정한 것이 아님");
    put_word(json, "en", "Simulated: made by a model, not measured");
    dosi_json_end_array(json);
    dosi_json_end_object(json);
    dosi_json_key(json, "dcat:keyword");
    dosi_json_begin_array(json);
    put_word(json, "ko", "모의");
    put_word(json, "en", "simulated");
    dosi_json_end_array(json);
}

static void put_dataset(dosi_json *json,
                        const dosi_version *version,
                        const json_t *metadata,
                        const char *uri) {
    char text[DOSI_REFERENCE_BYTES];
    char code[256];
    const char *frequency = json_string_value(json_object_get(metadata, "frequency"));
    bool is_public = strcmp(version->visibility, "public") == 0;
    (void)snprintf(text, sizeof text, "%s/%s", version->organisation, version->name);
    dosi_json_begin_object(json);
    dosi_json_key(json, "@context");
    dosi_json_raw(json, context, strlen(context));
    dosi_json_member_string(json, "@id", uri);
    dosi_json_member_string(json, "@type", "dcat:Dataset");
    dosi_json_member_string(json, "dct:identifier", text);
    put_words(json, "dct:title", json_object_get(metadata, "title"), text);
    put_words(json, "dct:description", json_object_get(metadata, "description"), text);
    put_agent(json, metadata, version->organisation);
    put_contact(json, metadata);
    (void)snprintf(text, sizeof text, "%lld", (long long)version->number);
    dosi_json_member_string(json, "dcat:version", text);
    put_time(json, "dct:modified", version->created_utc_us, 0);
    put_link(json, "dct:accessRights",
             is_public ? EU "access-right/PUBLIC" : EU "access-right/RESTRICTED");
    if (frequency) {
        (void)snprintf(code, sizeof code, EU "frequency/%.60s", frequency);
        put_link(json, "dct:accrualPeriodicity", code);
    }
    put_spatial(json, version->extent);
    put_temporal(json, version);
    if (version->is_simulated) put_simulated(json);
    put_distributions(json, version, metadata, uri);
    dosi_json_end_object(json);
}

dosi_status dosi_dcat_put_dataset(dosi_text *out,
                                  const dosi_version *version,
                                  const char *base_url,
                                  dosi_error *err) {
    assert(out && version && base_url);
    char uri[DOSI_REFERENCE_BYTES + 256];
    json_error_t fault;
    int n = snprintf(uri, sizeof uri, "%s/api/v1/datasets/%s/%s", base_url,
                     version->organisation, version->name);
    if (n < 0 || (size_t)n >= sizeof uri) {
        return dosi_fail(err, DOSI_LIMIT, "the server's address is too long: %.100s", base_url);
    }
    json_t *metadata =
        json_loads(version->metadata_json ? version->metadata_json : "{}", 0, &fault);
    if (!metadata) {
        return dosi_fail(err, DOSI_PARSE, "metadata of %s/%s: %s", version->organisation,
                         version->name, fault.text);
    }
    dosi_json json;
    dosi_json_init(&json, out);
    put_dataset(&json, version, metadata, uri);
    json_decref(metadata);
    return dosi_text_status(out, err);
}

void dosi_dcat_begin_catalogue(dosi_text *out, const char *title, const char *base_url) {
    assert(out && title && base_url);
    dosi_text_printf(out, "{\"@context\":%s,\"@id\":", context);
    dosi_text_put_json(out, base_url, strlen(base_url));
    dosi_text_puts(out, ",\"@type\":\"dcat:Catalog\",\"dct:title\":");
    dosi_text_put_json(out, title, strlen(title));
    dosi_text_puts(out, ",\"dct:description\":");
    dosi_text_put_json(out, title, strlen(title));
    dosi_text_puts(out, ",\"dct:publisher\":{\"@type\":\"foaf:Agent\",\"foaf:name\":");
    dosi_text_put_json(out, title, strlen(title));
    dosi_text_puts(out, "},\"dcat:dataset\":[");
}

void dosi_dcat_end_catalogue(dosi_text *out) {
    dosi_text_puts(out, "]}");
}
