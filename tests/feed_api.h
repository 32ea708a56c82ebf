/// @file feed_api.h
/// A server that answers as the official APIs do: AirKorea (data.go.kr) and Seoul Open Data,
/// with their pages, result codes and faults. The service's name chooses what happens.
#ifndef DOSI_TESTS_FEED_API_H
#define DOSI_TESTS_FEED_API_H

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// The one key that is registered.
#define FEED_API_KEY "f1xture+key/=="

/// What the server has seen.
typedef struct feed_api {
    atomic_int n_calls;
    atomic_int hour; ///< Hour that the rows are of, 1..24.
} feed_api;

enum { FEED_API_STATIONS = 25, FEED_API_REPLY_BYTES = 1 << 18 };

static inline enum MHD_Result feed_api_send(struct MHD_Connection *connection,
                                            unsigned status,
                                            const char *body,
                                            size_t n_bytes,
                                            const char *retry_after) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(n_bytes, (void *)body, MHD_RESPMEM_MUST_COPY);
    if (retry_after) (void)MHD_add_response_header(response, "Retry-After", retry_after);
    if (status == 302) {
        (void)MHD_add_response_header(response, "Location", "http://127.0.0.1:1/elsewhere");
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/// Rows first..last (from 1) of Seoul's RealtimeCityAir.
static inline size_t feed_api_seoul_rows(
    char *out, size_t n_out, const char *service, int first, int last, int hour) {
    size_t n =
        (size_t)snprintf(out, n_out,
                         "{\"%s\":{\"list_total_count\":%d,\"RESULT\":{\"CODE\":\"INFO-000\","
                         "\"MESSAGE\":\"정상 처리되었습니다\"},\"row\":[",
                         service, FEED_API_STATIONS);
    for (int i = first; i <= last && i <= FEED_API_STATIONS; i++) {
        n += (size_t)snprintf(out + n, n_out - n,
                              "%s{\"MSRDT\":\"20240105%02d00\",\"MSRRGN_NM\":\"도심권\","
                              "\"MSRSTE_NM\":\"측정소%d\",\"PM10\":%d.0,\"PM25\":\"%s\","
                              "\"O3\":0.01,\"NO2\":0.02,\"CO\":0.4,\"SO2\":0.003}",
                              i > first ? "," : "", hour, i, 20 + i, i == 3 ? "-" : "9");
    }
    return n + (size_t)snprintf(out + n, n_out - n, "]}}");
}

/// A page of AirKorea's getCtprvnRltmMesureDnsty.
static inline size_t feed_api_airkorea_rows(
    char *out, size_t n_out, int rows, int page, int hour) {
    size_t n =
        (size_t)snprintf(out, n_out,
                         "{\"response\":{\"header\":{\"resultCode\":\"00\",\"resultMsg\":"
                         "\"NORMAL_CODE\"},\"body\":{\"totalCount\":%d,\"items\":[",
                         FEED_API_STATIONS);
    for (int i = (page - 1) * rows + 1; i <= page * rows && i <= FEED_API_STATIONS; i++) {
        n += (size_t)snprintf(
            out + n, n_out - n,
            "%s{\"stationName\":\"측정소%d\",\"sidoName\":\"서울\",\"dataTime\":\"2024-01-05 "
            "%02d:00\",\"so2Value\":\"0.003\",\"coValue\":\"0.4\",\"o3Value\":\"0.021\","
            "\"no2Value\":\"0.018\",\"pm10Value\":\"%d\",\"pm25Value\":%s,\"pm25Flag\":%s}",
            i > (page - 1) * rows + 1 ? "," : "", i, hour, 20 + i, i == 3 ? "\"-\"" : "\"9\"",
            i == 3 ? "\"점검및교정\"" : "null");
    }
    return n + (size_t)snprintf(out + n, n_out - n, "],\"pageNo\":%d,\"numOfRows\":%d}}}", page,
                                rows);
}

/// Faults that both APIs can have; whether it was one.
static inline int feed_api_fault(struct MHD_Connection *connection,
                                 const char *service,
                                 int call,
                                 enum MHD_Result *result) {
    static const char html[] = "<html><body>502 Bad Gateway</body></html>";
    if (strcmp(service, "Down") == 0 || (strcmp(service, "DownTwice") == 0 && call <= 2)) {
        *result = feed_api_send(connection, 502, html, sizeof html - 1, NULL);
    } else if (strcmp(service, "Busy") == 0 && call == 1) {
        *result = feed_api_send(connection, 429, "", 0, "1");
    } else if (strcmp(service, "Redirect") == 0) {
        *result = feed_api_send(connection, 302, "", 0, NULL);
    } else if (strcmp(service, "CutOnce") == 0 && call == 1) {
        *result =
            feed_api_send(connection, 200, "{\"RealtimeCityAir\":{\"row\":[{\"MSR", 33, NULL);
    } else if (strcmp(service, "Slow") == 0) {
        (void)usleep(1500000);
        *result = feed_api_send(connection, 200, "{}", 2, NULL);
    } else {
        return 0;
    }
    return 1;
}

/// {"RESULT": ...} as Seoul answers faults and emptiness.
static inline enum MHD_Result feed_api_seoul_code(struct MHD_Connection *connection,
                                                  const char *code,
                                                  const char *message) {
    char body[512];
    int n = snprintf(body, sizeof body, "{\"RESULT\":{\"CODE\":\"%s\",\"MESSAGE\":\"%s\"}}",
                     code, message);
    return feed_api_send(connection, 200, body, (size_t)n, NULL);
}

/// /KEY/json/SERVICE/FIRST/LAST
static inline enum MHD_Result feed_api_seoul(struct MHD_Connection *connection,
                                             feed_api *api,
                                             const char *url,
                                             int call) {
    char key[128] = "", service[64] = "", body[FEED_API_REPLY_BYTES];
    int first = 0, last = 0;
    // The key itself holds a slash; it is matched whole.
    size_t n_key = strlen(FEED_API_KEY);
    const char *rest = strstr(url, "/json/");
    enum MHD_Result result = MHD_NO;
    if (!rest) return feed_api_seoul_code(connection, "ERROR-301", "파일타입 값이 누락");
    (void)snprintf(key, sizeof key, "%.*s", (int)(rest - url - 1), url + 1);
    if (sscanf(rest, "/json/%63[^/]/%d/%d", service, &first, &last) != 3) {
        return feed_api_seoul_code(connection, "ERROR-300", "필수 값이 누락되어 있습니다.");
    }
    if (strlen(key) != n_key || strcmp(key, FEED_API_KEY) != 0) {
        return feed_api_seoul_code(connection, "INFO-100", "인증키가 유효하지 않습니다.");
    }
    if (feed_api_fault(connection, service, call, &result)) return result;
    if (strcmp(service, "Empty") == 0) {
        return feed_api_seoul_code(connection, "INFO-200", "해당하는 데이터가 없습니다.");
    }
    if (strcmp(service, "Nothing") == 0) {
        return feed_api_seoul_code(connection, "ERROR-310",
                                   "해당하는 서비스를 찾을 수 없습니다.");
    }
    if (strcmp(service, "ErrorOnce") == 0 && call == 1) {
        return feed_api_seoul_code(connection, "ERROR-500", "서버 오류입니다.");
    }
    if (last - first + 1 > 1000) {
        return feed_api_seoul_code(connection, "ERROR-336", "데이터요청은 한번에 최대 1000건");
    }
    size_t n = feed_api_seoul_rows(body, sizeof body, service, first, last, api->hour);
    return feed_api_send(connection, 200, body, n, NULL);
}

/// The XML in which the gateway of data.go.kr answers its own faults.
static inline enum MHD_Result feed_api_gateway(struct MHD_Connection *connection,
                                               const char *code,
                                               const char *message) {
    char body[512];
    int n = snprintf(body, sizeof body,
                     "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg>"
                     "<returnAuthMsg>%s</returnAuthMsg><returnReasonCode>%s</returnReasonCode>"
                     "</cmmMsgHeader></OpenAPI_ServiceResponse>",
                     message, code);
    return feed_api_send(connection, 200, body, (size_t)n, NULL);
}

/// /airkorea/SERVICE?serviceKey=...
static inline enum MHD_Result feed_api_airkorea(struct MHD_Connection *connection,
                                                feed_api *api,
                                                const char *service,
                                                int call) {
    char body[FEED_API_REPLY_BYTES];
    enum MHD_Result result = MHD_NO;
    const char *key =
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "serviceKey");
    const char *rows =
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "numOfRows");
    const char *page = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "pageNo");
    if (!key || strcmp(key, FEED_API_KEY) != 0) {
        return feed_api_gateway(connection, "30", "SERVICE_KEY_IS_NOT_REGISTERED_ERROR");
    }
    if (feed_api_fault(connection, service, call, &result)) return result;
    if (strcmp(service, "Limited") == 0) {
        return feed_api_gateway(connection, "22",
                                "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR");
    }
    if (!rows || !page) return feed_api_gateway(connection, "11", "NO_MANDATORY");
    size_t n = feed_api_airkorea_rows(body, sizeof body, (int)strtol(rows, NULL, 10),
                                      (int)strtol(page, NULL, 10), api->hour);
    return feed_api_send(connection, 200, body, n, NULL);
}

static inline enum MHD_Result feed_api_answer(void *context,
                                              struct MHD_Connection *connection,
                                              const char *url,
                                              const char *method,
                                              const char *version,
                                              const char *upload,
                                              size_t *n_upload,
                                              void **state) {
    (void)method, (void)version, (void)upload, (void)n_upload, (void)state;
    feed_api *api = context;
    int call = atomic_fetch_add(&api->n_calls, 1) + 1;
    if (strncmp(url, "/airkorea/", 10) == 0) {
        return feed_api_airkorea(connection, api, url + 10, call);
    }
    return feed_api_seoul(connection, api, url, call);
}

/// Starts the server on a free port of 127.0.0.1, which is left in `*port`.
static inline struct MHD_Daemon *feed_api_start(feed_api *api, unsigned *port) {
    struct sockaddr_in here = {.sin_family = AF_INET};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, NULL, NULL,
        feed_api_answer, api, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&here, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (info) *port = info->port;
    return daemon;
}

#endif // DOSI_TESTS_FEED_API_H
