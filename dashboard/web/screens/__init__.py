"""/screens: displays say how they are, the list of them, and what one is asked to do."""

from functools import cached_property

from flask import Response, request

from dashboard.errors import ClientError
from dashboard.events.event import Event
from dashboard.runtime import Runtime, Service
from dashboard.web.access import request_scope
from dashboard.web.answers import asked_theme, list_answer
from dashboard.web.intake import Intake
from dashboard.web.pages import address_of
from dashboard.web.publisher import check_publish_scope
from dashboard.web.query import Query
from dashboard.web.screens.registry import (
    MOST,
    NAME,
    PAUSE,
    Screens,
    read_report,
    read_show,
)

_MOST_BYTES = 4096  # of a report
_READY_SECONDS = 5.0


class Views:
    """The views of one service, and what it knows of its screens; `intake` reads the reports."""

    def __init__(self, service: Service, intake: Intake) -> None:
        self._service = service
        self._intake = intake

    def listing(self) -> Response:
        """The screens as a page, or as JSON where the client would rather have that."""
        runtime, screens = self._kept()
        theme = asked_theme()
        scope, host = request_scope(), runtime.settings.host_name

        def told() -> dict[str, object]:
            known = screens.listed()
            shown = [each for each in known if scope.allows(host, f"screen.{each['name']}")]
            return {"build": runtime.build, "time": runtime.hub.now(), "screens": shown}

        pages = runtime.settings.pages
        return list_answer("screens.html", told, theme, build=runtime.build, pages=pages)

    def report(self, name: str) -> Response:
        """A display says how it is; see the contract in docs/api.md."""
        Query(request.args, ())
        runtime, screens = self._kept()
        _check(name)
        _may(runtime, f"screen.{name}")
        told = read_report(self._intake.read_body(_MOST_BYTES))
        if not screens.has_room_for(name, request_scope()):
            self._service.instruments.publications_refused.labels("screens").inc()
            raise ClientError(
                409,
                f"{MOST} screens are known, which is the most (of a link half of them); one that "
                f"has been silent for {runtime.settings.retention:g} s (the setting RETENTION) "
                "makes room for another",
                key="screen",
            )
        return _log(runtime, screens, screens.report(name, told, runtime.hub.now()), 204)

    def ask(self, what: str, name: str) -> Response:
        """Ask a display to load its page anew, or to say its name in large."""
        runtime, screens = self._known(name)
        _may(runtime, f"screen.{name}.{what}")
        return _log(runtime, screens, screens.wish(name, what, runtime.hub.now()), 202)

    def show(self, name: str) -> Response:
        """Send a display to another address; with a token that may publish its event."""
        runtime, screens = self._known(name)
        check_publish_scope([(runtime.settings.host_name, f"screen.{name}.show")])
        asked = read_show(self._intake.read_body(_MOST_BYTES))
        url = asked.url or address_of(runtime.settings, asked.page or "", {})
        return _log(runtime, screens, screens.wish(name, "show", runtime.hub.now(), url=url), 202)

    def _known(self, name: str) -> tuple[Runtime, Screens]:
        """Return the runtime and its screens. Raises ClientError(404) for a screen unknown."""
        Query(request.args, ())
        runtime, screens = self._kept()
        _check(name)
        if not screens.knows(name):
            raise ClientError(404, f"no screen has reported as {name!r}", key="screen")
        return runtime, screens

    def _kept(self) -> tuple[Runtime, Screens]:
        """The runtime and its screens. Raises ClientError(404) where no screens are kept."""
        if not self._service.settings.screens:
            raise ClientError(404, "screens are not kept here: the setting SCREENS is off")
        runtime = self._service.runtime
        runtime.hub.ready.wait(_READY_SECONDS)
        return runtime, self._screens

    @cached_property
    def _screens(self) -> Screens:
        runtime = self._service.runtime
        return Screens(runtime.hub.replay_buffer, host=runtime.settings.host_name)


def _may(runtime: Runtime, event: str) -> None:
    """Raise ScopeError unless a screen's event is in scope for reading, and so for writing."""
    request_scope().check_events({event}, runtime.settings.host_name)


def _check(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ClientError(
            400,
            f"{name!r} is no name of a screen: a-z and 0-9, then also '_' and '-', at most 40",
            key="screen",
        )


def _log(runtime: Runtime, screens: Screens, event: Event, status: int) -> Response:
    """Log an event about a screen, if its turn has come."""
    wait = screens.claim(event.name or "")
    if wait:
        raise ClientError(
            429,
            f"too soon: once in {PAUSE:g} s for each screen, the next in {wait:.1f} s",
            key="screen",
            retry_after=wait,
        )
    runtime.log.append([event])
    return Response(status=status, mimetype="text/plain")
