"""The machines of a log that sample, with the signs of life that this process has seen."""

from collections.abc import Iterable
from operator import attrgetter

from dashboard.alerts.silent_machines import Machine
from dashboard.events.encoded import id_of
from dashboard.streaming.host_intervals import HostIntervals
from dashboard.streaming.replay_buffer import ReplayBuffer


def machines(
    buffer: ReplayBuffer, intervals: HostIntervals, families: Iterable[str]
) -> dict[str, Machine]:
    """Return them by name. A machine is one of which the log has an event of a family."""
    names, found = tuple(families), {}
    for host in buffer.hosts():
        heard = [each for name in names if (each := buffer.newest(host, name)) is not None]
        if heard:
            last = max(heard, key=attrgetter("heard_at"))
            age = buffer.age(host, last.event.name or "") or 0.0
            said, interval = intervals.reported(host), intervals.interval(host)
            found[host] = Machine(id_of(last), age, interval, said.boot_time, said.leaving)
    return found
