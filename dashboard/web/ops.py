"""Health and metrics, for whoever is woken at night."""

from types import SimpleNamespace
from typing import Any

import gevent
import msgspec
from flask import Response, request
from gevent.lock import BoundedSemaphore
from prometheus_client import Metric
from prometheus_client import exposition as plain_text
from prometheus_client.openmetrics import exposition as open_metrics

from dashboard.metrics.node_counters import Counted, NodeCounters
from dashboard.runtime import Runtime, Service
from dashboard.web.accept import match
from dashboard.web.access import request_scope
from dashboard.web.answers import takes_gzip
from dashboard.web.compression import compress
from dashboard.web.exposition import STALE_AFTER, figures, log_gauges, own_figures
from dashboard.web.problem import problem_response

_SLACK = 1.0  # seconds for a tick that is on its way


def healthz(told: str) -> Response:
    """200 while this worker answers at all; a header tells its version."""
    response = Response("ok\n", content_type="text/plain; charset=utf-8")
    response.headers["Vitals-Version"] = told
    return response


def readyz(service: Service) -> Response:
    """200 while the machine is sampled and the log takes the samples, else 503 and what is wrong.

    `checks` has one text for each: "ok", or what is wrong and since when. A family that fails alone
    is named there, and no reason to take the service out of use.
    """
    runtime = service.runtime
    checks = {"sampling": _sampling(runtime), "log": _log(runtime)}
    # Without a history everything live goes on, so it is told, and no reason to be restarted.
    history = {"history": runtime.history.trouble or "ok"}
    wrong = [f"{name}: {text}" for name, text in checks.items() if text != "ok"]
    failing = runtime.failing()
    if runtime.settings.limits_reading:  # anybody may ask here, and mounts and addresses are told
        failing = dict.fromkeys(failing, "the service's output says why")
    checks["families"] = "; ".join(f"{k}: {v}" for k, v in failing.items()) or "ok"
    if wrong:
        return problem_response(503, "Not ready", "; ".join(wrong), checks=checks | history)
    body = msgspec.json.encode({"status": "ok", "checks": checks | history})
    return Response(body, content_type="application/json")


def metrics(service: Service, counters: NodeCounters, turn: BoundedSemaphore) -> Response:
    """Every host's newest figures, the counters of every worker, and the kernel's of this machine.

    It is OpenMetrics, or Prometheus's text where a client rather has that. A right to some events
    and hosts gives their figures, and nothing of the service itself.
    """
    runtime = service.runtime
    scope = request_scope()
    families = [family.name for family in runtime.families]
    collected: list[Metric] = [
        *figures(runtime.hub, runtime.host_intervals, families, scope),
        *own_figures(
            runtime.hub.replay_buffer,
            service.settings.figure,
            runtime.source_cadences,
            families,
            scope,
        ),
    ]
    pool = gevent.get_hub().threadpool
    if scope.is_full:
        collected += [*log_gauges(runtime.log, runtime.hub), *runtime.workers.collect()]
        with turn:
            counted = pool.apply(counters.read)
        collected += [_metric(each, service.settings.host_name) for each in counted]
    is_plain = match(request.headers.get("Accept", ""), "text/plain") > match(
        request.headers.get("Accept", ""), "application/openmetrics-text"
    )
    is_small = takes_gzip()
    # A fleet's text takes longer than streams may wait.
    text = pool.apply(_write, (collected, is_plain, is_small))
    kind = plain_text.CONTENT_TYPE_PLAIN_0_0_4 if is_plain else open_metrics.CONTENT_TYPE_LATEST
    response = Response(text, content_type=kind)
    response.headers["Vary"] = "Accept, Accept-Encoding"
    if is_small:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _metric(counted: Counted, host: str) -> Metric:
    is_counter = counted.name.endswith("_total")
    kind = "counter" if is_counter else "gauge"
    metric = Metric(counted.name.removesuffix("_total"), counted.meaning, kind)
    for labels, value in counted.samples:
        metric.add_sample(counted.name, {"host": host, **labels}, value)
    return metric


def _write(collected: list[Metric], is_plain: bool, is_small: bool) -> bytes:
    form: Any = plain_text if is_plain else open_metrics
    # A registry that only has to be written out, which any thread may do.
    text: bytes = form.generate_latest(SimpleNamespace(collect=lambda: collected))
    return compress(text) if is_small else text


def _sampling(runtime: Runtime) -> str:
    host, interval = runtime.settings.host_name, runtime.settings.interval
    age = runtime.sample_age()
    if age is None:
        return f"no sample of {host} has come yet"
    if age > STALE_AFTER * interval + _SLACK:
        return f"the last sample of {host} is {age:.0f} s old"
    return "ok"


def _log(runtime: Runtime) -> str:
    problem = runtime.hub.problem
    if problem is None:
        return "ok"
    reason, since = problem
    return f"{reason} (for {max(0.0, runtime.hub.now() - since):.0f} s)"
