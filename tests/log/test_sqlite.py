"""The SQLite log: the contract, bare and behind gevent, and what a disk may do to it."""

import ctypes
import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.events.event import Event, EventId
from dashboard.log import threaded
from dashboard.log.contract import (
    UNBOUNDED,
    Batch,
    EventLog,
    IdempotencyConflict,
    LogUnavailable,
)
from dashboard.log.opening import run_directory
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.log.sqlite.inserting import insert_events
from dashboard.log.threaded import ThreadedLog
from tests.support.log_contract import (
    ALL,
    LOG_START,
    Clock,
    LogContract,
    OpenLog,
    Put,
    elsewhere,
    event,
    finish,
    ids_of,
    number_of,
    numbers,
    run_elsewhere,
)
from tests.support.service import wait_for

pytestmark = pytest.mark.usefixtures("no_leaks")


Damage = Callable[[Path], None]


def empty(path: Path) -> None:
    os.truncate(path, 0)


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def fill_with_garbage(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))


DAMAGES = (empty, cut_in_half, fill_with_garbage)


class OnDisk(LogContract):
    """The contract on a file, and what only files do."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "events.db"

    @pytest.fixture
    def url(self, path: Path) -> str:
        return f"sqlite:///{path}"

    def make(self, path: Path, **how: Any) -> EventLog:
        raise NotImplementedError

    @pytest.fixture
    def put(self, path: Path) -> Put:
        def put(host: str, name: str, data: str | bytes) -> None:
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                row = host, name, data
                connection.execute(
                    "INSERT INTO event SELECT max(id) + 1, ?, ?, cast(? AS TEXT) FROM event", row
                )
                connection.execute("UPDATE last_given SET id = (SELECT max(id) FROM event)")
                connection.execute(
                    "INSERT OR REPLACE INTO latest SELECT ?, ?, max(id) FROM event", (host, name)
                )

        return put

    @pytest.fixture
    def open_log(self, path: Path) -> Iterator[OpenLog]:
        opened: list[EventLog] = []

        def open_one(
            *,
            retention: float = 3600.0,
            clock: Callable[[], float] = time.time,
            most_bytes: int = UNBOUNDED,
        ) -> EventLog:
            opened.append(self.make(path, retention=retention, clock=clock, most_bytes=most_bytes))
            return opened[-1]

        yield open_one
        for log in opened:
            log.close()

    # Trimming.

    def test_trimming_goes_in_small_steps_from_the_old_end(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(retention=10, clock=clock)
        log.append([event(n) for n in range(3000)])
        left = 3000
        steps = 0
        while left > 1:
            clock.now += 20
            log.append([event(3000 + steps)])
            found = numbers(log.read_after(LOG_START, ALL))
            old = [number for number in found if number < 3000]
            assert old == list(range(3000 - len(old), 3000)), "the newest went first"
            removed = left - len(found)
            assert 0 < removed <= 1000
            left = len(found)
            steps += 1
        assert steps >= 3

    def test_trimming_keeps_up_with_a_flood(self, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(retention=10, clock=clock)
        for batch in range(20):
            log.append([event(n) for n in range(batch * 2000, batch * 2000 + 2000)])
            clock.now += 6
        assert len(log.read_after(LOG_START, ALL)) <= 4 * 2000

    def test_the_file_gives_back_what_was_trimmed(self, path: Path, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(retention=10, clock=clock)
        log.append([event(n, host="h" * 200) for n in range(5000)])
        checkpoint(path)
        full = path.stat().st_size
        for number in range(40):
            clock.now += 20
            log.append([event(number)])
        checkpoint(path)
        assert path.stat().st_size < full / 2

    def test_names_that_came_once_do_not_pile_up(self, path: Path, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(retention=10, clock=clock)
        for number in range(50):
            clock.now += 20
            log.append([event(number, name=f"deploy-{number}")])
        assert rows(path, "latest") <= 2

    def test_keys_that_came_once_do_not_pile_up(self, path: Path, open_log: OpenLog) -> None:
        clock = Clock()
        log = open_log(retention=10, clock=clock)
        for number in range(50):
            clock.now += 20
            log.append_idempotent(f"key-{number}", "print", [event(number)])
        assert rows(path, "once") <= 2

    # A disk in trouble.

    def test_a_full_disk_is_told_and_writing_resumes_by_itself(self, open_log: OpenLog) -> None:
        log = open_log()
        before = log.append([event(1)])
        with disk_full():
            for number in (2, 3):
                with pytest.raises(LogUnavailable, match=r"events\.db: \w+"):
                    log.append([event(number)])
        after = log.append([event(4)])
        assert after > before
        assert numbers(log.read_after(LOG_START, ALL)) == [1, 4]

    def test_a_log_that_starts_on_a_full_disk_begins_when_there_is_room(
        self, open_log: OpenLog
    ) -> None:
        with disk_full():
            log = open_log()
            with pytest.raises(LogUnavailable):
                log.append([event(1)])
        assert log.append([event(2)])
        assert numbers(log.read_after(LOG_START, ALL)) == [2]

    def test_a_file_deleted_under_it_is_begun_anew_with_higher_ids(
        self, path: Path, open_log: OpenLog
    ) -> None:
        clock = Clock()
        log = open_log(clock=clock)
        before = log.append([event(n) for n in range(100)])
        path.unlink()
        clock.now -= 60
        after = log.append([event(200)])
        assert after[0] > before[-1]
        assert path.exists()
        assert numbers(log.read_after(LOG_START, ALL)) == [200]
        assert numbers(log.latest()) == [200]

    @pytest.mark.parametrize("suffixes", [("",), ("", "-wal"), ("", "-wal", "-shm")])
    def test_a_file_deleted_under_several_instances_is_begun_anew_by_all(
        self, path: Path, url: str, open_log: OpenLog, suffixes: tuple[str, ...]
    ) -> None:
        logs = [open_log(), open_log(), open_log()]
        before = logs[0].append([event(n) for n in range(300)])
        for log in logs:
            assert log.oldest() == before[0]
            assert log.with_reader(lambda past: past.oldest()) == before[0]
        for suffix in suffixes:
            Path(f"{path}{suffix}").unlink()
        ids = before
        for number, log in enumerate(logs * 2):
            ids = ids + log.append([event(number)])
            assert (
                numbers(log.with_reader(lambda past: past.read_after(LOG_START, ALL)))[-1] == number
            )
        assert ids == sorted(set(ids))
        finish(run_elsewhere(url, "append", 6, 1))
        for log in logs:
            assert numbers(log.read_after(LOG_START, ALL)) == list(range(9))
        assert integrity(path) == "ok"

    @pytest.mark.parametrize("suffixes", [("",), ("", "-wal"), ("", "-wal", "-shm")])
    def test_another_process_begins_a_deleted_file_anew(
        self, path: Path, url: str, open_log: OpenLog, suffixes: tuple[str, ...]
    ) -> None:
        log = open_log()
        before = log.append([event(n) for n in range(300)])
        for suffix in suffixes:
            Path(f"{path}{suffix}").unlink()
        begun = ids_of(finish(run_elsewhere(url, "append", 0, 1)))
        assert begun[0] > before[-1]
        with elsewhere(url, "append", 3, 300) as other:
            wait_for(
                lambda: len(log.read_after(LOG_START, ALL)) > 30, "the other process's batches"
            )
            mine = log.append([event(-1)])
            theirs = ids_of(finish(other))
        found = log.read_after(LOG_START, ALL)
        assert [e.id for e in found] == sorted(begun + theirs + mine)
        assert integrity(path) == "ok"

    def test_a_file_replaced_by_another_log_is_that_log_from_then_on(
        self, path: Path, open_log: OpenLog
    ) -> None:
        spare = path.with_name("spare.db")
        backup = self.make(spare, retention=3600)
        backup.append([event(n, host="backup") for n in range(50)])
        backup.close()
        logs = [open_log(), open_log()]
        for number in range(300):
            logs[number % 2].append([event(number, name=f"name-{number}")])
        spare.replace(path)
        for log in logs:
            assert {e.host for e in log.read_after(LOG_START, ALL)} == {"backup"}
            log.append([event(100, host="backup")])
        assert numbers(logs[0].read_after(LOG_START, ALL)) == [*range(50), 100, 100]
        assert integrity(path) == "ok"

    def test_a_folder_deleted_under_it_is_begun_anew(
        self, tmp_path: Path, open_log: OpenLog
    ) -> None:
        log = open_log()
        before = log.append([event(1)])
        for path in sorted(tmp_path.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        assert log.append([event(2)]) > before

    def test_a_file_that_is_no_database_is_told_until_it_is_gone(
        self, path: Path, open_log: OpenLog
    ) -> None:
        path.write_bytes(b"not a database, but somebody's only copy of something\n" * 100)
        content = path.read_bytes()
        log = open_log()
        for _ in range(2):
            with pytest.raises(LogUnavailable, match=r"events\.db: .*not a database"):
                log.append([event(1)])
            with pytest.raises(LogUnavailable, match="not a database"):
                log.latest()
        assert path.read_bytes() == content
        path.unlink()
        assert log.append([event(2)])

    def test_a_file_replaced_by_garbage_is_told_until_it_is_gone(
        self, path: Path, open_log: OpenLog
    ) -> None:
        log = open_log()
        before = log.append([event(1)])
        garbage = path.with_name("garbage")
        garbage.write_bytes(os.urandom(50_000))
        garbage.replace(path)
        for _ in range(2):
            with pytest.raises(LogUnavailable):
                log.append([event(2)])
        path.unlink()
        assert log.append([event(3)]) > before
        assert numbers(log.read_after(LOG_START, ALL)) == [3]

    @pytest.mark.parametrize("damage", DAMAGES)
    @pytest.mark.parametrize("count", [300, 20_000])
    def test_a_file_damaged_under_several_instances_is_set_aside_and_begun_anew(
        self, path: Path, url: str, open_log: OpenLog, damage: Damage, count: int
    ) -> None:
        logs = [open_log(), open_log()]
        before = logs[0].append([event(n) for n in range(count)])
        for log in logs:
            log.latest()
        if damage is not empty:
            checkpoint(path)
        damage(path)

        def work_again() -> bool:
            try:
                for log in logs:
                    log.read_after(LOG_START, count)
                    log.with_reader(lambda past: past.read_after(LOG_START, count))
            except LogUnavailable:
                return False
            return True

        wait_for(work_again, "the log to be well")
        ids = [log.append([event(n)])[0] for n, log in enumerate(logs * 2)]
        ids += ids_of(finish(run_elsewhere(url, "append", 4, 1)))
        assert [*before, *ids] == sorted({*before, *ids})
        for log in logs:
            assert [e.id for e in log.read_after(LOG_START, ALL)] == ids
        assert integrity(path) == "ok"
        assert path.with_name("events.db.damaged").exists()

    @pytest.mark.parametrize("key", [None, "a key"])
    def test_a_batch_whose_file_is_deleted_while_it_is_written_is_in_the_new_one(
        self,
        path: Path,
        open_log: OpenLog,
        monkeypatch: pytest.MonkeyPatch,
        key: str | None,
    ) -> None:
        log = open_log()
        before = log.append([event(1)])

        def insert(*arguments: Any) -> None:
            path.unlink(missing_ok=True)
            monkeypatch.undo()
            insert_events(*arguments)

        monkeypatch.setattr("dashboard.log.sqlite.engine.insert_events", insert)
        batch = [event(2)]
        ids = log.append_idempotent(key, "same", batch) if key else log.append(batch)
        assert [e.id for e in log.read_after(LOG_START, ALL)] == ids > before

    @pytest.mark.parametrize("damage", DAMAGES)
    def test_a_log_found_damaged_at_a_start_is_set_aside(
        self, path: Path, open_log: OpenLog, damage: Damage
    ) -> None:
        log = open_log()
        log.append([event(n) for n in range(5000)])
        log.close()
        damage(path)
        log = open_log()

        def works() -> list[EventId]:
            try:
                log.read_after(LOG_START, ALL)
                return log.append([event(1)])
            except LogUnavailable:
                return []

        wait_for(works, "the log to be well")
        assert numbers(log.read_after(LOG_START, ALL)) == [1]

    def test_what_was_damaged_before_is_replaced(self, path: Path, open_log: OpenLog) -> None:
        log = open_log()
        for n in range(3):
            log.append([event(n)])
            empty(path)
        log.append([event(3)])
        assert numbers(log.read_after(LOG_START, ALL)) == [3]
        damaged = [p.name for p in path.parent.iterdir() if "damaged" in p.name]
        assert damaged == ["events.db.damaged"]

    def test_a_file_that_shrinks_without_damage_is_kept(
        self, path: Path, open_log: OpenLog
    ) -> None:
        """As after `VACUUM` by hand."""
        log = open_log()
        log.append([event(n) for n in range(5000)])
        checkpoint(path)
        log.oldest()
        size = path.stat().st_size
        with closing(sqlite3.connect(path)) as database:
            database.executescript("DELETE FROM event WHERE rowid % 10; VACUUM")
            kept = database.execute("SELECT count(*) FROM event").fetchone()[0]
        checkpoint(path)
        assert path.stat().st_size < size / 2
        assert len(log.read_after(LOG_START, ALL)) == kept > 0
        assert not path.with_name("events.db.damaged").exists()

    def test_a_lock_that_another_holds_too_long_is_told_and_waited_out_by_readers(
        self, path: Path, open_log: OpenLog
    ) -> None:
        log = open_log()
        log.append([event(1)])
        with locked(path):
            with pytest.raises(LogUnavailable, match="locked"):
                log.append([event(2)])
            assert numbers(log.read_after(LOG_START, ALL)) == [1], "reading goes on"
        log.append([event(3)])
        assert numbers(log.read_after(LOG_START, ALL)) == [1, 3]

    def test_a_log_opened_while_another_writes_can_be_read(
        self, path: Path, open_log: OpenLog
    ) -> None:
        open_log().append([event(1)])
        with locked(path):
            assert numbers(open_log().read_after(LOG_START, ALL)) == [1]

    def test_an_append_waits_for_a_lock_that_is_held_for_a_moment(
        self, path: Path, open_log: OpenLog
    ) -> None:
        log = open_log()
        log.append([event(1)])
        with locked(path) as release:
            timer = threading.Timer(0.2, release)
            timer.start()
            assert log.append([event(2)])
            timer.join()

    # Wake-ups.

    def test_the_socket_of_a_killed_process_is_cleaned_away(
        self, url: str, open_log: OpenLog
    ) -> None:
        log = open_log()
        log.wait(0)
        folder = run_directory(url)
        mine = sockets(folder)
        with elsewhere(url, "hear") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "listening\n"
            assert len(sockets(folder)) == len(mine) + 1
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert len(sockets(folder)) == len(mine) + 1
        log.append([event(1)])
        assert sockets(folder) == mine

    def test_closing_leaves_no_socket(self, url: str, open_log: OpenLog) -> None:
        log = open_log()
        log.append([event(1)])
        log.wait(0)
        log.close()
        assert sockets(run_directory(url)) == []

    def test_wake_ups_reach_a_log_in_a_deep_folder(self, tmp_path: Path) -> None:
        path = tmp_path / ("d" * 100) / ("e" * 100) / "events.db"
        log, other = self.make(path, retention=3600), self.make(path, retention=3600)
        log.wait(0)
        other.append([event(1)])
        started = time.monotonic()
        log.wait(30)
        assert time.monotonic() - started < 10
        log.close()
        other.close()

    def test_more_wake_ups_than_a_socket_holds_do_no_harm(self, open_log: OpenLog) -> None:
        log, other = open_log(), open_log()
        log.wait(0)
        other.wait(0)
        for number in range(300):
            log.append([event(number)])
        assert log.wait(30) == []
        assert len(other.read_after(LOG_START, ALL)) == 300


class TestSQLiteLog(OnDisk):
    def make(self, path: Path, **how: Any) -> EventLog:
        return SQLiteLog(path, **how)

    def test_a_read_only_file_is_told_and_writing_resumes(
        self, path: Path, open_log: OpenLog
    ) -> None:
        first = open_log()
        first.append([event(1)])
        first.close()
        path.chmod(0o400)
        path.parent.chmod(0o500)
        log = None
        try:
            with plain_user():
                run_directory(f"sqlite:///{path}").mkdir(exist_ok=True)
                log = open_log()
                for _ in range(2):
                    with pytest.raises(LogUnavailable, match=r"events\.db: "):
                        log.append([event(2)])
        finally:
            path.parent.chmod(0o700)
            path.chmod(0o600)
        assert log is not None
        log.append([event(3)])
        assert numbers(log.read_after(LOG_START, ALL)) == [1, 3]

    def test_a_folder_that_cannot_be_made_is_told(self, tmp_path: Path) -> None:
        in_the_way = tmp_path / "file"
        in_the_way.write_text("")
        with pytest.raises(LogUnavailable, match="file"):
            SQLiteLog(in_the_way / "events.db", retention=10)

    def test_threads_take_turns(self, open_log: OpenLog) -> None:
        log = open_log()
        given: list[list[EventId]] = [[], [], [], []]

        def work(ids: list[EventId]) -> None:
            for _ in range(50):
                ids += log.append([event(0), event(1)])
                log.latest()

        threads = [threading.Thread(target=work, args=(ids,)) for ids in given]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(ids == sorted(set(ids)) for ids in given)
        assert [e.id for e in log.read_after(LOG_START, ALL)] == sorted(
            {one for ids in given for one in ids}
        )


class TestThreadedLog(OnDisk):
    def make(self, path: Path, **how: Any) -> EventLog:
        return ThreadedLog(partial(SQLiteLog, path, **how))

    def test_other_greenlets_run_while_the_disk_blocks(self, path: Path, open_log: OpenLog) -> None:
        log = open_log()
        log.append([event(1)])
        with locked(path):
            appending = gevent.spawn(log.append, [event(2)])
            turns = 0
            while not appending.ready():
                gevent.sleep(0.01)
                turns += 1
            assert isinstance(appending.exception, LogUnavailable)
        assert turns > 3

    def test_appends_that_wait_are_logged_together_each_once(
        self, open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = open_log()
        groups: list[int] = []
        real = SQLiteLog.append_all

        def append_all(self: SQLiteLog, batches: Sequence[Batch]) -> Any:
            groups.append(len(batches))
            return real(self, batches)

        monkeypatch.setattr(SQLiteLog, "append_all", append_all)
        plain = [gevent.spawn(log.append, [event(n), event(n)]) for n in range(20)]
        keyed = [
            gevent.spawn(log.append_idempotent, key, digest, [event(100)])
            for key, digest in [("a", "1"), ("a", "1"), ("a", "2"), ("b", "1")]
        ]
        gevent.joinall(plain)
        gevent.joinall(keyed)
        given = [each.get() or [] for each in plain]
        assert all(len(ids) == 2 for ids in given)
        first, again, conflict, other = keyed
        assert first.get() == again.get() != other.get()
        assert isinstance(conflict.exception, IdempotencyConflict)
        logged = log.read_after(LOG_START, ALL)
        assert [each.id for each in logged] == sorted(
            [*chain(*given), *(first.get() or []), *(other.get() or [])]
        )
        for number, ids in enumerate(given):
            assert [number_of(each) for each in logged if each.id in ids] == [number, number]
        assert sum(groups) == 24
        assert len(groups) <= 3, "the first, those that came meanwhile, and perhaps a rest"

    def test_one_batch_that_cannot_be_logged_fails_alone(self, open_log: OpenLog) -> None:
        log = open_log()
        wrong = Event("box", "cpu", '{"text":"\ud800"}')
        batches = [[event(1)], [wrong], [event(2)]]
        tasks = [gevent.spawn(log.append, batch) for batch in batches]
        gevent.joinall(tasks)
        assert isinstance(tasks[1].exception, UnicodeEncodeError)
        assert numbers(log.read_after(LOG_START, ALL)) == [1, 2]

    def test_a_writer_that_is_killed_while_it_waits_holds_up_no_other(
        self, open_log: OpenLog
    ) -> None:
        log = open_log()
        tasks = [gevent.spawn(log.append, [event(n)]) for n in range(3)]
        gevent.sleep(0)
        tasks[0].kill()
        assert log.append([event(3)])
        assert numbers(log.read_after(LOG_START, ALL)) == [0, 1, 2, 3]

    def test_an_append_goes_on_where_a_greenlet_never_began(
        self, open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = open_log()
        monkeypatch.setattr(threaded, "BEGIN_SECONDS", 0.02)
        monkeypatch.setattr(threaded, "LOOK", 0.01)
        monkeypatch.setattr(gevent, "spawn", gevent.Greenlet)  # as its start gets lost
        appending = gevent.Greenlet(log.append, [event(1)])
        appending.start()
        gevent.sleep(0.05)
        assert not appending.ready()
        monkeypatch.undo()
        monkeypatch.setattr(threaded, "BEGIN_SECONDS", 0.02)
        assert len(appending.get(timeout=30) or []) == 1
        assert numbers(log.read_after(LOG_START, ALL)) == [1]

    def test_appends_that_are_lost_are_told_and_the_next_go_on(
        self, open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = open_log()
        monkeypatch.setattr(threaded, "LOOK", 0.01)
        with monkeypatch.context() as once:
            once.setattr(ThreadedLog, "_log_group", lambda log, group: None)  # fails outside of it
            once.setattr(gevent.get_hub(), "handle_error", lambda *error: None)
            tasks = [gevent.spawn(log.append, [event(n)]) for n in range(3)]
            gevent.joinall(tasks, timeout=30)
        assert all(isinstance(task.exception, LogUnavailable) for task in tasks)
        assert log.append([event(9)])
        assert numbers(log.read_after(LOG_START, ALL)) == [9]

    def test_a_long_look_back_holds_up_neither_appends_nor_reads(self, open_log: OpenLog) -> None:
        log = open_log()
        go_on = threading.Event()
        looking = gevent.spawn(log.with_reader, lambda past: go_on.wait(60))
        gevent.sleep(0)
        log.append([event(1)])
        assert numbers(log.read_after(LOG_START, ALL)) == [1]
        assert not looking.ready()
        go_on.set()
        assert looking.get() is True

    def test_an_append_of_a_greenlet_wakes_one_that_waits(self, open_log: OpenLog) -> None:
        log = open_log()
        waiting = gevent.spawn(log.wait, 60)
        gevent.sleep(0.01)
        assert not waiting.ready()
        log.append([event(1)])
        assert waiting.get(timeout=30) == []

    def test_a_greenlet_killed_in_its_wait_leaves_the_log_usable(self, open_log: OpenLog) -> None:
        log = open_log()
        waiting = gevent.spawn(log.wait, 60)
        gevent.sleep(0.01)
        waiting.kill()
        log.append([event(1)])
        assert log.wait(30) == []

    def test_a_greenlet_killed_in_its_append_leaves_the_log_usable(
        self, path: Path, open_log: OpenLog
    ) -> None:
        log = open_log()
        log.append([event(1)])
        with locked(path) as release:
            appending = gevent.spawn(log.append, [event(2)])
            gevent.sleep(0.05)
            appending.kill()
            release()
        log.append([event(3)])
        found = numbers(log.read_after(LOG_START, ALL))
        assert found in ([1, 3], [1, 2, 3]), "whether the killed one's event came is open"


# Ids, on their own.

ids = st.builds(
    EventId,
    st.integers(min_value=0, max_value=10**15 - 1),
    st.integers(min_value=0, max_value=10**19 - 1),
)


@given(ids)
def test_an_id_survives_its_text(event_id: EventId) -> None:
    assert EventId.parse(str(event_id)) == event_id


@given(ids, ids)
def test_ids_are_ordered_by_time_then_by_sequence(one: EventId, other: EventId) -> None:
    assert (one < other) == ((one.ms, one.sequence) < (other.ms, other.sequence))
    assert (one < other) == (
        one.ms < other.ms or (one.ms == other.ms and one.sequence < other.sequence)
    )


@given(st.floats(min_value=0, max_value=10**11, allow_nan=False))
def test_the_lowest_id_of_a_time_is_within_a_millisecond_of_it(seconds: float) -> None:
    lowest = EventId.at(seconds)
    assert lowest.sequence == 0
    assert abs(lowest.time - seconds) <= 0.0011
    assert EventId.at(-seconds - 1) == LOG_START


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "1", "1-", "-1", "1-1-1", "1 -1", " 1-1", "1-1\n", "a-1", "1-b", "+1-1"),
        *("1.0-1", "1" * 16 + "-0", "1-" + "1" * 20, "٣-١", "0x1-1", "1_0-1", "1–1"),
    ],
)
def test_any_other_text_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="not an event id"):
        EventId.parse(text)


# What disks and others do.


@contextmanager
def disk_full() -> Iterator[None]:
    """No file of this process takes another byte."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def locked(path: Path) -> Iterator[Callable[[], None]]:
    """Another writer holds the database; yields what lets it go sooner."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")

    def release() -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")

    try:
        yield release
    finally:
        release()
        connection.close()


@contextmanager
def plain_user() -> Iterator[None]:
    """Let file modes hold for this thread, also as root: without its capabilities (capset(2))."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    before = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    # effective, permitted, inheritable, for the low and the high 32 capabilities
    without = (ctypes.c_uint32 * 6)(0, before[1], before[2], 0, before[4], before[5])
    assert libc.capset(header, without) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0


def checkpoint(path: Path) -> None:
    """Move the write-ahead log into the file."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


def integrity(path: Path) -> str:
    """What SQLite's own check says of a file."""
    connection = sqlite3.connect(path)
    (row,) = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()
    return str(row[0])


def rows(path: Path, table: str) -> int:
    """How many rows a table has."""
    connection = sqlite3.connect(path)
    (row,) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    connection.close()
    return int(row[0])


def sockets(folder: Path) -> list[str]:
    """The sockets in the folder where the processes of a log meet."""
    return sorted(p.name for p in folder.iterdir() if p.is_socket())


def test_the_log_is_for_its_user_and_group_alone(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    before = os.umask(0o000)
    try:
        log = SQLiteLog(old, retention=60)
        log.append([Event("box", "cpu", "{}")])
        for path in tmp_path.glob("old.db*"):  # as an earlier version left them
            path.chmod(0o777 if path.is_dir() else 0o666)
        os.umask(0o022)
        logs = [
            log,
            SQLiteLog(old, retention=60),
            SQLiteLog(tmp_path / "new" / "a.db", retention=60),
        ]
        for each in logs[1:]:
            each.append([Event("box", "cpu", "{}")])
        found = [path for path in tmp_path.rglob("*.db*") if path.is_file()]
        assert len(found) >= 6
        for path in [*found, tmp_path / "new"]:
            assert not path.stat().st_mode & 0o007, path
        for each in logs:
            each.close()
    finally:
        os.umask(before)
