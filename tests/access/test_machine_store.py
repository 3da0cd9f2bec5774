"""The file of the joined machines: codes that are good once, names, tokens that end."""

import stat
from pathlib import Path

import msgspec
import pytest

from dashboard.access import machine_store
from dashboard.access.machine_store import (
    CODE_SECONDS,
    FILE,
    JoinRefused,
    Machine,
    MachineStore,
    WrongCode,
)

NOW = 1_800_000_000.0


def machine(name: str) -> Machine:
    return Machine(id=name, made=NOW, digest="", version="1.0")


def test_a_code_is_good_once_in_all_processes(tmp_path: Path) -> None:
    one, other = (MachineStore(tmp_path / FILE, lambda: NOW) for _ in range(2))
    code = one.invite()
    assert other.is_code(code)
    assert other.is_code(f" {code.replace('-', '').upper()} ")
    token = other.join(code, machine("web-1"))
    assert not one.is_code(code)
    with pytest.raises(WrongCode):
        one.join(code, machine("web-2"))
    found = one.machine_of(token)
    assert found is not None
    assert (found.id, found.version) == ("web-1", "1.0")
    assert one.machine_of(code) is one.machine_of("") is None

    text = (tmp_path / FILE).read_text()
    assert token not in text
    assert code.replace("-", "") not in text.replace("-", "")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600

    one.remove("web-1")
    assert other.machine_of(token) is None
    with pytest.raises(KeyError):
        other.remove("web-1")


def test_a_code_ends_after_an_hour_and_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = NOW
    store = MachineStore(tmp_path / FILE, lambda: now)
    monkeypatch.setattr(machine_store, "MOST", 2)
    codes = [store.invite(), store.invite()]
    with pytest.raises(JoinRefused, match="2 machines and codes are known, which is the most"):
        store.invite()
    now += CODE_SECONDS
    assert store.is_code(codes[0])
    now += 1
    assert not store.is_code(codes[0])
    with pytest.raises(WrongCode):
        store.join(codes[0], machine("web-1"))
    new = store.invite()
    assert len(store.rights()) == 1
    store.join(new, machine("web-1"))


def test_a_name_is_one_machines_and_a_code_may_be_for_one_name(tmp_path: Path) -> None:
    store = MachineStore(tmp_path / FILE, lambda: NOW)
    first = store.join(store.invite("web-1"), machine("web-1"))
    code = store.invite("web-2")
    with pytest.raises(JoinRefused, match="this code is for the name web-2, not for web-3"):
        store.join(code, machine("web-3"))
    code = store.invite()
    with pytest.raises(JoinRefused, match=r"joined as web-1 already: .* machines --remove web-1"):
        store.join(code, machine("web-1"))
    with pytest.raises(JoinRefused):
        store.join(code, machine("web-1"), before="some-other-token")
    assert store.is_code(code)  # it was good for nothing yet
    # The same machine joins again: as it was, and then with another name.
    again = store.join(code, machine("web-1"), before=first)
    assert store.machine_of(first) is None
    renamed = store.join(store.invite(), machine("shop-1"), before=again)
    assert [each.id for each in store.machines()] == ["shop-1"]
    assert store.machine_of(again) is None
    assert store.machine_of(renamed) is not None


def test_dashboards_come_to_the_same_list(tmp_path: Path) -> None:
    now = NOW
    one, other = (MachineStore(tmp_path / name / FILE, lambda: now) for name in "12")

    def share() -> None:
        kept = other.merge(one.merge(b""))
        assert one.merge(kept) == other.merge(kept) == kept
        assert one.rights() == other.rights()

    code = one.invite()
    share()
    token = other.join(code, machine("web-1"))
    share()
    assert one.machine_of(token) is not None
    with pytest.raises(WrongCode):
        one.join(code, machine("web-2"))
    one.remove("web-1")
    share()
    assert other.machine_of(token) is None
    # It joins anew, by a clock that is behind.
    again = other.join(other.invite(), msgspec.structs.replace(machine("web-1"), made=NOW - 9))
    share()
    assert one.machine_of(again) is not None
    assert one.machine_of(token) is None
    # A file that was lost comes back, and what was taken out does not.
    other.remove("web-1")
    share()
    (tmp_path / "2" / FILE).unlink()
    share()
    assert other.machine_of(again) is None
    now += CODE_SECONDS + 1
    share()
    assert [each.id for each in one.rights().values()] == ["web-1"]


def test_a_use_is_noted_when_it_is_news_and_never_of_one_that_was_removed(tmp_path: Path) -> None:
    store = MachineStore(tmp_path / FILE, lambda: NOW)
    store.join(store.invite(), machine("web-1"))
    for later, version, address, noted in (
        (0, "1.0", "::1", 1),
        (599, "1.0", "::1", 0),
        (599, "1.1", "::1", 1),
        (600, "1.1", "::2", 1),
    ):
        (known,) = store.machines()
        told = {"used": NOW + later, "version": version, "used_from": address}
        store.note_use(msgspec.structs.replace(known, **told))
        uses = store.take_uses()
        assert len(uses) == noted
        store.add_uses(uses)
    (found,) = store.machines()
    assert (found.used, found.version, found.used_from) == (NOW + 600, "1.1", "::2")
    store.remove("web-1")
    store.add_uses([msgspec.structs.replace(found, used=NOW + 9999)])
    assert store.machines() == []


def test_nobody_is_in_while_the_file_cannot_be_read(tmp_path: Path) -> None:
    store = MachineStore(tmp_path / FILE)
    token = store.join(store.invite(), machine("web-1"))
    (tmp_path / FILE).write_text("[{")
    with pytest.raises(OSError, match=r"machines\.json is damaged"):
        store.machine_of(token)
    (tmp_path / FILE).unlink()
    assert store.machine_of(token) is None
