"""The chart of docs/performance.md: two rows of bars as plain SVG."""

from html import escape

from bench.fanout import Row

_WIDTH, _LEFT, _BAR, _GAP, _HEAD = 860, 250, 20, 8, 44
_OURS, _OTHERS, _INK, _QUIET = "#0b7285", "#adb5bd", "#212529", "#495057"


def draw(rows: list[Row]) -> str:
    """The contestants at one size: when the last client has its event, and memory per stream."""
    streams = rows[0].streams
    delays = [(row.name, row.last, f"{row.last:,.0f} ms") for row in rows]
    sizes = [
        (row.name, row.bytes_per_stream / 1024, f"{max(0.0, row.bytes_per_stream) / 1024:.1f} KB")
        for row in rows
    ]
    top, parts = 0, []
    for title, bars in (
        (f"The last of {streams:,} clients has an event after", delays),
        (f"Memory per stream, {streams:,} streams", sizes),
    ):
        parts.append(_panel(title, bars, top))
        top += _HEAD + len(bars) * (_BAR + _GAP) + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" role="img" '
        f'aria-label="Delay and memory per stream of Vitals and its peers" '
        f'font-family="system-ui, sans-serif" font-size="13">\n'
        f'<rect width="{_WIDTH}" height="{top}" fill="#ffffff"/>\n' + "".join(parts) + "</svg>\n"
    )


def _panel(title: str, bars: list[tuple[str, float, str]], top: int) -> str:
    most = max(value for _, value, _ in bars) or 1.0
    room = _WIDTH - _LEFT - 110
    lines = [
        f'<text x="16" y="{top + 28}" font-size="15" font-weight="600" fill="{_INK}">'
        f"{escape(title)}</text>\n"
    ]
    for index, (name, value, label) in enumerate(bars):
        y = top + _HEAD + index * (_BAR + _GAP)
        length = max(1.0, value / most * room)
        color = _OURS if name.startswith("Vitals") else _OTHERS
        lines.append(
            f'<text x="{_LEFT - 10}" y="{y + 15}" text-anchor="end" fill="{_QUIET}">'
            f"{escape(name)}</text>\n"
            f'<rect x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2" '
            f'fill="{color}"/>\n'
            f'<text x="{_LEFT + length + 8:.1f}" y="{y + 15}" fill="{_INK}">{label}</text>\n'
        )
    return "".join(lines)
