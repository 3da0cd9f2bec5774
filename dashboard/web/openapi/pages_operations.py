"""The operations of people and their displays: pages, embeds, signing in, screens."""

from dashboard.events.event import HOST
from dashboard.web.embed import NAMES as PANELS
from dashboard.web.openapi.parts import (
    HTML,
    JSON,
    OPEN,
    PROBLEM,
    READING,
    TEXT,
    Json,
    answer,
    in_path,
    operation,
    query,
    ref,
    refusals,
    whole,
)
from dashboard.web.screens.registry import NAME as SCREEN
from dashboard.web.screens.registry import PAUSE

_PAGE = answer("the page", {HTML: {"type": "string"}})
_SIGN_IN = {"303": answer("reading needs the token: to the sign-in page")}
_LINK = query("link", "what is wrong with the link that led here: `expired` or `bad`", TEXT)
_SCREEN = in_path("name", "the display's name", {"type": "string", "pattern": whole(SCREEN)})
_BUILD = in_path("build", "the build's id", {"type": "string", "pattern": "^[0-9a-f]{12}$"})
_MACHINE = in_path("name", "the machine's name", {"type": "string", "pattern": whole(HOST)})


def paths() -> dict[str, Json]:
    """Their path items."""
    return {
        "/": {"get": _page("wall", "The wall, or the overview of several machines")},
        "/host/{name}": {"get": _host()},
        "/compare": {"get": _page("compare", "One figure of several machines in one chart")},
        "/screens": {"get": _screens()},
        "/screens/{name}": {"post": _screen()},
        "/screens/{name}/reload": {"post": _reload()},
        "/embed": {"get": _about()},
        "/embed/{panel}": {"get": _embedded()},
        "/sign-in": {"get": _sign_in_page(), "post": _sign_in()},
        "/sign-in/renew": {"get": _renew()},
        "/static/{filename}": {"get": _static("file")},
        "/static/{build}/{filename}": {"get": _static("builtFile", _BUILD)},
    }


def _page(name: str, summary: str) -> Json:
    return operation(
        name,
        "pages",
        summary,
        description="The query is read by the page itself.",
        security=READING,
        answers={"200": _PAGE, **_SIGN_IN, **refusals(401, 403, 429)},
    )


def _host() -> Json:
    page = _page("host", "The wall of one machine")
    page["parameters"] = [_MACHINE]
    page["responses"] |= refusals(400)
    return page


def _embedded() -> Json:
    panel = in_path("panel", "a panel or a tile of the wall", {"enum": list(PANELS)})
    page = _page("embedded", "One panel, for a frame")
    page["parameters"] = [panel]
    page["responses"] |= refusals(404)
    return page


def _about() -> Json:
    return operation(
        "about",
        "pages",
        "What a script of another page has to know first",
        security=READING,
        answers={"200": answer("whose figures, which panels", {JSON: ref("About")})}
        | refusals(401, 403, 429),
    )


def _sign_in_page() -> Json:
    return operation(
        "signInPage",
        "pages",
        "The page that asks for the token",
        security=OPEN,
        parameters=[query("next", "the path to go on to", TEXT), _LINK],
        answers={"200": _PAGE, **refusals()},
    )


def _sign_in() -> Json:
    form = {"type": "object", "required": ["token"], "properties": {"token": TEXT}}
    cookie = {"Set-Cookie": {"description": "stands for the token", "schema": TEXT}}
    wrong = answer("not the token; or another site's page", {HTML: TEXT, PROBLEM: ref("Problem")})
    return operation(
        "signIn",
        "pages",
        "Give the token for a cookie",
        security=OPEN,
        parameters=[query("next", "the path to go on to", TEXT), _LINK],
        body={"application/x-www-form-urlencoded": {"schema": form}},
        answers={
            "303": answer("the right token: on to `next`", headers=cookie),
            "403": wrong,
            "429": answer("too many wrong tokens came from this address", {HTML: TEXT}),
            **refusals(408, 413),
        },
    )


def _renew() -> Json:
    return operation(
        "renew",
        "pages",
        "Give a page that is shown for long its cookie anew",
        security=READING,
        answers={"204": answer("the cookie, if the page came by one"), **refusals(401, 403, 429)},
    )


def _screens() -> Json:
    return operation(
        "screens",
        "screens",
        "The displays",
        description="A page, or JSON for who asks for it in Accept.",
        security=READING,
        parameters=[query("theme", "of the page", {"enum": ["dark", "light"]})],
        answers={
            "200": answer("the displays", {HTML: TEXT, JSON: ref("Screens")}),
            **_SIGN_IN,
            **refusals(401, 403, 404, 429, _404="the setting SCREENS is off"),
        },
    )


def _screen() -> Json:
    return operation(
        "reportScreen",
        "screens",
        "A display says how it is",
        description=f"Once in {PAUSE:g} seconds.",
        security=READING,
        parameters=[_SCREEN],
        body={JSON: {"schema": ref("Screen")}},
        answers={
            "204": answer("taken"),
            "409": answer("no room for another", {PROBLEM: ref("Problem")}),
            **refusals(401, 403, 404, 408, 413, 422, 429, 503),
        },
    )


def _reload() -> Json:
    return operation(
        "reloadScreen",
        "screens",
        "Ask a display to load its page anew",
        security=READING,
        parameters=[_SCREEN],
        answers={"202": answer("asked"), **refusals(401, 403, 404, 429, 503)},
    )


def _static(operation_id: str, *before: Json) -> Json:
    name = {"type": "string", "pattern": r"^[^/\n][^\n]*$"}
    file = in_path("filename", "a path below `/static`; it may have slashes", name)
    file["example"] = "embed.js"
    return operation(
        operation_id,
        "pages",
        "The files of the pages",
        security=OPEN,
        parameters=[*before, file],
        answers={
            "200": answer("the file", {"*/*": {}}),
            "206": answer("the part of it that Range asks for", {"*/*": {}}),
            "304": answer("the client has it"),
            "416": answer("Range asks for what isn't there", {PROBLEM: ref("Problem")}),
            **refusals(404),
        },
    )
