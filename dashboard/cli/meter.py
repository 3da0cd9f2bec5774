"""How far a job is, from what a program prints about it.

A percentage (`42%`, or the bare number of `pv -n`) or a count (`3/10`, `3 of 10`) is understood
where it stands by itself: not in a path, a date or a version. A percentage goes before a count. All
other lines are messages; so is what follows a figure at a line's beginning, as in
`[ 42%] Building x.o`.
"""

import re

from dashboard.jobs.model import Number, loggable

_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,6})?"
_PERCENT = re.compile(r"(?<![\w.,/-])([0-9]{1,3}(?:[.,][0-9]{1,6})?)\s?%(?!\w)")
_COUNT = re.compile(rf"(?<![\w./:=,-])({_NUMBER})(?:\s?/\s?|\s+of\s+)({_NUMBER})(?!\w|[./:,-]\w|%)")
_BARE = re.compile(_NUMBER)


class Meter:
    """What is known by the lines so far: `done` of `total`, and the newest `message`."""

    def __init__(self, total: Number | None = None) -> None:
        """`total` is what bare numbers count up to; without it they are percentages."""
        self.done: Number | None = None
        self.total = total
        self.message: str | None = None
        self._total = total

    def read(self, line: str) -> None:
        """Take a line. One that is empty changes nothing."""
        line = line.strip()
        if not line or self._is_bare(line):
            return
        percent = _PERCENT.search(line)
        if percent and (value := _number(percent[1].replace(",", "."))) <= 100:
            self.done, self.total = value, 100
            self._take_rest(line, percent)
            return
        count = _COUNT.search(line)
        if count and 0 < (total := _number(count[2])) >= (done := _number(count[1])):
            self.done, self.total = done, total
            self._take_rest(line, count)
            return
        self._take_message(line)

    def _is_bare(self, line: str) -> bool:
        if not _BARE.fullmatch(line):
            return False
        value = _number(line)
        if self._total is None and value > 100:
            return False
        self.done, self.total = value, 100 if self._total is None else self._total
        return True

    def _take_rest(self, line: str, figure: re.Match[str]) -> None:
        before, after = line[: figure.start()], line[figure.end() :].lstrip(" ])}:|-")
        if not before.strip(" [({") and after[:1].isalpha():
            self._take_message(after)

    def _take_message(self, text: str) -> None:
        self.message = loggable(text)


def _number(text: str) -> Number:
    return float(text) if "." in text else int(text)
