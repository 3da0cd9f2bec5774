"""/healthz, /readyz and /metrics over a real gunicorn."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

from dashboard.installation import build_id, release
from tests.support.service import Reader, Service, wait_for

Read = Callable[..., Reader]
Start = Callable[..., Service]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("ops"), workers=2, INTERVAL=0.2)
    yield service.start().wait_until_ready()
    service.close()


@contextmanager
def in_the_lead(service: Service) -> Iterator[None]:
    """Hold the lock of the leader in a new file, so that no worker samples (any more)."""
    service.run_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    mine = service.run_directory / "mine"
    with mine.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        mine.rename(service.run_directory / "leader-box.lock")
        yield


# --- health --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_no_cache_keeps_what_holds_now(service: Service, path: str) -> None:
    assert service.get(path).headers["cache-control"] == "no-store"


def test_a_worker_that_answers_is_alive(service: Service) -> None:
    response = service.get("/healthz")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text == "ok\n"
    assert response.headers["vitals-version"] == release(build_id())
    head = service.request("HEAD", "/healthz")
    assert head.status_code == 200
    assert head.content == b""


def test_a_service_that_samples_and_logs_is_ready(service: Service) -> None:
    # A sample may be late on a busy machine.
    wait_for(lambda: service.get("/readyz").status_code == 200, "it to be ready")
    response = service.get("/readyz")
    assert response.json() == {
        "status": "ok",
        "checks": {"sampling": "ok", "log": "ok", "families": "ok", "history": "ok"},
    }


def test_before_the_first_sample_it_is_alive_but_not_ready(make_service: Start) -> None:
    service = make_service(workers=2, INTERVAL=0.2)
    with in_the_lead(service):
        service.start()
        for _ in range(6):
            response = service.get("/readyz")
            assert response.status_code == 503
            assert response.headers["content-type"] == "application/problem+json"
            said = response.json()
            assert said["status"] == 503
            assert said["checks"] == {
                "sampling": "no sample of box has come yet",
                "log": "ok",
                "families": "ok",
                "history": "ok",
            }
            assert "no sample of box" in said["detail"]
            assert service.get("/healthz").status_code == 200
            assert service.get("/metrics").status_code == 200
        assert service.logged() == []
    wait_for(lambda: service.get("/readyz").status_code == 200, "the first sample")


def test_when_nobody_samples_it_says_so_and_the_old_figures_go(start_service: Start) -> None:
    service = start_service(workers=2, INTERVAL=0.2).wait_until_ready()
    wait_for(lambda: service.metric("node_load1"), "a figure")
    with in_the_lead(service):
        wait_for(lambda: service.get("/readyz").status_code == 503, "the samples to be stale")
        said = service.get("/readyz").json()
        assert said["checks"]["log"] == "ok"
        assert said["checks"]["sampling"].startswith("the last sample of box is ")
        assert service.get("/healthz").status_code == 200
        assert service.metric("node_load1") == []
        assert service.total("vitals_family_stale", family="load") == 1
        assert service.total("vitals_leads") == 0
    wait_for(lambda: service.get("/readyz").status_code == 200, "samples again")
    assert service.metric("node_load1") != []
    assert service.total("vitals_leads") == 1


# --- metrics -------------------------------------------------------------------------------------


def test_metrics_are_openmetrics(service: Service) -> None:
    response = service.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=")
    assert response.text.endswith("# EOF\n")
    families = list(text_string_to_metric_families(response.text))  # type: ignore[no-untyped-call]
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    for family in families:
        assert family.documentation, family.name
        samples = [(s.name, tuple(sorted(s.labels.items()))) for s in family.samples]
        assert len(samples) == len(set(samples)), family.name
        assert all(sample.value == sample.value for sample in family.samples), "NaN"


def test_a_client_gets_the_format_and_the_coding_that_it_accepts(service: Service) -> None:
    plain, either = "text/plain; version=0.0.4", "application/openmetrics-text; version=1"
    wanted = {
        "*/*": either,
        "text/plain": plain,
        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1": plain,
        "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.5": either,
        "application/openmetrics-text;q=0.2,text/plain;q=0.5": plain,
        "application/xml": either,
    }
    for accept, kind in wanted.items():
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        response = service.get("/metrics", headers=headers)
        assert response.headers["content-type"].startswith(kind), accept
        assert response.text.endswith("# EOF\n") == (kind is either)
        assert "Accept" in response.headers["vary"]
    packed = service.get("/metrics", headers={"Accept": "text/plain", "Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(packed.content) / 4
    names = {family.name for family in plain_families(packed.text)}
    assert {"node_cpu_seconds", "node_load1", "vitals_streams"} <= names


def test_what_is_scraped_passes_the_checks_of_promtool(service: Service) -> None:
    """promtool's rules; those about names that are node_exporter's own have to be broken."""
    wait_for(lambda: service.metric("node_filesystem_avail_bytes"), "the filesystems")
    text = service.get("/metrics", headers={"Accept": "text/plain"}).text
    for family in plain_families(text):
        assert family.documentation, family.name
        totals = {sample.name.endswith("_total") for sample in family.samples}
        assert totals <= {family.type == "counter"}, family.name
        assert not re.search(r"_(counter|gauge|ms|kb|mb|percent|celcius)$", family.name)
        assert ":" not in family.name
        assert family.name.startswith("node_") or family.name == family.name.lower()
    program = shutil.which("promtool")
    if program is None:
        assert "CI" not in os.environ, "no promtool"
        pytest.skip("the rest is for promtool, of Debian's package prometheus")
    done = subprocess.run([program, "check", "metrics"], input=text, capture_output=True, text=True)
    told = [line for line in done.stderr.splitlines() if "camelCase" not in line]
    assert told == []


def test_the_machines_figures_have_their_usual_names(service: Service) -> None:
    wait_for(lambda: service.metric("node_filesystem_size_bytes"), "the filesystems")
    for name in (
        "node_memory_MemTotal_bytes",
        "node_memory_MemAvailable_bytes",
        "node_load1",
        "node_load15",
        "node_boot_time_seconds",
        "vitals_cpu_usage_ratio",
        "vitals_processes",
    ):
        ((labels, value),) = service.metric(name)
        assert labels == {"host": "box"}, name
        assert value >= 0, name
    assert 0 <= service.total("vitals_cpu_usage_ratio") <= 1
    total = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
    assert service.total("node_memory_MemTotal_bytes") == total
    labels, _ = service.metric("node_filesystem_size_bytes")[0]
    assert labels.keys() == {"host", "mountpoint"}
    # Dashboards made for node_exporter subtract one from the other, which takes the same labels.
    for name, other in (
        ("node_filesystem_size_bytes", "node_filesystem_avail_bytes"),
        ("node_memory_MemTotal_bytes", "node_memory_MemFree_bytes"),
        ("node_memory_SwapTotal_bytes", "node_memory_SwapFree_bytes"),
        ("node_time_seconds", "node_boot_time_seconds"),
    ):
        both = [[labels for labels, _ in service.metric(each)] for each in (name, other)]
        assert both[0] == both[1] != [], name


def test_the_figures_are_those_of_the_log(service: Service) -> None:
    """Between two looks at the log that frame the scrape."""
    before = service.logged("memory")[-1]
    scraped = service.total("node_memory_MemAvailable_bytes")
    rows = service.logged("memory")
    wait_for(lambda: len(service.logged("memory")) > len(rows), "one more")
    rows = service.logged("memory")
    start = next(i for i, row in enumerate(rows) if row.id == before.id)
    assert scraped in [row.data["available"] for row in rows[max(0, start - 2) :]]


def test_each_workers_counters_are_in_one_scrape(service: Service, read: Read) -> None:
    workers = {str(pid) for pid in service.worker_pids()}
    assert len(workers) == 2
    for name in (
        "vitals_streams",
        "vitals_feeds",
        "vitals_leads",
        "vitals_events_total",
        "vitals_frames_total",
        "vitals_gaps_total",
        "vitals_streams_opened_total",
        "vitals_events_unlogged_total",
        "vitals_append_failures_total",
        "vitals_append_seconds_count",
        "vitals_fan_out_seconds_sum",
        "process_resident_memory_bytes",
    ):
        assert len(service.metric(name)) == 2, name
        assert {one["worker"] for one, _ in service.metric(name)} == workers, name
    dropped = {
        (one["worker"], one["reason"]) for one, _ in service.metric("vitals_streams_dropped_total")
    }
    assert dropped >= {(w, r) for w in workers for r in ("lagging", "busy", "stopping")}
    for name in ("vitals_log_size_bytes", "vitals_log_failing", "vitals_log_age_seconds"):
        ((labels, _),) = service.metric(name)
        assert labels == {}, name
    assert service.total("vitals_log_size_bytes") >= service.log_file.stat().st_size
    assert service.total("vitals_log_failing") == 0
    assert service.total("vitals_leads") == 1


def test_what_is_counted_is_what_happens(start_service: Start, read: Read) -> None:
    service = start_service(workers=2, INTERVAL=0.2).wait_until_ready()
    assert service.total("vitals_streams") == service.total("vitals_feeds") == 0
    readers = [read(service, f"?events=e{number % 2},cpu") for number in range(6)]
    for reader in readers:
        reader.wait_for(4, "cpu")
    assert service.total("vitals_streams") == 6
    assert service.total("vitals_streams_opened_total") == 6
    assert 2 <= service.total("vitals_feeds") <= 4
    assert service.total("vitals_frames_total") >= 2 * 3
    each = [value for _, value in service.metric("vitals_events_total")]
    assert min(each) > 0, "each worker reads the log"
    count = service.total("vitals_events_total")
    service.append_all([("news", "other", {"n": number}) for number in range(50)])
    wait_for(lambda: service.total("vitals_events_total") >= count + 100, "both to have read them")
    assert service.total("vitals_append_seconds_count") >= 3
    assert service.total("vitals_fan_out_seconds_count") >= 6
    assert service.total("vitals_gaps_total") == 0
    read(service, last_event_id="1-1").wait_for(1, "gap")
    assert service.total("vitals_gaps_total") == 1
    for reader in readers:
        reader.close()
    wait_for(lambda: service.total("vitals_streams") == 1, "the streams to be gone")


def test_a_killed_worker_leaves_the_scrape(start_service: Start) -> None:
    service = start_service(workers=2, INTERVAL=0.2).wait_until_ready()
    killed = service.worker_pids()[0]
    os.kill(killed, signal.SIGKILL)

    def current() -> bool:
        told = {int(one["worker"]) for one, _ in service.metric("vitals_streams")}
        return len(told) == 2 and killed not in told

    wait_for(current, "the new worker in its place")
    assert not list(service.run_directory.glob(f"{killed}.metrics"))
