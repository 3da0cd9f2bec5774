"""`flask silence`: alerts that nobody needs to be told for a while."""

import getpass
import os
import re
import time
import uuid
from typing import Any

import click

from dashboard import settings
from dashboard.alerts.silences import Silence
from dashboard.cli.target import Target, Value, post, with_target
from dashboard.events.event import HOST
from dashboard.log.contract import LogUnavailable
from dashboard.settings.types import duration, matching

FOR = Value(duration("0s", "366d", "30m or 8h; 0 ends it now"))
_HOSTS = Value(matching(settings.HOSTS_PATTERN, "a host's name, or web-*"))
_RULE = Value(matching(settings.RULE_PATTERN, "the name of a rule, or disk-*"))
_WHY = Value(matching(r"[^\x00-\x1f\x7f]{0,500}", "at most 500 characters, one line"))
why_option = click.option("--why", type=_WHY, default="", help="What others are told beside it.")


@click.command()
@click.argument("hosts", metavar="HOST", type=_HOSTS)
@click.argument("seconds", metavar="DURATION", type=FOR)
@click.option("--rule", type=_RULE, default="*", help="Of which rules [default: of all].")
@why_option
@with_target
def silence(hosts: str, seconds: float, rule: str, why: str, target: Target) -> None:
    """Send no alerts of a machine, or of all that match, for some time.

    \b
        flask silence web-1 1h --why deploy
        flask silence 'db-*' 0             ends it
    """
    if target.url:
        body = {"host": hosts, "rule": rule, "for": round(seconds), "why": why}
        ask(target, "/silences", body)
        return
    now = round(time.time(), 3)
    log_silences(
        target,
        [
            Silence(
                host=hosts if HOST.fullmatch(hosts) else target.host,
                time=now,
                until=now + seconds,
                hosts=hosts,
                rule=rule,
                why=why,
                by=user_name(),
            )
        ],
    )


def log_silences(target: Target, told: list[Silence]) -> None:
    """Log them, and print their ids."""
    try:
        for event_id in target.send([each.event() for each in told], uuid.uuid4().hex):
            click.echo(event_id)
    except LogUnavailable as error:
        raise click.ClickException(str(error)) from None


def ask(target: Target, path: str, body: dict[str, Any]) -> None:
    """Ask the Vitals of --to, and print the ids that it answers."""
    answer = post(target.url, path, body, token=target.token)
    for event_id in re.findall(r"\d+-\d+", answer.decode("utf-8", "replace")):
        click.echo(event_id)


def user_name() -> str:
    """Return who runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return str(os.getuid())
