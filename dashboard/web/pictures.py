"""GET /badge/EVENT.FIELD.svg and /picture/PANEL.svg: figures where there is no browser to draw."""

import time
from typing import Any

import gevent
import msgspec
from flask import Response, request

from dashboard.errors import ClientError
from dashboard.events.filter import Filter
from dashboard.events.projection import FIELD, read_field
from dashboard.log.history.query import Stretch
from dashboard.metrics.catalogue.declared import new_figure
from dashboard.metrics.catalogue.model import ChartPanel, Figure
from dashboard.metrics.catalogue.value_text import NONE, written, written_span
from dashboard.runtime import Service
from dashboard.web import history
from dashboard.web.access import request_scope
from dashboard.web.now import newest
from dashboard.web.query import Query
from dashboard.web.svg import COLORS, THEMES, Curve, badge, chart

_GREY, _BLUE = "#6e7781", "#0072b2"
_MOST_LINES = 8
_MOST_POINTS = 600  # of a line, each with a lowest and a highest value
_MOST_SECONDS = 3 * 365 * 86400.0
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def figure_badge(service: Service, name: str) -> Response:
    """A figure's newest value; a grey dash with its age where it is old."""
    query = Query(request.args, ("host", "title"))
    (event, field), host = _figure_name(name), _host(service, query)
    request_scope().check_events({event}, host)
    row, found = _row(service, event, field), newest(service, host, f"{event}.{field}")
    text = written(found.value, row.unit, row.decimals)
    if found.is_old:
        text = f"{NONE} {written_span(found.age)} ago"
    color = _GREY if found.is_old or found.value is None else _BLUE
    return _answer(service, badge(query.text("title") or row.title, text, color=color))


def picture(service: Service, panel: str) -> Response:
    """A panel's chart over a window; see docs/api.md."""
    query = Query(request.args, ("window", "host", "theme", "width", "height"))
    seconds = query.duration("window", _MOST_SECONDS, low=10.0) or 3600.0
    theme = query.one_of("theme", tuple(THEMES)) or "dark"
    width = query.whole_number("width", 200, 4000) or 800
    height = query.whole_number("height", 80, 3000) or 260
    host = _host(service, query)
    title, lines = _lines(service, panel)
    request_scope().check_events({event for event, _, _, _ in lines}, host)
    wanted = Filter(
        names=frozenset(event for event, _, _, _ in lines),
        hosts=frozenset({host}),
        fields=frozenset(f"{event}.{field}" for event, field, _, _ in lines),
    ).restricted_to(request_scope())
    now = time.time()
    stretch = Stretch(now - seconds, now, min(width, _MOST_POINTS), is_open=True)
    texts = [_newest_text(service, host, row) for _, _, row, _ in lines]
    body = history.bands(service, wanted, stretch, seconds)

    def draw() -> str:
        told = msgspec.json.decode(body)
        series = told["hosts"].get(host, {})
        curves = [
            _curve(series.get(event, {}), field, title=name, color=color, text=text or NONE)
            for (event, field, _, name), text, color in zip(lines, texts, COLORS * 2, strict=False)
        ]
        row = lines[0][2]
        if not any(texts) and not any(curve.values for curve in curves):
            raise ClientError(404, f"{host} has no figure {row.name}", key="panel")
        tops = [row.max for _, _, row, _ in lines]
        return chart(
            f"{title} · {host}",
            curves,
            first=told["from"],
            end=told["to"],
            top=None if None in tops else max(top for top in tops if top is not None),
            size=(width, height),
            theme=theme,
            mark=lambda value: written(value, row.unit, row.decimals),
        )

    # Tens of milliseconds, which no stream should wait for.
    return _answer(service, gevent.get_hub().threadpool.apply(draw))


def _lines(service: Service, panel: str) -> tuple[str, list[tuple[str, str, Figure, str]]]:
    """Return the title of a panel, and of each line the event, field, row and name.

    Raises ClientError(404) for a panel that is no chart.
    """
    charts = {each.name: each for each in service.catalogue.panels if isinstance(each, ChartPanel)}
    if panel in charts:
        found = charts[panel]
        rows = [(line, _row(service, found.event, line.field)) for line in found.lines]
        return found.title, [(found.event, line.field, row, line.title) for line, row in rows]
    names = list(dict.fromkeys(panel.split("~")))
    if "." not in panel or len(names) > _MOST_LINES:
        detail = f"there is no picture of {panel!r}; there are {', '.join(charts)}, or EVENT.FIELD"
        raise ClientError(
            404, f"{detail} (up to {_MOST_LINES} of them with ~ between)", key="panel"
        )
    parts = [_figure_name(name) for name in names]
    rows_of = [(event, field, _row(service, event, field)) for event, field in parts]
    title = " · ".join(dict.fromkeys(row.title for _, _, row in rows_of))
    return title, [(event, field, row, row.title) for event, field, row in rows_of]


def _newest_text(service: Service, host: str, row: Figure) -> str:
    """Return a figure's newest value as text; a dash, with its age, for one that is old.

    It is empty where the machine has no such figure.
    """
    try:
        found = newest(service, host, row.name)
    except ClientError:
        return ""
    if found.is_old:
        return f"{NONE} {written_span(found.age)} ago"
    return written(found.value, row.unit, row.decimals)


def _curve(series: dict[str, Any], field: str, *, title: str, color: str, text: str) -> Curve:
    def column(kind: str) -> list[float | None]:
        found: list[float | None] = series.get(kind, {}).get(field, [])
        return found

    means = column("mean")
    return Curve(
        title=title,
        color=color,
        text=text,
        times=series.get("time", []) if means else [],
        values=means,
        low=column("low"),
        high=column("high"),
    )


def _row(service: Service, event: str, field: str) -> Figure:
    """Return a figure's row: the declared one, else one made of its name."""
    rows = service.catalogue.figures
    found = next((row for row in rows if (row.event, row.field) == (event, field)), None)
    return found or new_figure(event, field, "seen")


def _figure_name(name: str) -> tuple[str, str]:
    if not FIELD.fullmatch(name):
        detail = f"{name[:80]!r} is no figure: wanted is EVENT.FIELD, such as cpu.percent"
        raise ClientError(404, detail, key="panel")
    event, _, field = read_field(name).partition(".")
    return event, field


def _host(service: Service, query: Query) -> str:
    return query.host("host") or service.runtime.greeting.default_host(request_scope())


def _answer(service: Service, drawn: str) -> Response:
    response = Response(drawn, content_type="image/svg+xml; charset=utf-8")
    kept = max(1, round(service.runtime.settings.interval))
    private = "private, " if service.runtime.settings.limits_reading else ""
    response.headers["Cache-Control"] = f"{private}max-age={kept}"
    response.headers["Content-Security-Policy"] = _POLICY
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]
