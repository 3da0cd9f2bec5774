"""A Prometheus endpoint whose samples become an event."""

import http.client
import time
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import Metric
from prometheus_client import parser as prometheus
from prometheus_client.openmetrics import parser as open_metrics

from dashboard.client.deadline import Deadline
from dashboard.client.http import BadRedirect, get, reason_of
from dashboard.metrics.values import printable
from dashboard.sampling.sources.series_figures import SeriesFigures
from dashboard.settings import Scrape

MOST_BYTES = 4 << 20  # of an answer
MOST_LINE = 4096  # characters: what the parser takes grows with their square
_LONGEST = 10.0  # seconds that a scrape may take
_LATEST = 0.9  # of the time until the sampler gives a reading up
_PIECE = 64 << 10
_HEADERS: dict[str, str | bytes] = {
    "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "User-Agent": "Vitals",
}


class ScrapeReader:
    """Asks an endpoint once for each reading."""

    def __init__(self, scrape: Scrape) -> None:
        """Nothing is asked yet; counters have rates from the second reading on."""
        self.absent_reason: str | None = None
        self._url = scrape.url
        self._timeout = min(_LONGEST, _LATEST * max(4.0, scrape.every))
        self._figures = SeriesFigures(keep=scrape.keep, rename=scrape.rename)

    def read(self) -> dict[str, Any]:
        """Return the figures with `up` and `scrape_seconds`; of one that is away `up` alone, 0."""
        self.absent_reason = None
        started = time.monotonic()
        try:
            metrics = self._ask()
        except (OSError, http.client.HTTPException, ValueError) as error:
            # The path and the query may be secret, also of a redirect.
            reason = (
                "a redirect that leads nowhere"
                if isinstance(error, BadRedirect)
                else reason_of(error)
            )
            self.absent_reason = f"{urlsplit(self._url).netloc}: {printable(reason)}"
            return {"up": 0}
        data, left_out = self._figures.of(metrics)
        if left_out:
            self.absent_reason = f"{left_out} series found no room: choose with `keep`"
        return data | {"up": 1, "scrape_seconds": round(time.monotonic() - started, 3)}

    def _ask(self) -> list[Metric]:
        """Return the metrics of an answer. Raises OSError, HTTPException, ValueError."""
        deadline = Deadline(self._timeout)
        with get(self._url, _HEADERS, self._timeout, deadline=deadline) as answer:
            if answer.response.status != 200:
                raise ValueError(f"status {answer.response.status}")
            body = bytearray()
            while piece := answer.response.read1(_PIECE):
                body += piece
                if len(body) > MOST_BYTES:
                    raise ValueError(f"more than {MOST_BYTES} bytes")
            kind = answer.response.headers.get_content_type()
        return metrics_in(body.decode(), is_open_metrics=kind == "application/openmetrics-text")


def metrics_in(text: str, *, is_open_metrics: bool = False) -> list[Metric]:
    """Return the metrics of an exposition. Raises ValueError for a text that is none."""
    if max(map(len, text.split("\n"))) > MOST_LINE:
        raise ValueError(f"a line of more than {MOST_LINE} characters")
    parser: Any = open_metrics if is_open_metrics else prometheus
    try:
        return list(parser.text_string_to_metric_families(text))
    except Exception as error:  # of whatever kind
        raise ValueError(f"no metrics: {error}") from None
