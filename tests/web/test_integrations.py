"""What docs/prometheus.md and docs/integrations.md say holds for a real service."""

import html
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]
from jinja2 import Environment
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.support.service import ROOT, Service, running, wait_for

PAGE = (ROOT / "docs" / "prometheus.md").read_text("utf-8")
OTHERS = (ROOT / "docs" / "integrations.md").read_text("utf-8")
WALL = "https://wall.example"
TOKEN = "read-me-if-you-can"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("scraped")
    with running(folder, READ_TOKEN=TOKEN, HOST_NAME="web-1", INTERVAL=0.2) as service:
        yield service.wait_until_ready()


def ask(service: Service, path: str) -> str:
    response = service.get(path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200, response.text
    return response.text


def test_the_configuration_scrapes_what_there_is(service: Service) -> None:
    config = yaml.safe_load((ROOT / "examples" / "prometheus.yml").read_text("utf-8"))
    jobs = config["scrape_configs"]
    assert len({job["job_name"] for job in jobs}) == len(jobs) == 2
    for job in jobs:
        assert job["authorization"]["type"] == "Bearer"
        assert job["static_configs"][0]["targets"]
        assert ask(service, job["metrics_path"])
        assert service.get(job["metrics_path"]).status_code == 401


def test_the_names_in_the_questions_are_metrics(service: Service) -> None:
    asked = set(re.findall(r"\b(?:node|vitals)_\w+", PAGE)) - {"node_exporter"}
    if not Path("/proc/pressure/irq").exists():
        asked -= {"node_pressure_irq_stalled_seconds_total"}  # tests/metrics has it
    assert len(asked) > 6

    def missing() -> set[str]:
        families = text_string_to_metric_families(ask(service, "/metrics"))  # type: ignore[no-untyped-call]
        return asked - {
            name for family in families for name in (family.name, *(s.name for s in family.samples))
        }

    wait_for(lambda: not missing(), "all families to have been sampled")


def test_the_root_selector_makes_rows_of_columns(service: Service) -> None:
    selector = PAGE.split("```jq\n")[1].split("```")[0]
    (url,) = re.findall(r"https://wall\.example(/history\?[^`]+)`", PAGE)

    def rows() -> list[dict[str, float | None]]:
        done = subprocess.run(
            ["jq", selector], input=ask(service, url), capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert isinstance(found, list)
        return found

    found = wait_for(lambda: [row for row in rows() if row["percent"] is not None], "a row")
    assert found[-1].keys() == {"time", "percent", "iowait"}
    sampled = found[-1]["time"]
    assert sampled is not None
    assert sampled > 1.7e12  # milliseconds


def snippets() -> dict[str, Any]:
    """The YAML of docs/integrations.md, by its headings."""
    sections = re.findall(r"^## (.+)\n(?:(?!## ).*\n)*?```yaml\n([\s\S]*?)```", OTHERS, re.M)
    return {heading: yaml.safe_load(text) for heading, text in sections}


def figures(service: Service, asked: dict[str, Any]) -> dict[str, Any]:
    """What the service answers to the address and the headers of a snippet."""
    url = httpx.URL(asked.get("url") or asked["resource"])
    if "parameters" in asked:
        url = url.copy_merge_params(asked["parameters"])
    assert asked["headers"] == {"Authorization": "Bearer READ_TOKEN"}
    found: dict[str, Any] = json.loads(ask(service, str(url).removeprefix(WALL)))
    return found


def test_homepage_finds_the_fields_of_its_mappings(service: Service) -> None:
    (group,) = snippets()["Homepage"]
    wall, disks = (next(iter(each.values())) for each in group["Machines"])
    found = figures(service, wall["widget"])

    def follow(field: Any, value: Any) -> Any:
        if isinstance(field, str):
            return value[field]
        ((key, rest),) = field.items()
        return follow(rest, value[key])

    for mapping in wall["widget"]["mappings"]:
        assert 0 <= follow(mapping["field"], found) <= 100
    assert ask(service, disks["widget"]["src"].removeprefix(WALL))


def test_glance_finds_the_paths_of_its_template(service: Service) -> None:
    asked, frame = snippets()["Glance"]
    found = figures(service, asked)
    paths = re.findall(r'\.JSON\.Float "([^"]+)"', asked["template"])
    assert len(paths) == 2
    for path in paths:
        value: Any = found
        for key in path.split("."):
            value = value[key]
        assert 0 <= value <= 100
    assert ask(service, frame["source"].removeprefix(WALL))


def test_the_templates_of_home_assistant_give_numbers(service: Service) -> None:
    (asked,) = snippets()["Home Assistant"]["rest"]
    found = figures(service, asked)
    for sensor in asked["sensor"]:
        text = Environment().from_string(sensor["value_template"]).render(value_json=found)
        assert 0 <= float(text) <= 100


def test_the_pictures_and_frames_of_the_page_are_there(service: Service) -> None:
    urls = {html.unescape(url) for url in re.findall(rf"{WALL}(/[^\s`\"]+)", OTHERS)}
    assert len(urls) > 6
    for url in urls - {"/now"}:  # Glance has its query apart
        assert ask(service, url)
