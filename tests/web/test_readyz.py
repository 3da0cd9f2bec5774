"""What /readyz says of families that fail."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from dashboard.web.ops import readyz


@pytest.mark.parametrize(("age", "status"), [(0.1, 200), (60.0, 503)])
@pytest.mark.parametrize(
    ("failing", "is_open", "text"),
    [
        ({}, True, "ok"),
        ({}, False, "ok"),
        ({"disk": "gone", "filesystem": "/nas"}, True, "disk: gone; filesystem: /nas"),
        ({"disk": "gone"}, False, "disk: the service's output says why"),
    ],
)
def test_families_that_fail_are_named_and_alone_no_reason_for_a_503(
    age: float, status: int, failing: dict[str, str], is_open: bool, text: str
) -> None:
    """Where reading needs a right, strangers are not told of mounts and addresses."""
    runtime = SimpleNamespace(
        settings=SimpleNamespace(host_name="box", interval=1.0, limits_reading=not is_open),
        sample_age=lambda: age,
        hub=SimpleNamespace(problem=None),
        failing=lambda: failing,
        history=SimpleNamespace(trouble=None),
    )
    service: Any = SimpleNamespace(runtime=runtime)
    with Flask("test").test_request_context("/readyz"):
        response = readyz(service)
    assert response.status_code == status
    assert response.get_json()["checks"]["families"] == text
