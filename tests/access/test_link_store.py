"""The file of the links: what it has, what it makes room for, and who may not use a revoked one."""

import stat
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from dashboard.access import link_store
from dashboard.access.link_store import FILE, Link, LinksFull, LinkStore, id_of_old, with_key
from dashboard.access.signed_links import InvalidLink, SignedLinks
from dashboard.events.scope import Scope

NOW = 1_800_000_000.0  # 2027-01-15 08:00 UTC


def link(link_id: str, *, expires: float = NOW + 60, **known: object) -> Link:
    made = Link(id=link_id, made=NOW, expires=expires)
    return msgspec.structs.replace(made, **known)


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/", "/?key=new"),
        ("/?panels=cpu", "/?panels=cpu&key=new"),
        ("/embed/cpu?key=old&theme=auto", "/embed/cpu?theme=auto&key=new"),
        ("/?", "/?key=new"),
        ("/?k%65y=old&key", "/?key=new"),
    ],
)
def test_a_link_has_one_key(path: str, link: str) -> None:
    assert with_key(path, "new") == link


def test_processes_see_what_others_write(tmp_path: Path) -> None:
    one, other = (LinkStore(tmp_path / "in" / FILE, lambda: NOW) for _ in range(2))
    assert one.rights() == {}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: (one, other)[n % 2].add(link(f"{n}")), range(40)))
    assert one.rights() == other.rights()
    assert len(one.rights()) == 40
    assert stat.S_IMODE((tmp_path / "in" / FILE).stat().st_mode) == 0o600
    assert [each.name for each in (tmp_path / "in").iterdir()] == [FILE]
    one.revoke("7")
    assert other.revoked_at("7") == NOW
    assert LinkStore(tmp_path / "in" / FILE, lambda: NOW + 9).revoke("7").revoked == NOW
    with pytest.raises(KeyError):
        one.revoke("none")


def test_expired_links_make_room_and_others_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_store, "MOST", 2)
    store = LinkStore(tmp_path / FILE, lambda: NOW)
    for each in (link("a", expires=NOW - 2), link("b", revoked=NOW - 1), link("c")):
        store.add(each)
    assert set(store.rights()) == {"b", "c"}
    with pytest.raises(LinksFull):
        store.add(link("d"))
    store.add_uses([link("d", used=NOW), link("c", used=NOW, used_from="::1")])
    assert set(store.rights()) == {"b", "c"}
    assert store.rights()["c"].used_from == "::1"


def test_dashboards_come_to_the_same_list(tmp_path: Path) -> None:
    one, other = (LinkStore(tmp_path / name / FILE, lambda: NOW) for name in "12")
    one.add(link("a", label="lobby"))
    one.revoke("a")
    other.add_uses([link("a", made=NOW - 0.4, used=NOW + 5, used_from="::2")])
    other.add(link("b"))
    kept = other.merge(one.merge(b""))
    assert one.merge(kept) == other.merge(kept) == kept
    assert one.rights() == other.rights()
    found = one.rights()["a"]
    assert (found.label, found.used_from, found.revoked) == ("lobby", "::2", NOW)
    assert other.revoked_at("a") == NOW
    for nonsense in (
        b"[{",
        b"[1]",
        b'[{"id": 1}]',
        b"\xff",
        kept.replace(b"1800000000.0", b"1e300"),
    ):
        assert one.merge(nonsense) == kept


def test_of_too_many_the_revoked_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_store, "MOST", 2)
    one, other = (LinkStore(tmp_path / name / FILE, lambda: NOW) for name in "12")
    for store, names in ((one, "ab"), (other, "cd")):
        for name in names:
            store.add(link(name))
    one.revoke("a")
    kept = one.merge(other.merge(one.merge(b"")))
    assert other.merge(kept) == one.merge(kept) == kept
    assert set(one.rights()) == set(other.rights()) == {"a", "d"}


def test_a_use_is_noted_once_a_minute(tmp_path: Path) -> None:
    store = LinkStore(tmp_path / FILE, lambda: NOW)
    store.add(link("a", label="lobby"))
    for later, noted in ((0, 1), (59, 0), (60, 1), (61, 0)):
        store.rights()  # as who looks at a key does
        for _ in range(3):
            store.note_use(link("a", used=NOW + later, used_from=f"::{later}"))
        uses = store.take_uses()
        assert len(uses) == noted
        store.add_uses(uses)
    found = store.rights()["a"]
    assert (found.label, found.used, found.used_from) == ("lobby", NOW + 60, "::60")


def test_a_revoked_key_is_refused_with_the_time(tmp_path: Path) -> None:
    now = NOW
    store = LinkStore(tmp_path / FILE, lambda: NOW)
    ours = SignedLinks("s" * 16, "t" * 16, lambda: now, store)
    scope = Scope(("cpu",), None, NOW + 3 * 86400, "0123456789ab")
    made, old = ours.token(scope), ours.token(replace(scope, link=None))
    store.add(link("0123456789ab", expires=NOW + 3 * 86400))
    ours.note_use(old, "192.0.2.1")
    store.add_uses(store.take_uses())
    listed = store.rights()[id_of_old(old)]
    assert (listed.used_from, listed.events, listed.hosts) == ("192.0.2.1", ("cpu",), None)
    assert listed.made == pytest.approx(time.time(), abs=60)  # as itsdangerous signed it
    assert ours.scope_of(old).link == listed.id
    store.revoke(scope.link or "")
    with pytest.raises(InvalidLink, match=r"^the key was revoked, at 08:00 UTC$"):
        ours.scope_of(made)
    now += 86400
    with pytest.raises(InvalidLink, match=r"^the key was revoked, at 2027-01-15 08:00 UTC$"):
        ours.scope_of(made)
    assert ours.scope_of(old).events == ("cpu",)

    # The last letter of a signature can be written in four ways: none is another key.
    store.revoke(listed.id)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = letters.index(old[-1]) // 4 * 4
    for last in letters[same : same + 4]:
        with pytest.raises(InvalidLink, match="was revoked"):
            ours.scope_of(old[:-1] + last)


def test_no_link_is_good_while_the_file_cannot_be_read(tmp_path: Path) -> None:
    ours = SignedLinks("s" * 16, "t" * 16, store=LinkStore(tmp_path / FILE))
    made = ours.token(Scope(expires=time.time() + 60))
    assert ours.scope_of(made).is_full
    (tmp_path / FILE).write_text("[{")
    with pytest.raises(InvalidLink, match=r"links\.json is damaged"):
        ours.scope_of(made)
