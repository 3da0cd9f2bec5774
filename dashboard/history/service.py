"""The history of one worker: who reads it, and who keeps it while it is this worker's turn."""

from pathlib import Path

from dashboard.history.access import History
from dashboard.history.builder import Builder, Limits
from dashboard.history.keeper import HistoryKeeper
from dashboard.history.shared import SharedAnswers
from dashboard.history.store import HistoryStore
from dashboard.log.contract import EventLog
from dashboard.log.opening import log_url, run_directory
from dashboard.settings import Settings


class HistoryService:
    """What a worker has of the history. `keeper` is None where the setting HISTORY is off."""

    def __init__(self, settings: Settings, log: EventLog) -> None:
        folder = run_directory(log_url(settings), instance=settings.instance)
        path, lock = history_path(settings), folder / "history-files.lock"
        limits = Limits(
            settings.history_seconds,
            settings.history_minutes,
            settings.history_hours,
            settings.history_size,
        )
        self.reader = History(path, lock, limits)
        self.answers = SharedAnswers()
        self.keeper: HistoryKeeper | None = None
        if path is not None:
            self.keeper = HistoryKeeper(log, Builder(HistoryStore(path, lock), limits))

    @property
    def trouble(self) -> str | None:
        """Return why this worker can't write the history; None where it can or need not."""
        return None if self.keeper is None else self.keeper.trouble

    def start(self) -> None:
        """Keep the history, as the one process of this log that does."""
        if self.keeper is not None:
            self.keeper.start()

    def stop(self) -> None:
        """Leave keeping it to another process."""
        if self.keeper is not None:
            self.keeper.stop()


def history_path(settings: Settings) -> Path | None:
    """Return the file that the setting HISTORY names, or the one beside the log; None for off.

    For a log that is no file of this machine it lies in the folder of its run-time files.
    """
    if settings.history.lower() == "off":
        return None
    if settings.history:
        return Path(settings.history)
    url = log_url(settings)
    if url.startswith("sqlite:"):
        log = Path(url.removeprefix("sqlite:///")).absolute()
        return log.with_name(f"{log.stem}-history.db")
    return run_directory(url, instance=settings.instance) / "history.db"
