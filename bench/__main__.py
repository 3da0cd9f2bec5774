"""The command line of the benchmark; `./bench/run --help` lists the modes."""

import argparse
import sys
from collections.abc import Callable

from bench import (
    accepting,
    fanout,
    fleet,
    frozen,
    history,
    install,
    overhead,
    page,
    profile,
    publish,
    report,
    storm,
    ticks,
)
from bench.processes import load_average
from bench.servers import Server


def main(arguments: list[str]) -> None:
    modes: dict[str, Callable[[list[str]], None]] = {
        "fanout": _fanout,
        "accept": _accept,
        "storm": _storm,
        "frozen": _frozen,
        "overhead": _overhead,
        "page": _page,
        "publish": _publish,
        "history": _history,
        "profile": _profile,
        "fleet": _fleet,
        "install": _install,
    }
    name = arguments[0] if arguments and not arguments[0].startswith("-") else "fanout"
    if name not in modes:
        sys.exit(f"bench: there is no {name!r}; there are {', '.join(modes)}")
    modes[name](arguments[1:] if arguments[:1] == [name] else arguments)


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./bench/run" + ("" if name == "fanout" else f" {name}"))
    parser.add_argument("--write", action="store_true", help="write docs/, though shortened")
    return parser


def _parse(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    options = parser.parse_args(arguments)
    options.write = options.write or not arguments
    return options


def _say(line: str) -> None:
    print(line, flush=True)


def _fanout(arguments: list[str]) -> None:
    parser = _parser("fanout")
    parser.add_argument("--streams", default="100,1000,10000", help="sizes (%(default)s)")
    parser.add_argument("--only", default=",".join(fanout.ONE_WORKER), help="%(default)s")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two events")
    parser.add_argument("--two", type=int, default=30_000, help="streams of two workers; 0: not")
    parser.add_argument("--ticks", type=float, default=60, help="seconds to weigh ticks; 0: not")
    options = _parse(parser, arguments)
    chosen = options.only.split(",")
    unknown = set(chosen) - set(fanout.ONE_WORKER)
    if unknown:
        sys.exit(f"bench: --only knows {', '.join(fanout.ONE_WORKER)}; not {', '.join(unknown)}")

    def measured(
        makers: dict[str, Callable[[], Server]], sizes: list[int], rounds: int
    ) -> list[fanout.Row]:
        contestants = [make for name, make in makers.items() if name in chosen]
        samples = fanout.run(
            contestants,
            sizes,
            rounds=rounds,
            events=options.events,
            pause=options.pause,
            say=_say,
        )
        return fanout.summarize(samples)

    sizes = [int(size) for size in options.streams.split(",")]
    one = measured(fanout.ONE_WORKER, sizes, options.rounds)
    two = measured(fanout.TWO_WORKERS, [options.two], options.rounds) if options.two else []
    _say("\n" + report.fanout_markdown(one, two))
    weighed = ticks.measure(options.ticks) if options.ticks else None
    if weighed:
        _say("\n" + ticks.table(weighed))
    if options.write and weighed:
        report.write_fanout(one, two, weighed)


def _accept(arguments: list[str]) -> None:
    parser = _parser("accept")
    parser.add_argument("--streams", type=int, default=6000, help="of a burst (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    options = _parse(parser, arguments)
    found = accepting.run(streams=options.streams, rounds=options.rounds, say=_say)
    load = max(each.load_average for each in found)
    _show("accept", accepting.table(found), load, options.write)


def _storm(arguments: list[str]) -> None:
    parser = _parser("storm")
    parser.add_argument("--connected", type=int, default=1000)
    parser.add_argument("--returning", type=int, default=10_000)
    parser.add_argument("--storms", type=int, default=5, help="of each kind (%(default)s)")
    parser.add_argument("--tick", type=float, default=1.0, help="seconds between two ticks")
    options = _parse(parser, arguments)
    found = storm.run(
        connected=options.connected,
        returning=options.returning,
        storms=options.storms,
        tick=options.tick,
        say=_say,
    )
    _show("storm", storm.table(found), max(each.load_average for each in found), options.write)


def _frozen(arguments: list[str]) -> None:
    parser = _parser("frozen")
    parser.add_argument("--healthy", type=int, default=1000)
    parser.add_argument("--frozen", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=300)
    options = _parse(parser, arguments)
    found = frozen.run(
        healthy=options.healthy, frozen=options.frozen, seconds=options.seconds, say=_say
    )
    _show("frozen", frozen.table(found), found.load_average, options.write)


def _overhead(arguments: list[str]) -> None:
    parser = _parser("overhead")
    parser.add_argument("--seconds", type=float, default=60, help="of each, each round")
    parser.add_argument("--rounds", type=int, default=2)
    options = _parse(parser, arguments)
    found = overhead.run(seconds=options.seconds, rounds=options.rounds, say=_say)
    load = max(each.load_average for each in found)
    _show("overhead", overhead.table(found), load, options.write)


def _page(arguments: list[str]) -> None:
    parser = _parser("page")
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--watch", type=float, default=60, help="seconds at one tick a second")
    parser.add_argument("--ticks", type=int, default=20_000, help="20 a second, for the heap")
    options = _parse(parser, arguments)
    found = page.run(loads=options.loads, watch=options.watch, ticks=options.ticks, say=_say)
    _show("page", page.table(found), found.load_average, options.write)


def _publish(arguments: list[str]) -> None:
    parser = _parser("publish")
    parser.add_argument("--seconds", type=float, default=15, help="of each, each round")
    parser.add_argument("--rounds", type=int, default=3)
    options = _parse(parser, arguments)
    found = publish.run(seconds=options.seconds, rounds=options.rounds, say=_say)
    load = max(each.load_average for each in found)
    _show("publish", publish.table(found), load, options.write)


def _history(arguments: list[str]) -> None:
    parser = _parser("history")
    parser.add_argument("--hours", type=int, default=6, help="of samples (%(default)s)")
    parser.add_argument("--record", type=int, default=600, help="seconds (%(default)s)")
    parser.add_argument("--netdata", type=int, default=1200, help="seconds, from 1200; 0: not")
    parser.add_argument("--tries", type=int, default=5, help="of a question (%(default)s)")
    options = _parse(parser, arguments)
    found = history.run(
        hours=options.hours,
        record=options.record,
        peer_seconds=options.netdata,
        tries=options.tries,
        say=_say,
    )
    _show("history", history.table(found), found.load_average, options.write)


def _install(arguments: list[str]) -> None:
    options = _parse(_parser("install"), arguments)
    found = install.run(say=_say)
    _show("install", install.table(found), found.load_average, options.write)


def _profile(arguments: list[str]) -> None:
    parser = _parser("profile")
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=30)
    options = _parse(parser, arguments)
    found = profile.run(streams=options.streams, events=options.events, say=_say)
    _show("profile", profile.table(found), found.load_average, options.write)


def _fleet(arguments: list[str]) -> None:
    parser = _parser("fleet")
    parser.add_argument("--hosts", default="10,100,1000", help="machines (%(default)s)")
    parser.add_argument("--dashboards", default="1,2", help="%(default)s")
    parser.add_argument("--clients", type=int, default=1000, help="of the overview (%(default)s)")
    parser.add_argument("--plain", type=int, default=50, help="without every (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="of each (%(default)s)")
    parser.add_argument("--long", type=float, default=600, help="of the last with one dashboard")
    parser.add_argument("--page", type=float, default=60, help="seconds in a browser; 0: not")
    options = _parse(parser, arguments)
    hosts = [int(number) for number in options.hosts.split(",")]
    found = []
    for dashboards in (int(number) for number in options.dashboards.split(",")):
        for count in hosts:
            is_long = count == hosts[-1] and dashboards == 1
            seconds = options.long if is_long else options.seconds
            shape = fleet.Shape(count, dashboards, options.clients, options.plain, seconds)
            _say(f"{count:,} machines, {dashboards} dashboards, {seconds:g} s")
            found.append(fleet.run(shape, say=_say))
            _say("\n" + fleet.table(found[-1:]) + "\n")
    load = max(each.load_average for each in found)
    _say("\n" + fleet.table(found))
    if options.write:
        report.write("fleet", fleet.table(found), load, page="scaling.md")
    if options.page:
        shown = fleet.page(hosts[-1], options.page, say=_say)
        _say("\n" + shown)
        if options.write:
            report.write("fleet page", shown, load_average(), page="scaling.md")


def _show(name: str, table: str, load_average: float, write: bool) -> None:
    _say("\n" + table)
    if write:
        report.write(name, table, load_average)


if __name__ == "__main__":
    main(sys.argv[1:])
