"""What /readyz says of families that fail."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from dashboard.web.ops import readyz


@pytest.mark.parametrize(("age", "status"), [(0.1, 200), (60.0, 503)])
@pytest.mark.parametrize(
    ("failing", "text"),
    [({}, "ok"), ({"disk": "gone", "filesystem": "/nas"}, "disk: gone; filesystem: /nas")],
)
def test_families_that_fail_are_named_and_alone_no_reason_for_a_503(
    age: float, status: int, failing: dict[str, str], text: str
) -> None:
    runtime = SimpleNamespace(
        settings=SimpleNamespace(host_name="box", interval=1.0),
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
