"""Every operation of the service, by path and method, as OpenAPI 3.1 has it.

HEAD and OPTIONS are not listed: every path that has GET answers HEAD like it, without the body, and
every path answers OPTIONS with the methods that it has.
"""

from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST

from dashboard.web.openapi import events_operations, pages_operations
from dashboard.web.openapi.parts import (
    JSON,
    OPEN,
    PROBLEM,
    READING,
    TEXT,
    Json,
    answer,
    operation,
    ref,
    refusals,
)


def paths() -> dict[str, Json]:
    """The path items."""
    return {
        **pages_operations.paths(),
        **events_operations.paths(),
        "/healthz": {"get": _healthz()},
        "/readyz": {"get": _readyz()},
        "/metrics": {"get": _metrics()},
        "/openapi.json": {"get": _openapi()},
    }


def _healthz() -> Json:
    return operation(
        "healthz",
        "operation",
        "Whether a worker answers",
        security=OPEN,
        answers={"200": answer("it does", {"text/plain": TEXT}), **refusals()},
    )


def _readyz() -> Json:
    return operation(
        "readyz",
        "operation",
        "Whether the machine is sampled and the log works",
        security=OPEN,
        answers={
            "200": answer("both", {JSON: ref("Ready")}),
            "503": answer("`checks` says what is wrong", {PROBLEM: ref("Problem")}),
            **refusals(),
        },
    )


def _metrics() -> Json:
    return operation(
        "metrics",
        "operation",
        "Figures for Prometheus",
        security=READING,
        answers={
            "200": answer("OpenMetrics text", {CONTENT_TYPE_LATEST: TEXT}),
            **refusals(401, 403, 429),
        },
    )


def _openapi() -> Json:
    return operation(
        "openapi",
        "operation",
        "This description",
        security=OPEN,
        answers={"200": answer("OpenAPI 3.1", {JSON: {"type": "object"}}), **refusals()},
    )
