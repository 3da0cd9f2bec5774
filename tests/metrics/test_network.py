"""Network traffic: each packet once, and what an interface that comes and goes does to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.metrics.network import Network, counted

from .conftest import Machine


@pytest.fixture
def network(machine: Machine) -> Network:
    return Network(ps=machine.ps, clock=machine.watch, sysfs=machine.sysfs)


def figures(received: float, sent: float, errors: float) -> dict[str, float]:
    return {
        "received_bytes_per_second": received,
        "sent_bytes_per_second": sent,
        "errors_per_second": errors,
    }


def test_each_byte_once(machine: Machine, network: Network) -> None:
    machine.a_second_passes()
    assert network.read() == {
        **figures(1_500_000, 250_000, 3),
        "interfaces": {
            "eno1": figures(1_250_000, 250_000, 1),
            "eno2": figures(250_000, 0, 2),
            "bond0": figures(1_500_000, 250_000, 3),
            "docker0": figures(0, 0, 0),
            "wg0": figures(600, 400, 0),
        },
    }


def interface(sysfs: Path, name: str, *, real: bool = False, master: str | None = None) -> None:
    folder = sysfs / name
    folder.mkdir(parents=True)
    if real:
        (folder / "device").mkdir()
    if master:
        (folder / "master").symlink_to(f"../{master}")


def test_hardware_counts_and_what_is_built_on_it_does_not(tmp_path: Path) -> None:
    interface(tmp_path, "eth0", real=True, master="br0")
    interface(tmp_path, "wlan0", real=True)
    interface(tmp_path, "br0")
    interface(tmp_path, "surprise")
    assert counted(["eth0", "wlan0", "br0", "surprise"], tmp_path) == {"eth0", "wlan0"}


def test_a_card_whose_master_counts_for_it(tmp_path: Path) -> None:
    interface(tmp_path, "eth0", real=True)
    interface(tmp_path, "enP1s1", real=True, master="eth0")
    assert counted(["eth0", "enP1s1"], tmp_path) == {"eth0"}


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ("eth0 tun0 docker0 eth0.100 sit0", "eth0"),
        ("eth0 eth1 br-8f21 veth1 wg0", "eth0 eth1"),
        ("tap0", "tap0"),
        ("en0 en1 utun3 bridge0 awdl0 ap1", "en0 en1"),
        ("Ethernet Wi-Fi", "Ethernet Wi-Fi"),
    ],
)
def test_without_hardware_names_decide(tmp_path: Path, names: str, chosen: str) -> None:
    assert counted(names.split(), tmp_path) == set(chosen.split())


def test_an_interface_that_appears_brings_no_past(machine: Machine, network: Network) -> None:
    machine.a_second_passes()
    with (machine.proc / "net" / "dev").open("a") as table:
        table.write("  eno3: 9000000 1 0 0 0 0 0 0 9000000 1 0 0 0 0 0 0\n")
    (machine.sysfs / "class" / "net" / "eno3" / "device").mkdir(parents=True)
    reading = network.read()
    assert reading is not None
    assert reading["received_bytes_per_second"] == 1_500_000
    assert set(reading["interfaces"]["eno3"].values()) == {None}
    machine.watch.forward(1)
    reading = network.read()
    assert reading is not None
    assert reading["interfaces"]["eno3"] == figures(0, 0, 0)


def test_a_counter_that_wraps_gives_nothing_for_once(machine: Machine, network: Network) -> None:
    machine.a_second_passes()
    machine.replace("net/dev", "eno1: 5001250000", "eno1: 1250000")
    reading = network.read()
    assert reading is not None
    assert set(reading["interfaces"]["eno1"].values()) == {None}
    assert reading["received_bytes_per_second"] == 250_000


def test_a_master_found_later_is_believed_within_a_minute(
    machine: Machine, network: Network
) -> None:
    machine.a_second_passes()
    assert network.read()
    (machine.sysfs / "class" / "net" / "bond0" / "device").mkdir(parents=True)
    machine.watch.forward(61)
    machine.replace("net/dev", "bond0: 5071500000", "bond0: 5071500061")
    reading = network.read()
    assert reading is not None
    assert reading["received_bytes_per_second"] == 1.0


def test_lines_may_have_more_columns_and_names_any_bytes(machine: Machine) -> None:
    counters = b" 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0 99 99\n"
    head = b"".join((machine.proc / "net" / "dev").read_bytes().splitlines(keepends=True)[:2])
    lines = b"caf\xe9:" + counters + b"caf\xea:" + counters + b"\xed\xa0\x80:" + counters
    machine.write("net/dev", head + lines + b"short: 1 2\n")
    reading = Network(ps=machine.ps, clock=machine.watch, sysfs=machine.sysfs).read()
    assert reading is not None
    assert list(reading["interfaces"]) == [r"caf\xe9", r"caf\xea", r"\xed\xa0\x80"]


def test_only_loopback(machine: Machine) -> None:
    table = (machine.proc / "net" / "dev").read_text().splitlines(keepends=True)
    machine.write("net/dev", "".join(table[:3]))
    network = Network(ps=machine.ps, clock=machine.watch, sysfs=machine.sysfs)
    machine.watch.forward(1)
    assert network.read() is None
    assert network.absent_reason == "this machine has no network interface besides loopback"
    machine.a_second_passes()
    assert network.read() is not None
    assert network.absent_reason is None
