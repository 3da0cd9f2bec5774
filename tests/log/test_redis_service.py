"""A service whose log is in Redis: what touches the log holds there as it does in SQLite.

The tests are those of the other modules, run again.
"""

# ruff: noqa: F401

import sys
from collections.abc import Callable, Iterator

import pytest

from tests.alerts.test_service import (
    figure,
    receiver,
    start,
    test_raised_killed_restarted_and_cleared_each_once,
)
from tests.cli.test_commands import environ, run
from tests.server.test_workers import (
    test_a_new_start_goes_on_where_the_old_one_stopped,
    test_clients_of_all_workers_get_the_same,
)
from tests.streaming.test_stream import (
    host,
    quick,
    test_a_deleted_log_gets_a_gap,
    test_a_long_absence_is_caught_up_in_whole,
    test_a_position_before_the_logs_time_gets_a_gap,
    test_a_position_of_the_future_gets_a_gap,
    test_a_position_that_the_hub_has_not_read_yet_is_no_gap,
    test_a_stream_resumes_after_an_id,
    test_an_absence_longer_than_replay_gets_a_gap,
    test_an_id_between_two_events_is_a_position_too,
    test_filters_hold_for_what_is_replayed,
    test_live_samples_are_each_logged_sample_once,
)
from tests.support.redis_server import RedisServer
from tests.support.service import Reader, Service, data, wait_for
from tests.web.test_history import test_a_stream_goes_on_from_history
from tests.web.test_publish import (
    TOKEN,
    test_a_retry_that_reaches_another_worker_or_a_restarted_service_is_logged_once,
)


@pytest.fixture(scope="module")
def way(redis_server: RedisServer) -> dict[str, object]:
    return {"LOG": redis_server.url_for_each, "PUBLISH_TOKEN": TOKEN}


def test_the_commands_write_to_it_and_pages_and_metrics_read_it(
    start_service: Callable[..., Service], read: Callable[..., Reader]
) -> None:
    service = start_service(INTERVAL=0.2).wait_until_ready()
    reader = read(service, "?events=deploy,log,progress")
    reader.wait_for(1, "hello")
    env = environ(service)
    published = run("publish", "deploy", "version=2", env=env)
    assert published.returncode == 0, published.stderr
    written = run("log", "--name", "job", env=env, input="one\ntwo\n")
    assert written.returncode == 0, written.stderr
    counted = run("progress", "copy", "--", sys.executable, "-c", "print(1)", env=env)
    assert counted.returncode == 0, counted.stderr
    # The step before the end is left out where the end comes within the same fifth of a second.
    ended = lambda: [e for e in reader.named("progress") if data(e)["state"] == "completed"]  # noqa: E731
    wait_for(ended, "the end of the job")
    (deploy,) = reader.named("deploy")
    assert deploy.id == published.stdout.decode().strip()
    assert [data(event)["message"] for event in reader.named("log")] == ["one", "two"]
    assert data(reader.named("progress")[-1])["state"] == "completed"

    lines = service.json("/history?since=60&lines=10")["lines"]
    assert [item["data"]["message"] for item in lines["log"]] == ["one", "two"]
    assert service.total("vitals_log_size_bytes") > 0
    assert service.total("vitals_log_failing") == 0
    assert service.total("node_load1", host="box") >= 0
    step = service.get("/progress/copy", headers={"Last-Event-ID": reader.named("progress")[-1].id})
    assert step.status_code == 204
    assert service.json("/alerts")["alerts"] == []
