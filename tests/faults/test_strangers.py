"""What strangers send, what others write, what the machine says: nobody else notices it."""

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from tests.faults.arena import Arena
from tests.faults.conftest import Scale
from tests.faults.patience import wait_for
from tests.faults.test_machine import set_clock
from tests.faults.test_readers import connected
from tests.support.service import ROOT

LIMITED = "a-limited-token-of-somebody"
HEALTHY = 0.3  # seconds; what /healthz may take on a machine that is not busy
ALIVE = 3.0  # on one that is
# Thousands at once are more than the kernel keeps for the worker: who then comes has to try again.
FLOODED = 2.0
FLOODS = {"test_bodies_never_come", "test_answers_are_not_taken", "test_filters_without_end"}


@pytest.fixture(scope="module")
def settings() -> dict[str, object]:
    limited = {"name": "somebody", "token": LIMITED, "events": ["job-*"]}
    return {"PUBLISH": json.dumps([limited])}


@pytest.fixture
def healthy(request: pytest.FixtureRequest, arena: Arena, scale: Scale) -> Iterator[None]:
    """Have /healthz asked for all the time, by another process; each answer has to come soon."""
    asking = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.health", str(arena.service.port)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield
    finally:
        said, _ = asking.communicate(timeout=60)
    found = json.loads(said)
    print(f"/healthz took {found['slowest']:.2f} s; who asked was {found['late']:.2f} s late")
    assert not found["failures"]
    is_flood = request.function.__name__ in FLOODS
    bound = ALIVE if not scale.full else FLOODED if is_flood else HEALTHY
    assert found["slowest"] < bound + found["late"], f"/healthz took {found['slowest']:.2f} s"


pytestmark = pytest.mark.usefixtures("healthy")


def status_of(connection: socket.socket) -> int:
    """Return the status of the answer to come; 0 where the connection just ends."""
    try:
        answer = connection.recv(65536)
    except (ConnectionResetError, TimeoutError):
        return 0
    return int(answer.split(b" ", 2)[1]) if answer else 0


HEADS = [
    *(b"Cookie: a;b=" + character * 8000 + b'"x' for character in (b" ", b"\t", b";", b"\\")),
    b"Accept: text/html" + b"\t" * 8000 + b";",
    b"Forwarded: for=" + b'"\\' * 4000,
]


def test_heads_are_made_to_be_slow(arena: Arena, scale: Scale) -> None:
    statuses: Counter[int] = Counter()

    def send() -> None:
        end = time.monotonic() + scale.hold
        while time.monotonic() < end:
            for line in HEADS:
                head = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + (line + b"\r\n") * 60 + b"\r\n"
                for part in (head, head[: len(head) // 60 * 3] + b"\r\n\r\n"):
                    with arena.service.dial() as connection:
                        connection.settimeout(20)
                        try:
                            connection.sendall(part)
                        except OSError:
                            continue  # it is refused while it comes
                        statuses[status_of(connection)] += 1

    arena.run("heads made to be slow", send, tries=scale.few)
    assert statuses
    assert not [status for status in statuses if status >= 500], statuses


def flood(
    arena: Arena, scale: Scale, name: str, requests: Sequence[bytes], *, more_memory: int = 0
) -> None:
    """Hold a connection for each request, which is sent and left alone."""

    def hold() -> None:
        with connected(arena, len(requests)) as connections:
            for connection, request in zip(connections, requests, strict=True):
                try:
                    connection.sendall(request)
                except OSError:
                    continue  # it is ended already, as its address has its share
            time.sleep(scale.hold)

    arena.warm_up(hold)
    arena.run(f"{len(requests):,} {name}", hold, tries=scale.few, more_memory=more_memory)


def test_bodies_never_come(arena: Arena, scale: Scale) -> None:
    request = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n"
    flood(arena, scale, "bodies that never come", [request] * scale.half_open)


def test_answers_are_not_taken(arena: Arena, scale: Scale) -> None:
    request = b"GET /static/vendor/uPlot.esm.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    flood(arena, scale, "answers not taken", [request * 20] * scale.held)


def test_names_without_end(arena: Arena, scale: Scale) -> None:
    statuses: Counter[int] = Counter()

    def publish() -> None:
        headers = {"Authorization": f"Bearer {LIMITED}"}
        for batch in range(40 if scale.full else 10):
            events = [{"event": f"job-{batch}-{n}", "data": {"n": n}} for n in range(100)]
            answer = arena.service.request("POST", "/events", json=events, headers=headers)
            statuses[answer.status_code] += 1

    arena.run("names without end", publish, more_memory=4 << 20)
    assert set(statuses) <= {201, 409, 429}, statuses
    assert statuses[409] + statuses[429] > 0, "the names of one token are not bounded"


def test_filters_without_end(arena: Arena, scale: Scale) -> None:
    line = b"GET /stream?events=cpu,x%d HTTP/1.1\r\nHost: localhost\r\n\r\n"
    requests = [line % number for number in range(scale.held)]
    flood(arena, scale, "filters", requests, more_memory=8 << 20)


POISON: list[tuple[object, object, object]] = [
    ("box", "queue", "no JSON"),
    ("box", "queue", "[1]"),
    ("box", "queue", "[" * 100_000),
    ("box", "a\nevent: hello", "{}"),
    ("no host\r\n", "queue", "{}"),
    ("box", "queue", b"\xff\xfe"),
    ("box", b"queue", b"{}"),
]


def test_the_log_is_poisoned(arena: Arena, scale: Scale) -> None:
    def poison() -> None:
        before = arena.service.total("vitals_log_entries_skipped_total")
        with closing(sqlite3.connect(arena.service.log_file, timeout=20)) as database:
            for row in POISON:
                with database:
                    database.execute("INSERT INTO event (host, name, data) VALUES (?, ?, ?)", row)

        def is_skipped() -> bool:
            skipped = arena.service.total("vitals_log_entries_skipped_total")
            return skipped - before >= len(POISON)

        wait_for(is_skipped, "what is no event to be skipped")

    arena.run("entries that are no events", poison, tries=scale.few)


def test_an_interface_has_a_name_that_is_no_text(arena: Arena, scale: Scale) -> None:
    """The families that are read meanwhile, `network` too, go on."""

    def rename() -> None:
        switch, named = arena.faults / "latin", arena.faults / "named"
        named.unlink(missing_ok=True)
        switch.touch()
        try:
            wait_for(named.exists, "the interface to be read")
            time.sleep(scale.hold)
        finally:
            switch.unlink()

    arena.run("interface named in Latin-1", rename, tries=scale.few)


def test_the_clock_is_ahead_for_a_moment(arena: Arena, scale: Scale) -> None:
    """What is published later is not held for older than what came meanwhile."""

    def ahead() -> None:
        set_clock(arena, 86_400.0)
        time.sleep(scale.hold)
        set_clock(arena, 0.0)

    arena.run("clock a day ahead for a moment", ahead, tries=scale.few)

    def is_found() -> bool:
        """What is logged now has the id of another day, and is found by its age."""
        history = arena.service.get("/history?events=cpu&since=20&form=spans").json()
        return len(history["hosts"].get("box", {}).get("cpu", {}).get("time", ())) > 10

    wait_for(is_found, "the newest samples in the history")
