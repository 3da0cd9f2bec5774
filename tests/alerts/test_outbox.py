"""What a receiver has to be told: each thing once, in few messages, at the right hours."""

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.alerts.model import Alert
from dashboard.alerts.outbox import Outbox, State, message
from dashboard.events.event import EventId
from dashboard.settings import Level

NIGHT = (22 * 60, 7 * 60)
# Times in these tests are minutes of one day.


def outbox(
    *, quiet: tuple[int, int] | None = None, rate: tuple[int, float] = (1000, 1.0)
) -> Outbox:
    return Outbox(State(position="0-0"), quiet=quiet, rate=rate, minute=lambda at: int(at) % 1440)


def alert(name: str, state: str, at: float, level: Level = "warning") -> Alert:
    return Alert(
        host="box",
        time=at,
        alert=name,
        level=level,
        state=state,  # type: ignore[arg-type]
        message=f"{name} {state}",
    )


def take(box: Outbox, *alerts: Alert) -> None:
    number = box.position.ms
    events = [(EventId(number + n, 0), a) for n, a in enumerate(alerts, start=1)]
    box.take(events, EventId(number + len(alerts), 0))


def due(box: Outbox, now: float) -> list[tuple[str, str]]:
    return [(found.alert, found.state) for found in box.due(now)]


def send(box: Outbox, now: float) -> list[tuple[str, str]]:
    """What is sent, and arrives."""
    found = box.due(now)
    if found:
        box.mark_notified(found, now)
    return [(a.alert, a.state) for a in found]


def test_each_is_told_once() -> None:
    box = outbox()
    take(box, alert("a", "raised", 1))
    assert send(box, 1) == [("a", "raised")]
    assert send(box, 2) == []
    take(box, alert("a", "still", 11))
    assert send(box, 11) == []
    take(box, alert("a", "cleared", 12))
    assert send(box, 12) == [("a", "cleared")]
    assert send(box, 13) == []
    take(box, alert("a", "raised", 14))
    assert send(box, 14) == [("a", "raised")]


def test_what_fails_is_due_again_with_what_came_since() -> None:
    box = outbox()
    take(box, alert("a", "raised", 1))
    assert due(box, 1) == [("a", "raised")]
    take(box, alert("b", "raised", 2))
    assert send(box, 3) == [("a", "raised"), ("b", "raised")]
    assert send(box, 4) == []


def test_of_what_could_not_be_sent_the_end_is_told() -> None:
    box = outbox()
    take(box, alert("a", "raised", 1), alert("a", "cleared", 2))
    assert send(box, 3) == [("a", "cleared")]
    assert send(box, 4) == []


def test_who_was_told_of_it_is_not_told_again_when_it_ended_only_in_between() -> None:
    box = outbox()
    take(box, alert("a", "raised", 1))
    send(box, 1)
    take(box, alert("a", "cleared", 2), alert("a", "raised", 3))
    assert send(box, 4) == []
    take(box, alert("a", "cleared", 5))
    assert send(box, 5) == [("a", "cleared")]


def test_who_may_have_heard_of_the_end_is_told_of_the_next_beginning() -> None:
    box = outbox()
    take(box, alert("a", "raised", 1))
    send(box, 1)
    take(box, alert("a", "cleared", 2))
    assert box.mark_sending(box.due(2))
    # Killed now, or the answer did not come: the message may have arrived.
    box = Outbox(box.state, quiet=None, rate=(1000, 1.0))
    assert due(box, 3) == [("a", "cleared")]
    take(box, alert("a", "raised", 4))
    assert not box.mark_sending(box.due(4))
    assert send(box, 4) == [("a", "raised")]


def test_a_reminder_of_an_unknown_alert_tells_of_it() -> None:
    box = outbox()
    take(box, alert("a", "still", 1))
    assert send(box, 1) == [("a", "still")]


def test_an_end_of_something_unknown_says_nothing() -> None:
    box = outbox()
    take(box, alert("a", "cleared", 1))
    assert send(box, 1) == []


# Quiet hours.


def test_at_night_only_what_is_critical_is_told_and_the_rest_in_the_morning() -> None:
    box = outbox(quiet=NIGHT)
    take(box, alert("a", "raised", 23 * 60), alert("b", "raised", 23 * 60, "critical"))
    assert send(box, 23 * 60) == [("b", "raised")]
    assert send(box, 6 * 60 + 59) == []
    assert send(box, 7 * 60) == [("a", "raised")]


def test_what_came_and_went_at_night_is_not_told() -> None:
    box = outbox(quiet=NIGHT)
    take(box, alert("a", "raised", 23 * 60), alert("a", "cleared", 24 * 60))
    assert send(box, 8 * 60) == []


def test_what_ended_at_night_and_was_told_of_is_told_in_the_morning() -> None:
    box = outbox(quiet=NIGHT)
    take(box, alert("a", "raised", 20 * 60))
    assert send(box, 20 * 60) == [("a", "raised")]
    take(box, alert("a", "cleared", 23 * 60))
    assert send(box, 23 * 60) == []
    assert send(box, 7 * 60) == [("a", "cleared")]


@pytest.mark.parametrize(
    ("quiet", "minute", "is_quiet"),
    [
        ((22 * 60, 7 * 60), 22 * 60, True),
        ((22 * 60, 7 * 60), 22 * 60 - 1, False),
        ((22 * 60, 7 * 60), 0, True),
        ((22 * 60, 7 * 60), 7 * 60, False),
        ((12 * 60, 13 * 60), 12 * 60 + 30, True),
        ((12 * 60, 13 * 60), 13 * 60, False),
        ((12 * 60, 13 * 60), 11 * 60, False),
        ((0, 0), 0, False),
    ],
)
def test_hours_may_go_over_midnight(quiet: tuple[int, int], minute: int, is_quiet: bool) -> None:
    box = outbox(quiet=quiet)
    take(box, alert("a", "raised", minute))
    assert due(box, minute) == ([] if is_quiet else [("a", "raised")])


def test_a_time_that_no_calendar_has_is_no_trouble() -> None:
    box = Outbox(State(position="0-0"), quiet=NIGHT, rate=(9, 1.0))
    take(box, alert("a", "raised", 1e300), alert("a", "cleared", 1e300))
    box.due(0)


# The rate.


def test_no_more_messages_than_allowed_and_what_waits_comes_in_one() -> None:
    box = outbox(rate=(2, 60))
    for number in range(5):
        take(box, alert(f"a{number}", "raised", number))
        assert send(box, number) == ([(f"a{number}", "raised")] if number < 2 else [])
    assert send(box, 59) == []
    assert send(box, 60) == [("a2", "raised"), ("a3", "raised"), ("a4", "raised")]
    take(box, alert("a0", "cleared", 60.5))
    assert send(box, 60.5) == []
    assert send(box, 61) == [("a0", "cleared")]


def test_a_clock_that_is_set_back_does_not_stop_the_messages() -> None:
    box = outbox(rate=(1, 60))
    take(box, alert("a", "raised", 1000), alert("b", "raised", 1000, "critical"))
    assert len(send(box, 1000)) == 2
    take(box, alert("c", "raised", 500))
    assert send(box, 500) == [("c", "raised")]


# Bounds.


def test_what_nobody_speaks_of_any_more_is_forgotten() -> None:
    box = outbox()
    take(box, alert("a", "raised", 1), alert("b", "raised", 1))
    send(box, 1)
    take(box, alert("b", "still", 11))
    box.drop_before(10)
    take(box, alert("a", "cleared", 12), alert("b", "cleared", 12))
    assert send(box, 12) == [("b", "cleared")]


def test_it_does_not_grow_without_end() -> None:
    box = outbox()
    for number in range(1500):
        take(box, alert(f"a{number}", "raised", 1), alert(f"a{number}", "cleared", 2))
    for number in range(1500):
        take(box, alert(f"b{number}", "raised", 1))
    assert len(box.due(3)) == 2000, "of those that are over the newest, of those that are not any"
    assert send(box, 3)[-1] == ("a1499", "cleared")
    assert send(box, 4) == []


# Any order of things, with restarts and failures in between.

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["raised", "cleared", "still", "send", "fail", "restart"]),
        st.sampled_from(["a", "b"]),
    ),
    max_size=60,
)


@given(STEPS)
def test_the_receiver_always_ends_up_knowing_what_is_so(steps: list[tuple[str, str]]) -> None:
    box = outbox()
    so: set[str] = set()
    believed: list[str] = []
    for at, (step, name) in enumerate(steps):
        if step in ("raised", "cleared", "still"):
            if step != "raised" and name not in so:
                continue
            if step == "raised" and name in so:
                continue
            so = so - {name} if step == "cleared" else so | {name}
            take(box, alert(name, step, at))
        elif step == "send":
            believe(believed, send(box, at))
        elif step == "fail":
            box.due(at)
        else:
            state = msgspec.json.decode(msgspec.json.encode(box.state), type=State)
            box = Outbox(state, quiet=None, rate=(1000, 1.0), minute=lambda at: 0)
    believe(believed, send(box, 99))
    assert sorted(believed) == sorted(so)
    assert send(box, 100) == []


def believe(believed: list[str], told: Iterable[tuple[str, str]]) -> None:
    """What a receiver makes of a message: nothing is told twice."""
    for name, state in told:
        if state == "cleared":
            if name in believed:
                believed.remove(name)
        else:
            assert name not in believed, "told twice"
            believed.append(name)


# Messages.


def test_a_message_about_one() -> None:
    found = message([alert("disk-full:/home", "raised", 1, "critical")])
    assert found == (
        "box: disk-full:/home",
        "[critical] disk-full:/home raised",
        "failure",
    )
    found = message([alert("hot", "cleared", 1)])
    assert found == ("box: hot is over", "[over] hot cleared", "success")


def test_a_message_about_many() -> None:
    found = message([alert(f"a{n}", "raised", n) for n in range(30)])
    assert found.title == "box: 30 alerts"
    lines = found.body.split("\n")
    assert (len(lines), lines[-1]) == (21, "and 10 more")


def test_each_line_of_a_message_links_to_its_moment() -> None:
    hot, over = alert("hot", "raised", 1795330298.4), alert("full", "cleared", 1795330400)
    over = msgspec.structs.replace(over, host="db-1", since=1795330100.0)
    assert message([hot, over], "https://wall.example/vitals").body.split("\n") == [
        "[warning] hot raised https://wall.example/vitals/host/box?at=1795330298",
        "[over] full cleared https://wall.example/vitals/host/db-1?at=1795330100",
    ]
    silent = [
        Alert(host=f"w{n}", time=1, alert="host-silent", judge="wall", state="raised")
        for n in range(4)
    ]
    assert message(silent, "https://wall.example").body.endswith("w3 https://wall.example/")
    assert message(silent).body.endswith(" w3")


@pytest.mark.parametrize(
    ("levels", "kind"),
    [
        (["info"], "info"),
        (["info", "warning"], "warning"),
        (["warning", "critical", "info"], "failure"),
    ],
)
def test_the_kind_of_a_message_is_that_of_the_worst(levels: list[Level], kind: str) -> None:
    assert message([alert("a", "raised", 1, level) for level in levels]).kind == kind
    over = alert("b", "cleared", 2, "critical")
    assert message([alert("a", "raised", 1, levels[0]), over]).kind in ("info", "warning")


def test_a_text_of_a_publisher_can_neither_forge_a_line_nor_fill_the_message() -> None:
    sly = msgspec.structs.replace(
        alert("a", "raised", 1), message="x\n[critical] y\r\n" + "z" * 999
    )
    body = message([sly]).body
    assert "\n" not in body
    assert len(body) < 400
    unsaid = msgspec.structs.replace(sly, message="")
    assert message([unsaid]).body == "[warning] a"
