"""Checks of how events come: at once, one by one, with signs of life, and again after a break."""

from collections.abc import Sequence
from statistics import median

from dashboard.doctor.findings import Finding, note, ok, problem
from dashboard.doctor.observation import Observation, Response

_FIRST_BYTE = 3.0  # seconds
_HELD = 0.5  # seconds by which half of all events come later than the quickest
_PAUSE = 0.4
_ENOUGH = 4  # events
# After so many seconds of silence most proxies cut a connection (nginx's proxy_read_timeout, and
# what load balancers begin with).
_IDLE_TIME = 60.0
_MARGIN = 5.0
_ALIKE = 0.5  # seconds by which the ends of two streams differ that a limit has ended

_UNBUFFER = (
    "Switch the buffering off in what is in front of the server: nginx: proxy_buffering off, and "
    "no proxy_ignore_headers X-Accel-Buffering; Apache: flushpackets=on; a CDN: no caching for "
    "this path. Or it is the server that does not flush."
)


def first_byte(observation: Observation) -> Finding:
    """Check that something comes at once, by which a page knows that it is connected."""
    response = observation.plain
    if not response.chunks:
        return problem(
            f"The headers came, but no event or comment within {response.until:.1f} s.",
            "Send something at once: an event, or a comment (a line `:`). If the server does, see "
            f"buffering. {_UNBUFFER}",
        )
    first = response.chunks[0].at
    if first > _FIRST_BYTE:
        return problem(f"The first one came after {first:.1f} s.", _UNBUFFER)
    return ok(f"The first one came after {first:.2f} s.")


def buffering(observation: Observation) -> Finding | None:
    """Check that events arrive when they happen, not in clumps."""
    if not observation.plain.chunks:
        return None
    held = held_back(observation.plain, observation.every)
    if held:
        return problem(held, _UNBUFFER)
    count = len(observation.plain.live())
    if count < _ENOUGH:
        return note(
            f"Too little happened in {observation.plain.until:.1f} s to tell: {count} events "
            "with a time.",
            "Look for longer (--seconds), or at a busier stream.",
        )
    return ok(f"{count} events came as they happened.")


def compression(observation: Observation) -> Finding | None:
    """Check that a stream that is asked for with gzip, as by browsers, arrives as quickly."""
    plain, packed = observation.plain, observation.packed
    encoding = plain.headers.get("content-encoding", "identity")
    if encoding != "identity":
        return problem(
            f"The answer is compressed ({encoding}), though nobody asked for that.",
            "Compress only for clients that accept it.",
        )
    if packed is None:
        return None
    advice = (
        "Flush the compressor after each event, or leave text/event-stream out (nginx: gzip off, "
        "or not in gzip_types)."
    )
    if not packed.is_stream:
        status = f"{packed.status}" if packed.status else f"none within {packed.seconds:g} s"
        text = f"For browsers, which accept gzip, it holds the stream back: the answer is {status}."
        return problem(text, advice)
    encoding = packed.headers.get("content-encoding", "identity")
    if encoding == "identity":
        return ok("None.")
    held = held_back(packed, observation.every)
    without, with_it = len(plain.messages), len(packed.messages)
    if without - with_it >= _ENOUGH and with_it < without / 2:
        held = f"In the same time {without} events came without it, {with_it} with it."
    elif held and held_back(plain, observation.every):
        return note(f"{encoding}. Events are held back with it and without it.")
    if not held:
        return ok(f"{encoding}, and each event can be read when it comes.")
    return problem(f"{encoding} holds events back: {held[0].lower()}{held[1:]}", advice)


def heartbeat(observation: Observation) -> Finding:
    """Check that no silence is so long that a proxy takes the connection for dead."""
    response = observation.plain
    silence = longest_silence(response)
    declared = response.hello.get("heartbeat")
    if isinstance(declared, int | float):
        text = f"The server says that it breaks its silence after {declared:g} s."
        if declared > _IDLE_TIME - _MARGIN:
            return problem(
                f"{text} Most proxies cut the connection after {_IDLE_TIME:g} s.",
                "Set HEARTBEAT to 15.",
            )
        if silence > declared + _MARGIN:
            return problem(f"{text} But it was silent for {silence:.0f} s.", _UNBUFFER)
        return ok(text)
    if silence >= min(_IDLE_TIME - _MARGIN, 0.75 * response.until) and response.ended is None:
        return problem(
            f"Nothing came for {silence:.0f} s, and no heartbeat is announced. Most proxies cut a "
            f"connection after {_IDLE_TIME:g} s of silence.",
            "Send a comment (a line `:` and an empty one) or an event at least each 15 to 30 s. If "
            "the server does so more rarely, look for longer: --seconds 60.",
        )
    return ok(f"The longest silence was {silence:.1f} s.")


def end(observation: Observation) -> Finding | None:
    """Check that the server does not end the stream, and that nothing limits its length."""
    response = observation.plain
    if any(message.event == "busy" for message in response.messages):
        return problem(
            "The server is full: it sent `busy` and ended the stream.",
            "More workers, or a higher MAX_STREAMS and LimitNOFILE.",
        )
    if response.ended is None:
        return None
    again = observation.again and observation.again.ended
    if again and abs(again - response.ended) < _ALIKE:
        return problem(
            f"An answer is ended after {response.ended:.1f} s, twice and whatever comes: something "
            "limits how long one may take. Browsers come back each time.",
            "Lift the limit for this path. Envoy (Istio, Contour): `timeout: 0s` in the route, "
            "which else has 15 s. Others: a load balancer's or platform's request timeout, "
            "gunicorn's --timeout with sync workers.",
        )
    return problem(
        f"The server ended the stream after {response.ended:.1f} s; browsers come back each time.",
        "Keep it open. If it is meant to be over, answer the next request with 204.",
    )


def resume(observation: Observation) -> Finding:
    """Check that after a break a reader gets all that it missed, once and in order."""
    known = observation.plain.ids
    after, again = observation.resumed_after, observation.resumed
    if after is None or again is None:
        if observation.plain.messages and not known:
            return problem(
                "Events have no ids: after a break a browser can't say what it has.",
                "Send `id:` with each event, and go on after the Last-Event-ID that comes back.",
            )
        return note("Too few events with an id have come to try it.")
    if not again.is_stream:
        return problem(
            f"With Last-Event-ID: {after} the answer is {again.status}.",
            "Answer 200, also for ids that are no longer known.",
        )
    position = known.index(after)
    missed, had = known[position + 1 :], set(known[: position + 1])
    came = again.ids
    doubled = [one for one in came if one in had] + [one for one in came if came.count(one) > 1]
    if doubled:
        return problem(
            f"After {after} events come again that the reader has had ({doubled[0]}).",
            "Send only what came after the Last-Event-ID.",
        )
    if not observation.every and not _is_within(missed, came):
        got = len(set(missed) & set(came))
        return problem(
            f"{len(missed)} events came after {after}; asked to go on there, the server sent {got} "
            f"of them{', mixed up' if got == len(set(missed)) else ''}.",
            "Keep the events of the last minutes, and on Last-Event-ID send those after it, in "
            "order. If the server does, a proxy takes the header away.",
        )
    return ok(f"After {after} came what followed, once and in order.")


def held_back(response: Response, every: float = 0.0) -> str | None:
    """Return a sentence on how events are held back, or None if they are not, or it is not known.

    `every` is for how long the server may hold them back because it was asked to.
    """
    torn = [pause for pause, is_full in _pauses(response) if not is_full and pause >= _PAUSE]
    if len(torn) >= 2 or (torn and torn[-1] > response.until / 2):
        return f"{len(torn)} times the stream stood still within an event, for {max(torn):.1f} s."
    delays = [arrived - own for arrived, own in response.live()]
    if len(delays) < _ENOUGH:
        return None
    # What is quickest counts as not delayed, so that no clock needs to be right.
    late = [delay - min(delays) for delay in delays]
    if median(late) > _HELD + every:
        return f"Half of the events come {median(late):.1f} s late or more, several at once."
    return None


def longest_silence(response: Response) -> float:
    """Return the longest time in seconds in which nothing came, not even a comment."""
    return max((pause for pause, _ in _pauses(response)), default=response.until)


def _pauses(response: Response) -> list[tuple[float, bool]]:
    """Return the pauses after each chunk: (seconds, True if that chunk was whole)."""
    if not response.chunks:
        return []
    ends = [chunk.at for chunk in response.chunks[1:]] + [response.until]
    return [(end - p.at, p.is_full) for p, end in zip(response.chunks, ends, strict=True)]


def _is_within(wanted: Sequence[str], found: Sequence[str]) -> bool:
    """Return True if all that is wanted was found in this order, perhaps among others."""
    rest = iter(found)
    return all(one in rest for one in wanted)


CHECKS = (first_byte, buffering, compression, heartbeat, end, resume)
