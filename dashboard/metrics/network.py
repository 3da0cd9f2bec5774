"""Network traffic.

A packet can pass several interfaces of one machine (the card, the bond or bridge over it, a VPN,
a container's veth). The totals count it once, where it enters or leaves the machine:

- the interfaces with hardware of their own (`/sys/class/net/NAME/device`), but for one whose
  master has hardware too and counts its traffic already (a cloud's accelerated card beside its
  synthetic one);
- where none has (in a container), those not named like something built on others;
- where that leaves none, all.

Loopback is never counted. `interfaces` also shows the bridges, bonds and VPNs that the totals
leave out, if they ever carried anything, but neither loopback nor the machine's ends of its
containers, of which there may be hundreds.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from dashboard.metrics import procfs
from dashboard.metrics.family import Family, Field
from dashboard.metrics.rates import Counters, Rates, named, total
from dashboard.metrics.values import printable

_LOOPBACK = re.compile(r"lo\d*|Loopback.*")
_BUILT_ON_OTHERS = re.compile(
    r"(veth|docker|br-?\d|br-|bridge|virbr|vmbr|vnet|lxc|lxdbr|cni|cali|flannel|cilium|kube"
    r"|bond|team|dummy|ifb|tun|tap|wg|ppp|gre|gretap|erspan|sit|ip6tnl|vxlan|ovs|utun|awdl|llw"
    r"|anpi|ap\d|gif|stf|nordlynx|tailscale|zt).*|.+[.@].+"
)
_CONTAINER_END = re.compile(r"(veth|cali|lxc|vnet|fwbr|fwpr|fwln|tap\d+i).*")
_CLASSIFY_SECONDS = 60.0


class Network(Family):
    """Traffic since the last reading, in and out of the machine and per interface."""

    name = "network"
    fields = (
        Field(
            "received_bytes_per_second",
            "bytes/s",
            "received from other machines",
            title="Network down",
        ),
        Field("sent_bytes_per_second", "bytes/s", "sent to other machines", title="Network up"),
        Field("errors_per_second", "1/s", "packets with errors, in and out; not drops"),
        Field("interfaces{}.received_bytes_per_second", "bytes/s", "received here"),
        Field("interfaces{}.sent_bytes_per_second", "bytes/s", "sent from here"),
        Field("interfaces{}.errors_per_second", "1/s", "packets with errors here"),
    )

    def __init__(self, **seams: Any) -> None:
        super().__init__(**seams)
        self._rates: Rates[str] = Rates(self._clock)
        self._counted: frozenset[str] = frozenset()
        self._classified: tuple[float, frozenset[str]] | None = None
        self._rates.prime(self.counters)

    def read(self) -> dict[str, Any] | None:
        """Return the family's fields; None on a machine that has only loopback. Raises OSError."""
        counters = self.counters()
        rates = self._rates.update(counters)
        if not counters:
            self.absent_reason = "this machine has no network interface besides loopback"
            return None
        self.absent_reason = None
        self._classify(counters)
        sums = [rates[name] for name in counters if name in self._counted and name in rates]
        return {
            **{key: total(each[i] for each in sums) for i, key in enumerate(_FIGURES)},
            "interfaces": {
                printable(name): named(_FIGURES, rates.get(name))
                for name, counts in counters.items()
                if name in self._counted or (any(counts) and not _CONTAINER_END.fullmatch(name))
            },
        }

    def counters(self) -> dict[str, Counters]:
        """Return bytes received, bytes sent and errors by interface, without loopback."""
        if self._proc is not None:
            found = parse_net_dev(procfs.read(f"{self._proc}/net/dev"))
        else:
            found = {
                name: (nic.bytes_recv, nic.bytes_sent, nic.errin + nic.errout)
                for name, nic in (self._ps.net_io_counters(pernic=True, nowrap=False) or {}).items()
            }
        return {name: each for name, each in found.items() if not _LOOPBACK.fullmatch(name)}

    def _classify(self, names: Collection[str]) -> None:
        """Decide what counts: when interfaces come or go, and each minute for their masters."""
        now = self._clock()
        present = frozenset(names)
        if self._classified is not None:
            then, known = self._classified
            if known == present and 0 <= now - then < _CLASSIFY_SECONDS:
                return
        self._counted = counted(present, self._sysfs / "class" / "net")
        self._classified = now, present


def parse_net_dev(content: bytes) -> dict[str, Counters]:
    """Return bytes received, bytes sent and errors in /proc/net/dev by interface (proc_net(5)).

    There may be more columns than are known; lines with fewer are passed over.
    """
    found: dict[str, Counters] = {}
    for line in content.split(b"\n"):
        name, colon, counters = line.rpartition(b":")
        words = counters.split()
        try:
            received, errors_in, sent, errors_out = (int(words[i]) for i in (0, 2, 8, 10))
        except (IndexError, ValueError):
            continue
        if colon:
            key = name.strip(b" ").decode("utf-8", "surrogateescape")
            found[key] = (received, sent, errors_in + errors_out)
    return found


def counted(names: Collection[str], sys_class_net: Path) -> frozenset[str]:
    """Return those of `names` (without loopback) whose traffic makes up the machine's."""
    real = {name for name in names if (sys_class_net / name / "device").exists()}
    chosen = {name for name in real if _master(sys_class_net / name) not in real}
    if not chosen:
        chosen = {name for name in names if not _BUILT_ON_OTHERS.fullmatch(name)}
    return frozenset(chosen or names)


def _master(interface: Path) -> str | None:
    try:
        return (interface / "master").readlink().name
    except OSError:
        return None


_FIGURES = ("received_bytes_per_second", "sent_bytes_per_second", "errors_per_second")
