"""The editor: an address made by mouse and by keyboard, previewed, copied, applied, never lost."""

import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page.wall import Wall
from tests.support.service import Service

pytestmark = pytest.mark.one_window

OpenWall = Callable[..., Wall]

EDITOR = "dialog.editor"
ALL = (
    "panels=memory,cpu:2x1&tiles=sent,cpu&columns=2&window=15m&theme=light&distance=2m"
    "&host=box&kiosk=1&dim=22-07&blank=01-02&wake=1&shift=0&screen=lobby"
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that knows of another host as well, but of no figures of it: `/` is the wall."""
    service = Service(tmp_path_factory.mktemp("service"))
    service.append("notice", host="web-1", message="deployed")
    yield service.start().wait_until_ready()
    service.close()


class Editor:
    """The dialog, open on a page."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.page = wall.page

    def open(self) -> "Editor":
        self.wall.wait_for("[data-edit]")
        self.page.keyboard.press("e")
        expect(self.page.get_by_role("dialog", name="Edit this page")).to_be_visible()
        return self

    @property
    def address(self) -> str:
        """The query that it has made."""
        address = self.page.input_value("[data-address]")
        assert address.startswith(f"{self.wall.service.url}/"), address
        return address.removeprefix(f"{self.wall.service.url}/").removeprefix("?")

    def row(self, name: str, label: str = "Panels") -> Locator:
        return self.page.get_by_role("list", name=label).locator(f'[data-name="{name}"]')

    def chosen(self, label: str = "Panels") -> list[str]:
        rows = self.page.get_by_role("list", name=label).locator("li:has(input:checked)")
        return [
            str(name) for name in rows.evaluate_all("(all) => all.map((li) => li.dataset.name)")
        ]

    def drag(self, name: str, to: str, *, past: float) -> None:
        """Drag a panel's grip to another panel's row: to a share of the row's height."""
        grip, target = self.row(name).locator(".grip"), self.row(to)
        start, end = grip.bounding_box(), target.bounding_box()
        assert start is not None
        assert end is not None
        mouse = self.page.mouse
        mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        mouse.down()
        mouse.move(start["x"], (start["y"] + end["y"]) / 2, steps=5)
        mouse.move(start["x"], end["y"] + past * end["height"], steps=5)
        mouse.up()


@pytest.fixture
def editor(service: Service, open_wall: OpenWall) -> Editor:
    return Editor(open_wall(service)).open()


def shown(page: Page) -> list[str]:
    """The page's panels, in order."""
    panels = page.locator("[data-panels] > [data-panel]")
    return [
        str(name) for name in panels.evaluate_all("(all) => all.map((one) => one.dataset.panel)")
    ]


DESK = ["cpu", "memory", "disk", "network", "load", "pressure", "processes"]


def test_it_begins_with_the_page_as_it_is(editor: Editor) -> None:
    assert editor.address == ""
    assert editor.chosen() == DESK == shown(editor.page)
    assert editor.chosen("Tiles") == ["cpu", "memory", "filesystem", "received", "sent"]
    hosts = editor.page.locator("#editor-hosts option")
    assert hosts.evaluate_all("(all) => all.map((one) => one.value).sort()") == ["box", "web-1"]
    assert editor.page.locator("[data-default]:visible").count() == 0


def test_panels_are_dragged_into_order_and_the_page_follows(editor: Editor) -> None:
    page = editor.page
    editor.drag("network", "cpu", past=0.2)
    assert editor.chosen()[:3] == ["network", "cpu", "memory"]
    editor.drag("cpu", "disk", past=0.9)
    order = ["network", "memory", "disk", "cpu", "load", "pressure", "processes"]
    assert editor.chosen() == order
    assert editor.address == f"panels={','.join(order)}"
    # Not far enough is not moved; out of the list is its end.
    editor.drag("memory", "disk", past=0.3)
    assert editor.chosen() == order
    editor.row("load").get_by_role("checkbox").uncheck()
    editor.row("cores").get_by_role("checkbox").check()
    editor.drag("cores", "network", past=-3)
    order = ["cores", "network", "memory", "disk", "cpu", "pressure", "processes"]
    assert editor.chosen() == order

    preview = page.frame_locator(f"{EDITOR} iframe")
    expect(preview.locator("[data-panels] > :first-child")).to_have_attribute("data-panel", "cores")
    expect(preview.locator("[data-panel='load']")).to_have_count(0)

    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(f"**/?panels={','.join(order)}")
    editor.wall.wait_for_link("live")
    assert shown(page) == order
    assert page.locator("[data-note]").count() == 0


def test_all_of_it_by_keyboard(editor: Editor) -> None:
    page = editor.page
    up = editor.row("memory").get_by_role("button", name="Move Memory up")
    up.focus()
    page.keyboard.press("Enter")
    assert editor.chosen()[:2] == ["memory", "cpu"]
    assert "Memory is 1 of " in (page.get_by_text("Memory is 1 of").text_content() or "")
    down = editor.row("cpu").get_by_role("button", name="Move CPU down")
    down.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    assert editor.chosen()[:4] == ["memory", "disk", "network", "cpu"]
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Move CPU down"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused) == "CPU: rows down"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(focused) == "CPU: columns across"
    page.keyboard.press("2")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert "cpu:2x2" in editor.address
    # The letters of the page's keys are only letters here.
    page.focus("#editor-host")
    page.keyboard.type("fe-1")
    assert page.input_value("#editor-host") == "fe-1"
    page.keyboard.press("Enter")
    page.wait_for_url("**/*host=fe-1")


def test_every_field_makes_its_key(editor: Editor) -> None:
    page = editor.page
    for name in ("memory", "filesystem", "received"):
        editor.row(name, "Tiles").get_by_role("checkbox").uncheck()
    up = editor.row("sent", "Tiles").get_by_role("button", name="Move Network up up")
    up.click()
    for name in DESK[2:]:
        editor.row(name).get_by_role("checkbox").uncheck()
    editor.row("memory").get_by_role("button", name="Move Memory up").click()
    editor.row("cpu").get_by_label("CPU: columns across").select_option("2")
    for label, text in {
        "Time shown": "15m",
        "Machine": "box",
        "Dim": "22-07",
        "Black": "01-02",
        "Name of this screen": "lobby",
    }.items():
        page.get_by_label(label, exact=True).fill(text)
    for label, value in {
        "Columns": "2",
        "Theme": "light",
        "Read from": "2m",
        "Shift against burn-in": "0",
    }.items():
        page.get_by_label(label, exact=True).select_option(value)
    for label in ("Kiosk: no tools", "Keep the display awake"):
        page.get_by_label(label, exact=True).check()
    query = parse_qs(ALL)
    assert set(parse_qs(editor.address)) == set(query)
    # One up of five is above the one before it, chosen or not.
    assert parse_qs(editor.address) | {"tiles": ["sent,cpu"]} == query
    for _ in range(3):
        up.click()
    assert editor.address == ALL


def test_an_address_comes_back_as_it_went(service: Service, open_wall: OpenWall) -> None:
    # All but the kiosk, which has no editor, and hours that are black now, in which a key wakes.
    later = time.localtime(time.time() + 43_200).tm_hour
    address = ALL.replace("&kiosk=1", "").replace("&shift=0", "&shift=1")
    address = address.replace("blank=01-02", f"blank={later:02}-{(later + 1) % 24:02}")
    editor = Editor(open_wall(service, f"/?{address}")).open()
    assert editor.address == address
    assert editor.chosen() == ["memory", "cpu"]
    assert editor.chosen("Tiles") == ["sent", "cpu"]
    assert editor.page.input_value("#editor-screen") == "lobby"
    assert editor.page.is_checked("#editor-wake")
    preview = editor.page.get_attribute(f"{EDITOR} iframe", "src") or ""
    told = set(parse_qs(urlsplit(preview).query))
    assert told == {"panels", "tiles", "columns", "window", "theme", "distance", "host"}, (
        "a preview is no screen of its own, and is never dark"
    )


def test_none_at_all_and_the_usual_ones_again(editor: Editor) -> None:
    page = editor.page
    for name in DESK:
        editor.row(name).get_by_role("checkbox").uncheck()
    assert editor.address == "panels=none"
    page.click('[data-default="panels"]')
    assert editor.address == ""
    assert editor.chosen() == DESK
    # What is usual depends on the distance.
    page.get_by_label("Read from", exact=True).select_option("4m")
    assert editor.chosen() == ["cpu", "network"]
    assert editor.address == "distance=4m"
    editor.row("memory").get_by_role("checkbox").check()
    page.get_by_label("Read from", exact=True).select_option("")
    assert editor.chosen() == ["cpu", "network", "memory"], "what was chosen stays"


def test_what_is_wrong_is_named_at_its_field(editor: Editor) -> None:
    page = editor.page
    wrong = {"window": "5x", "host": "a b", "dim": "22", "blank": "7-7", "screen": "Lobby!"}
    for key, text in wrong.items():
        page.fill(f"#editor-{key}", text)
    page.select_option("#editor-theme", "light")
    for key, text in wrong.items():
        field = page.locator(f"#editor-{key}")
        expect(field).to_have_attribute("aria-invalid", "true")
        problem = page.locator(f"#{field.get_attribute('aria-describedby')}")
        expect(problem).to_contain_text(f'{key}="{text}": wanted')
    assert editor.address == "theme=light"
    expect(page.locator("[data-editor-words]")).to_have_text(
        "Not in the address, because it was not understood: window, host, dim, blank, screen"
    )
    url = page.url
    page.get_by_role("button", name="Apply").click()
    assert page.evaluate("document.activeElement.id") == "editor-window"
    assert page.url == url
    for key in wrong:
        page.fill(f"#editor-{key}", "")
    assert page.locator(f"{EDITOR} [aria-invalid]").count() == 0
    expect(page.locator("[data-editor-words]")).to_have_text("")


def test_the_address_is_copied(editor: Editor) -> None:
    page = editor.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.fill("#editor-window", "1h")
    page.get_by_role("button", name="Copy the address").click()
    expect(page.locator(f"{EDITOR} [data-copy]")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{editor.wall.service.url}/?window=1h"
    assert page.locator("[data-another]").get_attribute("href") == copied
    expect(page.locator(f"{EDITOR} [data-copy]")).to_have_text("Copy")


def test_the_address_is_copied_without_https_too(
    service: Service, open_wall: OpenWall, page: Page
) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined });")
    editor = Editor(open_wall(service, "/?window=1h")).open()
    page.get_by_role("button", name="Copy the address").click()
    expect(page.locator(f"{EDITOR} [data-copy]")).to_have_text("Copied")
    assert page.evaluate("document.activeElement.hasAttribute('data-copy')")
    page.focus("#editor-host")
    page.keyboard.press("Control+v")
    assert page.input_value("#editor-host") == f"{editor.wall.service.url}/?window=1h"


def test_closed_by_accident_nothing_is_lost(editor: Editor) -> None:
    page = editor.page
    editor.drag("load", "cpu", past=0.2)
    page.fill("#editor-window", "7x")
    page.fill("#editor-host", "web-1")
    draft = (editor.chosen(), "7x", "web-1")

    def now() -> tuple[list[str], str, str]:
        return editor.chosen(), page.input_value("#editor-window"), page.input_value("#editor-host")

    page.keyboard.press("Escape")
    expect(page.locator(EDITOR)).to_be_hidden()
    # A preview that nobody sees draws nothing.
    expect(page.locator("iframe")).to_have_count(0)
    editor.open()
    assert now() == draft
    page.mouse.click(8, 8)
    expect(page.locator(EDITOR)).to_be_hidden()
    # Something of the page changes meanwhile, and then it is even loaded anew.
    page.keyboard.press("t")
    editor.open()
    assert now() == draft
    page.reload()
    editor.open()
    assert now() == draft
    page.get_by_role("button", name="Start over").click()
    assert now() == (DESK, "", "")
    assert editor.address == "theme=light"


def test_a_drag_that_ends_beside_the_dialog_does_not_close_it(editor: Editor) -> None:
    page = editor.page
    grip = editor.row("cpu").locator(".grip").bounding_box()
    assert grip is not None
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(5, 5, steps=5)
    page.mouse.up()
    expect(page.locator(EDITOR)).to_be_visible()


def test_an_untouched_editor_shows_the_page_of_now(editor: Editor) -> None:
    page = editor.page
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    editor.open()
    assert page.input_value("#editor-window") == "15m"
    assert editor.address == "window=15m"


def test_a_new_tab_opens_what_was_made(editor: Editor) -> None:
    page = editor.page
    page.fill("#editor-window", "90s")
    with page.context.expect_page() as waiting:
        page.get_by_role("link", name="Open in a new tab").click()
    other = waiting.value
    other.wait_for_selector('html[data-link="live"]')
    assert other.url == f"{editor.wall.service.url}/?window=90s"
    assert other.evaluate("window.opener") is None


LOW_CONTRAST = """() => {
    const channels = (color) => color.match(/[0-9.]+/g).map(Number);
    const level = (color) => {
        const parts = channels(color).slice(0, 3).map((part) => {
            const value = part / 255;
            return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const ground = (element) => {
        const { backgroundColor } = getComputedStyle(element);
        return channels(backgroundColor)[3] === 0 ? ground(element.parentElement) : backgroundColor;
    };
    const dialog = document.querySelector("dialog[open]");
    const texts = document.createTreeWalker(dialog, NodeFilter.SHOW_TEXT);
    const low = [];
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!element.checkVisibility() || !texts.currentNode.data.trim()) continue;
        const levels = [getComputedStyle(element).color, ground(element)].map(level);
        const [a, b] = levels.sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) low.push(`${element.tagName} ${element.textContent}: ${ratio.toFixed(1)}`);
    }
    return low;
}"""

CUT_OFF = """() => {
    const dialog = document.querySelector("dialog[open]");
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    const whole = left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight;
    const found = whole ? [] : ["the dialog"];
    if (dialog.scrollWidth > dialog.clientWidth) found.push("wider than the dialog");
    for (const one of dialog.querySelectorAll("*")) {
        if (!one.checkVisibility() || one.closest("svg, .unseen, .preview, datalist")) continue;
        const box = one.getBoundingClientRect();
        const inside = box.left >= left - 1 && box.right <= right + 1;
        if (!inside) found.push(`${one.tagName}.${one.className}`);
    }
    return found;
}"""


@pytest.mark.parametrize(
    ("width", "height", "theme"),
    [
        (1920, 1080, "dark"),
        (390, 844, "light"),
        pytest.param(1366, 768, "light", marks=pytest.mark.full),
        pytest.param(390, 844, "dark", marks=pytest.mark.full),
    ],
)
def test_dialogs_can_be_read_and_are_whole(
    service: Service, open_wall: OpenWall, page: Page, width: int, height: int, theme: str
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    wall = open_wall(service, f"/?theme={theme}")
    wall.wait_for("[data-edit]")

    def look() -> None:
        page.wait_for_selector("dialog[open]")
        assert page.evaluate(LOW_CONTRAST) == []
        assert page.evaluate(CUT_OFF) == []
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="detached")

    page.keyboard.press("e")
    wall.wait_for("dialog.editor[open]")
    page.fill("#editor-window", "5x")
    look()
    for key in ("?", "d"):
        page.keyboard.press(key)
        look()
    page.hover('[data-panel="cpu"] h2')
    page.click('[data-embed-panel="cpu"]')
    look()
