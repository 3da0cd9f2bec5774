"""Calls in a native thread: one after the other, and none is waited for that has got lost."""

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent import threadpool

from dashboard.posix import native_thread
from dashboard.posix.native_thread import NativeThread, ThreadLost

pytestmark = pytest.mark.usefixtures("no_leaks")


@pytest.fixture
def thread() -> Iterator[NativeThread]:
    thread = NativeThread()
    yield thread
    thread.close()


def test_calls_are_made_one_after_the_other_and_return_or_raise(thread: NativeThread) -> None:
    order: list[int] = []

    def call(number: int) -> int:
        order.append(number)
        time.sleep(0.002)
        order.append(number)
        return threading.get_native_id()

    asked = [gevent.spawn(thread.run, lambda n=n: call(n)) for n in range(5)]
    gevent.joinall(asked)
    assert order == [number for number in range(5) for _ in range(2)]
    assert {each.value for each in asked} == {asked[0].value} != {threading.get_native_id()}
    with pytest.raises(ZeroDivisionError):
        thread.run(lambda: 1 // 0)
    assert thread.run(lambda: "goes on") == "goes on"


def test_a_thread_that_dies_before_it_begins_is_not_waited_for(
    thread: NativeThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(threadpool, "start_new_thread", lambda run, arguments: 1)
        patch.setattr(native_thread, "BEGIN_SECONDS", 0.05)
        patch.setattr(native_thread, "LOOK", 0.01)
        first = gevent.spawn(thread.run, lambda: made.append(1))
        second = gevent.spawn(thread.run, lambda: made.append(2))
        for each in (first, second):
            with pytest.raises(ThreadLost, match="memory"):
                each.get(timeout=30)
    assert thread.run(lambda: "again") == "again"
    assert made == []


def test_a_result_that_is_lost_on_its_way_is_found(
    thread: NativeThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(native_thread, "LOOK", 0.01)
        patch.setattr(threadpool.ThreadResult, "set", no_memory)
        patch.setattr(threadpool.ThreadResult, "handle_error", lambda *_: None)
        assert gevent.spawn(thread.run, lambda: 7).get(timeout=30) == 7
        with gevent.Timeout(30):
            thread.begin(lambda: 8).wait()
    assert thread.run(lambda: 9) == 9


def test_a_close_waits_for_no_call_and_the_thread_ends_with_it(thread: NativeThread) -> None:
    go_on = threading.Event()
    call = thread.begin(go_on.wait)
    assert not call.wait(0.01)
    thread.close()
    assert not call.is_over
    go_on.set()
    assert call.result() is True


def test_a_last_call_is_made_before_the_thread_ends(thread: NativeThread) -> None:
    made: list[str] = []
    thread.begin(lambda: made.append("first"))
    thread.close(lambda: made.append("last"))
    assert made == ["first", "last"]


def test_what_a_call_returned_is_not_kept_until_the_next(thread: NativeThread) -> None:
    class Large:
        pass

    kept = weakref.ref(thread.run(Large))
    gc.collect()
    assert kept() is None
