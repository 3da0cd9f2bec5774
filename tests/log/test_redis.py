"""The Redis log: the contract, on a real server, and what a server may do to it."""

import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import count
from pathlib import Path

import pytest

from dashboard.events.event import Event
from dashboard.log.contract import UNBOUNDED, EventLog, LogUnavailable
from dashboard.log.opening import open_log, run_directory
from dashboard.log.redis.engine import RedisLog
from tests.support.log_contract import (
    ALL,
    END,
    LOG_START,
    Clock,
    LogContract,
    OpenLog,
    Put,
    event,
    number_of,
    numbers,
)
from tests.support.redis_server import RedisServer, free_port
from tests.support.waiting import wait_for

pytestmark = pytest.mark.usefixtures("no_leaks")

_numbers = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


class TestRedisLog(LogContract):
    """The contract, each test with keys of its own."""

    @pytest.fixture
    def url(self, server: RedisServer) -> str:
        return f"{server.url}&prefix=test-{next(_numbers)}"

    @pytest.fixture
    def open_log(self, url: str, tmp_path: Path) -> Iterator[OpenLog]:
        opened: list[EventLog] = []

        def open_one(
            *,
            retention: float = 3600.0,
            clock: Callable[[], float] = time.time,
            most_bytes: int = UNBOUNDED,
        ) -> EventLog:
            its = None if clock is time.time else clock
            log = RedisLog(
                url, run_directory(url), retention=retention, clock=its, most_bytes=most_bytes
            )
            opened.append(log)
            return opened[-1]

        yield open_one
        for log in opened:
            log.close()

    @pytest.fixture
    def put(self, url: str, server: RedisServer) -> Put:
        key = f"{{{prefix_of(url)}}}"

        def put(host: str, name: str, data: str | bytes) -> None:
            fields = "h", host, "n", name, "d", data
            event_id = server.call("XADD", f"{key}:events", "*", *fields)
            server.call("XADD", f"{key}:of:{host}:{name}", event_id, "", "")
            value = data if isinstance(data, bytes) else data.encode()
            newest = event_id.encode() + b"\0" + value
            server.call("HSET", f"{key}:latest", f"{host}\0{name}", newest)

        return put

    def let_time_pass(self, log: EventLog) -> None:
        assert isinstance(log, RedisLog)
        log._size._next_look = 0.0
        log._reader._marks_read_at = -1.0

    # What only Redis does.

    def test_entries_of_another_shape_are_skipped(
        self, url: str, server: RedisServer, log: EventLog
    ) -> None:
        log.append([event(0)])
        key = f"{{{prefix_of(url)}}}"
        shapes = [("h", "box"), ("a", "b", "c", "d", "e", "f"), (*("h", "box") * 3, "n", "cpu")]
        for shape in shapes:
            server.call("XADD", f"{key}:events", "*", *shape)
        for field, value in [("box", "x"), ("box\0load", "x\0{}"), (b"\xff\0cpu", b"\xff")]:
            server.call("HSET", f"{key}:latest", field, value)
        log.append([event(1)])
        assert numbers(log.read_after(LOG_START, ALL)) == [0, 1]
        assert numbers(log.read_range(LOG_START, END, names=["cpu"])) == [0, 1]
        assert numbers(log.latest()) == [1]
        assert log.skipped == len(shapes) + 3

    def test_names_that_came_once_do_not_pile_up(
        self, url: str, server: RedisServer, open_log: OpenLog
    ) -> None:
        clock = Clock()
        log = open_log(retention=10, clock=clock)
        for number in range(50):
            clock.now += 20
            log.append([event(number, name=f"deploy-{number}")])
        assert numbers(log.latest()) == [49]
        assert server.call("HLEN", f"{{{prefix_of(url)}}}:latest") == 1

    def test_the_stream_is_trimmed_though_agents_alone_append(
        self, url: str, server: RedisServer, open_log: OpenLog
    ) -> None:
        """An agent opens the log for ever, and goes by what a dashboard has noted."""
        clock = Clock()
        open_log(retention=10, clock=clock).append([event(0)])
        agent = open_log(retention=1e11, clock=clock)
        for number in range(20):
            clock.now += 20
            agent.append([event(n) for n in range(number * 100, number * 100 + 100)])
        assert server.call("XLEN", f"{{{prefix_of(url)}}}:events") < 500
        assert len(agent.read_after(LOG_START, ALL)) <= 500

    def test_keys_go_with_their_time(self, url: str, server: RedisServer, log: EventLog) -> None:
        log.append_idempotent("k", "print", [event(1)])
        left = server.call("PTTL", f"{{{prefix_of(url)}}}:once:k")
        assert 3_500_000 < left <= 3_600_000

    def test_ids_go_on_after_the_server_has_lost_everything(
        self, url: str, server: RedisServer, open_log: OpenLog
    ) -> None:
        clock = Clock()
        log = open_log(clock=clock)
        given = log.append([event(n) for n in range(3)])
        server.call("DEL", *(f"{{{prefix_of(url)}}}:{key}" for key in ("events", "latest")))
        clock.now -= 100
        given += log.append([event(3)])
        assert given == sorted(set(given))
        assert numbers(log.read_after(LOG_START, ALL)) == [3]

    def test_one_answer_brings_what_is_read_next(self, log: EventLog, open_log: OpenLog) -> None:
        assert isinstance(log, RedisLog)
        other = open_log()
        (first,) = other.append([event(0)])
        assert numbers(log.read_after(LOG_START, 10)) == [0]
        log.wait(0)
        given = other.append([event(n) for n in range(1, 4)])
        log.wait(30)
        log._live.close()
        log._live.call = None  # type: ignore[assignment,method-assign]
        assert numbers(log.read_after(first, 10)) == [1, 2, 3]
        assert numbers(log.read_after(given[1], 10)) == [3]
        assert numbers(log.read_after(first, 2)) == [1, 2]

    def test_what_is_no_event_is_left_out(
        self, url: str, server: RedisServer, log: EventLog
    ) -> None:
        log.append([event(0)])
        for fields in (
            ("a", "b"),
            ("h", "x", "n", "y", "data", "z"),
            ("h", b"\xff", "n", "", "d", ""),
        ):
            server.call("XADD", f"{{{prefix_of(url)}}}:events", "*", *fields)
        log.append([event(1)])
        assert numbers(log.read_after(LOG_START, 1)) == [0]
        assert numbers(log.read_after(LOG_START, 2)) == [0, 1]

    def test_few_are_found_among_many(self, log: EventLog) -> None:
        """By the lists of ids; the contract's tests ask for so much that all is looked through."""
        for start in range(0, 6000, 500):
            log.append(
                [
                    event(n, host=f"h{n % 10}", name=("cpu", "load", None)[n % 3])
                    for n in range(start, start + 500)
                ]
            )
        log.append([event(6000, host="h3", name="alert")])
        everything = log.read_after(LOG_START, ALL)

        def check(
            names: list[str | None] | None, hosts: list[str] | None, limit: int, start: int = 0
        ) -> None:
            wanted = [
                number_of(event)
                for event in everything[start:]
                if (names is None or event.name in names) and (hosts is None or event.host in hosts)
            ]
            first = everything[start].id
            assert first is not None
            found = log.read_range(first, END, names=names, hosts=hosts, limit=limit)
            assert numbers(found) == wanted[:limit]

        for limit in (1, 7, 199, ALL):
            check(["cpu"], ["h1"], limit)
            check(["cpu", None], ["h1", "h7", "nowhere"], limit)
            check(["alert"], None, limit)
            check(None, ["h3"], limit)
            check(["load"], None, limit, start=1234)
        assert log.read_range(LOG_START, LOG_START, names=["cpu"], hosts=["h1"]) == []

    def test_a_script_that_the_server_forgot_is_sent_again(
        self, server: RedisServer, log: EventLog
    ) -> None:
        log.append([event(0)])
        server.call("SCRIPT", "FLUSH")
        log.append([event(1)])
        assert numbers(log.read_after(LOG_START, ALL)) == [0, 1]


def prefix_of(url: str) -> str:
    return url.rpartition("prefix=")[2]


@contextmanager
def running(folder: Path, **config: object) -> Iterator[RedisServer]:
    server = RedisServer(folder, **config).start()  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def opened(url: str) -> Iterator[EventLog]:
    with closing(open_log(url, retention=3600)) as log:
        yield log


def refusal(log: EventLog) -> str:
    """Why the log can't be read; the same is told of appending."""
    with pytest.raises(LogUnavailable) as reading:
        log.oldest()
    with pytest.raises(LogUnavailable) as writing:
        log.append([event(0)])
    assert str(reading.value) == str(writing.value)
    return str(reading.value)


def goes_on(log: EventLog) -> bool:
    try:
        return bool(log.append([event(1)]))
    except LogUnavailable:
        return False


def test_a_server_that_is_away_is_told_and_comes_back(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, port=free_port())
    with opened(server.url) as log:
        assert refusal(log) == f"redis://127.0.0.1:{server.port}/0: Connection refused"
        server.start()
        try:
            wait_for(lambda: goes_on(log), "the log")
            log.wait(0)
            server.stop()
            wait_for(lambda: not goes_on(log), "its end")
            started = time.monotonic()
            assert log.wait(0.2) == []
            assert 0.19 < time.monotonic() - started < 10
            server.start()
            wait_for(lambda: goes_on(log), "the log again")
            log.read_after(LOG_START, 1)
            log.wait(0)
            log.append([event(2)])
            started = time.monotonic()
            log.wait(30)
            assert time.monotonic() - started < 10
        finally:
            server.kill()


def test_a_server_that_was_started_again_is_told_once(tmp_path: Path) -> None:
    """A follower finds its data gone though no read of his has failed."""
    with running(tmp_path) as server, opened(server.url) as log:
        (first,) = log.append([event(0)])
        assert numbers(log.read_after(LOG_START, 10)) == [0]
        log.wait(0)
        server.kill()
        server.lose_data()
        server.start()
        with opened(server.url) as other:
            wait_for(lambda: goes_on(other), "the log")
        with pytest.raises(LogUnavailable, match="it was started again"):
            log.read_after(first, 10)
        assert numbers(log.read_after(first, 10)) == [1]


def test_a_server_that_is_silent_is_given_up(server: RedisServer) -> None:
    with opened(server.url) as log:
        log.append([event(0)])
        server.freeze()
        try:
            assert refusal(log).endswith("it does not answer")
        finally:
            server.thaw()
        wait_for(lambda: goes_on(log), "the log")


def test_a_server_that_evicts_is_refused_until_it_is_put_right(tmp_path: Path) -> None:
    with running(tmp_path, maxmemory_policy="volatile-lru") as server, opened(server.url) as log:
        assert "maxmemory-policy volatile-lru may throw" in refusal(log)
        assert "set maxmemory-policy to noeviction" in refusal(log)
        server.set("maxmemory-policy", "noeviction")
        wait_for(lambda: goes_on(log), "the log")
        # A full one says so, and goes on when there is room.
        server.set("maxmemory", "1mb")
        with pytest.raises(LogUnavailable, match="its memory is full"):
            log.append([event(2)])
        assert log.oldest() is not None
        server.set("maxmemory", 0)
        assert goes_on(log)


def test_a_wrong_password_is_told_without_it(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port=port, requirepass="the-right-one") as server:
        folder = f"run_directory={tmp_path}"
        told = {}
        for user in ("", ":hunter2@", "vitals:hunter2@"):
            with opened(f"redis://{user}127.0.0.1:{port}?{folder}") as log:
                told[user] = refusal(log)
        assert told[""].endswith("it wants a password, and LOG has none")
        for user in (":hunter2@", "vitals:hunter2@"):
            assert told[user].endswith("the user or the password in LOG is wrong")
            assert "hunter2" not in told[user]
        with opened(f"redis://:the-right-one@127.0.0.1:{port}?{folder}") as log:
            assert goes_on(log)
        with opened(f"unix://:the-right-one@{server.path}?{folder}") as log:
            assert goes_on(log)


def test_the_user_needs_no_more_than_the_document_says(server: RedisServer, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "redis.md").read_text("utf-8")
    rules = next(line for line in text.splitlines() if line.startswith("ACL SETUSER vitals "))
    words = rules.split()
    words[words.index(">PASSWORD")] = ">a-password"
    server.call("FLUSHALL")
    server.call(*words)
    with opened(f"unix://vitals:a-password@{server.path}?run_directory={tmp_path}") as log:
        ids = log.append_idempotent("k", "print", [event(0)])
        log.append([Event("other", None, "{}")])
        assert log.oldest() == ids[0]
        assert log.newest() != ids[0]
        assert len(log.latest()) == 2
        assert log.size() > 0
        log.read_after(ids[0], 10)
        log.wait(0)
        assert len(log.read_range(ids[0], ids[0], names=["cpu"], hosts=["box"])) == 1
        server.call("ACL", "SETUSER", "vitals", "-info")
        server.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        wait_for(lambda: not goes_on(log), "the refusal")
        assert "docs/redis.md" in refusal(log)


def test_a_replica_is_refused_until_it_is_the_master(server: RedisServer, tmp_path: Path) -> None:
    with running(tmp_path) as other, opened(other.url) as log:
        assert goes_on(log)
        other.call("REPLICAOF", "127.0.0.1", free_port())
        wait_for(lambda: not goes_on(log), "the refusal")
        assert "it is a replica, which can't be written" in refusal(log)
        other.call("REPLICAOF", "NO", "ONE")
        wait_for(lambda: goes_on(log), "the log")


def test_a_node_of_a_cluster_names_the_one_that_holds_the_log(tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
    ports = [free_port() for _ in range(4)]

    def node(number: int) -> AbstractContextManager[RedisServer]:
        port, bus = ports[2 * number : 2 * number + 2]
        return running(folders[number], port=port, cluster_enabled="yes", cluster_port=bus)

    with node(0) as one, node(1) as other, opened(one.url) as log, opened(other.url) as its:
        assert "its cluster is down" in refusal(log)
        other.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        one.call("CLUSTER", "MEET", "127.0.0.1", other.port, ports[3])
        wait_for(lambda: "cluster_state:ok" in str(one.call("CLUSTER", "INFO")), "the cluster")
        wait_for(lambda: goes_on(its), "the log")
        assert its.oldest() is not None
        place = f"127.0.0.1:{other.port} holds the log's keys: name that one in LOG"
        assert place in refusal(log)
        with opened(other.url.replace("/0", "/1")) as numbered:
            assert refusal(numbered).endswith("a cluster has no databases: leave /N out of LOG")


class _OldServer(socketserver.StreamRequestHandler):
    """Says what a Redis 6.2 says when it is asked for its version."""

    def handle(self) -> None:
        info = "# Server\r\nredis_version:6.2.14\r\nredis_mode:standalone\r\n"
        while head := self.rfile.readline():
            words = [self._word() for _ in range(int(head[1:]))]
            if words[0].upper() == b"INFO":
                self.wfile.write(f"${len(info)}\r\n{info}\r\n".encode())
            else:
                self.wfile.write(b"+OK\r\n")

    def _word(self) -> bytes:
        length = int(self.rfile.readline()[1:])
        return self.rfile.read(length + 2)[:-2]


def test_a_server_that_is_too_old_is_refused(tmp_path: Path) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), _OldServer) as old:
        thread = threading.Thread(target=old.serve_forever, args=(0.05,))
        thread.start()
        try:
            url = f"redis://127.0.0.1:{old.server_address[1]}?run_directory={tmp_path}"
            with opened(url) as log:
                assert "it is Redis 6.2.14; a log needs Redis 7.0 or newer" in refusal(log)
        finally:
            old.shutdown()
            thread.join()


def test_over_tls_the_certificate_is_checked(tmp_path: Path) -> None:
    port = free_port()
    certificate(tmp_path)
    tls = {
        "tls_port": port,
        "tls_cert_file": tmp_path / "cert.pem",
        "tls_key_file": tmp_path / "key.pem",
        "tls_ca_cert_file": tmp_path / "cert.pem",
        "tls_auth_clients": "no",
    }
    folder = f"run_directory={tmp_path}"
    with running(tmp_path, **tls):
        with opened(f"rediss://127.0.0.1:{port}?{folder}") as log:
            assert "certificate" in refusal(log).lower()
        trusting = f"rediss://127.0.0.1:{port}?{folder}&ssl_ca_certs={tmp_path / 'cert.pem'}"
        with opened(trusting) as log:
            wait_for(lambda: goes_on(log), "the log")
            log.read_after(LOG_START, 10)
            log.wait(0)
            log.append([Event("box", "log", f'{{"text":"{"x" * 100_000}"}}')])
            log.wait(30)
            assert len(log.read_after(LOG_START, 10)) == 2
        with opened(f"rediss://localhost.localdomain:{port}?{folder}") as log:
            refusal(log)


def certificate(folder: Path) -> None:
    """A certificate of its own authority for 127.0.0.1."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )


def test_each_url_has_a_folder_of_its_own_whatever_its_password() -> None:
    folders = [
        run_directory(url)
        for url in (
            "redis://a:secret@wall/0",
            "redis://wall/0",
            "redis://wall/0?prefix=x",
            "redis://wall/1",
            "redis://other/0",
        )
    ]
    assert folders[0] == folders[1]
    assert len(set(folders)) == 4
    assert run_directory("redis://wall?run_directory=/run/vitals") == Path("/run/vitals")


def test_a_socket_that_is_above_1024_is_waited_for(server: RedisServer, tmp_path: Path) -> None:
    with opened(f"{server.url}&prefix=high") as log:
        pairs = [socket.socketpair() for _ in range(520)]
        try:
            log.append([event(0)])
            log.read_after(LOG_START, 10)
            log.wait(0)
            log.append([event(1)])
            started = time.monotonic()
            log.wait(30)
            assert time.monotonic() - started < 10
        finally:
            for one, other in pairs:
                one.close()
                other.close()
