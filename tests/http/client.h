/// @file client.h
/// A client of raw sockets, for saying things to a server that no proper client would.
#ifndef DOSI_TEST_CLIENT_H
#define DOSI_TEST_CLIENT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { CLIENT_WAIT_S = 10 };

/// A connection to 127.0.0.1, or -1.
static inline int client_connect(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval wait = {.tv_sec = CLIENT_WAIT_S};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    (void)close(fd);
    return -1;
}

/// Sends bytes; a connection that the server has closed is no error.
static inline void client_send(int fd, const char *bytes, size_t n_bytes) {
    (void)send(fd, bytes, n_bytes, MSG_NOSIGNAL);
}

/// Reads until the server closes (or CLIENT_WAIT_S of silence), into a string to be freed.
static inline char *client_read_all(int fd) {
    size_t room = 1 << 16;
    size_t n_held = 0;
    char *bytes = malloc(room + 1);
    for (;;) {
        if (n_held == room) {
            room *= 2;
            char *more = realloc(bytes, room + 1);
            if (!more) break;
            bytes = more;
        }
        ssize_t n_read = recv(fd, bytes + n_held, room - n_held, 0);
        if (n_read <= 0) break;
        n_held += (size_t)n_read;
    }
    bytes[n_held] = '\0';
    return bytes;
}

/// Sends `request` on a connection of its own and returns the whole answer, to be freed.
static inline char *client_ask(uint16_t port, const char *request) {
    int fd = client_connect(port);
    if (fd < 0) return calloc(1, 1);
    client_send(fd, request, strlen(request));
    char *answer = client_read_all(fd);
    (void)close(fd);
    return answer;
}

/// The status code of an answer; 0 when it is none.
static inline int client_code(const char *answer) {
    if (strncmp(answer, "HTTP/1.1 ", 9) != 0) return 0;
    return (int)strtol(answer + 9, NULL, 10);
}

#endif // DOSI_TEST_CLIENT_H
