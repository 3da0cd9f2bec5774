"""Calls that may block for ever, such as statvfs(2) of a mount whose server is gone."""

import _thread
import sys
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")

PATIENCE = 0.25  # seconds without an answer, after which another thread goes on with the rest
DEADLINE = 2.0  # seconds for all
START_DEADLINE = 10.0  # seconds in which a thread begins, unless there was no memory for it


def native(name: str) -> Any:
    """Return a function of `_thread` as the interpreter has it.

    Those with which gevent replaces them make greenlets, which all block together. It may not be
    loaded at all, and is not for this.
    """
    monkey = sys.modules.get("gevent.monkey")
    return getattr(_thread, name) if monkey is None else monkey.get_original("_thread", name)


class _Thread(Generic[Key, Answer]):
    """A native thread that asks for one key after another until it is given up."""

    def __init__(self, keys: "deque[Key]", ask: Callable[[Key], Answer]) -> None:
        self._keys = keys
        self._ask = ask
        self._running = native("allocate_lock")()
        self._running.acquire()
        self.asked = 0
        self.current: Key | None = None
        self.answers: dict[Key, Answer] = {}
        self.is_given_up = False
        native("start_new_thread")(self._run, ())

    def wait(self, seconds: float) -> bool:
        """Wait for its end; return False at the time-out."""
        if not self._running.acquire(timeout=max(0.0, seconds)):
            return False
        self._running.release()
        return True

    def _run(self) -> None:
        try:
            while self._keys and not self.is_given_up:
                try:
                    self.current = self._keys.popleft()
                except IndexError:  # another thread took the last one
                    break
                self.asked += 1
                self.answers[self.current] = self._ask(self.current)
        finally:
            self.current = None
            self._running.release()


class HangGuard(Generic[Key, Answer]):
    """Asks a blocking question for many keys; one that does not return costs its key only.

    All questions are asked in one native thread, and in one more for each that hangs. A key whose
    question has not returned is not asked again until it has. For one thread at a time.
    """

    def __init__(self, ask: Callable[[Key], Answer]) -> None:
        """`ask` runs in other native threads, and must not raise."""
        self._ask = ask
        self._hanging: dict[Key, _Thread[Key, Answer]] = {}

    @property
    def hanging(self) -> list[Key]:
        """The keys without an answer in the last `ask_each`."""
        return list(self._hanging)

    def ask_each(self, keys: Iterable[Key]) -> dict[Key, Answer]:
        """Return the answers that come within DEADLINE seconds, by key.

        Raises RuntimeError where no thread starts.
        """
        self._hanging = {key: each for key, each in self._hanging.items() if not each.wait(0)}
        open_keys = deque(key for key in keys if key not in self._hanging)
        patience, end = PATIENCE, time.monotonic() + DEADLINE
        threads: list[_Thread[Key, Answer]] = []
        while open_keys:
            thread = _Thread(open_keys, self._ask)
            threads.append(thread)
            asked, started = -1, time.monotonic()
            while thread.asked != asked or not thread.asked:
                if not thread.asked and time.monotonic() > started + START_DEADLINE:
                    raise RuntimeError("a thread did not start")
                asked = thread.asked
                if thread.wait(patience):
                    break
            thread.is_given_up = True
            # Many dead mounts share one time, however many they are.
            patience = max(0.01, patience / 2)
        for thread in threads:
            if not thread.wait(end - time.monotonic()) and thread.current is not None:
                self._hanging[thread.current] = thread
        return {key: answer for each in threads for key, answer in list(each.answers.items())}
