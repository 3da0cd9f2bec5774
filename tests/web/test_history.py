"""GET /history over a real gunicorn; /stream goes on from it without a hole or a double."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.support.service import Reader, Service, data, key, wait_for

Read = Callable[..., Reader]
Start = Callable[..., Service]

AGES = (1000, 200, 100, 50, 10)  # seconds
SIX_HOURS = 6 * 3600


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose log has a past: events of some ages, and six hours of one a second."""
    service = Service(tmp_path_factory.mktemp("history"), workers=2, INTERVAL=0.2, REPLAY="1h")
    now = time.time()
    for age in AGES:
        service.clock_offset = -age
        times = {"time": now - age}
        service.append_all(
            [
                ("one", "past", times | {"age": age, "deep": {"a.b": [1, {"label": "x", "v": 2}]}}),
                ("two", "past", times | {"age": age, "sometimes": age if age < 100 else None}),
                (None, "past", times | {"age": age}),
                ("one", "past-2", times | {"age": age}),
            ]
        )
    service.clock_offset = 0
    series: list[tuple[str, str, dict[str, Any]]] = []
    for second in range(SIX_HOURS):
        figures = {"wave": 50 + 10 * math.sin(second / 300), "spiky": 20.0, "dippy": 80.0}
        if second == 10_007:
            figures |= {"spiky": 100.0, "dippy": 0.0}
        series.append(("long", "past", {"time": now - SIX_HOURS + second} | figures))
    holes = range(5000, 5600)
    series = [row for second, row in enumerate(series) if second not in holes]
    service.append_all(series)
    yield service.start().wait_until_ready()
    service.close()


def ages(answer: dict[str, Any], host: str = "past", name: str = "one") -> list[int]:
    """Which of the old events a series has; between them may be rows of nulls, for gaps."""
    found = answer["hosts"].get(host, {}).get(name, {"age": []})["age"]
    return [age for age in found if age is not None]


def test_columns_have_one_value_for_each_time(service: Service) -> None:
    answer = service.json("/history?since=500&host=past&events=one,two")
    one = answer["hosts"]["past"]["one"]
    assert one.keys() == {"time", "age", "deep.a.b.0", "deep.a.b.x.v"}
    assert one["age"] == [200, 100, 50, 10]
    assert one["deep.a.b.0"] == [1, 1, 1, 1]
    assert one["deep.a.b.x.v"] == [2, 2, 2, 2]
    assert [round(time.time() - at) for at in one["time"]] == pytest.approx(one["age"], abs=60)
    two = answer["hosts"]["past"]["two"]
    assert two["sometimes"] == [None, None, 50, 10]


def test_the_answer_says_what_it_covers(service: Service) -> None:
    response = service.get("/history?since=60")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    answer = response.json()
    assert answer.keys() == {"from", "to", "interval", "tier", "last_event_id", "latest", "hosts"}
    assert answer["interval"] == 0.2
    assert answer["to"] - answer["from"] == pytest.approx(60, abs=0.01)
    assert abs(answer["to"] - time.time()) < 60
    assert {"cpu", "memory", "load", "network"} <= answer["hosts"]["box"].keys()


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("20", [10]),
        ("75", [50, 10]),
        ("150.5", [100, 50, 10]),
        ("400", [200, 100, 50, 10]),
        ("86400", [1000, 200, 100, 50, 10]),
    ],
)
def test_since_is_how_far_back_it_goes(service: Service, since: str, found: list[int]) -> None:
    """With margins: the module has aged by the time this runs."""
    answer = service.json(f"/history?since={since}&host=past&events=one")
    assert ages(answer) == found or ages(answer) == found[1:]


def test_five_minutes_are_the_default(service: Service) -> None:
    answer = service.json("/history?host=past&events=one")
    assert answer["to"] - answer["from"] == pytest.approx(300, abs=0.01)
    assert 1000 not in ages(answer)
    assert {50, 10} <= set(ages(answer))


def test_names_and_hosts_are_filtered(service: Service) -> None:
    answer = service.json("/history?since=500&events=one,message&host=past,past-2")
    assert {host: set(names) for host, names in answer["hosts"].items()} == {
        "past": {"one", "message"},
        "past-2": {"one"},
    }
    assert {(one["host"], one["event"]) for one in answer["latest"]} == {
        ("past", "one"),
        ("past", "message"),
        ("past-2", "one"),
    }
    assert service.json("/history?events=never")["hosts"] == {}
    assert service.json("/history?host=nobody")["latest"] == []


def test_hosts_may_be_patterns(service: Service) -> None:
    answer = service.json("/history?since=500&events=one&host=p*t,nobody")
    assert answer["hosts"].keys() == {one["host"] for one in answer["latest"]} == {"past"}
    answer = service.json("/history?since=500&events=one&host=pas*")
    assert answer["hosts"].keys() == {"past", "past-2"}
    assert service.json("/history?events=one&host=x*")["hosts"] == {}


def test_fields_leave_only_the_columns_that_are_asked_for(service: Service) -> None:
    path = "/history?since=500&host=past,past-2&events=one,two"
    whole = service.json(path)
    answer = service.json(f"{path}&fields=one.age,two.sometimes,three.x")
    for host, names in answer["hosts"].items():
        for name, columns in names.items():
            assert columns.keys() == {"time", "age" if name == "one" else "sometimes"}
            for path_, column in columns.items():
                assert column == whole["hosts"][host][name][path_]
    assert [set(one["data"]) for one in answer["latest"] if one["event"] == "one"] == [
        {"host", "time", "age"}
    ] * 2
    assert answer["latest"][0]["id"] == whole["latest"][0]["id"]
    others = service.json(f"{path}&fields=one.deep.a.b")["hosts"]["past"]
    assert others["one"].keys() == {"time", "deep.a.b.0", "deep.a.b.x.v"}
    assert others["two"] == whole["hosts"]["past"]["two"], "not named: whole"


def test_columns_of_the_figures_that_are_drawn_and_events_whole(service: Service) -> None:
    path = "/history?since=500&host=past,past-2&events=one,two"
    answer = service.json(f"{path}&columns=one.deep,one.age")
    assert answer["latest"] == service.json(path)["latest"]
    assert answer["hosts"]["past"].keys() == {"one"}
    columns = {"time", "age", "deep.a.b.0", "deep.a.b.x.v"}
    assert answer["hosts"]["past"]["one"].keys() == columns
    whole = service.json(f"{path}&columns=two")["hosts"]["past"]
    assert whole == {"two": service.json(path)["hosts"]["past"]["two"]}


def test_spans_have_the_mean_and_the_extremes_of_each(service: Service) -> None:
    path = "/history?since=21600&host=past&events=long&columns=long.spiky&points=100"
    spans = service.json(f"{path}&form=spans")["hosts"]["past"]["long"]
    assert spans.keys() == {"span", "time", "mean", "low", "high"}
    assert max(each or 0 for each in spans["high"]["spiky"]) == 100
    assert max(each or 0 for each in spans["mean"]["spiky"]) < 25


def test_lines_of_all_names_that_have_a_text_but_columns_of_none(service: Service) -> None:
    service.append("queue-of-one", host="past-2", length=41)
    service.append("deploy-of-one", host="past-2", version="v1", took=3)
    answer = service.json("/history?host=past-2&events=one&lines=5&others=1")
    assert [one["data"]["version"] for one in answer["lines"]["deploy-of-one"]] == ["v1"]
    assert "queue-of-one" not in answer["lines"]
    assert {one["event"] for one in answer["latest"]} == {"one", "deploy-of-one"}
    assert answer["hosts"]["past-2"].keys() == {"one"}
    assert service.get("/history?others=2").json()["key"] == "others"


def test_lines_are_thinned_too(service: Service) -> None:
    answer = service.json("/history?host=past-2&lines=5&fields=one.age")
    lines = [one["data"].keys() for one in answer["lines"]["one"]]
    assert lines == [{"host", "time", "age"}] * len(AGES)


def test_latest_are_the_newest_whole_events(service: Service) -> None:
    answer = service.json("/history?since=1&host=past")
    latest = {one["event"]: one for one in answer["latest"]}
    assert latest.keys() == {"one", "two", "message", "long"}
    assert latest["one"]["data"]["age"] == 10
    assert latest["one"]["data"]["deep"] == {"a.b": [1, {"label": "x", "v": 2}]}
    log = {row.id: row for row in service.logged(host="past")}
    for one in answer["latest"]:
        assert one.keys() == {"id", "host", "event", "data"}
        assert log[one["id"]].data == one["data"]
    ids = [key(one["id"]) for one in service.json("/history")["latest"]]
    assert ids == sorted(set(ids))


def test_the_events_of_a_moment_are_the_newest_that_the_log_had_then(service: Service) -> None:
    newest = {row.data["age"]: row for row in service.logged("one", host="past")}
    logged = {age: int(row.id.split("-")[0]) / 1000 for age, row in newest.items()}
    for age, found in ((5, 10), (30, 50), (60, 100), (180, 200)):
        at = logged[10] + 10 - age
        answer = service.json(f"/history?at={at:.3f}&host=past*&events=one")
        assert answer["at"] == pytest.approx(at, abs=0.001)
        assert answer["log_from"] <= logged[1000]
        assert [one["data"]["age"] for one in answer["latest"]] == [found, found]
        assert {one["host"] for one in answer["latest"]} == {"past", "past-2"}
    assert answer["latest"][0]["id"] == newest[200].id
    at = logged[10]
    thin = service.json(f"/history?at={at:.3f}&host=past&events=one&fields=one.age")
    assert thin["latest"][0]["data"].keys() == {"host", "time", "age"}
    iso = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at + 1))
    assert service.json(f"/history?at={iso}&host=past")["latest"][0]["data"]["age"] == 10
    # After ten minutes an event is no longer what was; before the log there was nothing.
    assert service.json(f"/history?at={at - 300:.0f}&host=past&events=one")["latest"] == []
    for early, at in (("0", 0), ("1000", 1000), ("1969-12-31T23:59:59Z", -1)):
        answer = service.json(f"/history?at={early}")
        assert (answer["at"], answer["latest"]) == (at, [])
    assert service.json("/history?at=99999999999")["at"] == pytest.approx(time.time(), abs=60)


@pytest.mark.parametrize("points", [10, 100, 600, 5000])
def test_points_bound_every_series_and_keep_its_extremes(service: Service, points: int) -> None:
    answer = service.json(f"/history?since=21600&host=past&events=long&points={points}")
    series = answer["hosts"]["past"]["long"]
    assert series.keys() == {"time", "wave", "spiky", "dippy"}
    lengths = {len(column) for column in series.values()}
    assert len(lengths) == 1
    assert points / 3 < lengths.pop() <= points
    assert all(before <= after for before, after in pairwise(series["time"]))
    # One second in six hours.
    assert max(v for v in series["spiky"] if v is not None) == 100
    assert min(v for v in series["dippy"] if v is not None) == 0
    wave = [v for v in series["wave"] if v is not None]
    assert max(wave) == pytest.approx(60, abs=0.01)
    assert min(wave) == pytest.approx(40, abs=0.01)
    # The hole is a row of nulls, so that no chart draws a line over it. Spans of two hours may come
    # from rows of an hour, which have no such hole.
    nulls = [at for at, value in zip(series["time"], series["wave"], strict=True) if value is None]
    assert len(nulls) == 1 or (points == 10 and not nulls)
    whole = service.json("/history?since=18000&host=past&events=long&points=20000")
    long = whole["hosts"]["past"]["long"]
    sampled = [at for at, wave in zip(long["time"], long["wave"], strict=True) if wave is not None]
    before, after = max(pairwise(sampled), key=lambda pair: pair[1] - pair[0])
    assert after - before > 590
    assert all(before <= null < after for null in nulls)


def test_few_points_are_left_as_they_are(service: Service) -> None:
    answer = service.json("/history?since=21600&host=past&events=long&points=20000")
    assert len(answer["hosts"]["past"]["long"]["time"]) <= 20_000
    answer = service.json("/history?since=500&host=past&events=one&points=10")
    assert len(answer["hosts"]["past"]["one"]["time"]) == 4


def test_samples_are_in_the_columns_as_they_were(service: Service) -> None:
    answer = service.json("/history?since=300&host=box&events=cpu,load&points=20000")
    rows = {row.data["time"]: row.data for row in service.logged("cpu", host="box")}
    series = answer["hosts"]["box"]["cpu"]
    found = 0
    for at, percent, first_core in zip(
        series["time"], series["percent"], series["cores.0"], strict=True
    ):
        if percent is not None:
            assert rows[at]["percent"] == percent
            assert rows[at]["cores"][0] == first_core
            found += 1
    assert found > 0


@pytest.mark.parametrize("since", ["7200", "7200s", "120m", "2h"])
def test_since_is_seconds_or_a_duration(service: Service, since: str) -> None:
    answer = service.json(f"/history?since={since}&host=box&events=cpu")
    assert answer["to"] - answer["from"] == pytest.approx(7200)


def test_json_never_has_nan(service: Service) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(text)

    json.loads(service.get("/history?since=86400&points=50").text, parse_constant=refuse)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_stream_goes_on_from_history(start_service: Start, read: Read, workers: int) -> None:
    """While events come in all the time: history and then the stream are the log, exactly."""
    service = start_service(workers=workers, INTERVAL=0.2).wait_until_ready()
    leaving = threading.Event()
    count = 0

    def write() -> None:
        nonlocal count
        while not leaving.wait(0.002):
            service.append("news", n=count)
            count += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        joined = []
        for _ in range(12):
            answer = service.json("/history?since=300&host=other&points=20000")
            reader = read(service, f"?host=other&last_event_id={answer['last_event_id']}")
            joined.append((answer, reader))
        for _, reader in joined:
            reader.wait_for(20, "news")
    finally:
        leaving.set()
        writer.join()
    log = service.logged("news")
    assert [row.data["n"] for row in log] == list(range(count))
    for answer, reader in joined:
        reader.wait_for_id(log[-1].id)
        past = answer["hosts"].get("other", {}).get("news", {"n": []})["n"]
        live = [data(event)["n"] for event in reader.logged()]
        assert [n for n in past if n is not None] + live == list(range(count))
        assert reader.named("gap") == []


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("sinse=5", "sinse"),
        ("at=soon", "at"),
        ("at=1000&since=5", "since"),
        ("every=5", "every"),
        ("last_event_id=1-1", "last_event_id"),
        ("since=0", "since"),
        ("since=-5", "since"),
        ("since=nan", "since"),
        ("since=5x", "since"),
        ("since=999999999", "since"),
        ("points=9", "points"),
        ("points=20001", "points"),
        ("points=", "points"),
        ("points=1e3", "points"),
        ("points=10.5", "points"),
        ("events=CPU", "events"),
        ("host=a/b", "host"),
        ("host=a?", "host"),
        ("fields=", "fields"),
        ("fields=cpu", "fields"),
        ("host=a&host=b", "host"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(
    service: Service, query: str, named: str
) -> None:
    response = service.get(f"/history?{query}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["key"] == named


def test_a_log_that_cannot_be_read_is_said(make_service: Start) -> None:
    service = make_service()
    service.log_file.mkdir()
    service.start()
    response = service.get("/history")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert str(service.log_file) in response.json()["detail"]
    service.log_file.rmdir()
    wait_for(lambda: service.get("/history").status_code == 200, "the log to be there")


def test_the_history_is_compressed_for_clients_that_accept_it(service: Service) -> None:
    plain = httpx.get(f"{service.url}/history", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    packed = httpx.get(f"{service.url}/history", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert packed.json().keys() == plain.json().keys()
