"""The token by which a request publishes, and what is its own: keys, jobs, events, hosts."""

from collections.abc import Iterable

from flask import request

from dashboard.access.publishers import MAIN_PUBLISHER
from dashboard.errors import ClientError
from dashboard.events.scope import Scope
from dashboard.jobs.model import EVENT, Step
from dashboard.settings import Publisher

PUBLISHER = "vitals.publisher"  # of a request's environ


def publisher_name() -> str:
    """Return the name of the token by which this request publishes."""
    publisher: Publisher = request.environ[PUBLISHER]
    return publisher.name


def publisher_prefix() -> str:
    """Return what keeps the idempotency keys of this request's token apart from other tokens'."""
    name = publisher_name()
    return "" if name == MAIN_PUBLISHER else f"{name} "  # no key has a blank


def check_publish_scope(kinds: Iterable[tuple[str, str | None]]) -> None:
    """Raise ClientError(403) for the first event that the token of this request may not publish.

    `kinds` are hosts and names.
    """
    publisher: Publisher = request.environ[PUBLISHER]
    scope = Scope(publisher.events, publisher.hosts)
    if scope.is_full:
        return
    for host, name in kinds:
        if scope.allows(host, name):
            continue
        raise ClientError(
            403,
            f"the token {publisher.name!r} may not publish {name or 'unnamed events'} of {host}; "
            f"{scope}",
            key="host" if scope.allows_name(name or "message") else "event",
        )


def check_publishes_all() -> None:
    """Raise ClientError(403) unless the token of this request may publish everything."""
    publisher: Publisher = request.environ[PUBLISHER]
    if not Scope(publisher.events, publisher.hosts).is_full:
        raise ClientError(403, f"the token {publisher.name!r} is limited, and may not do this")


def check_job(step: Step) -> None:
    """Raise ClientError(403) for a job, by its newest step, that is another token's.

    One that no token reported is of its host. PUBLISH_TOKEN may report on all.
    """
    check_publish_scope([(step.host, EVENT)])
    name = publisher_name()
    if step.publisher and step.publisher != name != MAIN_PUBLISHER:
        raise ClientError(
            403, f"the token {name!r} may not report on the job {step.job}: another token does"
        )
