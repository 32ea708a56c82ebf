// dosi serve: the lab over HTTP, until SIGINT or SIGTERM.

#include "base/os_file.h"
#include "cli/cli.h"
#include "dosi/text.h"
#include "govern/gate.h"
#include "server/server.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_PORT = 8420, DEFAULT_RATE = 200, TICK_MS = 250 };

dosi_status dosi_cmd_serve(int argc, char **argv, dosi_error *err);

/// Takes a whole number out of the options.
static dosi_status take_number(
    int *argc, char **argv, const char *name, int64_t most, int64_t *value, dosi_error *err) {
    const char *text = dosi_cli_option(argc, argv, name);
    if (!text) return DOSI_OK;
    int64_t number = 0;
    if (dosi_parse_int(text, strlen(text), &number) != DOSI_OK || number < 0 || number > most) {
        return dosi_fail(err, DOSI_INVALID, "--%s must be 0 to %lld, not \"%s\"", name,
                         (long long)most, text);
    }
    *value = number;
    return DOSI_OK;
}

/// Where the web's build is: what is given, else beside the program.
static const char *find_web(const char *given, char *out) {
    static const char *const places[] = {"../web/dist", "../../web/dist", "../share/dosi/web"};
    if (given) return given;
    char program[DOSI_PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0) return NULL;
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (slash) *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (dosi_path_join(program, places[i], out, NULL) == DOSI_OK &&
            dosi_path_is_folder(out)) {
            return out;
        }
    }
    return NULL;
}

/// Serves until told to stop. Other threads must have been started with the signals blocked.
static dosi_status serve_until_told(dosi_server *server, const sigset_t *signals) {
    for (;;) {
        struct timespec tick = {.tv_sec = 0, .tv_nsec = TICK_MS * 1000000L};
        int signal = sigtimedwait(signals, NULL, &tick);
        if (signal == SIGINT || signal == SIGTERM) return DOSI_OK;
        dosi_error err = {""};
        if (dosi_server_tend(server, &err) != DOSI_OK) {
            (void)fprintf(stderr, "dosi: %s\n", err.message);
        }
    }
}

/// Starts, says where, serves, stops.
static dosi_status run_server(const dosi_server_options *options, dosi_error *err) {
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    dosi_server *server = NULL;
    DOSI_TRY(dosi_server_start(options, &server, err));
    (void)printf("Dosi is at %s://%s:%u/ (Ctrl-C stops it)\n",
                 options->certificate_path ? "https" : "http",
                 options->address ? options->address : "127.0.0.1",
                 (unsigned)dosi_server_port(server));
    if (!options->web_folder) (void)printf("The web is not built: only /api and /ogc answer\n");
    (void)fflush(stdout);
    dosi_status status = serve_until_told(server, &signals);
    // From here a second signal ends the program at once.
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    dosi_server_stop(server);
    return status;
}

dosi_status dosi_cmd_serve(int argc, char **argv, dosi_error *err) {
    char lab[DOSI_PATH_BYTES];
    char web[DOSI_PATH_BYTES];
    int64_t port = DEFAULT_PORT;
    int64_t rate = DEFAULT_RATE;
    int64_t n_threads = 0;
    const char *folder = dosi_cli_option(&argc, argv, "lab");
    dosi_server_options options = {
        .address = dosi_cli_option(&argc, argv, "address"),
        .certificate_path = dosi_cli_option(&argc, argv, "certificate"),
        .key_path = dosi_cli_option(&argc, argv, "key"),
        .trusts_proxy = dosi_cli_flag(&argc, argv, "trust-proxy"),
    };
    options.web_folder = find_web(dosi_cli_option(&argc, argv, "web"), web);
    DOSI_TRY(take_number(&argc, argv, "port", UINT16_MAX, &port, err));
    DOSI_TRY(take_number(&argc, argv, "rate", 1000000, &rate, err));
    DOSI_TRY(take_number(&argc, argv, "threads", 64, &n_threads, err));
    DOSI_TRY(dosi_cli_no_more_options(argc, argv, err));
    if (argc > 1) return dosi_fail(err, DOSI_INVALID, "serve takes no \"%s\"", argv[1]);
    DOSI_TRY(dosi_lab_find(folder ? folder : ".", lab, err));
    options.lab_folder = lab;
    options.port = (uint16_t)port;
    options.requests_per_second = (double)rate;
    options.n_threads = (int)n_threads;
    return run_server(&options, err);
}
