"""Answer long questions about the past: each once, few at a time, in native threads.

Displays that load together ask the same. A question that is being answered, or was a second ago,
is not asked again: all get one answer.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from gevent.event import Event
from gevent.lock import BoundedSemaphore

_FRESH = 1.0  # seconds for which an answer is given again
_MOST = 4  # questions that are worked on at once
_MOST_PER_ADDRESS = 2
_WAIT = 10.0  # seconds that a question waits for its turn


class TooMany(Exception):
    """Too many questions wait already."""


@dataclass(slots=True)
class _Answer:
    done: Event = field(default_factory=Event)
    body: bytes = b""
    error: Exception | None = None
    made_at: float = 0.0


class SharedAnswers:
    """Single flight over questions, and a bound on how many are worked on."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, _Answer] = {}
        self._places = BoundedSemaphore(_MOST)
        self._by_address: dict[str, BoundedSemaphore] = {}

    def get(self, question: Hashable, address: str, work: Callable[[], bytes]) -> bytes:
        """Return the answer to a question: that of another who asks it now, or that of `work`.

        Raises TooMany after ten seconds without a turn, and what `work` raises.
        """
        now = time.monotonic()
        answer = self._answers.get(question)
        if answer is None or (answer.done.is_set() and now - answer.made_at > _FRESH):
            self._forget(now)
            answer = self._answers[question] = _Answer()
            try:
                answer.body = self._work(address, work)
            except Exception as error:
                answer.error = error
                del self._answers[question]
            finally:
                answer.made_at = time.monotonic()
                answer.done.set()
        else:
            answer.done.wait()
        if answer.error is not None:
            raise answer.error
        return answer.body

    def _work(self, address: str, work: Callable[[], bytes]) -> bytes:
        until = time.monotonic() + _WAIT
        own = self._by_address.setdefault(address, BoundedSemaphore(_MOST_PER_ADDRESS))
        held: list[BoundedSemaphore] = []
        try:
            for places in (own, self._places):
                if not places.acquire(timeout=max(0.0, until - time.monotonic())):
                    raise TooMany
                held.append(places)
            return work()
        finally:
            for places in held:
                places.release()
            if own.counter == _MOST_PER_ADDRESS:
                self._by_address.pop(address, None)

    def _forget(self, now: float) -> None:
        old = [
            question
            for question, answer in self._answers.items()
            if answer.done.is_set() and now - answer.made_at > _FRESH
        ]
        for question in old:
            del self._answers[question]
