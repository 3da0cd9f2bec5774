"""GET /catalogue: what the figures mean, and the panels and tiles that show them."""

from functools import lru_cache
from typing import Any

import gevent
import msgspec
from flask import Response, request
from markupsafe import Markup

from dashboard.events.event import Event
from dashboard.events.filter import Filter
from dashboard.events.scope import Scope
from dashboard.metrics.catalogue.levels import RULES, with_levels
from dashboard.metrics.catalogue.model import Catalogue
from dashboard.metrics.catalogue.seen import published, with_seen
from dashboard.runtime import Runtime, Service
from dashboard.web.access import request_scope
from dashboard.web.answers import json_answer
from dashboard.web.query import Query

# Keys of a figure that a page reads; those of a built-in one.
_INLINE = ("name", "title", "unit", "min", "max", "decimals", "every", "source")
_KNOWN = frozenset(("name", "title", "unit", "max", "decimals"))


def catalogue(service: Service) -> Response:
    """Answer with the rows in scope; see the contract in docs/api.md."""
    is_fixed = Query(request.args, ("built-in",)).flag("built-in")
    rows = service.catalogue.of(request_scope())
    if not is_fixed:
        scope, buffer = request_scope(), service.runtime.hub.replay_buffer
        seen = published_here(service.runtime, scope)
        said = buffer.latest(Filter(names=frozenset({RULES}), scope=Scope(hosts=scope.hosts)))
        rules = [encoded.event for encoded in said]
        # What others publish may have very many figures, for which no stream should wait.
        rows = gevent.get_hub().threadpool.apply(
            lambda: with_levels(with_seen(rows, seen, service.runtime.source_cadences), rules)
        )
    response = json_answer(rows, cache="no-cache" if is_fixed else "no-store")
    if is_fixed:
        response.add_etag()
        response.make_conditional(request)
    return response


def published_here(runtime: Runtime, scope: Scope) -> list[Event]:
    """Return the newest events in scope of everything that is no family, the newest first."""
    newest = runtime.hub.replay_buffer.latest(Filter(scope=scope))
    events = (encoded.event for encoded in reversed(newest))
    return published(events, (family.name for family in runtime.families))


@lru_cache(maxsize=64)
def inline(rows: Catalogue, scope: Scope) -> Markup:
    """Return the rows of a page as JSON to stand in a <script>.

    What is built in is no secret: a page says of a panel out of its scope that it is not shown.
    """
    figures = [
        _lean(
            {key: getattr(row, key) for key in _INLINE if row.source != "built-in" or key in _KNOWN}
        )
        for row in rows.figures
        if row.source == "built-in" or scope.allows_name(row.event)
    ]
    shown = _lean(msgspec.to_builtins({"panels": rows.panels, "tiles": rows.tiles}))
    body = msgspec.json.encode({"figures": figures, **shown}).decode()
    return Markup(body.replace("<", "\\u003c"))


def _lean(value: Any) -> Any:
    """Return rows without what a page takes for granted: null, false, and nothing."""
    if isinstance(value, dict):
        said = {k: v for k, v in value.items() if not (v is None or v is False or v == "")}
        return {k: _lean(v) for k, v in said.items()}
    return [_lean(each) for each in value] if isinstance(value, list | tuple) else value
