"""Badges and pictures: SVG of figures, for places without a browser of ours."""

import time
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from dashboard.metrics.catalogue.value_text import written, written_span
from dashboard.web.svg import Curve, chart
from tests.support.service import Service, wait_for
from tests.web.test_problems import assert_is_problem

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "</text><script>alert(1)</script>\x07"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    figure = '[{"name": "slow.length", "every": "5s", "title": "Slow <b>"}]'
    service = Service(tmp_path_factory.mktemp("pictures"), INTERVAL=0.2, FIGURE=figure)
    service.clock_offset = -100
    service.append("slow", "box", time=1, length=1)
    service.clock_offset = 0
    now = time.time()
    for age, length in ((240, 12), (120, 30), (1, 41)):
        service.append("queue", "box", time=now - age, length=length, size_bytes=3 << 30)
    yield service.start().wait_until_ready()
    service.close()


def drawn(service: Service, path: str) -> ElementTree.Element:
    answer = service.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
    return ElementTree.fromstring(answer.text)


def texts(svg: ElementTree.Element) -> list[str]:
    return ["".join(each.itertext()) for each in svg.iter(f"{SVG}text")]


def test_a_badge_has_the_newest_value_in_its_unit(service: Service) -> None:
    assert texts(drawn(service, "/badge/queue.length.svg")) == ["Queue length", "41"]
    assert texts(drawn(service, "/badge/queue.size_bytes.svg")) == ["Queue size", "3.0 GiB"]
    assert texts(drawn(service, "/badge/queue.length.svg?title=Waiting")) == ["Waiting", "41"]
    answer = service.get("/badge/queue.length.svg")
    assert answer.headers["cache-control"] == "max-age=1"
    etag = {"If-None-Match": answer.headers["etag"]}
    assert service.get("/badge/queue.length.svg", headers=etag).status_code == 304


def test_an_old_figure_is_a_grey_dash_with_its_age(service: Service) -> None:
    svg = drawn(service, "/badge/slow.length.svg")
    title, text = texts(svg)
    assert title == "Slow <b>"
    assert text.startswith("— ")
    assert text.endswith(" ago")
    assert [each.get("fill") for each in svg.iter(f"{SVG}rect")][1] == "#6e7781"


def test_a_picture_is_a_chart_of_its_window(service: Service) -> None:
    wait_for(lambda: service.get("/now?figures=cpu.percent").status_code == 200, "a sample")
    svg = drawn(service, "/picture/queue.length.svg?window=5m&width=600&height=200")
    assert svg.get("viewBox") == "0 0 600 200"
    found = texts(svg)
    assert found[:2] == ["Queue length · box", "Queue length 41"]
    assert found[2:5] == ["0", "25", "50"]
    (line,) = [each for each in svg.iter(f"{SVG}path") if each.get("fill") == "none"]
    points = [tuple(map(float, each.split())) for each in (line.get("d") or "")[1:].split("L")]
    assert len(points) == 3
    assert points == sorted(points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    assert "of a chart" not in found
    network = drawn(service, "/picture/network.svg?window=1m&theme=light")
    assert texts(network)[0] == "Network · box"
    both = drawn(service, "/picture/queue.length~queue.size_bytes.svg")
    assert texts(both)[0] == "Queue length · Queue size · box"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/badge/cpu.svg", 404),
        ("/badge/queue.nothing.svg", 404),
        ("/badge/queue.length.svg?host=nobody", 404),
        ("/badge/queue.length.svg?x=1", 400),
        ("/picture/nothing.svg", 404),
        ("/picture/processes.svg", 404),
        ("/picture/queue.nothing.svg", 404),
        ("/picture/cpu.svg?host=nobody", 404),
        (f"/picture/{'~'.join(f'a.b{n}' for n in range(9))}.svg", 404),
        ("/picture/cpu.svg?window=soon", 400),
        ("/picture/cpu.svg?window=9y", 400),
        ("/picture/cpu.svg?width=9", 400),
    ],
)
def test_what_can_not_be_drawn_is_said(service: Service, path: str, status: int) -> None:
    assert_is_problem(service.get(path), status)


def test_others_texts_are_text_and_a_silence_is_a_gap() -> None:
    curve = Curve(
        title=NASTY,
        color="blue",
        text=NASTY,
        times=[0, 10, 20, 30],
        values=[1.0, 2.0, None, 3.0],
        low=[0.5, 1.0, None, 3.0],
        high=[1.5, 9.0, None, 3.0],
    )
    svg = ElementTree.fromstring(
        chart(
            NASTY * 9,
            [curve],
            first=0,
            end=40,
            top=None,
            size=(400, 200),
            theme="dark",
            mark=lambda value: written(value, "%"),
        )
    )
    assert not list(svg.iter(f"{SVG}script"))
    lines = [each.get("d") for each in svg.iter(f"{SVG}path") if each.get("fill") == "none"]
    assert len(lines) == 2


@pytest.mark.parametrize("value", [5e-324, 1e-320, 1.7e308, -1.7e308])
def test_the_smallest_and_the_largest_numbers_are_drawn(value: float) -> None:
    curve = Curve(title="x", color="blue", text=written(value, ""), times=[0, 1], values=[value, 0])
    size, mark = (400, 200), lambda each: written(each, "")
    drawn = chart("x", [curve], first=0, end=2, top=None, size=size, theme="dark", mark=mark)
    assert "nan" not in drawn
    ElementTree.fromstring(drawn)


def test_values_are_written_as_people_read_them() -> None:
    cases = [
        (None, "%", "—"), (0.04, "%", "0.0 %"), (99.6, "%", "100 %"), (41.0, "", "41"),
        (2.5, "", "2.5"), (1023.7, "B", "1.0 KiB"), (1536.0, "B", "1.5 KiB"),
        (999.6, "B/s", "1.0 kB/s"),
        (21.0, "°C", "21 °C"), (7200.0, "duration", "2 h"), (-5.0, "B", "-5 B"),
        (1.7e308, "", "1.70e+308"), (-1.7e308, "%", "-1.70e+308 %"), (1e300, "B", "8.88e+284 PiB"),
    ]  # fmt: skip
    assert [written(value, unit) for value, unit, _ in cases] == [text for _, _, text in cases]
    assert [written(each, "ms", 2) for each in (1.25, 1e300)] == ["1.25 ms", "1.00e+300 ms"]
    spans = [written_span(each) for each in (0, 99, 100, 6000, 200_000)]
    assert spans == ["0 s", "99 s", "2 min", "2 h", "2 d"]
