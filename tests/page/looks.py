"""What to look at on the page when nobody looks, and figures that take as much room as any can."""

from playwright.sync_api import Page

from tests.page.past import Readings, read_machine

# What the page shows and cannot be seen whole: text outside the window, or outside a box that
# clips it or has the ground it stands on. On the one screen of a wall, below the window counts too.
# There a name that is too long may end in an ellipsis, and is then as long as its box.
_NOT_WHOLE = """(wall) => {
    const found = [];
    const outside = (rect, box) => {
        const spare = 1 + SPARE * (rect.bottom - rect.top);
        return rect.left < box.left - 1 || rect.right > box.right + 1 ||
            rect.top < box.top - spare || rect.bottom > box.bottom + spare;
    };
    const apart = (rect, box) =>
        rect.left >= box.right || rect.right <= box.left ||
        rect.top >= box.bottom || rect.bottom <= box.top;
    const [top, bottom] = wall ? [0, innerHeight] : [-Infinity, Infinity];
    const screen = { left: 0, right: innerWidth, top, bottom };
    const look = (node, { left, right, top, bottom, width, height }, words) => {
        if (width === 0 || height === 0) return;
        const rect = { left, right, top, bottom };
        for (let box = node.parentElement; box; box = box.parentElement) {
            const { overflow, textOverflow } = getComputedStyle(box);
            const edges = box.getBoundingClientRect();
            const isShortened = overflow !== "visible" && textOverflow === "ellipsis";
            if (isShortened && (wall || SPARE)) {
                rect.left = Math.max(rect.left, Math.min(edges.left, rect.right));
                rect.right = Math.min(rect.right, Math.max(edges.right, rect.left));
            }
            const clips = /hidden|clip/.test(overflow) && box !== document.body;
            const scrolls = !wall && /auto|scroll/.test(overflow) && box !== document.body;
            if (SPARE && (clips || scrolls) && apart(rect, edges)) return; // not shown, so not cut
            if (SPARE && scrolls) {
                rect.top = Math.max(rect.top, edges.top);
                rect.bottom = Math.min(rect.bottom, edges.bottom);
            }
            if ((clips || box.matches("section, .bar")) && outside(rect, edges)) {
                found.push(`${words}: outside ${box.tagName}.${box.className}`);
            }
        }
        if (outside(rect, screen)) found.push(`${words}: outside the window`);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (!text.data.trim() || text.parentElement.closest(".unseen")) continue;
        if (getComputedStyle(text.parentElement).clipPath !== "none") continue;
        // A row of a table that has no room.
        if (getComputedStyle(text.parentElement).visibility === "hidden") continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const rect of range.getClientRects()) look(text, rect, JSON.stringify(text.data));
    }
    for (const canvas of document.querySelectorAll(".plot canvas, .heatstrip")) {
        // The plot reaches into its panel's margin on purpose, but not out of it.
        look(canvas, canvas.getBoundingClientRect(), canvas.className || "plot");
    }
    return found;
}"""
NOT_WHOLE = _NOT_WHOLE.replace("SPARE", "0")
# Where many sizes, names and typefaces are looked at: a name may end in an ellipsis on any page, a
# row may have no room at all, and glyphs are less tall than the box that some typefaces have.
NOT_WHOLE_ANYWHERE = _NOT_WHOLE.replace("SPARE", "0.15")


# Texts of different elements that lie on each other; those in a chart have a test of their own.
COVERED = """() => {
    const boxes = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { currentNode: text } = texts;
        const parent = text.parentElement;
        if (!text.data.trim() || parent.closest(NOT_LOOKED_AT)) continue;
        const { visibility, clipPath } = getComputedStyle(parent);
        if (visibility === "hidden" || clipPath !== "none") continue;
        const range = document.createRange();
        // A large number is less tall than its typeface's box.
        range.selectNodeContents(text);
        const number = parent.closest(".number")?.getBoundingClientRect();
        if (number && parent.matches(".unit")) continue;
        for (const { left, right, top, bottom } of range.getClientRects()) {
            const [from, to] = number ? [number.top, number.bottom] : [top, bottom];
            const shortened = "h1, .label, h2, .detail, td, th, .words, b, aside a, ol";
            const box = parent.closest(shortened);
            const isClipped = box && getComputedStyle(box).overflow !== "visible";
            const clip = isClipped ? box.getBoundingClientRect() : null;
            const start = Math.max(left, clip?.left ?? -Infinity);
            const end = Math.min(right, clip?.right ?? Infinity);
            const low = Math.min(to, clip?.bottom ?? Infinity);
            const rect = { left: start, right: end, top: from, bottom: low, height: low - from };
            if (end > start && low > from) boxes.push([text.data, rect, text]);
        }
    }
    const found = [];
    const pairs = boxes.flatMap((one, at) => boxes.slice(at + 1).map((other) => [one, other]));
    pairs.forEach(([[words, one, text], [others, other, next]]) => {
        const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (text === next || across <= 2) return;
        if (down > 0.3 * Math.min(one.height, other.height)) found.push(`${words} | ${others}`);
    });
    return found;
}""".replace("NOT_LOOKED_AT", "'.unseen, .uplot, .banner, script, noscript'")

# Words that go on in another line, if that is shown, within an element.
BROKEN = r"""(within) => {
    const found = [];
    const texts = document.createTreeWalker(document.querySelector(within), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (text.parentElement.closest(".unseen, script, noscript")) continue;
        for (const { 0: word, index } of text.data.matchAll(/[\p{L}\p{N}]{2,}/gu)) {
            // These are written without spaces, and break anywhere.
            if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(word)) continue;
            const range = document.createRange();
            range.setStart(text, index);
            range.setEnd(text, index + word.length);
            // Where directions meet a word has several boxes in its line.
            const [first, ...others] = range.getClientRects();
            const end = text.parentElement.closest(".words")?.getBoundingClientRect().bottom;
            const goesOn = others.some(({ top, bottom }) => top >= first.bottom - 1
                && (top + bottom) / 2 < (end ?? Infinity));
            if (goesOn) found.push(`${word} in ${JSON.stringify(text.data)}`);
        }
    }
    return found;
}"""

# What is whole and still tells nothing: machines of an overview that are called alike, figures of
# a table that end in an ellipsis, a button that stands in a line of its own.
SAYS_NOTHING = r"""() => {
    const cut = ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1;
    const cells = [...document.querySelectorAll("[data-cells=named] .cell b, .host h2")];
    const names = cells.map(({ textContent }) => textContent);
    // Without a typeface for these a canvas measures other boxes than the page draws.
    const isMeasured = ({ textContent }) => !/\p{Script=Han}/u.test(textContent);
    const values = [...document.querySelectorAll("td")].filter((td) => /^\d/.test(td.textContent));
    const alone = [...document.querySelectorAll(".banner button")].filter((button) => {
        const { top, bottom } = button.getBoundingClientRect();
        const others = [...button.closest("li").querySelectorAll("span, strong")];
        return !others.some((other) => !other.contains(button) && [...other.getClientRects()]
            .some((line) => line.top < bottom && line.bottom > top));
    });
    return [
        ...cells.filter(isMeasured).filter(cut).map(({ textContent }) => `${textContent} is cut`),
        ...names.filter((name, at) => names.indexOf(name) < at).map((name) => `two are ${name}`),
        ...values.filter(cut).map(({ textContent }) => `${textContent} is cut`),
        ...alone.map(() => "a button alone"),
    ];
}"""

# WCAG 2.1, 1.4.3: text against its ground, but for what is pale on purpose, such as old figures.
CONTRAST = """() => {
    const inside = (color) => (/^rgba?\\(([^)]*)/.exec(color) ?? ["", "none"])[1];
    const parts = (color) => inside(color).split(/[ ,/]+/).map(Number);
    const level = (color) => {
        const values = parts(color).slice(0, 3).map((part) => {
            const value = part / 255;
            return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * values[0] + 0.7152 * values[1] + 0.0722 * values[2];
    };
    const groundOf = (element) => {
        for (let box = element; box; box = box.parentElement) {
            const { backgroundColor, backgroundImage } = getComputedStyle(box);
            const [red, , , alpha = 1] = parts(backgroundColor);
            if (Number.isNaN(red) || backgroundImage !== "none") return null;
            if (alpha === 1) return backgroundColor;
        }
        return null;
    };
    const low = [];
    for (const element of document.querySelectorAll("h1, h2, p, span, strong, data, li, td, th")) {
        if (!element.textContent.trim() || element.closest(".unseen, .too-old")) continue;
        const ground = groundOf(element);
        if (ground === null) continue;
        const colors = [level(getComputedStyle(element).color), level(ground)];
        const [a, b] = colors.sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) low.push(`${element.tagName} ${element.textContent}: ${ratio.toFixed(1)}`);
    }
    return low;
}"""

OVERFLOW = """() => {
    const { scrollWidth, scrollHeight } = document.documentElement;
    return [scrollWidth - innerWidth, scrollHeight - innerHeight];
}"""


def widest() -> Readings:
    """This machine's readings with the longest figures and names that the page may have to show."""
    readings = read_machine()
    tera = 2.0**40
    process = {"pid": 4194304, "name": "systemd-resolve", "user": "systemd-network"}
    process |= {"cpu_percent": 1288.8, "memory_bytes": 888 * 2**20}
    wide: Readings = {
        "cpu": {"percent": 100.0, "user": 88.8, "system": 88.8, "iowait": 88.8},
        "memory": {"percent": 99.9, "used": 888 * tera, "total": 888 * tera, "swap_percent": 88.8},
        "load": {"load1": 88.88, "load5": 88.88, "load15": 88.88, "cpus": 128},
        "disk": {"read_bytes_per_second": 888e6, "write_bytes_per_second": 888e6},
        "filesystem": {
            "mounts": [
                {"mountpoint": "/srv", "percent": 100.0, "used": 888 * tera, "total": 888 * tera}
            ]
        },
        "network": {
            "received_bytes_per_second": 888e6,
            "sent_bytes_per_second": 888e6,
            "errors_per_second": 8888.8,
        },
        "pressure": {"cpu_some": 88.8, "io_some": 88.8, "memory_some": 88.8},
        "processes": {"count": 88888, "running": 8888, "top": [process] * 10},
        "sensors": {"temperatures": [{"label": "Package id 0", "celsius": 100.0}]},
    }
    return readings | {name: readings.get(name, {}) | fields for name, fields in wide.items()}


# What a machine says of itself: from where on its figures are too high.
RULES = [
    {"name": "cpu-busy", "figure": "cpu.percent", "sign": ">=", "limit": 90, "level": "warning"},
    {"name": "memory-full", "figure": "memory.percent", "sign": ">=", "limit": 97}
    | {"level": "critical"},
    {"name": "disk-full", "figure": "filesystem.mounts.*.percent", "sign": ">=", "limit": 95}
    | {"level": "critical"},
]


def metrics(page: Page) -> dict[str, float]:
    """What the page holds after garbage collection: nodes, listeners, bytes of its heap."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    found = session.send("Performance.getMetrics")["metrics"]
    session.detach()
    wanted = {"Nodes", "JSEventListeners", "JSHeapUsedSize"}
    return {one["name"]: float(one["value"]) for one in found if one["name"] in wanted}
