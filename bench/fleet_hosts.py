"""Simulated machines: `python -m bench.fleet_hosts URL FIRST COUNT` samples until it is ended.

Each machine appends its samples by itself, as an agent does, to the log that the URL names, all of
them from each full second on. The figures are this machine's real ones, varied, at the families'
own cadences. `time` is the moment just before the append. A JSON line on standard output for each
second: the events and bytes that were appended and the seconds that it took.
"""

import json
import random
import sys
import time
from typing import Any

from dashboard.events.event import Event
from dashboard.log.opening import open_log
from dashboard.metrics import FAMILIES
from dashboard.metrics.cadence import cadence_of

_INTERVAL = 1.0
_VARIANTS = 16  # of each family; a machine goes through them from one second to the next


def main(url: str, first: int, count: int) -> None:
    texts = {name: (every, _variants(figures)) for name, every, figures in _real_figures()}
    hosts = [f"web-{number:04}" for number in range(first, first + count)]
    log = open_log(url, retention=_RETENTION)
    second = int(time.time()) + 1
    while True:
        time.sleep(max(0.0, second - time.time()))
        started = time.time()
        events = size = 0
        for number, host in enumerate(hosts):
            batch = []
            for name, (every, variants) in texts.items():
                # Slow families of all machines do not fall on the same second.
                if (second + first + number) % every == 0:
                    figures = variants[(second + number) % _VARIANTS]
                    head = f'{{"host":"{host}","time":{time.time():.3f},'
                    batch.append(Event(host, name, head + figures))
                    size += len(batch[-1].data)
            log.append(batch)
            events += len(batch)
        seconds = time.time() - started
        print(
            json.dumps({"events": events, "bytes": size, "seconds": round(seconds, 3)}), flush=True
        )
        second = max(second, int(time.time())) + 1


# As long as agents keep it: the dashboards say how long that is.
_RETENTION = 1e11


def _real_figures() -> list[tuple[str, int, dict[str, Any]]]:
    readers = [family() for family in FAMILIES]
    time.sleep(0.5)
    found = []
    for reader in readers:
        figures = reader.read()
        if figures is not None:
            found.append((reader.name, round(cadence_of(reader.cadence, _INTERVAL)), figures))
    return found


def _variants(figures: dict[str, Any]) -> list[str]:
    """The text of a family's data after host and time, with other numbers each time."""
    rng = random.Random(repr(sorted(figures)))
    return [json.dumps(_varied(figures, rng), separators=(",", ":"))[1:] for _ in range(_VARIANTS)]


def _varied(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict):
        return {key: _varied(one, rng) for key, one in value.items()}
    if isinstance(value, list):
        return [_varied(one, rng) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    varied = value * rng.uniform(0.7, 1.0)
    return round(varied) if isinstance(value, int) else round(varied, 2)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
