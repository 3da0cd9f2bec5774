"""Checks of what an answer says before its first event, and of the connection that brings it."""

from dashboard.doctor.findings import Finding, note, ok, problem
from dashboard.doctor.observation import Observation

_CLOCK_SECONDS = 5.0
_CERTIFICATE_DAYS = 14


def status(observation: Observation) -> Finding:
    """Check that the status is 200, and comes at once."""
    response = observation.plain
    if response.status is None:
        return problem(
            f"No answer has begun within {response.seconds:g} s.",
            "Send the headers before the first event. If the server does, something in front of it "
            "waits for more: switch its buffering off (nginx: proxy_buffering off).",
        )
    if response.status == 200:
        return ok(f"200, after {response.answered:.2f} s.")
    said = f": {response.body}" if response.body else "."
    text = f"The answer is {response.status}{said}"
    if response.status in (401, 403):
        advice = "It wants to know who asks: --token; browsers send a cookie by themselves."
    elif response.status == 204:
        advice = "204 says that all is told: browsers never ask again. Answer 200 if that is wrong."
    elif response.status in (301, 302, 303, 307, 308):
        advice = f"It leads to {response.headers.get('location', 'nowhere')}: use that URL."
    elif response.status >= 500 or response.status == 429:
        advice = (
            "EventSource gives up for good on any status but 200: while a server is away or full, "
            "answer 200 with `retry:` and end the stream."
        )
    else:
        advice = "Look at the URL: EventSource gives up for good on any status but 200."
    return problem(text, advice)


def redirect(observation: Observation) -> Finding | None:
    """Note redirects, which each reconnection follows anew."""
    if not observation.redirects:
        return None
    return note(
        f"{observation.redirects[0]} leads on to {observation.url}.",
        "Use that URL: each time a reader comes back it takes the way round.",
    )


def content_type(observation: Observation) -> Finding | None:
    """Check that the content type is text/event-stream, in UTF-8."""
    if observation.plain.status != 200:
        return None
    given = observation.plain.headers.get("content-type", "")
    kind, _, parameters = given.partition(";")
    if kind.strip().lower() != "text/event-stream":
        return problem(
            f"It is {given or 'missing'}: browsers refuse the stream.",
            "Answer with Content-Type: text/event-stream.",
        )
    charset = parameters.lower().replace(" ", "").partition("charset=")[2].strip('"')
    if charset not in ("", "utf-8"):
        return problem(
            f"It says {charset}, but event streams are UTF-8 whatever is said.",
            "Send UTF-8, and say so or nothing.",
        )
    return ok(f"{given}.")


def caching(observation: Observation) -> Finding:
    """Check that caches may neither keep the stream nor change it."""
    given = observation.plain.headers.get("cache-control", "").lower()
    if "no-store" in given or "no-cache" in given:
        missing = "" if "no-transform" in given else " Without no-transform a CDN may compress it."
        return (note if missing else ok)(f"Cache-Control: {given}.{missing}")
    return problem(
        f"Cache-Control is {given or 'missing'}: a cache may keep the stream, or wait for its end.",
        "Answer with Cache-Control: no-cache, no-transform.",
    )


def clock(observation: Observation) -> Finding | None:
    """Compare the server's clock with this machine's."""
    response = observation.plain
    server, ours = response.server_time, response.began + response.answered
    time = response.hello.get("time")
    if isinstance(time, int | float):
        first = next(chunk.at for chunk in response.chunks if chunk.messages)
        server, ours = float(time), response.began + first
    if server is None:
        return None
    ahead = server - ours
    if abs(ahead) <= _CLOCK_SECONDS:
        return ok("The server's clock and this machine's agree.")
    way = "ahead of" if ahead > 0 else "behind"
    return problem(
        f"The server's clock is {abs(ahead):.0f} s {way} this machine's.",
        "Let both follow a time server (timedatectl set-ntp true).",
    )


def connections(observation: Observation) -> Finding | None:
    """Check how many streams a browser can have at once: six without HTTP/2."""
    advice = "Put a proxy with TLS and HTTP/2 in front (docs/deploying.md), or share one stream."
    if observation.handshake is None:
        return note(
            "HTTP/1.1: a browser opens six connections to a name, and so at most six streams.",
            advice,
        )
    if observation.handshake.protocol == "h2":
        return ok("HTTP/2: many streams share one connection.")
    return problem(
        "TLS without HTTP/2: a browser opens six connections to a name, so at most six streams.",
        "nginx: listen 443 ssl http2. Caddy has it by itself.",
    )


def certificate(observation: Observation) -> Finding | None:
    """Check that the certificate is trusted, and for how long it is good."""
    if observation.handshake is None:
        return None
    if observation.handshake.trouble:
        return problem(
            f"It is not trusted: {observation.handshake.trouble}.",
            "Renew it, send its whole chain, or tell the authority with SSL_CERT_FILE.",
        )
    days = observation.handshake.days
    if days is None:
        return None
    text = f"It ends in {days:.0f} days." if days >= 2 else f"It ends in {days * 24:.0f} hours."
    # Some live for hours, and are renewed as long before their end as long ones in proportion.
    if days < min(_CERTIFICATE_DAYS, observation.handshake.lifetime / 5):
        return problem(text, "Renew it, and see why that did not happen by itself.")
    return ok(text)


def origin(observation: Observation) -> Finding | None:
    """Check that pages of the origin that was given may read the stream."""
    if observation.from_origin is None or observation.origin is None:
        return None
    allowed = observation.from_origin.headers.get("access-control-allow-origin", "")
    if allowed in (observation.origin, "*"):
        cookies = ""
        if observation.from_origin.headers.get("access-control-allow-credentials") != "true":
            cookies = ", without cookies"
        return ok(f"Pages of {observation.origin} may read it{cookies}.")
    said = f"only {allowed}" if allowed else "no other origin"
    return problem(
        f"Pages of {observation.origin} may not read it: the answer allows {said}.",
        f"Answer with Access-Control-Allow-Origin: {observation.origin} (Vitals: ALLOWED_ORIGINS).",
    )


BEFORE = (redirect, status, content_type)
AFTER = (caching, origin, connections, certificate, clock)
