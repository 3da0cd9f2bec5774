"""Writes what was measured into docs/, between the marks that each mode owns."""

import re
from datetime import date

from bench import chart, fanout
from bench.fanout import Row
from bench.processes import ROOT, commit, machine, versions
from bench.ticks import TickBytes
from bench.ticks import table as ticks_table

_DOCS = ROOT / "docs"
_CHART = ROOT / "docs" / "performance.svg"


def write(name: str, markdown: str, load_average: float, *, page: str = "performance.md") -> None:
    """Replace one part of a page. Raises ValueError when the page has no such part."""
    path = _DOCS / page
    text = path.read_text("utf-8")
    note = f"_{_today()}, commit {commit()}; load average at most {load_average:.1f}._"
    pattern = re.compile(rf"(<!-- bench: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{page} has no part named {name}")
    body = f"\n{markdown}\n\n{note}\n\n"
    path.write_text(pattern.sub(lambda m: m[1] + body + m[2], text), "utf-8")


def write_machine(load_average: float) -> None:
    write("machine", f"{machine()}.\n\n{versions()}.", load_average)


def write_fanout(one: list[Row], two: list[Row], ticks: TickBytes) -> None:
    """The tables of the fan-out, what they say in a sentence each, and the chart."""
    load = max(row.load_average for row in one + two)
    _CHART.write_text(chart.draw(_largest(one)), "utf-8")
    write("fan-out", fanout_markdown(one, two), load)
    write("ticks", ticks_table(ticks), load)
    write_machine(load)


def fanout_markdown(one: list[Row], two: list[Row]) -> str:
    parts = []
    for streams in dict.fromkeys(row.streams for row in one if row.name == fanout.FLOOR):
        rows = [row for row in one if row.streams == streams or _stands_for(row, streams, one)]
        parts += [f"### {streams:,} streams, one worker", fanout.table(rows)]
    if two:
        parts += [f"### {two[0].streams:,} streams, two workers", fanout.table(two)]
    return "\n\n".join([*parts, _in_words(_largest(one))])


def _largest(rows: list[Row]) -> list[Row]:
    most = max(row.streams for row in rows if row.name == fanout.FLOOR)
    return [row for row in rows if row.streams == most or _stands_for(row, most, rows)]


def _stands_for(row: Row, streams: int, rows: list[Row]) -> bool:
    """Whether a contestant that holds fewer is to be shown among those with so many."""
    own = [each.streams for each in rows if each.name == row.name]
    floors = {each.streams for each in rows if each.name == fanout.FLOOR}
    return row.streams == max(own) and row.streams not in floors and row.streams < streams


def _in_words(rows: list[Row]) -> str:
    by_name = {row.name: row for row in rows}
    ours, nchan = by_name.get("Vitals"), by_name.get(fanout.NCHAN)
    floor = by_name[fanout.FLOOR]
    if ours is None or ours.last_ratio is None or ours.cpu_ratio is None:
        return ""
    words = [
        f"At {ours.streams:,} streams the last client has its event after {ours.last_ratio:.2f} "
        f"times the floor's time, and a delivery takes {ours.cpu_ratio:.2f} times the floor's CPU; "
        f"a stream costs {max(0.0, ours.bytes_per_stream) / 1024:.2f} KB."
    ]
    if nchan is not None and nchan.last_ratio is not None and nchan.cpu_ratio is not None:
        words.append(
            f"nginx with nchan: {nchan.last_ratio:.2f} and {nchan.cpu_ratio:.2f} times, "
            f"{nchan.bytes_per_stream / 1024:.1f} KB."
        )
    words.append(
        f"The load was busy {floor.client_share:.0%} of the time until the floor's last delivery, "
        f"and {ours.client_share:.0%} of Vitals'."
    )
    return " ".join(words)


def _today() -> str:
    today = date.today()
    return f"{today.day} {today:%B %Y}"
