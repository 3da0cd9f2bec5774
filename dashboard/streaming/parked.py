"""Parked connections: streams that have caught up, as nothing but a socket.

A greenlet per stream costs some 18 KB and a switch per event. So a stream that only waits for its
feed's next frame gives its socket away, leaves its request, and from then on gets each frame with
one write that never blocks. Hang-ups of all sockets come through one epoll(7), whose own descriptor
is one watcher of the event loop. A reader whose buffer can't take a whole frame is behind: what it
lacks is kept as references to the frames that all share, and goes out as its socket takes more. One
that is too far behind is closed: half an event is dropped by its browser, as the standard says,
which comes back with its last id.

The listening sockets' options (`bound_buffers`) pass to all connections: a small send buffer, so
that a frozen reader holds little of the kernel's memory, and limits after which a dead peer goes.
"""

import os
import resource
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent import monkey

from dashboard.posix.sockets import reset_on_close
from dashboard.streaming.feed import RING, RING_BYTES, Feed
from dashboard.streaming.frame import CHUNKED, GZIP, LAST_CHUNK, Frame

SEND_BUFFER = 128 << 10  # bytes; Linux counts twice that with its own overhead (socket(7))
_DEAD_AFTER_MS = 30_000  # unacknowledged data; with HEARTBEAT 15 a dead peer goes within 45 s
_KEEPALIVE = (20, 8, 4)  # seconds of silence, seconds between probes, probes: 52 s in all
_YIELD_AFTER = 0.25  # seconds that a fan-out may keep the event loop
_STRIDE = 128  # writes between two looks at the clock
# gevent takes epoll out of `select`, as it would block; asked with no wait it never does.
_EPOLL: Any = monkey.get_original("select", "epoll") if hasattr(select, "EPOLLRDHUP") else None
_RESERVE = 500  # descriptors for everything but streams


def bound_buffers(listeners: Iterable[Any]) -> None:
    """Set what every connection inherits from the socket that accepts it."""
    for listener in listeners:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if listener.family in (socket.AF_INET, socket.AF_INET6) and hasattr(
            socket, "TCP_USER_TIMEOUT"
        ):
            idle, interval, probes = _KEEPALIVE
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, probes)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_AFTER_MS)


def capacity(wanted: int) -> int:
    """How many streams this process can hold: what is wanted, if its descriptors suffice.

    The soft limit of descriptors is raised to the hard one. Some are kept back, so that requests
    that are not streams are answered when all streams are taken.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):
            pass  # macOS refuses an unlimited one; the soft limit then counts
    if soft == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, soft - min(_RESERVE, soft // 4))


class Connections:
    """The parked sockets of one worker, by feed and form."""

    def __init__(self, on_close: Callable[[Feed, str, str], None]) -> None:
        """`on_close(feed, reason, address)` is called for each.

        The reason is "gone", "lagging", "expired" or "stopping".
        """
        self._on_close = on_close
        # descriptor -> its feed, its form, and the address that holds the place
        self._feeds: dict[int, tuple[Feed, int, str]] = {}
        self._behind: dict[int, deque[memoryview]] = {}  # descriptor -> what it has not taken yet
        self._writing = False
        self._leaving: dict[int, str] = {}  # descriptors to be closed after the fan-out
        self._epoll = _EPOLL() if _EPOLL else None
        self._watcher: Any = None
        if self._epoll is not None:
            self._watcher = gevent.get_hub().loop.io(self._epoll.fileno(), 1)
            self._watcher.start(self._look)

    def __len__(self) -> int:
        return len(self._feeds)

    def park(self, descriptor: int, feed: Feed, form: int, address: str = "") -> None:
        """Let a socket have every frame of a feed from the next one on.

        Raises OSError, with the socket closed, where the kernel watches no more of them.
        """
        assert self._epoll is not None
        try:
            self._epoll.register(descriptor, select.EPOLLRDHUP)
        except OSError:
            os.close(descriptor)
            raise
        self._feeds[descriptor] = feed, form, address
        feed.parked.setdefault(form, set()).add(descriptor)

    def move(self, source: Feed, target: Feed) -> None:
        """Let the sockets of one feed have the frames of another from now on."""
        for form, descriptors in source.parked.items():
            target.parked.setdefault(form, set()).update(descriptors)
            for descriptor in descriptors:
                self._feeds[descriptor] = target, form, self._feeds[descriptor][2]
        source.parked = {}

    def write(self, frames: Iterable[tuple[Feed, Frame]]) -> None:
        """Send each frame to all sockets that are in its feed now; each takes it or is closed.

        A long fan-out lets go of the event loop now and then. Who parks meanwhile has had these
        frames, so the sockets are those of the beginning. Calls must not overlap.
        """
        everyone = [
            (frame.form(form), list(descriptors))
            for feed, frame in frames
            for form, descriptors in feed.parked.items()
        ]
        self._writing = True
        lets_go_at = time.perf_counter() + _YIELD_AFTER
        try:
            for data, descriptors in everyone:
                for start in range(0, len(descriptors), _STRIDE):
                    self._write_some(descriptors[start : start + _STRIDE], data)
                    if time.perf_counter() > lets_go_at:
                        gevent.sleep(0)
                        lets_go_at = time.perf_counter() + _YIELD_AFTER
        finally:
            self._writing = False
        for descriptor, reason in list(self._leaving.items()):
            self.close(descriptor, reason)

    def close(self, descriptor: int, reason: str) -> None:
        """Close a parked socket, unless it has gone already.

        During a fan-out it is only noted, so that no new connection gets the same number and, with
        it, a frame that was not meant for it.
        """
        if self._writing:
            self._leaving[descriptor] = reason
            return
        self._leaving.pop(descriptor, None)
        behind = self._behind.pop(descriptor, None)
        feed, form, address = self._feeds.pop(descriptor, (None, 0, ""))
        if feed is None:
            return
        feed.parked[form].discard(descriptor)
        if not feed.parked[form]:
            del feed.parked[form]
        ends_well = reason in ("stopping", "expired") and not behind
        if ends_well and form & CHUNKED and not form & GZIP:
            _write_whole(descriptor, LAST_CHUNK)
        if reason == "lagging":
            _free_buffer(descriptor)
        os.close(descriptor)  # which takes it out of the epoll, too
        self._on_close(feed, reason, address)

    def close_all(self) -> None:
        """End every stream, and the watching."""
        for descriptor in list(self._feeds):
            self.close(descriptor, "stopping")
        if self._epoll is not None:
            self._watcher.stop()
            self._watcher.close()
            self._epoll.close()
            self._epoll = None

    def _write_some(self, descriptors: list[int], data: bytes) -> None:
        write, size, leaving, behind = os.write, len(data), self._leaving, self._behind
        for descriptor in descriptors:
            if descriptor in leaving:
                continue
            if descriptor in behind:
                self._wait_behind(descriptor, memoryview(data))
                continue
            try:
                written = write(descriptor, data)
            except BlockingIOError:
                written = 0
            except OSError:
                leaving[descriptor] = "gone"
                continue
            if written != size:
                self._wait_behind(descriptor, memoryview(data)[written:])

    def _wait_behind(self, descriptor: int, rest: memoryview) -> None:
        """Keep what a socket does not take now, within the bounds of a feed's ring."""
        assert self._epoll is not None
        frames = self._behind.get(descriptor)
        if frames is None:
            frames = self._behind[descriptor] = deque()
            self._epoll.modify(descriptor, select.EPOLLRDHUP | select.EPOLLOUT)
        frames.append(rest)
        if len(frames) > RING or (len(frames) > 2 and sum(map(len, frames)) > RING_BYTES):
            self._leaving[descriptor] = "lagging"

    def _go_on(self, descriptor: int) -> None:
        """Write on what a socket lacks, as far as it takes it."""
        assert self._epoll is not None
        frames = self._behind[descriptor]
        try:
            while frames:
                written = os.write(descriptor, frames[0])
                if written != len(frames[0]):
                    frames[0] = frames[0][written:]
                    return
                frames.popleft()
        except BlockingIOError:
            return
        except OSError:
            self.close(descriptor, "gone")
            return
        del self._behind[descriptor]
        self._epoll.modify(descriptor, select.EPOLLRDHUP)

    def _look(self) -> None:
        """See who has hung up, and who takes more of what it lacks."""
        assert self._epoll is not None
        for descriptor, seen in self._epoll.poll(0, 1024):
            if seen & ~select.EPOLLOUT or descriptor not in self._behind:
                self.close(descriptor, "gone")
            elif descriptor not in self._leaving:
                self._go_on(descriptor)


def _write_whole(descriptor: int, data: bytes) -> bool:
    """Write without waiting; False when the socket did not take all of it."""
    try:
        return os.write(descriptor, data) == len(data)
    except OSError:
        return False


def _free_buffer(descriptor: int) -> None:
    """Let the close drop what the reader has not taken, instead of trying for another while."""
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        reset_on_close(connection)
