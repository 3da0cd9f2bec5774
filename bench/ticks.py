"""What a real tick weighs, with gzip and without: all families, at the default interval."""

import time
from dataclasses import dataclass

from bench.client import Load
from bench.servers import Vitals


@dataclass(frozen=True)
class TickBytes:
    """Bytes on the wire of an average second, heads of TCP and IP not counted."""

    plain: float
    gzip: float
    seconds: float


def measure(seconds: float) -> TickBytes:
    with Vitals(settings={"INTERVAL": "1", "HEARTBEAT": "15"}) as server:
        loads = [
            Load(server.port, 1, "/stream", headers=headers)
            for headers in ((), ("Accept-Encoding: gzip",))
        ]
        for load in loads:
            load.accepted()
        time.sleep(2.5 - time.time() % 1)  # between two ticks
        before = [load.totals().bytes for load in loads]
        time.sleep(seconds)
        plain, gzip = (
            (load.totals().bytes - start) / seconds
            for load, start in zip(loads, before, strict=True)
        )
        for load in loads:
            load.stop()
    return TickBytes(plain, gzip, seconds)


def table(found: TickBytes) -> str:
    return "\n".join(
        [
            "| | bytes per tick | × without |",
            "|---|--:|--:|",
            f"| without gzip | {found.plain:,.0f} | 1.00 |",
            f"| gzip, shared by all clients | {found.gzip:,.0f} | {found.gzip / found.plain:.2f} |",
        ]
    )
