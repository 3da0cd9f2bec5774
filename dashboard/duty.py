"""What the one process does that samples a host: the samples, their alerts, and sending those."""

from collections.abc import Callable, Sequence
from pathlib import Path

from dashboard.alert_rules import watches
from dashboard.alerting import Alerting, warn_of_unknown_fields
from dashboard.instruments import Instruments
from dashboard.log import EventLog
from dashboard.metrics import Family
from dashboard.notify import Notifier
from dashboard.sampler import Sampler, cadences
from dashboard.settings import Settings


class Duty:
    """From the moment a process leads until it stands back."""

    def __init__(
        self,
        log: EventLog,
        settings: Settings,
        families: Sequence[type[Family]],
        *,
        folder: Path,
        instruments: Instruments,
    ) -> None:
        """`folder` is where is kept what receivers of alerts were told."""
        warn_of_unknown_fields(settings.alert, families)
        each = cadences(families, settings.interval)
        self._notifier = Notifier(
            log,
            settings.notify,
            host=settings.host_name,
            retention=settings.retention,
            folder=folder,
        )
        self._alerting = Alerting(
            log,
            watches(settings.alert, defaults=settings.alerts.defaults, cadences=each),
            host=settings.host_name,
            cadences=each,
            retention=settings.retention,
            on_alert=self._notifier.wake,
        )
        self._sampler = Sampler(
            log,
            families,
            host=settings.host_name,
            interval=settings.interval,
            instruments=instruments,
            watcher=self._alerting,
        )

    @property
    def on_alert(self) -> Callable[[], None]:
        """To be called when the log has something new about alerts."""
        return self._notifier.wake

    def start(self) -> None:
        """Begin."""
        self._sampler.start()
        self._alerting.start()
        self._notifier.start()

    def stop(self) -> None:
        """Leave it to the next."""
        self._sampler.stop()
        self._alerting.stop()
        self._notifier.stop()

    def wait(self) -> None:
        """After `stop`, give a message that is on its way a moment to arrive."""
        self._notifier.wait()
