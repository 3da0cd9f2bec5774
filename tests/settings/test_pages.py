"""[pages]: names for addresses."""

import json

import pytest

from dashboard.settings.pages import PAGES
from dashboard.settings.tables import WrongTable


def test_names_stand_for_addresses_of_this_service() -> None:
    pages = {"lobby": "/?panels=cpu:2x1,memory&distance=4m", "disks": "/host/p/?panels=disk"}
    assert PAGES.parse(json.dumps(pages)) == pages


def test_a_page_may_lead_to_another_and_a_fragment_is_left_out() -> None:
    pages = {"a": "/p/b?theme=light", "b": "/?panels=cpu#top", "c": "/p/unknown"}
    assert PAGES.parse(json.dumps(pages)) == {**pages, "b": "/?panels=cpu"}


@pytest.mark.parametrize(
    ("pages", "wrong"),
    [
        ("[]", "allowed is one table"),
        ({"Lobby": "/"}, "page 'Lobby': allowed are names of a-z"),
        ({"lobby": 3}, "page 'lobby': allowed is a path"),
        ({"lobby": "//elsewhere.example/"}, "page 'lobby': allowed is a path"),
        ({"lobby": "/\\elsewhere.example/"}, "page 'lobby': allowed is a path"),
        ({"lobby": "/?panels=a b"}, "page 'lobby': allowed is a path"),
        ({"lobby": "/" + "a" * 2000}, "at most 2000 characters"),
        ({"lobby": "/", "loop": "/p/loop"}, "page 'loop' leads in a circle: loop to loop"),
        ({"a": "/p/b?kiosk=1", "b": "/p/a"}, "page 'a' leads in a circle: a to b to a"),
        ({"a": "/p/b", "b": "/p/c", "c": "/p/b"}, "page 'a' leads in a circle: a to b to c to b"),
        ({"loop": "/x/.././%70/loop"}, "page 'loop' leads in a circle"),
        ({f"p{n}": "/" for n in range(101)}, "101 pages; at most 100"),
    ],
)
def test_what_is_wrong_is_said(pages: object, wrong: str) -> None:
    with pytest.raises(WrongTable, match=wrong):
        PAGES.parse(pages if isinstance(pages, str) else json.dumps(pages))
