"""Titles and units of figures of which only the name is known."""

import pytest

from dashboard.metrics.catalogue.declared import title_of, unit_of


@pytest.mark.parametrize(
    ("event", "field", "title", "unit"),
    [
        ("queue", "length", "Queue length", ""),
        ("backup", "written_bytes_per_second", "Backup written", "B/s"),
        ("backup", "size_bytes", "Backup size", "B"),
        ("cache", "hit_percent", "Cache hit", "%"),
        ("cache", "percent", "Cache", "%"),
        ("http", "latency_ms", "HTTP latency", "ms"),
        ("web", "requests_per_second", "Web requests", "1/s"),
        ("boiler", "flow.celsius", "Boiler flow", "°C"),
        ("job", "age_seconds", "Job age", "s"),
        ("db", "tables.*.rows", "DB rows", ""),
        ("db", "tables.users.rows", "DB tables users rows", ""),
        ("disk", "mounts./srv/my-data.used_bytes", "Disk mounts /srv/my-data used", "B"),
        ("cpu", "cores.*", "CPU", ""),
    ],
)
def test_a_title_and_a_unit_are_made_of_the_name(
    event: str, field: str, title: str, unit: str
) -> None:
    assert (title_of(event, field), unit_of(field)) == (title, unit)
