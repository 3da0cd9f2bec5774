"""Badges and charts as SVG, for places without a browser of ours: a README, another dashboard."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from markupsafe import escape

Values = Sequence[float | None]
# Colours of static/css/base.css, which has the reasons.
THEMES = {
    "dark": {
        **{"page": "#0b0f14", "grid": "#27313d", "ink": "#edf2f7", "dim": "#9fb0c0"},
        **{"blue": "#56b4e9", "orange": "#f0a030", "green": "#2fc79b", "purple": "#d58fc0"},
    },
    "light": {
        **{"page": "#ffffff", "grid": "#dde3e9", "ink": "#121a22", "dim": "#55636f"},
        **{"blue": "#0072b2", "orange": "#b85600", "green": "#00805f", "purple": "#a3478a"},
    },
}
COLORS = ("blue", "orange", "green", "purple")
_FONT = "font-family='Helvetica Neue,Liberation Sans,Arial,sans-serif'"
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 34, 24  # pixels around a chart's plot


def badge(title: str, text: str, *, color: str) -> str:
    """Return a badge: a title, and beside it a value on a colour."""
    # Letters have no width before they are drawn: a generous one, to which they are fitted.
    widths = [min(len(each), 40) * 6.6 + 12 for each in (title, text)]
    whole, said = sum(widths), escape(_plain(f"{title}: {text}"))
    parts, x = [], 0.0
    for shown, width, ground in zip((title, text), widths, ("#444c56", color), strict=True):
        parts.append(
            f"<rect x='{x:g}' width='{width:g}' height='20' fill='{ground}'/>"
            f"<text x='{x + width / 2:g}' y='14' text-anchor='middle'>{escape(_cut(shown))}</text>"
        )
        x += width
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{whole:g}' height='20' role='img' "
        f"aria-label='{said}'><title>{said}</title>"
        f"<g {_FONT} font-size='11' fill='#fff'>{''.join(parts)}</g></svg>"
    )


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A line of a chart. `low` and `high` are empty where each point is one sample."""

    title: str
    color: str
    text: str
    """The newest value as text."""
    times: Sequence[float]
    values: Values
    low: Values = field(default=())
    high: Values = field(default=())


def chart(
    title: str,
    curves: Sequence[Curve],
    *,
    first: float,
    end: float,
    top: float | None,
    size: tuple[int, int],
    theme: str,
    mark: Callable[[float], str],
) -> str:
    """Return a chart of curves from `first` to `end`, seconds since 1970.

    `top` is the highest value of the axis, None for the highest that there is; the axis begins at
    0, or below where values do. `mark` writes a value of the axis.
    """
    width, height = size
    colors = THEMES[theme]
    known = [v for each in curves for v in (*each.values, *each.low, *each.high) if v is not None]
    bottom = min([0.0, *known])
    top = _nice(max([*known, bottom])) if top is None else top
    top = top if top > bottom else bottom + 1

    def x(time: float) -> float:
        return _LEFT + (time - first) / (end - first) * (width - _LEFT - _RIGHT)

    def y(value: float) -> float:
        share = (min(max(value, bottom), top) - bottom) / (top - bottom)
        return height - _BOTTOM - share * (height - _TOP - _BOTTOM)

    parts = [
        f"<rect width='{width}' height='{height}' fill='{colors['page']}'/>",
        f"<text x='12' y='20' font-weight='bold'>{escape(_cut(title, 60))}</text>",
        *_legend(curves, width, colors),
    ]
    for value in (bottom, (bottom + top) / 2, top):
        at = f"{y(value):.1f}"
        parts.append(f"<path d='M{_LEFT} {at}H{width - _RIGHT}' stroke='{colors['grid']}'/>")
        parts.append(
            f"<text x='{_LEFT - 6}' y='{y(value) + 4:.1f}' text-anchor='end' "
            f"fill='{colors['dim']}'>{escape(_plain(mark(value)))}</text>"
        )
    for time, anchor in ((first, "start"), ((first + end) / 2, "middle"), (end, "end")):
        parts.append(
            f"<text x='{x(time):.1f}' y='{height - 7}' text-anchor='{anchor}' "
            f"fill='{colors['dim']}'>{_moment(time, end - first)}</text>"
        )
    for curve in curves:
        parts += _drawn(curve, colors[curve.color], x, y)
    said = escape(_plain(f"{title}, {'; '.join(f'{each.title} {each.text}' for each in curves)}"))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' "
        f"height='{height}' role='img' aria-label='{said}'><title>{said}</title>"
        f"<g {_FONT} font-size='12' fill='{colors['ink']}'>{''.join(parts)}</g></svg>"
    )


def _legend(curves: Sequence[Curve], width: int, colors: dict[str, str]) -> Iterator[str]:
    spans = " ".join(
        f"<tspan fill='{colors[each.color]}'>{escape(_cut(each.title))}</tspan> "
        f"{escape(_cut(each.text))}"
        for each in curves
    )
    yield f"<text x='{width - _RIGHT}' y='20' text-anchor='end' xml:space='preserve'>{spans}</text>"


def _drawn(
    curve: Curve, color: str, x: Callable[[float], float], y: Callable[[float], float]
) -> Iterator[str]:
    """Yield a curve's band and line, each anew after a silence."""
    points = list(zip(curve.times, curve.values, strict=True))
    for indices in _runs(curve.values):
        if curve.low and curve.high:
            up = [f"{x(curve.times[i]):.1f} {y(curve.high[i] or 0):.1f}" for i in indices]
            down = [f"{x(curve.times[i]):.1f} {y(curve.low[i] or 0):.1f}" for i in indices[::-1]]
            outline = "L".join([*up, *down])
            # With an outline of its own colour a spike of one span is seen, however narrow.
            yield (
                f"<path d='M{outline}Z' fill='{color}' fill-opacity='0.3' stroke='{color}' "
                "stroke-opacity='0.3'/>"
            )
        line = "L".join(f"{x(points[i][0]):.1f} {y(points[i][1] or 0):.1f}" for i in indices)
        yield (
            f"<path d='M{line}{'h0.1' if len(indices) == 1 else ''}' fill='none' stroke='{color}' "
            "stroke-width='1.5' stroke-linejoin='round' stroke-linecap='round'/>"
        )


def _runs(values: Values) -> Iterator[list[int]]:
    """Yield the indices of values that stand together without a missing one."""
    for is_known, group in groupby(range(len(values)), lambda index: values[index] is not None):
        if is_known:
            yield list(group)


def _nice(value: float) -> float:
    """Return the next round number: 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 1e-300:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    steps = (step * power for step in (1, 2, 2.5, 5, 10))
    return min(next(step for step in steps if step >= value * 0.999), sys.float_info.max)


def _moment(time: float, span: float) -> str:
    form = "%H:%M:%S" if span <= 900 else "%H:%M" if span <= 86400 else "%Y-%m-%d"
    return datetime.fromtimestamp(time, UTC).strftime(form) + " UTC"


def _plain(text: str) -> str:
    """Return a text without the characters that no XML may have, nor any without a shape."""
    return "".join(each if each.isprintable() else " " for each in text)


def _cut(text: str, most: int = 40) -> str:
    """Return a plain text, shortened in its middle."""
    text = _plain(text)
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-(most // 2 - 1) :]}"
