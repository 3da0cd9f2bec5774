"""Places for names, and amounts that come back over a minute."""

import pytest

from dashboard.access.minute_budget import MinuteBudget
from dashboard.access.name_limit import LimitReached, NameLimit


class Log:
    """The names that a log has, a clock, and a limit of six on them."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.now = 100.0
        self.limit: NameLimit[str] = NameLimit(
            "things",
            "things",
            is_known=self.names.__contains__,
            known=lambda: len(self.names),
            most=6,
            monotonic=lambda: self.now,
        )

    def log(self, owner: str, *names: str) -> None:
        for name in names:
            self.limit.take(name, owner)
            self.names.add(name)


@pytest.fixture
def log() -> Log:
    return Log()


def test_each_owner_has_half_of_the_places(log: Log) -> None:
    log.log("a", "1", "2", "3")
    with pytest.raises(LimitReached, match=r"4 is new, and a has 3 things already") as caught:
        log.limit.take("4", "a")
    assert (caught.value.status, caught.value.reason) == (409, "things")
    log.log("b", "4", "5")
    assert not log.limit.take("4", "a")  # it has a place, whoever brought it


def test_in_all_there_are_so_many_whoever_brought_them(log: Log) -> None:
    log.names.update("uvwxy")  # by another worker
    assert log.limit.take("1", "a")
    with pytest.raises(LimitReached, match="there are 6 things already"):
        log.limit.take("2", "b")
    log.names.remove("x")
    assert log.limit.take("2", "b")


def test_names_on_their_way_count(log: Log) -> None:
    for name in "123":
        assert log.limit.take(name, "a")
        assert not log.limit.take(name, "a")
    for name in "456":
        log.limit.take(name, "b")
    with pytest.raises(LimitReached):
        log.limit.take("7", "c")
    log.limit.give_back("6", "b")
    assert log.limit.take("7", "b")


def test_a_name_that_never_came_is_forgotten(log: Log) -> None:
    for name in "123":
        log.limit.take(name, "a")
    log.names.add("2")
    log.now += 9
    with pytest.raises(LimitReached):
        log.limit.take("4", "a")
    log.now += 2
    assert log.limit.take("4", "a")
    assert log.limit.take("5", "a")
    with pytest.raises(LimitReached):
        log.limit.take("6", "a")


def test_names_that_left_the_log_make_room(log: Log) -> None:
    log.log("a", "1", "2", "3")
    log.names.remove("1")
    assert log.limit.take("4", "a")
    with pytest.raises(LimitReached):
        log.limit.take("5", "a")


def test_an_owner_whose_names_the_log_tells_is_counted_there() -> None:
    names = {"1", "2"}
    limit: NameLimit[str] = NameLimit(
        "x",
        "things",
        is_known=names.__contains__,
        known_of=lambda owner: len(names),
        most=float("inf"),
        most_each=3,
    )
    assert limit.take("3", "a")
    with pytest.raises(LimitReached, match="a has 3 things already"):
        limit.take("4", "a")


def test_what_was_used_comes_back_over_a_minute() -> None:
    now = [50.0]
    budget = MinuteBudget(600, lambda: now[0])
    assert budget.wait("a", 600) == 0
    budget.use("a", 600)
    assert budget.wait("a", 10) == pytest.approx(1)
    assert budget.wait("b", 10) == 0
    now[0] += 1
    assert budget.wait("a", 10) == 0
    now[0] += 60
    assert budget.wait("a", 5000) == 0  # who has all of it may owe
    budget.use("a", 1200)
    assert budget.wait("a", 1) == pytest.approx(60, abs=0.2)
