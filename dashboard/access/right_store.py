"""What is known of rights that were given away: a file (0600) of the instance folder.

A change takes the lock of the folder and replaces the file; readers look at the file's time, so
each process knows at its next look. Dashboards that share a log keep the same in it, as one text:
each takes from it what it did not know (`merge`) and puts the whole back. So nothing is deleted for
good but what counts no more: a right that was taken away stays, as one that was.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from dashboard.posix.atomic_file import write_atomically
from dashboard.posix.locks import lock
from dashboard.posix.ownership import make_folder

_MOST_USES = 1000  # that wait to be written
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
_Mark = tuple[int, int, int] | None


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody may; times are in seconds since 1970."""

    id: str
    made: Seconds
    used: Seconds | None = None
    used_from: str | None = None
    revoked: Seconds | None = None  # when it was taken away, or used up


R = TypeVar("R", bound=Right)


def minute(seconds: float) -> str:
    """Return a time in UTC, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))


class RightStore(Generic[R]):
    """The rights of one kind, by id. Methods that change something block: on lock and disk.

    All raise OSError where the file can't be used, also for one that is damaged.
    """

    use_pause = 60.0  # seconds between two notes of a right's use
    told_of_use: tuple[str, ...] = ("used", "used_from")  # the fields that a use renews

    def __init__(self, path: Path, kind: Any, clock: Callable[[], float] = time.time) -> None:
        """`kind` is R, or the union that it stands for."""
        self.name = path.stem
        self._path = path
        self._decoder = msgspec.json.Decoder(list[kind])
        self._clock = clock
        self._cached: tuple[_Mark, dict[str, R]] = (None, {})
        self._uses: dict[str, R] = {}  # not written yet

    def rights(self) -> dict[str, R]:
        """Return all by id, as they are in the file now."""
        mark = self.mark()
        if mark is None:
            self._cached = (None, {})
        elif mark != self._cached[0]:
            try:
                read = self._decoder.decode(self._path.read_bytes())
            except ValueError as error:
                raise OSError(0, f"{self._path.name} is damaged: {error}") from None
            self._cached = mark, {right.id: right for right in read}
        return self._cached[1]

    def mark(self) -> _Mark:
        """Return what is another after each change of the file; None while there is none."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def merge(self, kept: bytes) -> bytes:
        """Write down what another dashboard knows, and return what both do, in a form for it."""
        try:
            theirs = self._decoder.decode(kept or b"[]")
        except ValueError:  # whoever may write the log may write what he likes
            theirs = []

        def change(rights: dict[str, R]) -> None:
            for right in theirs:
                known = rights.get(right.id)
                rights[right.id] = right if known is None else self._joined(known, right)
            self._tidy(rights)

        rights = self._change(change)
        known = [rights[right_id] for right_id in sorted(rights)]
        return msgspec.json.encode(known) if known else b""

    def note_use(self, right: R) -> None:
        """Remember the use of a right until `take_uses`, unless one was written a moment ago."""
        known = self._cached[1].get(right.id)
        if right.id in self._uses or len(self._uses) >= _MOST_USES:
            return
        if known is None or self._is_news(right, known):
            self._uses[right.id] = right

    def take_uses(self) -> list[R]:
        """Return the uses that are to be written, once."""
        uses, self._uses = self._uses, {}
        return list(uses.values())

    def add_uses(self, uses: list[R]) -> None:
        """Write down that rights were used."""

        def change(rights: dict[str, R]) -> None:
            for use in uses:
                known = rights.get(use.id)
                if known is None:
                    self._add_unknown(rights, use)
                elif self._is_news(use, known):
                    told = {name: getattr(use, name) for name in self.told_of_use}
                    rights[use.id] = msgspec.structs.replace(known, **told)

        self._change(change)

    def _joined(self, one: R, other: R) -> R:
        """Return what two dashboards know of the same right, whichever of them asks."""
        used = max(one, other, key=lambda right: (right.used or 0.0, right.used_from or ""))
        told: dict[str, Any] = {}
        if used.used is not None:
            told = {name: getattr(used, name) for name in self.told_of_use}
        revoked = [each for each in (one.revoked, other.revoked) if each is not None]
        told["revoked"] = min(revoked, default=None)
        return msgspec.structs.replace(min(one, other, key=lambda right: right.made), **told)

    def _tidy(self, rights: dict[str, R]) -> None:
        """Take out what counts no more."""

    def _add_unknown(self, rights: dict[str, R], use: R) -> None:
        """Take note of a right that was used and is not in the file."""

    def _is_news(self, use: R, known: R) -> bool:
        if known.used is None or use.used is None:
            return True
        return not 0 <= use.used - known.used < self.use_pause

    def _change(self, change: Callable[[dict[str, R]], None]) -> dict[str, R]:
        """Let a function change a copy, and write that down. Returns it."""
        folder = self._path.parent
        make_folder(folder, 0o750)
        # The folder itself is locked: a lock file of root's would keep the service out.
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            lock(descriptor)
            before = self.rights()
            rights = dict(before)
            change(rights)
            if rights != before:
                write_atomically(self._path, msgspec.json.encode(list(rights.values())))
        finally:
            os.close(descriptor)
        return rights
