"""Faults: a clock that steps back, disks that hang, fill up or vanish, readers that freeze.

What the service's own code can't be brought to from outside is injected by tests/support/faulty.py.
"""

import io
import os
import resource
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.service import ROOT, Reader, Service, data, key, more, wait_for

Read = Callable[..., Reader]
Start = Callable[..., Service]


class Faults:
    """The switches of tests/support/faulty.py."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def set_clock(self, offset: float) -> None:
        """Let every worker's clock be off by some seconds."""
        temporary = self._folder / "clock.new"
        temporary.write_text(str(offset))
        temporary.rename(self._folder / "clock")

    @contextmanager
    def hanging_filesystem(self) -> Iterator[None]:
        """Let whoever asks a filesystem for its size wait."""
        switch, hanging = self._folder / "hang", self._folder / "hanging"
        switch.touch()
        try:
            wait_for(hanging.exists, "a reading to hang")
            yield
        finally:
            switch.unlink()


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    return Faults(tmp_path / "faults")


@pytest.fixture
def start_faulty(make_service: Start, tmp_path: Path) -> Start:
    """Start a service that the test can bring faults into."""

    def start(**options: object) -> Service:
        # Who waits for what hangs would have all this time: no test does.
        patient = ("--graceful-timeout", "100")
        arguments = ("-c", str(ROOT / "tests" / "support" / "faulty.py"), *patient)
        service = make_service(arguments=arguments, **options)
        service.environ = {"VITALS_FAULTS": str(tmp_path / "faults")}
        return service.start().wait_until_ready()

    return start


def assert_exactly_the_log(reader: Reader, service: Service, start: str) -> None:
    """What the reader has with ids is the log since `start`, once and in order."""
    got = reader.logged_ids()
    reader.wait_for_id(got[-1])
    log = [event_id for event_id in service.logged_ids() if key(event_id) > key(start)]
    assert [key(i) for i in log] == sorted({key(i) for i in log})
    assert got == log[: len(got)]


def is_failing(service: Service) -> bool:
    """Whether /readyz names the log as the trouble, on whichever worker answers."""
    response = service.get("/readyz")
    return response.status_code == 503 and response.json()["checks"]["log"] != "ok"


def all_say(service: Service, ready: bool) -> bool:
    """Whether all workers say so; each request reaches one by chance."""
    return all((service.get("/readyz").status_code == 200) == ready for _ in range(12))


# --- the clock -----------------------------------------------------------------------------------


def test_a_clock_set_back_a_minute_stalls_nothing(
    start_faulty: Start, faults: Faults, read: Read
) -> None:
    service = start_faulty(workers=2, INTERVAL=0.2)
    start = service.newest_id()
    reader = read(service, last_event_id=start)
    sparse = read(service, "?events=cpu&every=1")
    more(reader, "cpu", 3)
    more(sparse, "cpu", 2)

    faults.set_clock(-60)
    wait_for(lambda: data(reader.named("cpu")[-1])["time"] < time.time() - 50, "the step back")
    count, sparse_count = len(reader.named("cpu")), len(sparse.events)
    # Who waited for the clock to be where it was would wait for a minute, so longer than these.
    reader.wait_for(count + 15, "cpu")
    more(sparse, "cpu", 3)
    assert sparse_count + 3 <= len(sparse.events) < len(reader.named("cpu"))
    # Ids keep the last millisecond and raise the sequence, until the clock has caught up.
    assert_exactly_the_log(reader, service, start)
    behind = [row for row in service.logged("cpu") if key(row.id)[0] / 1000 > row.data["time"] + 30]
    assert len(behind) >= 15
    assert len({key(row.id)[0] for row in behind}) == 1
    times = [data(event)["time"] for event in reader.named("cpu")]
    steps = [after - before for before, after in pairwise(times)]
    assert len([step for step in steps if step < 0]) == 1
    assert service.get("/readyz").status_code == 200

    # Whoever comes now is served as ever, whatever his position.
    comer = read(service)
    more(comer, "cpu", 3)
    resumed = read(service, last_event_id=reader.logged_ids()[-8])
    more(resumed, "cpu", 3)
    assert resumed.named("gap") == []

    faults.set_clock(0)
    wait_for(lambda: data(reader.named("cpu")[-1])["time"] > time.time() - 30, "the step forward")
    more(reader, "cpu", 3)
    more(sparse, "cpu", 2)
    assert_exactly_the_log(reader, service, start)
    assert [reader.connects, sparse.connects, reader.named("gap")] == [1, 1, []]
    assert sparse.logged_ids() == sorted(set(sparse.logged_ids()), key=key)


# --- a reading that hangs ------------------------------------------------------------------------


def test_a_filesystem_that_hangs_goes_stale_alone(
    start_faulty: Start, faults: Faults, read: Read
) -> None:
    service = start_faulty(workers=2, INTERVAL=0.2)
    reader = read(service, last_event_id=service.newest_id())
    more(reader, "filesystem", 1)

    def stale(family: str) -> float:
        return service.total("vitals_family_stale", host="box", family=family)

    with faults.hanging_filesystem():
        wait_for(lambda: stale("filesystem") == 1, "the family to be stale")
        assert [stale(name) for name in ("cpu", "memory", "network", "processes")] == [0, 0, 0, 0]
        # Its old figures are shown no more.
        assert service.metric("node_filesystem_size_bytes") == []
        assert service.metric("node_load1") != []
        wait_for(lambda: "no answer from" in service.output.read_text(), "the mount to be named")
        counted = len(reader.named("filesystem"))
        more(reader, "cpu", 10)
        assert len(reader.named("filesystem")) == counted
        assert service.get("/readyz").status_code == 200
        its = [key(row.id)[0] / 1000 for row in service.logged("cpu")]
        # Where each waited for the mount's deadline, they would be seconds apart.
        assert statistics.median(b - a for a, b in pairwise(its[-11:])) < 1, "cpu came late"
    more(reader, "filesystem", 3)
    wait_for(lambda: stale("filesystem") == 0, "the family to be fresh again")
    assert service.metric("node_filesystem_size_bytes") != []
    times = [data(event)["time"] for event in reader.named("filesystem")]
    assert times == sorted(set(times))


def test_a_service_stops_at_once_while_a_reading_hangs(
    start_faulty: Start, faults: Faults, read: Read
) -> None:
    service = start_faulty(INTERVAL=0.2)
    read(service).wait_for(3, "cpu")
    with faults.hanging_filesystem():
        service.stop()
    assert "graceful timeout" not in service.output.read_text()


# --- a log that can't be written -----------------------------------------------------------------


def fill(file: io.FileIO) -> None:
    """Write until it can't be written."""
    while True:
        file.write(b"x" * 4096)


class SmallDisk:
    """A tmpfs of 4 MB, filled to the last byte."""

    def __init__(self, folder: Path, service: Service) -> None:
        self._filling = folder / "filling"

    def fail(self) -> None:
        with self._filling.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
            fill(file)

    def mend(self) -> None:
        self._filling.unlink()


class SizeLimit:
    """RLIMIT_FSIZE of the running workers, set from outside: the kernel refuses longer files."""

    def __init__(self, folder: Path, service: Service) -> None:
        self._service = service

    def _limit(self, size: int) -> None:
        for pid in self._service.worker_pids():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def fail(self) -> None:
        self._limit(4096)

    def mend(self) -> None:
        self._limit(resource.RLIM_INFINITY)


class NoSuchPath:
    """A folder in the log's place: as if its disk were gone. Holds for root, as no mode does."""

    def __init__(self, folder: Path, service: Service) -> None:
        self._log_file = service.log_file
        self._aside = folder / "aside"

    def fail(self) -> None:
        self._aside.mkdir()
        for suffix in ("", "-wal", "-shm"):
            path = Path(f"{self._log_file}{suffix}")
            if path.exists():
                path.rename(self._aside / path.name)
        self._log_file.mkdir()

    def mend(self) -> None:
        self._log_file.rmdir()


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Where the log goes: for SmallDisk a tmpfs, which root may mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.getfixturevalue("fault") is not SmallDisk:
        yield folder
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "vitals-test", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode != 0:
        assert "CI" not in os.environ, f"no tmpfs can be mounted: {done.stderr.strip()}"
        pytest.skip(f"no tmpfs may be mounted here (SizeLimit is tested): {done.stderr.strip()}")
    yield folder
    # The service still runs here: fixtures end in the reverse order, and this one began first.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize(
    ("fault", "parking"), [(SmallDisk, "on"), (SizeLimit, "on"), (NoSuchPath, "off")]
)
def test_a_log_that_cannot_be_written_stops_nobody(
    start_service: Start,
    read: Read,
    disk: Path,
    fault: type[SmallDisk | SizeLimit | NoSuchPath],
    parking: str,
) -> None:
    log_file = disk / "events.db"
    log = f"sqlite:///{log_file}"
    service = start_service(workers=2, INTERVAL=0.2, PARKING=parking, LOG=log)
    service.log_file = log_file
    service.wait_until_ready()
    start = service.newest_id()
    readers = [read(service, last_event_id=start) for _ in range(8)]
    more(readers, "cpu", 2)
    trouble = fault(disk, service)

    trouble.fail()
    for reader in readers:
        wait_for(lambda: reader.named("cpu")[-1].id == "", "unlogged samples")  # noqa: B023
    more(readers, "cpu", 5)
    for reader in readers:
        assert {event.id for event in reader.named("cpu")[-4:]} == {""}
        times = [data(event)["time"] for event in reader.named("cpu")]
        assert times == sorted(set(times)), "given twice, or out of order"
    wait_for(lambda: all_say(service, ready=False), "all workers to say that it fails")
    said = service.get("/readyz").json()
    assert said["status"] == 503
    assert str(log_file) in said["checks"]["log"], said
    assert said["checks"]["sampling"] == "ok"
    assert service.get("/healthz").status_code == 200
    assert service.get("/").status_code == 200
    assert service.total("vitals_append_failures_total") > 0
    assert service.total("vitals_events_unlogged_total") > 0
    # Whoever comes now sees samples, too.
    comers = [read(service), read(service)]
    more(comers, "cpu", 3)

    trouble.mend()
    for reader in [*readers, *comers]:
        wait_for(lambda: reader.named("cpu")[-1].id != "", "logged samples")  # noqa: B023
    more([*readers, *comers], "cpu", 3)
    wait_for(lambda: all_say(service, ready=True), "all workers to be ready")
    assert service.total("vitals_events_held_dropped_total") == 0
    logged = set(service.logged_ids())
    in_log = [row.data["time"] for row in service.logged("cpu")]
    assert in_log == sorted(set(in_log)), "logged twice, or out of order"
    for reader in readers:
        ids = [key(event_id) for event_id in reader.logged_ids()]
        assert ids == sorted(set(ids)), "ids don't grow"
        unlogged = {data(event)["time"] for event in reader.named("cpu") if not event.id}
        times = [data(event)["time"] for event in reader.named("cpu") if event.id]
        assert times == sorted(set(times)), "given twice, or out of order"
        assert unlogged <= set(times), "what came unlogged was held, and logged later"
        end = ids[-1]
        assert {i for i in logged if key(start) < key(i) <= end} <= set(reader.logged_ids())
        assert reader.connects == 1
    assert "Traceback" not in service.output.read_text()


def test_a_deleted_log_is_made_anew(start_service: Start, read: Read) -> None:
    service = start_service(workers=2, INTERVAL=0.2).wait_until_ready()
    readers = [read(service) for _ in range(6)]
    more(readers, "cpu", 3)
    service.delete_log()
    wait_for(service.log_file.exists, "a new file")
    more(readers, "cpu", 4)
    for reader in readers:
        ids = [key(event_id) for event_id in reader.logged_ids()]
        assert ids == sorted(set(ids))
        assert reader.connects == 1
    wait_for(lambda: all_say(service, ready=True), "all workers to be ready")
    # Every event of the new file reached every reader.
    log = service.logged_ids()
    for reader in readers:
        reader.wait_for_id(log[-1])
        assert set(log) <= set(reader.logged_ids())


def test_a_deleted_folder_is_made_anew(start_service: Start, read: Read) -> None:
    """The workers' meeting place goes with the log: they find each other again."""
    service = start_service(workers=2, INTERVAL=0.2).wait_until_ready()
    readers = [read(service) for _ in range(6)]
    more(readers, "cpu", 3)
    service.delete_log()
    shutil.rmtree(service.run_directory)

    def meet() -> bool:
        wakeups = list(service.run_directory.glob("*.wake"))
        return len({path.name.split("-")[0] for path in wakeups}) == 2

    wait_for(meet, "both workers to listen again")
    wait_for(lambda: all_say(service, ready=True), "all workers to be ready")
    wait_for(lambda: len(service.metric("vitals_streams")) == 2, "both workers in one scrape")
    more(readers, "cpu", 4)
    for reader in readers:
        ids = [key(event_id) for event_id in reader.logged_ids()]
        assert ids == sorted(set(ids))
        assert reader.connects == 1
    # What can't be logged needs them to meet.
    trouble = NoSuchPath(service.folder, service)
    trouble.fail()
    for reader in readers:
        wait_for(lambda: reader.named("cpu")[-1].id == "", "unlogged samples")  # noqa: B023
    more(readers, "cpu", 4)
    trouble.mend()
    wait_for(lambda: all_say(service, ready=True), "all workers to be ready again")


# --- readers that freeze -------------------------------------------------------------------------


@pytest.mark.parametrize("parking", ["on", "off"])
def test_a_frozen_reader_is_closed_and_the_others_miss_nothing(
    start_service: Start, read: Read, parking: str
) -> None:
    service = start_service(INTERVAL=0.05, PARKING=parking).wait_until_ready()
    start = service.newest_id()
    healthy = [read(service, last_event_id=start) for _ in range(3)]
    frozen = []
    for _ in range(3):
        connection = service.dial(receive_buffer=4096)
        connection.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        frozen.append(connection)

    def dropped() -> float:
        return service.total("vitals_streams_dropped_total", reason="lagging")

    wait_for(lambda: service.total("vitals_streams") == 6, "six streams")
    assert dropped() == 0
    deadline = time.monotonic() + 60
    while dropped() < 3:
        assert time.monotonic() < deadline, f"{dropped():g} of 3 were closed"
        for _ in range(20):
            last = service.append("filling", text="x" * 20_000)
    wait_for(lambda: service.total("vitals_streams") == 3, "their places to be free")
    assert dropped() == 3
    for connection in frozen:
        try:
            while connection.recv(1 << 20):
                pass
        except ConnectionResetError:
            pass
        connection.close()
    for reader in healthy:
        reader.wait_for_id(last)
        assert_exactly_the_log(reader, service, start)
        assert reader.named("gap") == []
    assert service.total("vitals_streams_dropped_total", reason="lagging") == 3


# --- a leader that is stopped --------------------------------------------------------------------


def test_a_leader_that_is_stopped_for_a_while_goes_on(start_service: Start, read: Read) -> None:
    service = start_service(workers=2, INTERVAL=0.2).wait_until_ready()
    start = service.newest_id()
    readers = [read(service, last_event_id=start) for _ in range(8)]
    more(readers, "cpu", 2)
    leader = service.leader()
    os.kill(leader, signal.SIGSTOP)
    try:
        # The other worker answers, and says that nobody samples.
        wait_for(lambda: service.get("/readyz").status_code == 503, "the silence to be told")
        assert "box" in service.get("/readyz").json()["checks"]["sampling"]
        counts = [len(reader.named("cpu")) for reader in readers]
        last = service.newest_id()
    finally:
        os.kill(leader, signal.SIGCONT)
    for reader, count in zip(readers, counts, strict=True):
        reader.wait_for(count + 3, "cpu")
    wait_for(lambda: all_say(service, ready=True), "all workers to be ready")
    assert service.leader() == leader
    newest = service.newest_id()
    assert key(newest) > key(last)
    for reader in readers:
        reader.wait_for_id(newest)
        assert_exactly_the_log(reader, service, start)
        assert reader.named("gap") == []
