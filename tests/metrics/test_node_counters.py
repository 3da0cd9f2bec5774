"""Counters under node_exporter's names, from the frozen machine and from this one."""

from __future__ import annotations

from types import SimpleNamespace

from dashboard.metrics.node_counters import NodeCounters

from .conftest import Machine


def test_frozen(machine: Machine) -> None:
    machine.write("pressure/io", "some avg10=3.50 avg60=0 avg300=0 total=2500000\nfull total=1\n")
    machine.write("pressure/irq", "full avg10=0 avg60=0 avg300=0 total=7000000\n")
    found = {
        each.name: {tuple(labels.values()): value for labels, value in each.samples}
        for each in NodeCounters(ps=machine.ps, wall_clock=lambda: 5.5).read()
    }
    assert found["node_time_seconds"] == {(): 5.5}
    assert len(found["node_uname_info"]) == 1
    first = (machine.proc / "stat").read_text().split("\n")[1].split()
    cpu = found["node_cpu_seconds_total"]
    assert (cpu["0", "user"], cpu["0", "idle"]) == (int(first[1]) / 100, int(first[4]) / 100)
    assert len(cpu) == 4 * 8
    assert found["node_memory_MemFree_bytes"].keys() == {()}
    assert found["node_memory_SReclaimable_bytes"][()] % 1024 == 0
    network = found["node_network_receive_bytes_total"]
    assert ("eno1",) in network
    assert network.keys() == found["node_network_transmit_bytes_total"].keys()
    assert (
        found["node_disk_read_bytes_total"].keys() == found["node_disk_written_bytes_total"].keys()
    )
    assert found["node_pressure_io_waiting_seconds_total"] == {(): 2.5}
    assert found["node_pressure_io_stalled_seconds_total"] == {(): 1e-6}
    assert found["node_pressure_irq_stalled_seconds_total"] == {(): 7.0}
    assert found["node_filesystem_free_bytes"]["/",] == 60_000
    assert found["node_filesystem_avail_bytes"]["/",] == 60_000


def test_what_can_not_be_read_is_left_out(machine: Machine) -> None:
    machine.write("stat", "cpu0 x y\n")
    machine.write("meminfo", "MemFree:\nCached: many kB\n")
    machine.remove("pressure")
    names = {each.name for each in NodeCounters(ps=machine.ps).read()}
    assert "node_network_receive_bytes_total" in names
    assert not {name for name in names if name.startswith(("node_cpu", "node_mem", "node_press"))}
    elsewhere = SimpleNamespace(
        **vars(machine.ps) | {"LINUX": False, "disk_partitions": lambda **_: []}
    )
    names = {each.name for each in NodeCounters(ps=elsewhere).read()}
    assert {"node_uname_info", "node_time_seconds"} <= names


def test_this_machine() -> None:
    found = {each.name: each for each in NodeCounters().read()}
    assert {"node_cpu_seconds_total", "node_memory_MemFree_bytes"} <= found.keys()
    assert all(each.meaning for each in found.values())
    assert all(value >= 0 for each in found.values() for _, value in each.samples)
