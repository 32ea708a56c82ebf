// The server of feed_api.h as a program: prints its port, then changes the hour of its rows
// each time it reads a line, and ends with its input.

#include "feed_api.h"

int main(void) {
    static feed_api api = {.hour = 13};
    unsigned port = 0;
    struct MHD_Daemon *daemon = feed_api_start(&api, &port);
    if (!daemon) return 1;
    (void)printf("%u\n", port);
    (void)fflush(stdout);
    char line[16];
    while (fgets(line, sizeof line, stdin)) atomic_fetch_add(&api.hour, 1);
    MHD_stop_daemon(daemon);
    return 0;
}
