"""`flask export`: the figures of the history as CSV or NDJSON, on standard output."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import click

from dashboard import settings
from dashboard.cli.target import echo_err
from dashboard.cli.usage_error import UsageError
from dashboard.events.glob import fits
from dashboard.jobs.reporter import progress
from dashboard.log.contract import LogUnavailable
from dashboard.log.history.answer import FORMATS, head, lines_of, only_figures, text_of
from dashboard.log.history.service import history_path
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import MINUTES, SECONDS, TIERS, Tier
from dashboard.log.history.transaction import Series
from dashboard.log.opening import log_url, run_directory

_STEP = 5.0  # seconds between two reports of a job


@click.command()
@click.option("--since", default="24h", show_default=True, help="How far back: 90s, 5m, 6h, 30d.")
@click.option("--figures", default="*", metavar="NAMES", help="Such as cpu.*,memory.percent.")
@click.option("--host", default="*", metavar="NAMES", help="Only of these machines: web-*,db-1.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option(
    "--tier",
    type=click.Choice([tier.name for tier in TIERS]),
    help="The rows to write [default: the finest that are kept for so long].",
)
@click.option("--job", metavar="NAME", help="Report the progress as a job of this name.")
def export(
    since: str, figures: str, host: str, form: str, tier: str | None, job: str | None
) -> None:
    """Write the history's figures, a line for each figure and moment.

    \b
        flask export --since 30d --figures 'cpu.*,memory.percent' >month.csv

    It reads the file that the settings name, whether or not the service runs. The history is built
    once a minute, so the newest rows are missing.
    """
    found = settings.load(os.environ)
    path = history_path(found)
    if path is None:
        raise UsageError("there is no history: the setting HISTORY is off")
    if not os.access(path, os.R_OK):
        raise UsageError(f"{path}: nothing was kept there yet, or this user may not read it")
    try:
        seconds = settings.parse_duration(since)
    except ValueError:
        raise UsageError(f"--since {since!r}: wanted is a time such as 90s, 6h or 30d") from None
    now = time.time()
    first, chosen = now - seconds, _tier(found, seconds, tier)
    folder = run_directory(log_url(found), instance=found.instance)
    store = HistoryStore(path, folder / "history-files.lock")
    wanted, hosts = fits(_names(figures)), fits(_names(host))
    try:
        series = [each for each in store.series() if hosts(each.host)]
        sys.stdout.write(head(form))
        with _showing(job, len(series)) as step:
            for each in series:
                paths = only_figures(each.event, wanted)
                for rows in store.read(chosen, each, first, now, paths):
                    lines = lines_of(each.host, each.event, rows.within(first, now))
                    sys.stdout.write(text_of(lines, form))
                step(each)
        sys.stdout.flush()
    except LogUnavailable as error:
        echo_err(f"the history cannot be read: {error}")
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


@contextmanager
def _showing(job: str | None, count: int) -> Iterator[Callable[[Series], None]]:
    """Show how far the export is: as a bar on a terminal, and as a job where one is named.

    Call what is given with each series that is written.
    """
    # A bar between the rows themselves would help nobody.
    is_seen = sys.stderr.isatty() and not sys.stdout.isatty()
    bar: Any = click.progressbar(length=count, file=sys.stderr) if is_seen else nullcontext()
    try:
        reports: Any = nullcontext() if job is None else progress(job, total=count)
    except ValueError as error:
        raise UsageError(f"--job: {error}") from None
    done, told_at = 0, 0.0

    def step(series: Series) -> None:
        nonlocal done, told_at
        done += 1
        if is_seen:
            bar.update(1)
        if job is None:
            return
        reports.done = done  # which its end tells, too
        if time.monotonic() - told_at >= _STEP:
            told_at = time.monotonic()
            reports.step(f"{series.host} {series.event}", done=done)

    with bar, reports:
        yield step


def _tier(found: settings.Settings, seconds: float, name: str | None) -> Tier:
    if name is not None:
        return next(tier for tier in TIERS if tier.name == name)
    kept = {SECONDS: found.history_seconds, MINUTES: found.history_minutes}
    return next((tier for tier, age in kept.items() if seconds <= age), TIERS[-1])


def _names(text: str) -> frozenset[str]:
    names: Iterator[str] = (name.strip() for name in text.split(","))
    return frozenset(name for name in names if name)
