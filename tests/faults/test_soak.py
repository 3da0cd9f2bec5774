"""A short soak: nothing that a stream or a reload leaves behind goes unseen."""

from pathlib import Path

from tests.faults.conftest import Scale
from tests.faults.soak import CLIENTS, RETENTION, soak


def test_nothing_grows(tmp_path: Path, scale: Scale) -> None:
    # How much happens depends on the machine; how much is left of it does not.
    found = soak(tmp_path, 300.0 if scale.full else 14.0)
    assert found.doubled == 0
    # Whoever gets no turn for as long as the log keeps things is told of a gap.
    assert found.lost == 0 or found.gaps > 0
    assert found.events > CLIENTS
    assert found.came > CLIENTS / 2, "clients come and go"
    memory, later = found.halves("memory")
    assert later - memory < 8 << 20
    descriptors, later = found.halves("descriptors")
    assert later - descriptors < CLIENTS / 2, "some of those who went have left one open"
    greenlets, later = found.halves("greenlets")
    assert later - greenlets < CLIENTS / 2
    _, log = found.halves("log")
    assert log < RETENTION * (1 << 20), "it is not trimmed"
