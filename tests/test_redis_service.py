"""A service whose log is in Redis: what touches the log holds there as it does in SQLite.

The tests are those of the other modules, run again.
"""

# ruff: noqa: F401

from collections.abc import Iterator

import pytest

from tests.redis_server import RedisServer
from tests.test_alerts_service import (
    figure,
    receiver,
    start,
    test_raised_killed_restarted_and_cleared_each_once,
)
from tests.test_history import test_a_stream_goes_on_from_history
from tests.test_publish import (
    TOKEN,
    test_a_retry_that_reaches_another_worker_or_a_restarted_service_is_logged_once,
)
from tests.test_stream import (
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
    test_every_holds_for_what_is_replayed,
    test_filters_hold_for_what_is_replayed,
    test_live_samples_are_each_logged_sample_once,
)
from tests.test_workers import (
    test_a_new_start_goes_on_where_the_old_one_stopped,
    test_clients_of_all_workers_get_the_same,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def way(server: RedisServer) -> dict[str, object]:
    return {"LOG": server.url_for_each, "PUBLISH_TOKEN": TOKEN}
