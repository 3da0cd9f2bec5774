/* The floor: the least that a server can do. It answers every request with the same headers and
 * then, for each datagram on its UDP port, sends the datagram's bytes to every stream: one send(2)
 * each, in a loop. Several may share the port for streams, as workers do.
 *
 *   floor PORT UDP-PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n: hi\n\n";

static void die(const char *what) {
    perror(what);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    /* One list of those that were answered; a stream that goes is replaced by the last. */
    int *answered = calloc(limit.rlim_max, sizeof *answered);
    int *place = calloc(limit.rlim_max, sizeof *place);
    int count = 0, one = 1;

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int trigger = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096))
        die("listen");
    address.sin_port = htons(atoi(argv[2]));
    if (bind(trigger, (struct sockaddr *)&address, sizeof address)) die("bind");
    int epoll_fd = epoll_create1(0);
    struct epoll_event event = {EPOLLIN, {.fd = listener}};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
    event.data.fd = trigger;
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, trigger, &event);

    static struct epoll_event events[1024];
    static char data[65536];
    for (;;) {
        int ready = epoll_wait(epoll_fd, events, 1024, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int stream;
                while ((stream = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    place[stream] = -1;
                    event.events = EPOLLIN;
                    event.data.fd = stream;
                    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, stream, &event);
                }
            } else if (fd == trigger) {
                ssize_t size = recv(trigger, data, sizeof data, 0);
                for (int at = 0; at < count && size > 0; at++)
                    send(answered[at], data, size, MSG_NOSIGNAL);
            } else if (recv(fd, data, sizeof data, 0) > 0) {
                if (place[fd] < 0) {
                    answered[place[fd] = count++] = fd;
                    send(fd, head, sizeof head - 1, MSG_NOSIGNAL);
                }
            } else {
                if (place[fd] >= 0) {
                    int last = answered[--count];
                    answered[place[last] = place[fd]] = last;
                }
                close(fd);
            }
        }
    }
}
