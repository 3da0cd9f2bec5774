"""Redis is killed, loses its data, freezes and fills up, under a service with readers and writers.

What was acknowledged reaches every reader once, what can't be is a gap, and all goes on by itself.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.log.contract import LogUnavailable
from dashboard.log.redis.engine import RedisLog
from tests.server.test_trouble import all_say
from tests.support.log_contract import event
from tests.support.redis_server import RedisServer
from tests.support.service import Reader, Service, data, key, more, wait_for

Read = Callable[..., Reader]
Start = Callable[..., Service]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder).start()
    yield server
    server.kill()


class Writer:
    """Another machine: it appends all the time, and asks again under the same key until it may."""

    def __init__(self, server: RedisServer) -> None:
        self.told: list[str] = []  # the ids that were acknowledged, in their order
        self.failures = 0
        self._log = RedisLog(server.url, server.folder / "elsewhere", retention=1e11)
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._leaving.is_set():
            try:
                batch = [event(number, host="other", name="news")]
                ids = self._log.append_idempotent(f"key {number}", "", batch)
                self.told += map(str, ids)
                number += 1
            except LogUnavailable:
                self.failures += 1
            self._leaving.wait(0.01)

    def some_more(self) -> None:
        """Wait until some more are acknowledged."""
        count = len(self.told)
        wait_for(lambda: len(self.told) >= count + 10, "acknowledged events")

    def fails(self) -> None:
        """Wait until one is not."""
        count = self.failures
        wait_for(lambda: self.failures > count, "a failure")

    def close(self) -> None:
        self._leaving.set()
        self._thread.join(30)
        self._log.close()


@pytest.fixture
def writer(server: RedisServer) -> Iterator[Writer]:
    writer = Writer(server)
    yield writer
    writer.close()


def is_unlogged(reader: Reader) -> bool:
    return reader.named("cpu")[-1].id == ""


def start_on(server: RedisServer, start_service: Start, **settings: object) -> Service:
    return start_service(workers=2, LOG=server.url, INTERVAL=0.2, **settings).wait_until_ready()


def assert_each_once(reader: Reader, ids: list[str]) -> None:
    """The reader has these ids, once each and in order, among others."""
    got = reader.logged_ids()
    assert [key(i) for i in got] == sorted({key(i) for i in got}), "twice, or out of order"
    assert [i for i in ids if i not in set(got)] == [], "missed"


def assert_all_samples_are_logged(service: Service, reader: Reader) -> None:
    """What came unlogged was logged later, in the order of its time, each once."""

    def logged() -> list[float]:
        return [row.data["time"] for row in service.logged("cpu", host="box")]

    unpersisted = {data(event)["time"] for event in reader.named("cpu") if not event.id}
    assert unpersisted
    wait_for(lambda: unpersisted <= set(logged()), "what was held")
    times = logged()
    assert times == sorted(set(times))
    assert service.total("vitals_events_held_dropped_total") == 0
    wait_for(lambda: service.total("vitals_events_held") == 0, "nothing to wait any more")


def test_redis_is_killed_and_comes_back_with_its_data(
    server: RedisServer, start_service: Start, read: Read, writer: Writer
) -> None:
    service = start_on(server, start_service)
    start = service.newest_id()
    readers = [read(service, last_event_id=start) for _ in range(6)]
    more(readers, "cpu", 2)
    writer.some_more()
    server.kill()
    wait_for(lambda: all(map(is_unlogged, readers)), "unlogged samples")
    more(readers, "cpu", 4)
    wait_for(lambda: all_say(service, ready=False), "all workers to say so")
    server.start()
    wait_for(lambda: not any(map(is_unlogged, readers)), "logged samples")
    writer.some_more()
    wait_for(lambda: all_say(service, ready=True), "all workers to be ready")
    last = writer.told[-1]
    told = [event_id for event_id in writer.told if key(start) < key(event_id) <= key(last)]
    for reader in readers:
        reader.wait_for_id(last)
        assert_each_once(reader, told)
        assert reader.connects == 1
        assert reader.named("gap") == []
    in_log = [i for i in service.logged_ids() if key(start) < key(i) <= key(last)]
    assert [i for i in readers[0].logged_ids() if key(i) <= key(last)] == in_log
    assert_all_samples_are_logged(service, readers[0])
    assert "Traceback" not in service.output.read_text()


def test_redis_comes_back_without_its_data(
    server: RedisServer, start_service: Start, read: Read, writer: Writer
) -> None:
    service = start_on(server, start_service)
    start = service.newest_id()
    readers = [read(service, last_event_id=start) for _ in range(4)]
    more(readers, "cpu", 2)
    writer.some_more()
    before = writer.told[-1]
    for reader in readers:
        reader.wait_for_id(before)
    server.kill()
    server.lose_data()
    writer.fails()
    wait_for(lambda: all(map(is_unlogged, readers)), "unlogged samples")
    server.start()
    writer.some_more()
    wait_for(lambda: all_say(service, ready=True), "all workers to be ready")
    last = writer.told[-1]
    begin = service.logged_ids()[0]
    assert key(begin) > key(before), "an id was given twice"
    told = [i for i in writer.told if key(i) > key(start) and not key(before) < key(i) < key(begin)]
    for reader in readers:
        reader.wait_for_id(last)
        assert_each_once(reader, told[: told.index(last) + 1])
        # What Redis took and lost before it was read can't be told, and that is said.
        (gap,) = reader.named("gap")
        assert key(before)[0] / 1000 <= data(gap)["from"] <= key(begin)[0] / 1000
    assert service.logged("cpu", host="box")[0].data["time"] < time.time()
    # Whoever stood in what is lost is told so, once the workers no longer remember it.
    service.stop()
    service.start().wait_until_ready()
    comer = read(service, last_event_id=before)
    comer.wait_for(1, "gap")
    live = service.append("after")
    comer.wait_for_id(live)


def test_redis_is_there_again_without_its_data_before_anybody_looks(
    server: RedisServer, start_service: Start, read: Read
) -> None:
    service = start_on(server, start_service)
    start = service.newest_id()
    readers = [read(service, last_event_id=start) for _ in range(4)]
    more(readers, "cpu", 2)
    os.killpg(service.pid, signal.SIGSTOP)
    try:
        server.kill()
        server.lose_data()
        server.start()
    finally:
        os.killpg(service.pid, signal.SIGCONT)
    more(readers, "cpu", 2)
    for reader in readers:
        assert len(reader.named("gap")) == 1
        assert reader.connects == 1


def test_redis_answers_nobody_for_many_heartbeats(
    server: RedisServer, start_service: Start, read: Read, writer: Writer
) -> None:
    service = start_on(server, start_service, HEARTBEAT=0.5)
    wait_for(lambda: all_say(service, ready=True), "all workers to have a sample")
    start = service.newest_id()
    readers = [read(service, last_event_id=start) for _ in range(4)]
    news = read(service, "?events=news", last_event_id=start)
    writer.some_more()
    more(readers, "cpu", 2)
    server.freeze()
    try:
        wait_for(lambda: all(map(is_unlogged, readers)), "unlogged samples")
        wait_for(lambda: all_say(service, ready=False), "all workers to say so")
        assert "it does not answer" in service.get("/readyz").json()["checks"]["log"]
        assert service.get("/readyz").json()["checks"]["sampling"] == "ok"
        news.wait_for(6, "heartbeat")
        # Neither pages nor streams wait for it, and samples come as they are read.
        came = [len(reader.named("cpu")) for reader in readers]
        comer = read(service)
        more([*readers, comer], "cpu", 10)
        assert service.get("/").status_code == 200
        assert service.get("/history?since=5").status_code == 503
        assert min(len(r.named("cpu")) - n for r, n in zip(readers, came, strict=True)) >= 10
    finally:
        server.thaw()
    wait_for(lambda: not any(map(is_unlogged, readers)), "logged samples")
    wait_for(lambda: all_say(service, ready=True), "all workers to be ready")
    writer.some_more()
    last = writer.told[-1]
    told = [event_id for event_id in writer.told if key(start) < key(event_id) <= key(last)]
    for reader in [*readers, news]:
        reader.wait_for_id(last)
        assert_each_once(reader, told)
        assert reader.connects == 1
        assert reader.named("gap") == []
    assert_all_samples_are_logged(service, readers[0])


def test_a_full_redis_takes_nothing_and_goes_on_when_there_is_room(
    server: RedisServer, start_service: Start, read: Read
) -> None:
    service = start_on(server, start_service)
    start = service.newest_id()
    reader = read(service, last_event_id=start)
    more(reader, "cpu", 2)
    server.set("maxmemory", "1mb")
    wait_for(lambda: is_unlogged(reader), "unlogged samples")
    wait_for(lambda: all_say(service, ready=False), "all workers to say so")
    assert "its memory is full" in service.get("/readyz").json()["checks"]["log"]
    assert service.json("/history?since=60")["last_event_id"] is not None
    more(reader, "cpu", 5)
    server.set("maxmemory", 0)
    wait_for(lambda: all_say(service, ready=True), "all workers to be ready")
    ids = [event_id for event_id in service.logged_ids("cpu") if key(event_id) > key(start)]
    reader.wait_for_id(ids[-1])
    assert_each_once(reader, ids)
    assert_all_samples_are_logged(service, reader)


def test_a_service_starts_without_redis_and_finds_it_later(
    tmp_path: Path, start_service: Start, read: Read
) -> None:
    folder = tmp_path / "later"
    folder.mkdir()
    server = RedisServer(folder, maxmemory_policy="allkeys-lru")
    service = start_service(workers=2, LOG=server.url, INTERVAL=0.2)
    reader = read(service)
    more(reader, "cpu", 3)
    assert reader.logged_ids() == []
    wait_for(lambda: all_say(service, ready=False), "all workers to say so")
    server.start()
    try:
        wait_for(
            lambda: "set maxmemory-policy to noeviction" in service.get("/readyz").text,
            "what to change",
        )
        server.set("maxmemory-policy", "noeviction")
        wait_for(lambda: all_say(service, ready=True), "all workers to be ready")
        wait_for(lambda: not is_unlogged(reader), "logged samples")
        first = data(reader.named("cpu")[0])["time"]
        assert service.logged("cpu")[0].data["time"] <= first, "held from the beginning"
    finally:
        service.stop()
        server.kill()
