"""A short soak: nothing that a stream or a reload leaves behind goes unseen."""

from pathlib import Path

from tests.faults.conftest import Scale
from tests.faults.soak import CLIENTS, RETENTION, soak


def test_nothing_grows(tmp_path: Path, scale: Scale) -> None:
    found = soak(tmp_path, 300.0 if scale.full else 14.0)
    assert found.lost == found.doubled == 0
    assert found.events > 10 * CLIENTS
    assert found.came > 2 * CLIENTS, "clients come and go"
    memory, later = found.halves("memory")
    assert later - memory < 8 << 20
    descriptors, later = found.halves("descriptors")
    assert later - descriptors < CLIENTS / 2, "some of those who went have left one open"
    greenlets, later = found.halves("greenlets")
    assert later - greenlets < CLIENTS / 2
    _, log = found.halves("log")
    assert log < RETENTION * (1 << 20), "it is not trimmed"
