"""The command `vitals`: what `flask` is in a checkout, from any folder, and `vitals serve`."""

import os
import sys

import click

from dashboard import cli, settings
from dashboard.cli.usage_error import UsageError
from dashboard.installation import FILES, build_id, default_config, default_instance, release
from dashboard.posix.own_address import url_to_open


def _tell_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version with the build, for which all files are read, and end."""
    if wanted:
        click.echo(f"vitals {release(build_id())}")
        context.exit()


@click.group(cls=cli.Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Live vital signs of machines on a wall, over Server-Sent Events.

    Settings come from the environment (DASHBOARD_…) and from a file: that of DASHBOARD_CONFIG, else
    ~/.config/vitals/vitals.toml, else /etc/vitals/vitals.toml.
    """
    config = default_config()
    if config is not None:
        os.environ.setdefault("DASHBOARD_CONFIG", str(config))
    try:
        settings.load(os.environ)
    except settings.SettingError as error:
        raise UsageError(str(error)) from None


@main.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "-b", "--bind", "--host", metavar="ADDRESS[:PORT]", default="127.0.0.1", show_default=True
)
@click.option("-p", "--port", type=click.IntRange(0, 65535), help="[default: 8000]")
@click.option(
    "-w",
    "--workers",
    type=click.IntRange(1),
    envvar="WEB_CONCURRENCY",
    help="[default: WEB_CONCURRENCY, or 1]",
)
@click.argument("more", nargs=-1, type=click.UNPROCESSED, metavar="[GUNICORN OPTIONS]")
def serve(bind: str, port: int | None, workers: int | None, more: tuple[str, ...]) -> None:
    """Sample this machine and serve its wall.

    On an address that others can reach it wants a READ_TOKEN, which the sign-in page asks for.
    Other options go to gunicorn.
    """
    if more and not more[0].startswith("-"):
        raise UsageError(f"{more[0]}: wanted are options, as in vitals serve --port 9000")
    configuration = FILES / "gunicorn.conf.py"
    if not configuration.exists():
        raise UsageError("vitals-agent has no pages to serve: install vitals")
    address, number = _address(bind)
    if address is not None:
        number = 8000 if port is None and number is None else port if port is not None else number
        bind = f"[{address}]:{number}" if ":" in address else f"{address}:{number}"
    found = settings.load(os.environ).instance or default_instance()
    source = os.environ.get("DASHBOARD_CONFIG", "the environment")
    there = url_to_open(f"http://{bind}") if address and number else bind
    print(f"vitals: settings: {source}; data: {found}; {there}", file=sys.stderr, flush=True)
    arguments = ["-c", str(configuration), "-b", bind, *more]
    if workers is not None:
        arguments += ["-w", str(workers)]
    os.execv(sys.executable, [sys.executable, "-P", "-m", "gunicorn", *arguments])


def _address(bind: str) -> tuple[str | None, int | None]:
    """Return the address and the port of --bind; no address for a Unix socket or a descriptor."""
    if bind.startswith(("unix:", "fd://")):
        return None, None
    address, colon, port = bind.rpartition(":")
    if bind.endswith("]") or not colon or (":" in address and not address.startswith("[")):
        return bind.strip("[]"), None
    if not port.isdigit():
        raise UsageError(f"--bind {bind}: wanted is an address, or one with a port: 0.0.0.0:8000")
    return address.strip("[]"), int(port)
