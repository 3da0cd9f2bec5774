"""What the service says at its start: who may read, where the log is, what is sampled, its version.

gunicorn.conf.py loads this alone, so it imports nothing of the package.
"""

import platform
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def start_report(
    settings: Any,
    duration: Callable[[float], str],
    *,
    files: Path,
    instance: Path,
    workers: int,
    server: str,
    source: str,
    url: str | None,
) -> Iterator[str]:
    """Yield a line each.

    `settings` are a Settings, `duration` writes seconds; `files` has pyproject.toml, `instance` is
    the folder where the setting INSTANCE names none, `server` is the server's name and version,
    `source` is where the settings come from, `url` is what a browser opens.
    """
    read = "whoever has the READ_TOKEN" if settings.read_token else ""
    if settings.trusted_user_header:
        users = f"users in {settings.trusted_user_header} of {', '.join(settings.trusted_proxies)}"
        read = " or ".join(filter(None, (read, users)))
    read = read or "whoever reaches that address"
    publish = "whoever has the PUBLISH_TOKEN" if settings.publish_token else "joined machines alone"
    if settings.publish:
        publish = "whoever has a token for it"
    yield f"May read: {read}; may publish: {publish}"
    log = settings.log or f"sqlite:///{settings.instance or instance}/events.db"
    yield f"Log: {log}, kept for {duration(settings.retention)}"
    sampled = f"{settings.host_name} every {duration(settings.interval)}"
    yield f"Sampled: {sampled}; heartbeats after {settings.heartbeat:g}s"
    programs = f"{server}, Python {platform.python_version()}"
    many = f"{workers} worker{'' if workers == 1 else 's'}"
    yield f"Vitals{_version(files)}, {many}, {programs}; settings: {source}"
    if url:
        yield f"Open {url}"


def _version(files: Path) -> str:
    try:
        project = (files / "pyproject.toml").read_text("utf-8")
    except OSError:
        return ""  # somebody took only what runs
    return f" {tomllib.loads(project)['project']['version']}"
