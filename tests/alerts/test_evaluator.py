"""The rules: samples in, what has to be said about them out; no clock, no log, no service."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.alerts.built_in import active_rules
from dashboard.alerts.disk_forecast import trend
from dashboard.alerts.evaluator import Evaluator, Rule
from dashboard.alerts.model import MOST_NAME, Alert, State, decode_alert, duration
from dashboard.alerts.rules import ThresholdRule
from dashboard.events.event import Event
from dashboard.metrics import FAMILIES
from dashboard.metrics.family import Sample
from dashboard.sampling.leader_tasks import sampled_rules
from dashboard.settings import load

START = 1_790_000_000.0
CADENCES = {family.name: family.cadence or 1.0 for family in FAMILIES}


def rule(**table: Any) -> ThresholdRule:
    """The watch of one table [[alert]]."""
    given = {"name": "hot", "when": "cpu.percent > 90"} | {
        {"for_seconds": "for"}.get(key, key): value for key, value in table.items()
    }
    (parsed,) = load({"DASHBOARD_ALERT": json.dumps([given])}).alert
    return ThresholdRule(parsed)


def alerts_of(*found: Rule, still: float = 600.0) -> Evaluator:
    return Evaluator(found, host="box", cadences=CADENCES, still=still)


def built_in(name: str) -> Rule:
    """A rule that holds where the settings say nothing."""
    (found,) = [w for w in active_rules((), defaults=True, cadences=CADENCES) if w.name == name]
    return found


def cpu(at: float, percent: float | None) -> Sample:
    return Sample("cpu", START + at, {"percent": percent, "cores": [percent, 1.0]})


def disks(at: float, **percent: float) -> Sample:
    mounts = [
        {"mountpoint": f"/{name}", "total": 1000, "used": 10 * share, "percent": share}
        for name, share in percent.items()
    ]
    return Sample("filesystem", START + at, {"mounts": mounts})


def said(alerts: Evaluator, samples: Iterable[Sample]) -> list[tuple[str, str, float]]:
    """What is said, as (alert, state, seconds since the start), sample by sample."""
    return [
        (alert.alert, alert.state, alert.time - START)
        for sample in samples
        for alert in alerts.evaluate([sample])
    ]


# Raising and clearing.


def test_an_alert_is_raised_once_and_cleared_once() -> None:
    alerts = alerts_of(rule(clear="< 80"))
    figures = [50, 95, 95, 95, 85, 79, 70]
    assert said(alerts, (cpu(at, figure) for at, figure in enumerate(figures))) == [
        ("hot", "raised", 1),
        ("hot", "cleared", 5),
    ]


def test_what_is_said_has_all_that_is_known() -> None:
    alerts = alerts_of(rule(for_seconds="2s", level="critical"))
    (raised,) = [a for at in range(3) for a in alerts.evaluate([cpu(at, 97.25)])]
    assert raised == Alert(
        host="box",
        time=START + 2,
        alert="hot",
        rule="hot",
        level="critical",
        state="raised",
        metric_family="cpu",
        value=97.25,
        threshold=90,
        since=START,
        message="cpu.percent is 97.2, above 90 for 2 s",
    )
    (cleared,) = alerts.evaluate([cpu(3, 12)])
    assert (cleared.state, cleared.value, cleared.since) == ("cleared", 12, START)
    assert cleared.message == "cpu.percent is 12, no longer above 90"
    assert decode_alert(cleared.event()) == cleared


@pytest.mark.parametrize(
    ("when", "clear", "figures", "states"),
    [
        ("cpu.percent > 90", None, [90, 90.1, 90], ["", "raised", "cleared"]),
        ("cpu.percent >= 90", None, [89.9, 90, 89.9], ["", "raised", "cleared"]),
        ("cpu.percent < 10", None, [10, 9.9, 10], ["", "raised", "cleared"]),
        ("cpu.percent <= 10", None, [10.1, 10, 10.1], ["", "raised", "cleared"]),
        ("cpu.percent > 90", "< 80", [91, 80, 79.9], ["raised", "", "cleared"]),
        ("cpu.percent > 90", "<= 80", [91, 80.1, 80], ["raised", "", "cleared"]),
        ("cpu.percent < 10", "> 20", [9, 20, 20.1], ["raised", "", "cleared"]),
        ("cpu.percent > -5", "< -5", [-5, -4, -5, -6], ["", "raised", "", "cleared"]),
    ],
)
def test_the_limit_and_its_other_side(
    when: str, clear: str | None, figures: list[float], states: list[str]
) -> None:
    alerts = alerts_of(rule(when=when, **({"clear": clear} if clear else {})))
    found = [[a.state for a in alerts.evaluate([cpu(at, f)])] for at, f in enumerate(figures)]
    assert found == [[state] if state else [] for state in states]


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=60),
    st.floats(50, 90),
    st.floats(10, 50),
    st.integers(0, 5),
)
def test_hysteresis_and_time_hold_for_any_figures(
    figures: list[float | None], limit: float, clear: float, for_seconds: int
) -> None:
    limit, clear = round(limit, 2), round(clear, 2)
    alerts = alerts_of(
        rule(when=f"cpu.percent > {limit}", clear=f"< {clear}", for_seconds=f"{for_seconds}s")
    )
    spoken = said(alerts, (cpu(at, figure) for at, figure in enumerate(figures)))
    states = [state for _, state, _ in spoken]
    assert states == (["raised", "cleared"] * len(states))[: len(states)], "they take turns"
    for _, state, at in spoken:
        figure = figures[int(at)]
        assert figure is not None, "a figure that isn't there says nothing"
        if state == "cleared":
            assert figure < clear
            continue
        # Beyond the limit at both ends of the time and in all of it that was measured.
        stretch = [f for f in figures[int(at) - for_seconds : int(at) + 1] if f is not None]
        assert all(f > limit for f in stretch)
        assert at >= for_seconds


@given(st.lists(st.sampled_from([50.0, 85.0, 95.0]), max_size=40), st.data())
def test_restored_from_what_was_said_the_rest_is_the_same(
    figures: list[float], data: st.DataObject
) -> None:
    stop = data.draw(st.integers(0, len(figures)))
    samples = [cpu(at, figure) for at, figure in enumerate(figures)]
    whole = said(alerts_of(rule(clear="< 80", for_seconds="3s")), samples)

    first = alerts_of(rule(clear="< 80", for_seconds="3s"))
    spoken = [alert for sample in samples[:stop] for alert in first.evaluate([sample])]
    second = alerts_of(rule(clear="< 80", for_seconds="3s"))
    for sample in samples[:stop]:
        second.replay(sample)
    second.restore([a for a in spoken[-1:] if a.is_open])
    before = [(a.alert, a.state, a.time - START) for a in spoken]
    assert before + said(second, samples[stop:]) == whole


# Time.


def test_a_time_needs_samples_that_cover_it() -> None:
    alerts = alerts_of(rule(for_seconds="10s"))
    gap = [*range(5), *range(60, 71)]
    assert said(alerts, (cpu(at, 99) for at in gap)) == [("hot", "raised", 70)]


def test_two_samples_far_apart_are_no_time() -> None:
    assert said(alerts_of(rule(for_seconds="60s")), [cpu(0, 99), cpu(3600, 99)]) == []


def test_a_missing_sample_or_two_are_no_gap() -> None:
    alerts = alerts_of(rule(for_seconds="10s"))
    assert said(alerts, (cpu(at, 99) for at in (0, 3, 6, 9, 12))) == [("hot", "raised", 12)]


def test_a_gap_neither_raises_nor_clears() -> None:
    alerts = alerts_of(rule())
    assert said(alerts, [cpu(0, 99), cpu(300, None), cpu(301, 99), cpu(900, 99)]) == [
        ("hot", "raised", 0),
        ("hot", "still", 900),
    ]


def test_a_dip_begins_the_time_anew() -> None:
    alerts = alerts_of(rule(for_seconds="5s", clear="< 50"))
    figures = [99, 99, 99, 85, 99, 99, 99, 99, 99, 99]
    assert said(alerts, (cpu(at, figure) for at, figure in enumerate(figures))) == [
        ("hot", "raised", 9)
    ]


def test_a_clock_that_is_set_back_begins_the_time_anew_and_keeps_what_is_raised() -> None:
    alerts = alerts_of(rule(for_seconds="5s"))
    assert said(alerts, [cpu(at, 99) for at in (100, 101, 0, 1, 2, 3, 4, 5)]) == [
        ("hot", "raised", 5)
    ]
    assert said(alerts, [cpu(at, 99) for at in (-3600, -3500)]) == []
    assert said(alerts, [cpu(-3600 + 601, 99)]) == [("hot", "still", -2999)]
    assert said(alerts, [cpu(-2000, 5)]) == [("hot", "cleared", -2000)]


def test_still_comes_every_ten_minutes_also_without_samples_of_its_own() -> None:
    alerts = alerts_of(rule())
    assert said(alerts, (cpu(at, 99) for at in range(0, 1801))) == [
        ("hot", "raised", 0),
        ("hot", "still", 600),
        ("hot", "still", 1200),
        ("hot", "still", 1800),
    ]
    others = (Sample("load", START + at, {"load1": 1.0}) for at in range(1801, 2500))
    assert said(alerts, others) == [("hot", "still", 2400)]


# Items.


def test_each_item_has_an_alert_of_its_own() -> None:
    alerts = alerts_of(rule(name="full", when="filesystem.mounts.*.percent > 90"))
    samples = [disks(0, home=95, var=50), disks(10, home=95, var=95), disks(20, home=5, var=95)]
    assert said(alerts, samples) == [
        ("full:/home", "raised", 0),
        ("full:/var", "raised", 10),
        ("full:/home", "cleared", 20),
    ]


@pytest.mark.parametrize(
    ("when", "names"),
    [
        ("cpu.cores.* > 90", ["hot:1", "hot:2"]),
        ("cpu.cores.1 > 90", ["hot"]),
        ("cpu.cores.0 > 90", []),
        ("cpu.devices.*.busy > 90", ["hot:sda", "hot:eth0.100"]),
        ("cpu.devices.sda.busy > 90", ["hot"]),
        ('cpu.devices."eth0.100".busy > 90', ["hot"]),
        ("cpu.devices.*.deep.* > 90", ["hot:sda:x", "hot:sda:y"]),
        ("cpu.mounts.*.percent > 90", ["hot:/", "hot:/a b"]),
        ('cpu.mounts."/a b".percent > 90', ["hot"]),
        ("cpu.top.*.cpu > 90", ["hot:java"]),
        ("cpu.plugged > 0", []),
        ("cpu.name > 0", []),
        ("cpu.nothing > 0", []),
        ("cpu.nothing.* > 0", []),
        ("cpu.devices > 0", []),
    ],
)
def test_paths_lead_into_lists_and_objects(when: str, names: list[str]) -> None:
    figures = {
        "cores": [1.0, 99.0, 99.0, None],
        "devices": {
            "sda": {"busy": 99, "deep": {"x": 91, "y": 92, "z": 0}},
            "eth0.100": {"busy": 99.5},
        },
        "mounts": [{"mountpoint": "/", "percent": 91}, {"mountpoint": "/a b", "percent": 92}],
        "top": [{"pid": 1, "name": "java", "cpu": 99}, {"pid": 2, "name": "java", "cpu": 5}],
        "plugged": True,
        "name": "99",
    }
    found = alerts_of(rule(when=when)).evaluate([Sample("cpu", START, figures)])
    assert [alert.alert for alert in found] == names


def test_the_message_names_the_item() -> None:
    found = alerts_of(rule(when="filesystem.mounts.*.percent > 90")).evaluate([disks(0, home=95)])
    assert found[0].message == "filesystem.mounts./home.percent is 95, above 90"


def test_an_item_that_goes_away_is_given_up_after_ten_minutes() -> None:
    alerts = alerts_of(rule(when="filesystem.mounts.*.percent > 90"), still=1e9)
    samples = [disks(0, usb=95, home=5)] + [disks(at, home=5) for at in range(10, 700, 10)]
    assert said(alerts, samples) == [("hot:/usb", "raised", 0), ("hot:/usb", "cleared", 610)]
    # Not while nothing at all comes of its family.
    alerts = alerts_of(rule(when="filesystem.mounts.*.percent > 90"), still=1e9)
    samples = [disks(0, usb=95)] + [cpu(at, 5) for at in range(10, 7000, 10)]
    assert said(alerts, samples) == [("hot:/usb", "raised", 0)]


def test_an_item_that_comes_back_in_time_was_never_away() -> None:
    alerts = alerts_of(rule(when="filesystem.mounts.*.percent > 90"), still=1e9)
    samples = [disks(0, usb=95)] + [disks(at, home=5) for at in range(10, 500, 10)]
    samples += [disks(500, usb=95)] + [disks(at, home=5) for at in range(510, 1000, 10)]
    assert said(alerts, samples) == [("hot:/usb", "raised", 0)]


# Going on after a restart.


def raised(name: str = "hot", of: str = "hot", at: float = 0.0) -> Alert:
    return Alert(
        host="box", time=START + at, alert=name, rule=of, state="raised", value=99, since=START
    )


def test_what_is_open_is_not_raised_again_and_is_cleared() -> None:
    alerts = alerts_of(rule(clear="< 80"))
    alerts.restore([raised()])
    assert said(alerts, [cpu(10, 99), cpu(11, 85), cpu(12, 5)]) == [("hot", "cleared", 12)]


def test_a_reminder_comes_when_the_one_before_would_have_it() -> None:
    alerts = alerts_of(rule())
    alerts.restore([raised(at=100)])
    assert said(alerts, [cpu(at, 99) for at in (690, 700, 710)]) == [("hot", "still", 700)]


@pytest.mark.parametrize("alert", [raised("gone", "gone"), raised("hot:/x"), raised("hot:")])
def test_what_no_rule_stands_behind_any_more_is_ended(alert: Alert) -> None:
    alerts = alerts_of(rule())
    alerts.restore([alert])
    found = [a for at in (5, 6) for a in alerts.evaluate([cpu(at, 99)]) if a.alert == alert.alert]
    expected = [] if alert.alert == "hot:" else [("cleared", f"{alert.alert}: no longer watched")]
    assert [(a.state, a.message) for a in found] == expected


def test_a_time_in_progress_goes_on_over_a_restart() -> None:
    alerts = alerts_of(rule(for_seconds="10s"))
    for at in range(8):
        alerts.replay(cpu(at, 99))
    assert said(alerts, [cpu(at, 99) for at in (9, 10)]) == [("hot", "raised", 10)]


# Silent families.


def tick(at: float, *families: str) -> list[Sample]:
    return [Sample(family, START + at, {}) for family in families]


def silence(times: Iterable[tuple[float, Sequence[str]]]) -> list[tuple[str, str, float]]:
    alerts = alerts_of(built_in("family-silent"))
    return [
        (alert.alert, alert.state, alert.time - START)
        for at, families in times
        for alert in alerts.evaluate(tick(at, *families))
    ]


def test_a_family_that_stops_while_others_come_is_silent_until_it_comes_again() -> None:
    times: list[tuple[float, Sequence[str]]] = [(0, ("cpu", "disk"))]
    times += [(at, ("cpu",)) for at in range(1, 30)] + [(30, ("cpu", "disk"))]
    assert silence(times) == [
        ("family-silent:disk", "raised", 11),
        ("family-silent:disk", "cleared", 30),
    ]


def test_a_slow_family_has_ten_of_its_own_cadences() -> None:
    times: list[tuple[float, Sequence[str]]] = [(0, ("cpu", "filesystem"))]
    times += [(at, ("cpu",)) for at in range(1, 120)]
    assert silence(times) == [("family-silent:filesystem", "raised", 101)]


def test_when_nothing_comes_nobody_is_silent() -> None:
    times: list[tuple[float, Sequence[str]]] = [(0, ("cpu", "filesystem"))]
    times += [(3600 + at, ("cpu",)) for at in range(90)]
    assert silence(times) == []


def test_a_silent_family_stays_so_while_nothing_comes() -> None:
    times: list[tuple[float, Sequence[str]]] = [(0, ("cpu", "disk"))]
    times += [(at, ("cpu",)) for at in range(1, 20)] + [(300, ("cpu",)), (301, ("cpu", "disk"))]
    assert [state for _, state, _ in silence(times)] == ["raised", "cleared"]


def test_a_family_that_this_machine_never_had_is_not_silent() -> None:
    assert silence((at, ("cpu",)) for at in range(1000)) == []


def test_a_silent_family_that_is_no_more_in_the_log_is_given_up() -> None:
    alerts = alerts_of(built_in("family-silent"))
    alerts.replay(tick(0, "cpu")[0])
    alerts.restore([raised("family-silent:sensors", "family-silent")])
    assert [a.state for a in alerts.evaluate(tick(1, "cpu"))] == ["cleared"]


def test_an_alert_names_the_family_that_it_is_about() -> None:
    assert built_in("disk-full").metric_family("/home") == "filesystem"
    assert built_in("disk-filling").metric_family("/home") == "filesystem"
    assert built_in("family-silent").metric_family("disk") == "disk"


# Disks that fill up.

HOUR = 3600


def filling(used: Iterable[tuple[float, float]], total: float = 1e12) -> list[tuple[State, float]]:
    """What is said of a disk with so many bytes in use at so many seconds: (state, minutes)."""
    alerts = alerts_of(built_in("disk-filling"), still=math.inf)
    found = []
    for at, bytes_used in used:
        mount = {"mountpoint": "/", "total": total, "used": bytes_used}
        sample = Sample(
            "filesystem",
            START + at,
            {"mounts": [mount | {"percent": round(100 * bytes_used / total, 1)}]},
        )
        found += [(a.state, (a.time - START) // 60) for a in alerts.evaluate([sample])]
    return found


def steady(rate: float, seconds: float, start: float = 5e11) -> Iterable[tuple[float, float]]:
    """Use that grows by `rate` bytes per second."""
    return ((at, start + rate * at) for at in range(0, int(seconds), 10))


def test_a_disk_that_will_be_full_within_a_day_is_told_of() -> None:
    # Half of a terabyte left, in 20 hours: believed when it was seen for a twelfth of that.
    found = filling(steady(5e11 / (20 * HOUR), 3 * HOUR))
    assert [state for state, _ in found] == ["raised"]
    assert 85 <= found[0][1] <= 100


def test_the_faster_it_fills_the_sooner_it_is_told_but_not_before_ten_minutes() -> None:
    assert filling(steady(5e11 / HOUR, 1800)) == [("raised", 10)]
    assert filling(steady(5e11 / HOUR, 590)) == []


@pytest.mark.parametrize("rate", [0, -1e6, 5e11 / (30 * HOUR)])
def test_a_disk_that_has_time_is_not_told_of(rate: float) -> None:
    assert filling(steady(rate, 4 * HOUR)) == []


def test_ups_and_downs_are_no_trend() -> None:
    # A log that grows and is rotated each half an hour: at this rate full in seven hours.
    assert filling((at, 5e11 + 2e7 * (at % 1800)) for at in range(0, 4 * HOUR, 10)) == []


def test_one_large_file_is_no_trend() -> None:
    assert filling((at, 5e11 + 2e11 * (at >= HOUR)) for at in range(0, 4 * HOUR, 10)) == []


def test_it_is_over_when_the_disk_is_emptied() -> None:
    fills = list(steady(5e11 / (6 * HOUR), 2 * HOUR))
    emptied = [(2 * HOUR + at, 2e11) for at in range(0, 4 * HOUR, 10)]
    assert [state for state, _ in filling([*fills, *emptied])] == ["raised", "cleared"]


def test_the_message_says_when() -> None:
    alerts = alerts_of(built_in("disk-filling"))
    for at, used in steady(5e11 / HOUR, 1800):
        mounts = [{"mountpoint": "/", "total": 1e12, "used": used, "percent": used / 1e10}]
        for alert in alerts.evaluate([Sample("filesystem", START + at, {"mounts": mounts})]):
            assert alert.message == "/ will be full in 50 min if it goes on like this"
            assert alert.value == pytest.approx(50 / 60, abs=0.01)
            assert alert.threshold == 24
            return
    pytest.fail("nothing was said")


@given(
    st.integers(-(10**6), 10**6),
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10_000), min_size=2, max_size=200, unique=True),
)
def test_the_trend_of_a_line_is_the_line(slope: int, start: int, xs: list[int]) -> None:
    found, fit = trend([(START + x, start + slope * x) for x in xs])
    assert found == pytest.approx(slope, rel=1e-3, abs=1e-3)
    assert -1e-9 <= fit <= 1 + 1e-9


# The built-in rules.


def test_the_built_in_rules() -> None:
    found = active_rules((), defaults=True, cadences=CADENCES)
    assert [watch.name for watch in found] == [
        "cpu-busy",
        "memory-full",
        "swap-full",
        "disk-almost-full",
        "disk-full",
        "io-pressure",
        "memory-pressure",
        "disk-filling",
        "sensor-hot",
        "sensor-critical",
        "family-silent",
    ]
    assert [watch.name for watch in found if watch.level == "critical"] == [
        "disk-full",
        "sensor-critical",
    ]
    limits = [watch.rule for watch in found if isinstance(watch, ThresholdRule)]
    documented = {
        f"{family.name}.{field.name.replace('[]', '.*')}"
        for family in FAMILIES
        for field in family.fields
    }
    assert {".".join((rule.family, *rule.path)) for rule in limits} <= documented


def test_the_built_in_rules_can_be_switched_off_and_replaced() -> None:
    assert active_rules((), defaults=False, cadences=CADENCES) == []
    mine = rule(name="cpu-busy", when="cpu.percent > 99")
    found = active_rules([mine.rule], defaults=True, cadences=CADENCES)
    assert [w.threshold("") for w in found if w.name == "cpu-busy"] == [99]
    assert len(found) == 11


@pytest.mark.parametrize(
    ("name", "sample", "message"),
    [
        ("cpu-busy", cpu(0, 95.55), "CPU use is 95.5 %, above 90 % for 5 min"),
        ("disk-full", disks(0, home=98), "Use of /home is 98 %, above 97 %"),
    ],
)
def test_the_built_in_messages_are_plain_sentences(name: str, sample: Sample, message: str) -> None:
    watch = built_in(name)
    ((item, value), *_) = watch.readings(sample)
    assert value is not None
    assert watch.message(item, value, is_over=False) == message


# Events.


def event(data: str, name: str | None = "alert", host: str = "box") -> Event:
    return Event(host, name, data)


def test_what_others_publish_has_defaults() -> None:
    found = decode_alert(event('{"host":"box","time":5,"alert":"backup","state":"raised","x":[1]}'))
    assert found == Alert(host="box", time=5, alert="backup", state="raised")
    assert (found.level, found.rule, found.began, found.is_open) == ("warning", "", 5, True)


@pytest.mark.parametrize(
    "data",
    [
        '{"host":"box","time":5,"alert":"a"}',
        '{"host":"box","time":5,"alert":"","state":"raised"}',
        '{"host":"box","time":5,"alert":"a","state":"on"}',
        '{"host":"box","time":5,"alert":7,"state":"raised"}',
        '{"host":"box","time":5,"alert":"a","state":"raised","level":"high"}',
        '{"host":"else","time":5,"alert":"a","state":"raised"}',
        f'{{"host":"box","time":5,"alert":"{"a" * (MOST_NAME + 1)}","state":"raised"}}',
        "[]",
        "",
    ],
)
def test_what_only_has_the_name_is_no_alert(data: str) -> None:
    assert decode_alert(event(data)) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0, "0 s"), (0.25, "0.25 s"), (1, "1 s"), (90, "1 min 30 s")),
        *((3600, "1 h"), (90061, "1 d 1 h"), (86400 * 40, "40 d")),
    ],
)
def test_a_length_of_time_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_worst_value_is_told_once_it_is_past() -> None:
    alerts = alerts_of(rule())
    said = [a for at, v in enumerate((91, 99, 95, 85)) for a in alerts.evaluate([cpu(at, v)])]
    assert [(a.state, a.value, a.worst) for a in said] == [
        ("raised", 91, msgspec.UNSET),
        ("cleared", 85, 99),
    ]


def test_the_traffic_of_the_month_is_told_in_steps() -> None:
    quota = {"DASHBOARD_TRAFFIC": '{"quota": "1TB"}'}
    rules = sampled_rules(load(quota), {"traffic": 60.0})
    without = {rule.name for rule in sampled_rules(load({}), {"traffic": 60.0})}
    assert not {name for name in without if name.startswith("traffic")}
    alerts = Evaluator(rules, host="box", cadences={"traffic": 60.0})

    def told(at: float, percent: float | None, short: float | None) -> list[tuple[str, str, str]]:
        sample = Sample("traffic", at, {"percent": percent, "short_seconds": short})
        return [(each.alert, each.state, each.level) for each in alerts.evaluate([sample])]

    assert told(60, None, None) == []  # without a quota
    assert told(120, 79.9, 0) == []
    assert told(180, 80, 7200) == [
        ("traffic-80", "raised", "info"),
        ("traffic-short", "raised", "warning"),
    ]
    assert told(240, 100, 0) == [
        ("traffic-90", "raised", "warning"),
        ("traffic-100", "raised", "critical"),
        ("traffic-short", "cleared", "warning"),
    ]
    cleared = told(300, 0, 0)  # the next month
    assert {(alert, state) for alert, state, _ in cleared} == {
        ("traffic-80", "cleared"),
        ("traffic-90", "cleared"),
        ("traffic-100", "cleared"),
    }
