"""Open the log that a URL or the settings name, and find the folder of its run-time files."""

import hashlib
from pathlib import Path

from dashboard.installation import default_instance
from dashboard.log.contract import FOR_EVER, UNBOUNDED, AppendLog, EventLog
from dashboard.settings import APPEND_ONLY, Settings


def instance_folder(settings: Settings) -> Path:
    """Return the folder of what the service keeps: the setting INSTANCE, or the default one."""
    return Path(settings.instance or default_instance())


def log_url(settings: Settings) -> str:
    """The URL of the log that the settings name, or of the one in the instance folder."""
    return settings.log or f"sqlite:///{instance_folder(settings) / 'events.db'}"


def run_directory(url: str, *, instance: str = "") -> Path:
    """The folder in which the processes of one log on one machine meet (locks, wake-ups).

    `instance` is the setting; there it is where the log is not a file of this machine.
    """
    folder = Path(instance or default_instance())
    if _is_redis(url):
        from dashboard.log.redis.server import redis_run_directory

        return redis_run_directory(url, folder)
    from dashboard.log.sqlite.engine import run_directory, sqlite_path

    if url.startswith("sqlite:"):
        return run_directory(sqlite_path(url))
    digest = hashlib.sha256(url.encode()).hexdigest()[:12]
    return folder / f"log-{digest}-run"


def open_log(
    url: str, *, retention: float, most_bytes: int = UNBOUNDED, instance: str = ""
) -> EventLog:
    """Open the log that a URL names, for scripts and threads.

    `retention` is in seconds, `most_bytes` what the events may take; `instance` is the setting, as
    for `run_directory`. Raises LogUnavailable where the log's folder can't be made.
    """
    if _is_redis(url):
        from dashboard.log.redis.engine import RedisLog

        folder = run_directory(url, instance=instance)
        return RedisLog(url, folder, retention=retention, most_bytes=most_bytes)
    from dashboard.log.sqlite.engine import SQLiteLog, sqlite_path

    return SQLiteLog(sqlite_path(url), retention=retention, most_bytes=most_bytes)


def open_log_for_greenlets(
    url: str, *, retention: float, most_bytes: int = UNBOUNDED, instance: str = ""
) -> EventLog:
    """Open the log that a URL names, for a gevent worker: no call blocks the event loop.

    Takes and raises what `open_log` does.
    """
    if _is_redis(url):  # on sockets that gevent has patched
        return open_log(url, retention=retention, most_bytes=most_bytes, instance=instance)
    from dashboard.log.sqlite.engine import SQLiteLog, sqlite_path
    from dashboard.log.threaded import ThreadedLog

    return ThreadedLog(
        lambda: SQLiteLog(sqlite_path(url), retention=retention, most_bytes=most_bytes)
    )


def open_to_append(settings: Settings, *, for_greenlets: bool = False) -> AppendLog:
    """Open the log that the settings name for whoever only reports: scripts, threads, greenlets.

    Raises LogUnavailable where the log's folder can't be made.
    """
    url = log_url(settings)
    if url.startswith(APPEND_ONLY):
        from dashboard.log.http import HTTPLog

        return HTTPLog(url, settings.publish_token)
    open_it = open_log_for_greenlets if for_greenlets else open_log
    return open_it(url, retention=FOR_EVER, instance=settings.instance)


def _is_redis(url: str) -> bool:
    return url.startswith(("redis:", "rediss:", "unix:"))
