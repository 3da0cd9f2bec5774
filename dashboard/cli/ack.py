"""`flask ack`: an open alert of which somebody knows."""

import os
import time
from urllib.parse import quote

import click

from dashboard import settings
from dashboard.alerts.history import OpenAlerts
from dashboard.alerts.silences import acknowledgements
from dashboard.cli.silence import FOR, ask, log_silences, user_name, why_option
from dashboard.cli.target import Target, with_target
from dashboard.cli.usage_error import UsageError
from dashboard.log.contract import FOR_EVER, LogUnavailable
from dashboard.log.opening import log_url, open_log


@click.command()
@click.argument("name")
@click.option("--for", "seconds", type=FOR, default="24h", show_default=True, help="How long.")
@click.option("--everywhere", is_flag=True, help="On all machines, not only on --host.")
@why_option
@with_target
def ack(name: str, seconds: float, everywhere: bool, why: str, target: Target) -> None:
    """Acknowledge an open alert: it is sent no more until it is over, or becomes worse.

    \b
        flask ack disk-full:/home --why "Ann is at it"
        flask ack host-silent --host web-1 --for 8h
    """
    host = None if everywhere else target.host
    if target.url:
        whose = "" if host is None else f"/{quote(host)}"
        path = f"/alerts{whose}/{quote(name, safe='')}/ack"
        ask(target, path, {"for": round(seconds), "why": why})
        return
    ours = settings.load(os.environ)
    try:
        log = open_log(log_url(ours), retention=FOR_EVER, instance=ours.instance)
        try:
            found = [each for _, each in OpenAlerts(log, retention=ours.retention).look()[0]]
        finally:
            log.close()
    except LogUnavailable as error:
        raise click.ClickException(str(error)) from None
    now = time.time()
    told = acknowledgements(found, name, host, now=now, seconds=seconds, why=why, by=user_name())
    if not told:
        names = ", ".join(sorted({f"{each.alert} of {each.host}" for each in found})[:20])
        where = "" if host is None else f" of {host}"
        raise UsageError(f"{name}{where}: no such alert is open; open are: {names or 'none'}")
    log_silences(target, told)
