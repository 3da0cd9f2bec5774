/* The load: one process that holds N event streams and notes when each event reaches each of them.
 *
 *   load -p PORT -n N [options]
 *     -u TARGET   what to GET (default /stream)          -H LINE   a request header, repeatable
 *     -f COUNT    how many may be on their way at once   -s COUNT  source addresses, from 127.0.0.1 on
 *     -c BYTES    a stream is accepted with so many bytes of its body (default 1)
 *     -m          ... with its first event that has a marker, that is when it has caught up
 *     -i MARKER   follow ids, see below                  -z        freeze: never read
 *     -r RATE     start so many a second, whatever is on its way (instead of -f)
 *     -d MS       ask so long after the connection is there (default 0: at once)
 *     -w SECONDS  give up waiting for streams to be accepted (default 60)
 *     -t SECONDS  end after that, whatever happens (default 900)
 *
 * An event's data carries `@<16 digits>@`, the publisher's CLOCK_MONOTONIC in microseconds from just
 * before it published. JSON lines go to standard output: one when all streams are accepted, one for
 * each event when every stream has it (`delays` in microseconds, in the order of arrival), and one
 * with the totals for each line on standard input and when that ends, which also ends the process.
 *
 * With -i every stream's ids from its first event with such a marker or a later one (without it) to
 * its last one (with it) go into a checksum, FNV-1a of their text, each followed by LF: streams with
 * the same checksum had the same events, and whoever has the log can say which. The totals count
 * streams by checksum.
 *
 * Why it is quick enough: one edge-triggered epoll(7), one recv(2) and one look at the clock for
 * each delivery, no allocation, nothing printed before the event has reached the last stream. The
 * totals have its own CPU time, so that every run shows how much of the time it was idle.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MARKER = 18, RECORDS = 64, BATCH = 1024, LINE = 48 };
enum state { IDLE, CONNECTING, CONNECTED, ASKED, OPEN, CLOSED };

struct stream {
    int fd;
    enum state state;
    int head_matched;   /* how much of CR LF CR LF has been seen */
    int body_bytes;     /* counted until the stream is accepted */
    int has_marker;     /* an event with a marker has come */
    int tail_length;    /* the end of what was read, where a marker may have begun */
    char tail[MARKER];
    /* With -i. */
    int line_length;
    char line[LINE];
    int counting;
    uint64_t checksum, checksum_at_marker;
    long ids, ids_at_marker;
};

struct record { /* an event that is on its way */
    uint64_t marker;
    long count;
    uint64_t touched;
    uint32_t *delays;
};

static struct stream *streams;
static struct record records[RECORDS];
static long wanted, started, in_flight, accepted, closed_early, closed_later, failed;
static long most_in_flight = 256, body_needed = 1, sources = 1;
static double rate;
static int port, epoll_fd, follow_ids, freeze, until_marker, told;
static uint64_t first_marker, ask_after_us;
static long *connected, first_connected, last_connected; /* a queue: they are asked in its order */
static uint64_t *connected_at;
static uint64_t bytes_received, deliveries, calls, began, accepted_at;
static char request[8192];
static int request_length;
static char buffer[256 << 10];

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double cpu_seconds(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec + used.tv_nsec / 1e9;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* --- Records ---------------------------------------------------------------------------------- */

static void print_record(struct record *record) {
    printf("{\"marker\": %llu, \"count\": %ld, \"delays\": [", (unsigned long long)record->marker,
           record->count);
    for (long i = 0; i < record->count; i++) printf(i ? ",%u" : "%u", record->delays[i]);
    printf("]}\n");
    fflush(stdout);
    record->marker = 0;
}

static void note_marker(uint64_t marker, uint64_t now) {
    static int last;
    struct record *record = NULL;
    if (records[last].marker == marker) {
        record = &records[last];
    } else {
        int unused = -1, oldest = 0;
        for (int i = 0; i < RECORDS && !record; i++) {
            if (records[i].marker == marker) record = &records[i], last = i;
            if (!records[i].marker) unused = i;
            if (records[i].touched < records[oldest].touched) oldest = i;
        }
        if (!record) {
            if (unused < 0) print_record(&records[unused = oldest]);
            record = &records[last = unused];
            record->marker = marker;
            record->count = 0;
            if (!record->delays) record->delays = malloc(wanted * sizeof *record->delays);
            if (!record->delays) die("malloc");
        }
    }
    record->touched = now;
    if (record->count < wanted) record->delays[record->count++] = (uint32_t)(now - marker);
    deliveries++;
}

static void print_finished_records(uint64_t now, int all) {
    long open = told ? accepted - closed_later : wanted;
    for (int i = 0; i < RECORDS; i++)
        if (records[i].marker &&
            (all || records[i].count >= open || now - records[i].touched > 5000000))
            print_record(&records[i]);
}

/* --- What a stream reads ---------------------------------------------------------------------- */

static uint64_t parse_marker(const char *text) {
    uint64_t value = 0;
    if (text[0] != '@' || text[MARKER - 1] != '@') return 0;
    for (int i = 1; i < MARKER - 1; i++) {
        if (text[i] < '0' || text[i] > '9') return 0;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static void saw_marker(struct stream *stream, uint64_t marker, uint64_t now) {
    note_marker(marker, now);
    stream->has_marker = 1;
    if (!stream->counting) {
        if (marker < first_marker) return;
        stream->counting = 1;
        stream->checksum = 14695981039346656037u;
        stream->ids = 0;
    }
    stream->checksum_at_marker = stream->checksum;
    stream->ids_at_marker = stream->ids;
}

static void scan(struct stream *stream, const char *data, long length, uint64_t now) {
    if (stream->tail_length) { /* a marker may lie across two reads */
        char joint[2 * MARKER];
        int kept = stream->tail_length;
        long more = length < MARKER ? length : MARKER;
        memcpy(joint, stream->tail, kept);
        memcpy(joint + kept, data, more);
        if (kept + more < MARKER) {
            if (kept + more <= MARKER) memcpy(stream->tail, joint, kept + more);
            stream->tail_length = kept + more;
            return;
        }
        uint64_t marker = parse_marker(joint);
        if (marker) saw_marker(stream, marker, now);
        stream->tail_length = 0;
        if (marker) data += MARKER - kept, length -= MARKER - kept;
    }
    const char *end = data + length;
    for (const char *at = data; (at = memchr(at, '@', end - at));) {
        if (end - at < MARKER) {
            stream->tail_length = end - at;
            memcpy(stream->tail, at, end - at);
            return;
        }
        uint64_t marker = parse_marker(at);
        if (marker) saw_marker(stream, marker, now);
        at += marker ? MARKER : 1;
    }
}

static void end_line(struct stream *stream, uint64_t now) {
    const char *line = stream->line;
    int length = stream->line_length;
    stream->line_length = 0;
    if (length > 4 && !memcmp(line, "id: ", 4)) {
        if (!stream->counting) return;
        for (int i = 4; i <= length; i++) {
            unsigned char byte = i < length ? line[i] : '\n';
            stream->checksum = (stream->checksum ^ byte) * 1099511628211u;
        }
        stream->ids++;
    } else if (length > 6 && !memcmp(line, "data: ", 6)) {
        const char *at = memchr(line, '@', length);
        uint64_t marker = at && line + length - at >= MARKER ? parse_marker(at) : 0;
        if (marker) saw_marker(stream, marker, now);
    }
}

/* Lines, of which only the beginning is kept. Chunk sizes are lines like others, that say nothing. */
static void scan_lines(struct stream *stream, const char *data, long length, uint64_t now) {
    const char *end = data + length;
    while (data < end) {
        const char *newline = memchr(data, '\n', end - data);
        long part = (newline ? newline : end) - data;
        long room = LINE - stream->line_length;
        if (part < room) room = part;
        memcpy(stream->line + stream->line_length, data, room);
        stream->line_length += room;
        if (!newline) return;
        end_line(stream, now);
        data = newline + 1;
    }
}

static void begin_streams(void);

static void leave(struct stream *stream) {
    if (stream->state == OPEN) closed_later++;
    else closed_early++, in_flight--;
    close(stream->fd);
    stream->state = CLOSED;
    if (in_flight < most_in_flight) begin_streams();
}

static void accept_stream(struct stream *stream) {
    stream->state = OPEN;
    accepted++, in_flight--;
    accepted_at = now_us();
}

static void read_stream(struct stream *stream) {
    static const char end_of_head[] = "\r\n\r\n";
    for (;;) {
        ssize_t got = recv(stream->fd, buffer, sizeof buffer, 0);
        calls++;
        if (got <= 0) {
            if (got < 0 && errno == EAGAIN) return;
            leave(stream);
            return;
        }
        uint64_t now = now_us();
        const char *data = buffer;
        long length = got;
        bytes_received += got;
        if (stream->state == ASKED) {
            while (length && stream->head_matched < 4) {
                if (*data == end_of_head[stream->head_matched]) stream->head_matched++;
                else stream->head_matched = *data == '\r';
                data++, length--;
            }
            stream->body_bytes += length;
        }
        if (follow_ids) scan_lines(stream, data, length, now);
        else scan(stream, data, length, now);
        if (stream->state == ASKED && stream->head_matched == 4 &&
            (until_marker ? stream->has_marker : stream->body_bytes >= body_needed))
            accept_stream(stream);
        if (got < (ssize_t)sizeof buffer) break;
    }
    if (in_flight < most_in_flight) begin_streams();
}

/* --- Connecting ------------------------------------------------------------------------------- */

static void begin_stream(struct stream *stream) {
    int one = 1;
    stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (stream->fd < 0) die("socket");
    struct linger reset = {1, 0}; /* so that no port is left in TIME_WAIT */
    setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (sources > 1) {
        setsockopt(stream->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (stream - streams) % sources);
        if (bind(stream->fd, (struct sockaddr *)&address, sizeof address)) die("bind");
    }
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (connect(stream->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        die("connect");
    stream->state = CONNECTING;
    struct epoll_event event = {EPOLLOUT | EPOLLET, {.ptr = stream}};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, stream->fd, &event)) die("epoll_ctl");
}

static void begin_streams(void) {
    static int busy; /* leave() comes back here */
    if (busy) return;
    busy = 1;
    long due = rate ? (long)((now_us() - began) / 1e6 * rate) + 1 : wanted;
    if (due > wanted) due = wanted;
    while (started < due && in_flight < most_in_flight) {
        in_flight++;
        begin_stream(&streams[started++]);
    }
    busy = 0;
}

static void ask(struct stream *stream) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error || send(stream->fd, request, request_length, MSG_NOSIGNAL) != request_length) {
        failed++;
        leave(stream);
        return;
    }
    stream->state = ASKED;
    struct epoll_event event = {(freeze ? 0 : EPOLLIN) | EPOLLRDHUP | EPOLLET, {.ptr = stream}};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, stream->fd, &event);
    if (freeze) accept_stream(stream);
}

static void connected_or_failed(struct stream *stream) {
    if (!ask_after_us) {
        ask(stream);
        return;
    }
    stream->state = CONNECTED;
    connected[last_connected] = stream - streams;
    connected_at[last_connected++] = now_us();
}

static void ask_who_is_due(void) {
    uint64_t due = now_us() - ask_after_us;
    while (first_connected < last_connected && connected_at[first_connected] <= due)
        ask(&streams[connected[first_connected++]]);
}

/* --- Reports ---------------------------------------------------------------------------------- */

static void print_accepted(void) {
    printf("{\"accepted\": %ld, \"seconds\": %.6f, \"failed\": %ld, \"cpu_seconds\": %.6f}\n", accepted,
           (accepted ? accepted_at - began : now_us() - began) / 1e6, failed + closed_early,
           cpu_seconds());
    fflush(stdout);
}

static void print_checksums(void) {
    struct { uint64_t checksum; long ids, streams; } seen[16];
    int different = 0;
    printf(", \"checksums\": [");
    for (long i = 0; i < wanted; i++) {
        if (streams[i].state != OPEN) continue;
        int at = 0;
        while (at < different && (seen[at].checksum != streams[i].checksum_at_marker ||
                                  seen[at].ids != streams[i].ids_at_marker)) at++;
        if (at == 16) continue;
        if (at == different) {
            seen[different].checksum = streams[i].checksum_at_marker;
            seen[different].ids = streams[i].ids_at_marker;
            seen[different++].streams = 0;
        }
        seen[at].streams++;
    }
    for (int i = 0; i < different; i++)
        printf("%s[\"%016llx\", %ld, %ld]", i ? ", " : "", (unsigned long long)seen[i].checksum,
               seen[i].ids, seen[i].streams);
    printf("]");
}

static void print_totals(void) {
    printf("{\"bytes\": %llu, \"deliveries\": %llu, \"reads\": %llu, \"closed\": %ld, "
           "\"cpu_seconds\": %.6f", (unsigned long long)bytes_received,
           (unsigned long long)deliveries, (unsigned long long)calls, closed_later, cpu_seconds());
    if (follow_ids) print_checksums();
    printf("}\n");
    fflush(stdout);
}

int main(int argc, char **argv) {
    const char *target = "/stream";
    char headers[4096] = "";
    double patience = 60, lifetime = 900;
    for (int option; (option = getopt(argc, argv, "p:n:u:H:f:s:c:i:mzw:r:t:d:")) != -1;) {
        switch (option) {
        case 'p': port = atoi(optarg); break;
        case 'n': wanted = atol(optarg); break;
        case 'u': target = optarg; break;
        case 'H':
            strncat(headers, optarg, sizeof headers - strlen(headers) - 3);
            strcat(headers, "\r\n");
            break;
        case 'f': most_in_flight = atol(optarg); break;
        case 's': sources = atol(optarg); break;
        case 'c': body_needed = atol(optarg); break;
        case 'i': follow_ids = 1, first_marker = strtoull(optarg, NULL, 10); break;
        case 'z': freeze = 1; break;
        case 'm': until_marker = 1; break;
        case 'r': rate = atof(optarg), most_in_flight = LONG_MAX; break;
        case 't': lifetime = atof(optarg); break;
        case 'd': ask_after_us = (uint64_t)(atof(optarg) * 1000); break;
        case 'w': patience = atof(optarg); break;
        default: return 2;
        }
    }
    if (port <= 0 || wanted <= 0) {
        fprintf(stderr, "usage: load -p PORT -n N [options]; see the top of load.c\n");
        return 2;
    }
    request_length = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n%s\r\n", target, port,
        headers);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    streams = calloc(wanted, sizeof *streams);
    connected = calloc(wanted, sizeof *connected);
    connected_at = calloc(wanted, sizeof *connected_at);
    epoll_fd = epoll_create1(0);
    if (!streams || !connected || !connected_at || epoll_fd < 0) die("setup");
    struct epoll_event input = {EPOLLIN, {.ptr = NULL}};
    fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &input)) die("epoll_ctl(stdin)");

    static struct epoll_event events[BATCH];
    uint64_t looked = 0;
    began = now_us();
    begin_streams();
    for (;;) {
        int ready = epoll_wait(epoll_fd, events, BATCH,
                               started < wanted || first_connected < last_connected ? 1 : 100);
        if (rate && started < wanted) begin_streams();
        ask_who_is_due();
        int asked = 0;
        for (int i = 0; i < ready; i++) {
            struct stream *stream = events[i].data.ptr;
            if (!stream) asked = 1;
            else if (stream->state == CLOSED || stream->state == CONNECTED) continue;
            else if (stream->state == CONNECTING) connected_or_failed(stream);
            else if (!freeze) read_stream(stream);
            else leave(stream);
        }
        uint64_t now = now_us();
        if (!told && (accepted + closed_early >= wanted || now - began > patience * 1e6)) {
            told = 1;
            print_accepted();
        }
        if (ready < BATCH || now - looked > 100000) {
            looked = now;
            print_finished_records(now, 0);
        }
        if (now - began > lifetime * 1e6) break;
        if (told && !freeze && accepted == closed_later) break; /* nobody is left */
        if (asked) {
            char line[256];
            ssize_t got = read(0, line, sizeof line);
            if (got == 0) break;
            if (got > 0) print_totals();
        }
    }
    print_finished_records(0, 1);
    print_totals();
    return 0;
}
