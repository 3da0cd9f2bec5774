"""Traffic of the month: bytes sent and received since the day on which a quota begins anew.

The kernel counts since a device came or the machine started. What was counted is kept in a file, so
it is summed over reboots, over restarts of this program, and over devices that were made anew; what
goes by between the last reading and a reboot, a minute at most, is not seen. A month that had begun
before the first reading counts from the machine's start, or from that reading.
"""

import calendar
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from dashboard.metrics import procfs
from dashboard.metrics.family import Family, Field
from dashboard.metrics.network import Network, counted
from dashboard.metrics.values import printable
from dashboard.posix.atomic_file import write_atomically

MOST_DEVICES = 64
_SURE, _VERY_SURE = 3600.0, 86400.0  # seconds of counting before a pace says something
_NO_QUOTA = "null without a quota"


class _Device(msgspec.Struct):
    """What a device's counters were, and the bytes of this month: received and sent."""

    last: tuple[int, int]
    total: tuple[int, int] = (0, 0)


class _State(msgspec.Struct):
    since: float
    month: float
    boot: str | None
    devices: dict[str, _Device]


class Traffic(Family):
    """Bytes of the month, of all and by interface, and what is left of a quota."""

    name = "traffic"
    cadence = 60.0
    fields = (
        Field("received_bytes", "bytes", "received in this month"),
        Field("sent_bytes", "bytes", "sent in this month"),
        Field("since", "s since 1970", "from when on that was counted"),
        Field("resets_at", "s since 1970", "when the next month begins"),
        Field("quota_bytes", "bytes", f"what may be used; {_NO_QUOTA}"),
        Field("percent", "%", f"used of the quota, also above 100; {_NO_QUOTA}", title="Traffic"),
        Field(
            "exhausted_at",
            "s since 1970",
            f"when the quota ends at this month's pace; {_NO_QUOTA}, and in the first hour",
        ),
        Field(
            "short_seconds",
            "s",
            f"by how much that is before the month's end; {_NO_QUOTA}, and in the first day",
        ),
        Field("interfaces{}.received_bytes", "bytes", "received here in this month"),
        Field("interfaces{}.sent_bytes", "bytes", "sent from here in this month"),
    )

    def __init__(
        self,
        *,
        file: Path | None = None,
        quota: int | None = None,
        resets: int = 1,
        counts: str = "both",
        **seams: Any,
    ) -> None:
        """`file` keeps what was counted; without one it is forgotten with this reader."""
        super().__init__(**seams)
        self._network = Network(ps=self._ps, sysfs=self._sysfs)
        self._file = file
        self._quota = quota
        self._resets = resets
        self._counts = counts
        self._state: _State | None = None

    def read(self) -> dict[str, Any] | None:
        """Return the family's fields; None on a machine that has only loopback. Raises OSError."""
        counters = self._network.counters()
        if not counters:
            self.absent_reason = "this machine has no network interface besides loopback"
            return None
        self.absent_reason = None
        real = {printable(name) for name in counted(counters, self._sysfs / "class" / "net")}
        counters = {printable(name): counts for name, counts in counters.items()}
        now = self._wall_clock()
        month, next_month = month_around(now, self._resets)
        state = self._state or self._kept()
        if state is None:
            state = self._first(month, now)
            for name in real if state.since == now else ():
                state.devices[name] = _Device(_pair(counters[name]))
        if month > state.month:  # not where a clock was set back
            state.month, state.since = month, max(month, state.since)
            state.devices = {name: each for name, each in state.devices.items() if name in real}
            for device in state.devices.values():
                device.total = (0, 0)
        boot = self._boot()
        for name in sorted(real)[:MOST_DEVICES]:
            _count(state, name, _pair(counters[name]), is_same_boot=boot == state.boot)
        state.boot = boot
        self._state = state
        self._keep()
        return self._figures(state, now, next_month)

    def _figures(self, state: _State, now: float, ends: float) -> dict[str, Any]:
        totals = [device.total for device in state.devices.values()]
        received, sent = sum(total[0] for total in totals), sum(total[1] for total in totals)
        used = {"received": received, "sent": sent, "both": received + sent}[self._counts]
        seconds, quota = now - state.since, self._quota
        up = state.since + seconds * quota / used if quota and used and seconds > _SURE else None
        is_sure = quota is not None and seconds > _VERY_SURE
        return {
            "received_bytes": received,
            "sent_bytes": sent,
            "since": round(state.since),
            "resets_at": round(ends),
            "quota_bytes": quota,
            "percent": round(100 * used / quota, 1) if quota else None,
            "exhausted_at": None if up is None else round(min(up, 1e11)),
            "short_seconds": max(0, round(ends - up)) if is_sure and up else 0 if is_sure else None,
            "interfaces": {
                name: {"received_bytes": each.total[0], "sent_bytes": each.total[1]}
                for name, each in state.devices.items()
            },
        }

    def _first(self, month: float, now: float) -> _State:
        """Begin: with what was counted since the start, if that was in this month."""
        started = float(self._ps.boot_time())
        since = started if month <= started <= now else now
        return _State(since, month, self._boot(), {})

    def _boot(self) -> str | None:
        return procfs.read_text(f"{self._proc}/sys/kernel/random/boot_id")

    def _kept(self) -> _State | None:
        """Return what was kept, None where that is nothing. Raises OSError: it may be there."""
        try:
            content = self._file.read_bytes() if self._file else b""
            return msgspec.json.decode(content, type=_State)
        except (FileNotFoundError, msgspec.MsgspecError, UnicodeError):
            return None

    def _keep(self) -> None:
        if self._file is None:
            return
        try:
            write_atomically(self._file, msgspec.json.encode(self._state), durable=False)
        except OSError as error:
            self.absent_reason = f"a reboot would lose the month's traffic: {error}"


def _count(state: _State, name: str, counts: tuple[int, int], *, is_same_boot: bool) -> None:
    device = state.devices.setdefault(name, _Device((0, 0)))
    before = device.last
    if not is_same_boot or counts[0] < before[0] or counts[1] < before[1]:
        before = (0, 0)  # counters that began anew
    received, sent = (after - last for after, last in zip(counts, before, strict=True))
    device.last = counts
    device.total = (device.total[0] + received, device.total[1] + sent)


def _pair(counters: tuple[float, ...]) -> tuple[int, int]:
    return int(counters[0]), int(counters[1])


def month_around(now: float, day: int) -> tuple[float, float]:
    """Return when the month around a moment begins and ends, by the machine's time zone.

    It begins on a day; in a shorter month on its last one.
    """
    first = datetime.fromtimestamp(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = [(first - timedelta(days=1)).replace(day=1), first, first + timedelta(days=32)]
    begins = [
        each.replace(day=min(day, calendar.monthrange(each.year, each.month)[1])).timestamp()
        for each in months
    ]
    return (begins[1], begins[2]) if begins[1] <= now else (begins[0], begins[1])
