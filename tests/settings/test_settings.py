"""The settings: what each takes and refuses, and what the operator reads when one is wrong."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.settings import (
    SettingError,
    Settings,
    format_duration,
    load,
    parse_duration,
    table,
    without_prefix,
)
from tests.support.service import ROOT

ACCEPTED = [
    ("HISTORY", "OFF", "OFF"),
    ("HISTORY", "/srv/history.db", "/srv/history.db"),
    ("HISTORY_SECONDS", "7d", 7 * 86400.0),
    ("HISTORY_MINUTES", "8w", 56 * 86400.0),
    ("HISTORY_HOURS", "10y", 3650 * 86400.0),
    ("HISTORY_SIZE", "1TiB", 1 << 40),
    ("LOG", "sqlite:///events.db", "sqlite:///events.db"),
    ("LOG", "sqlite:////var/lib/vitals/events.db", "sqlite:////var/lib/vitals/events.db"),
    ("LOG", "https://wall.example", "https://wall.example"),
    ("LOG", "http://[::1]:8000/wall/", "http://[::1]:8000/wall"),
    ("INSTANCE", "/var/lib/vitals", "/var/lib/vitals"),
    ("PROC", "/host/proc", "/host/proc"),
    *(
        ("LOG", text, text)
        for text in (
            "redis://wall",
            "redis://wall.example:6379/0",
            "redis://:secret@[::1]:6379/15?prefix=site-1",
            "rediss://vitals:s%40cret@wall:6380?ssl_ca_certs=/etc/ssl/ca.pem&run_directory=/run/v",
            "unix:///run/redis/redis.sock?db=2",
            "unix://vitals:secret@/run/redis.sock",
        )
    ),
    ("HOST_NAME", "a", "a"),
    ("HOST_NAME", "bu\u0308ro-機", "büro-機"),
    ("HOST_TAGS", "büro,機械", ("büro", "機械")),
    ("HOST_TAGS", "web, eu-1,rack_4.b", ("web", "eu-1", "rack_4.b")),
    ("HOST_TAGS", ",".join(f"t{n}" for n in range(20)), tuple(f"t{n}" for n in range(20))),
    ("HOST_TAGS", "t" * 63, ("t" * 63,)),
    ("HOST_NAME", "Web-1.example_x.net", "Web-1.example_x.net"),
    ("HOST_NAME", "h" * 253, "h" * 253),
    ("INTERVAL", "1", 1.0),
    ("INTERVAL", "0.05", 0.05),
    ("INTERVAL", "3600", 3600.0),
    ("INTERVAL", "500ms", 0.5),
    ("INTERVAL", " 2 s ", 2.0),
    ("RETENTION", "10s", 10.0),
    ("RETENTION", "90", 90.0),
    ("RETENTION", "30m", 1800.0),
    ("RETENTION", "6h", 21600.0),
    ("RETENTION", "366d", 366 * 86400.0),
    ("LOG_SIZE", "1MiB", 1 << 20),
    ("LOG_SIZE", "2TiB", 2 << 40),
    ("REPLAY", "0", 0.0),
    ("REPLAY", "5m", 300.0),
    ("REPLAY", "1.5h", 5400.0),
    ("HEARTBEAT", "0.1", 0.1),
    ("HEARTBEAT", "1h", 3600.0),
    ("RETRY", "100", 100),
    ("RETRY", "600000", 600_000),
    ("MAX_STREAMS", "1", 1),
    *(("GZIP", text, True) for text in ("on", "ON", "true", "1", " on ")),
    *(("GZIP", text, False) for text in ("off", "False", "0")),
    ("SCREENS", "off", False),
    ("PARKING", "off", False),
    ("OUTPUT_FORMAT", "JSON", "json"),
    ("OUTPUT_FORMAT", "text", "text"),
    ("OUTPUT_LEVEL", "warning", "warning"),
    ("PUBLIC", "1", True),
    ("READ_TOKEN", "s" * 16, "s" * 16),
    ("READ_TOKEN", "!~" * 256, "!~" * 256),
    ("PUBLISH_TOKEN", "p" * 16, "p" * 16),
    ("PUBLISH_TO", "https://vitals.example", "https://vitals.example"),
    ("WALL_URL", "https://wall.example/vitals/", "https://wall.example/vitals"),
    ("HEARTBEAT_URL", "https://hc.example/ping/k?x=1", "https://hc.example/ping/k?x=1"),
    ("PUBLISH_TO", "http://[::1]:8000/wall/", "http://[::1]:8000/wall"),
    ("SECRET_KEY", "0123456789abcdef", "0123456789abcdef"),
    ("ALLOWED_HOSTS", "wall.example", ("wall.example",)),
    ("ALLOWED_HOSTS", "a, b.c ,d", ("a", "b.c", "d")),
    ("ALLOWED_ORIGINS", "https://a.example", ("https://a.example",)),
    ("ALLOWED_ORIGINS", "https://A.b:443,http://a:80", ("https://a.b", "http://a")),
    ("ALLOWED_ORIGINS", "https://a:80,http://a:443", ("https://a:80", "http://a:443")),
    ("ALLOWED_ORIGINS", "http://a:8000,https://[::1]:1", ("http://a:8000", "https://[::1]:1")),
    ("FRAME_ANCESTORS", "https://a.example", ("https://a.example",)),
    ("MAX_STREAMS", "1000000", 1_000_000),
    ("TRUSTED_PROXIES", "10.0.0.0/8, ::1", ("10.0.0.0/8", "::1")),
    ("TRUSTED_PROXIES", "none", ()),
    ("TRUSTED_USER_HEADER", "X-Forwarded-User", "X-Forwarded-User"),
    ("TRUSTED_USER_HEADER", "X", "X"),
    ("TRUSTED_GROUPS_HEADER", "Remote-Groups", "Remote-Groups"),
    ("FAILED_ATTEMPTS", "1", 1),
    ("MAX_STREAMS_PER_ADDRESS", "50", 50),
    ("MAX_STREAMS_PER_ADDRESS", "none", 0),
    ("MAX_FEEDS", "1", 1),
    ("MAX_REQUESTS", "5", 5),
    ("MAX_WAITING", "5", 5),
    ("HEADER_TIMEOUT", "500ms", 0.5),
    ("KEEP_ALIVE", "1m", 60.0),
    ("BODY_TIMEOUT", "0.1", 0.1),
    ("MAX_BODY", "64kiB", 65_536),
    ("MAX_BODY", "2 MiB", 2 << 20),
    ("MAX_PUBLISHED", "64MiB", 64 << 20),
    ("MAX_REQUEST_LINE", "300", 300),
    ("MAX_HEADERS", "10", 10),
]
# What a setting is nothing without.
_PROXY = {"DASHBOARD_TRUSTED_PROXIES": "10.0.0.1"}
NEEDS = {
    "TRUSTED_USER_HEADER": _PROXY,
    "TRUSTED_GROUPS_HEADER": _PROXY | {"DASHBOARD_TRUSTED_USER_HEADER": "Remote-User"},
}
REFUSED = [
    ("LOG", ["", "events.db", "sqlite:events.db", "sqlite:///", "mysql://x/y", "sqlite:///a?b=c"]),
    ("LOG", ["sqlite:///a#b", "sqlite:///a\0b"]),
    ("LOG", ["https://", "http://a?b=c", "http://a#b", "http://a:65536"]),
    ("INSTANCE", ["", "instance", "./a", "/a\0b"]),
    ("PROC", ["", "proc"]),
    ("HOST_TAGS", ["", ",", "a b", "-a", "ä\u200b", "a,a", "t" * 64, "a;b"]),
    ("HOST_TAGS", [",".join(f"t{n}" for n in range(21))]),
    ("LOG", ["redis://", "redis:///0", "redis://a/x", "redis://a:99999", "redis://a b", "redis:a"]),
    ("LOG", ["redis://a?prefix=", "redis://a?prefix=x:y", "redis://a?prefix=x&prefix=y"]),
    ("LOG", ["redis://a?ssl_ca_certs=/x", "rediss://a?ssl_cert_reqs=none", "redis://a?timeout=1"]),
    ("LOG", ["unix://redis.sock", "unix:///a b", "valkey://a"]),
    ("HOST_NAME", ["", "a b", "-a", "a-", ".", "ä\u202e", "a,b", "a\n", "h" * 254]),
    ("INTERVAL", ["", "abc", "0", "0.049", "3601", "-1", "1e3", "nan", "inf", "1 2", "1x", "٣"]),
    ("RETENTION", ["9s", "367d", "6 hours", "h", "-6h", ""]),
    ("LOG_SIZE", ["1023kiB", "0", "8GB", "none", "-1", ""]),
    ("REPLAY", ["367d", "five", "-1", ""]),
    ("HEARTBEAT", ["0", "0.05", "2h", "never"]),
    ("RETRY", ["99", "600001", "2.5", "2s", "1_000", "-200", "", "0x100", "٢٠٠٠"]),
    ("MAX_STREAMS", ["0", "1000001", "many", "1.0", ""]),
    ("GZIP", ["", "yes", "2", "gzip"]),
    ("SCREENS", ["", "none", "lobby"]),
    ("PARKING", ["", "no", "-1"]),
    ("OUTPUT_FORMAT", ["", "xml", "text,json"]),
    ("OUTPUT_LEVEL", ["", "warn", "10"]),
    ("PUBLIC", ["", "yes"]),
    ("READ_TOKEN", ["", "short", "s" * 15, "s" * 513, "with a space in it", "ümläute-und-mehr-"]),
    ("PUBLISH_TOKEN", ["", "p" * 15, "p" * 513, "0123456789 abcdef"]),
    ("PUBLISH_TO", ["", "vitals.example", "ftp://a", "https://", "https://u:p@a", "http://a?b=c"]),
    ("WALL_URL", ["", "wall.example", "https://wall.example/?x=1"]),
    ("HEARTBEAT_URL", ["", "hc.example/ping", "ftp://a", "http://a:65536", "http://a/b c"]),
    ("PUBLISH_TO", ["http://a:65536", "http://[1:2]", "http://a/b c", "http://a\n"]),
    ("HISTORY", ["", "on", "history.db", "./x"]),
    ("HISTORY_SECONDS", ["9m", "3661d", "x"]),
    ("HISTORY_MINUTES", ["59m", "11y"]),
    ("HISTORY_HOURS", ["23h", ""]),
    ("HISTORY_SIZE", ["1023kiB", "2GB", "-1"]),
    ("SECRET_KEY", ["", "s" * 15, "0123456789abcdef\n"]),
    ("ALLOWED_HOSTS", ["", ",", "*", "a:80", "https://a", "a b", "a,*"]),
    ("ALLOWED_ORIGINS", ["", "*", "a.example", "https://a/", "ftp://a", "https://*.a", "null"]),
    ("TRUSTED_PROXIES", ["", "*", "localhost", "10.0.0.1/8", "10.0.0.0/33", "none,::1", "1.2.3"]),
    ("TRUSTED_USER_HEADER", ["", "Remote User", "Remote_User", "-X", "X:", "ä", "X" * 65]),
    ("TRUSTED_GROUPS_HEADER", ["", "a,b", "1-X", "X\n"]),
    ("FAILED_ATTEMPTS", ["0", "10001", "none"]),
    ("MAX_STREAMS_PER_ADDRESS", ["0", "", "1000001", "all"]),
    ("MAX_FEEDS", ["0", "none"]),
    ("MAX_REQUESTS", ["0", "100001"]),
    ("MAX_WAITING", ["0", "100001"]),
    ("HEADER_TIMEOUT", ["0", "11m", "soon"]),
    ("KEEP_ALIVE", ["0", "601"]),
    ("BODY_TIMEOUT", ["0", "601"]),
    ("MAX_BODY", ["1023", "65MiB", "1MB", "1e6", ""]),
    ("MAX_PUBLISHED", ["1023", "1MB", "none", ""]),
    ("MAX_REQUEST_LINE", ["255", "8191", "0"]),
    ("MAX_HEADERS", ["9", "1001"]),
    ("FRAME_ANCESTORS", ["", "*", "'self'", "https://a; script-src *", "https://a/b"]),
]
SECRETS = {"READ_TOKEN", "PUBLISH_TOKEN", "SECRET_KEY", "HEARTBEAT_URL"}
KEYS = [key for key, _, _ in table()]


@pytest.mark.parametrize(("key", "text", "value"), ACCEPTED)
def test_a_setting_takes_what_is_allowed(key: str, text: str, value: object) -> None:
    settings = load({f"DASHBOARD_{key}": text} | NEEDS.get(key, {}))
    assert getattr(settings, key.lower()) == value
    assert type(getattr(settings, key.lower())) is type(value)


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, many in REFUSED for text in many])
def test_a_wrong_value_is_refused_in_one_line_with_key_value_and_what_is_allowed(
    key: str, text: str
) -> None:
    message = refusal({f"DASHBOARD_{key}": text})
    allowed = next(f for f in Settings.__dataclass_fields__.values() if f.name == key.lower())
    # The password of a URL is not shown either.
    its = text.replace("//u:p@", "//…@")
    shown = f"={its!r}" if key not in SECRETS else " (not shown, as it is a secret)"
    assert message == f"DASHBOARD_{key}{shown}: allowed is {allowed.metadata['kind'].allowed}"


def test_a_password_in_a_wrong_url_is_not_shown() -> None:
    message = refusal({"DASHBOARD_LOG": "redis://vitals:hunter2@wall:port"})
    assert "hunter2" not in message
    assert message.startswith("DASHBOARD_LOG (not shown, as it is a secret): allowed is sqlite:")


def test_every_setting_has_accepted_and_refused_values_here() -> None:
    assert {key for key, _, _ in ACCEPTED} == {key for key, _ in REFUSED} == set(KEYS)


def test_without_any_environment_the_defaults_hold() -> None:
    settings = load({"PATH": "/bin", "DASHBOARDS": "7", "dashboard_interval": "9"})
    assert (settings.interval, settings.retention, settings.replay) == (1.0, 21600.0, 300.0)
    assert (settings.heartbeat, settings.retry, settings.max_streams) == (15.0, 2000, 16000)
    assert settings.log == ""
    assert settings == load({"DASHBOARD_HOST_NAME": settings.host_name})


def test_the_defaults_are_values_that_are_allowed() -> None:
    defaults = load({})
    text = {"RETENTION": "6h", "REPLAY": "5m", "HOST_NAME": defaults.host_name}
    for key, shown, _ in table():
        if shown == "none":
            assert not getattr(defaults, key.lower()), f"{key} has a default"
        elif key != "LOG":
            given = text.get(key, shown.strip("`"))
            assert load({f"DASHBOARD_{key}": given}) == defaults, f"{key} shows another default"


@pytest.mark.parametrize("name", ["web-1", "-odd name-", "名前", ".", "x" * 64])
def test_any_name_of_a_machine_becomes_a_host_name(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: name)
    host_name = load({}).host_name
    assert load({"DASHBOARD_HOST_NAME": host_name}).host_name == host_name


# Keys.


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("INTERVALL", "INTERVAL"), ("RETENTON", "RETENTION"), ("MAX_STREAM", "MAX_STREAMS")],
)
def test_an_unknown_key_is_refused_with_the_one_that_is_near(wrong: str, meant: str) -> None:
    message = refusal({f"DASHBOARD_{wrong}": "1"})
    assert message.startswith(f"DASHBOARD_{wrong}: there is no such setting")
    assert f"did you mean {meant}?" in message
    assert all(key in message for key in KEYS)


def test_a_key_that_is_like_no_other_is_refused_without_a_hint() -> None:
    message = refusal({"DASHBOARD_ZZZZZZ": "1"})
    assert "did you mean" not in message
    assert all(key in message for key in KEYS)


# The file.


def test_a_file_gives_settings_in_either_case_and_as_text_or_number(tmp_path: Path) -> None:
    settings = load(config(tmp_path, 'INTERVAL = 2\nretention = "90m"\nheartbeat = 0.5\n'))
    assert (settings.interval, settings.retention, settings.heartbeat) == (2.0, 5400.0, 0.5)


def test_a_switch_in_a_file_is_true_or_false(tmp_path: Path) -> None:
    settings = load(config(tmp_path, "gzip = false\nparking = true\n"))
    assert (settings.gzip, settings.parking) == (False, True)


def test_a_boolean_where_none_is_allowed_is_refused(tmp_path: Path) -> None:
    assert "='True': allowed is seconds" in refusal(config(tmp_path, "interval = true\n"))


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    environ = config(tmp_path, "interval = 2\nretry = 500\n") | {"DASHBOARD_INTERVAL": "3"}
    settings = load(environ)
    assert (settings.interval, settings.retry) == (3.0, 500)


def test_a_wrong_value_in_a_file_names_key_file_and_value(tmp_path: Path) -> None:
    environ = config(tmp_path, 'interval = "soon"\n')
    message = refusal(environ)
    assert message == (
        f"interval in {environ['DASHBOARD_CONFIG']}='soon': allowed is seconds from 0.05 to 3600"
    )


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        ("intervall = 1\n", "intervall", "INTERVAL"),
        ('[[alrt]]\nname = "a"\n', "alrt", "ALERT"),
        ('[notfy]\nurls = ["x"]\n', "notfy", "NOTIFY"),
    ],
)
def test_an_unknown_key_in_a_file_names_the_file(
    tmp_path: Path, text: str, key: str, meant: str
) -> None:
    environ = config(tmp_path, text)
    message = refusal(environ)
    assert message.startswith(f"{key} in {environ['DASHBOARD_CONFIG']}: there is no such")
    assert f"did you mean {meant}?" in message


@pytest.mark.parametrize(
    "line", ["interval = {}", "interval = [1]", "[interval]\nx = 1", "interval = 2026-01-01"]
)
def test_a_value_of_a_type_that_no_setting_has_is_refused(tmp_path: Path, line: str) -> None:
    environ = config(tmp_path, line)
    message = refusal(environ)
    assert (
        message
        == f"interval in {environ['DASHBOARD_CONFIG']}: a text, a number, true or false is wanted"
    )


@pytest.mark.parametrize("content", [b"interval = ", b"interval", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vitals.toml"
    path.write_bytes(content)
    assert refusal({"DASHBOARD_CONFIG": str(path)}).startswith(
        f"DASHBOARD_CONFIG={str(path)!r}: not TOML: "
    )


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.toml")
    assert refusal({"DASHBOARD_CONFIG": missing}) == (
        f"DASHBOARD_CONFIG={missing!r}: No such file or directory"
    )
    folder = str(tmp_path)
    assert refusal({"DASHBOARD_CONFIG": folder}) == f"DASHBOARD_CONFIG={folder!r}: Is a directory"


def test_the_file_cannot_name_another_file(tmp_path: Path) -> None:
    assert "there is no such setting" in refusal(config(tmp_path, 'config = "x.toml"\n'))


# The real thing.


@pytest.mark.slow
def test_gunicorn_does_not_start_with_a_wrong_setting_and_says_why_in_one_line() -> None:
    stopped = gunicorn({"DASHBOARD_INTERVAL": "abc"})
    assert stopped.returncode == 2
    assert stopped.stdout == ""
    assert stopped.stderr == (
        "Vitals: DASHBOARD_INTERVAL='abc': allowed is seconds from 0.05 to 3600\n"
    )


@pytest.mark.slow
def test_gunicorn_does_not_start_with_an_unreadable_file(tmp_path: Path) -> None:
    stopped = gunicorn({"DASHBOARD_CONFIG": str(tmp_path / "missing.toml")})
    assert stopped.returncode == 2
    assert re.fullmatch(r"Vitals: DASHBOARD_CONFIG=.*: No such file or directory\n", stopped.stderr)


RELOADED = """
import pathlib, runpy
first = runpy.run_path("gunicorn.conf.py")["worker_connections"]
module = pathlib.Path("dashboard/settings/schema.py")
module.write_text(module.read_text().replace('"16000"', '"23"'))
print(first - runpy.run_path("gunicorn.conf.py")["worker_connections"])
"""


@pytest.mark.slow
def test_gunicorn_takes_each_module_of_the_settings_anew_when_it_reloads(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "dashboard", tmp_path / "dashboard")
    shutil.copy(ROOT / "gunicorn.conf.py", tmp_path)
    ran = subprocess.run(
        [sys.executable, "-c", RELOADED], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (ran.stdout, ran.stderr) == ("15977\n", "")


# The page of the settings.


def test_the_docs_have_exactly_the_settings_of_the_code() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    rows = re.findall(r"^\| `DASHBOARD_([A-Z_]+)` \| (.*?) \| (.*?) \|$", page, re.M)
    assert sorted(rows) == sorted(table())


def config(folder: Path, content: str) -> dict[str, str]:
    """An environment that names a file with this content."""
    path = folder / "vitals.toml"
    path.write_text(content)
    return {"DASHBOARD_CONFIG": str(path)}


def refusal(environ: dict[str, str]) -> str:
    """The line with which an environment is refused."""
    with pytest.raises(SettingError) as caught:
        load(environ)
    message = str(caught.value)
    assert len(message.splitlines()) == 1, "more than one line"
    return message


def gunicorn(settings: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Start gunicorn with settings that make it stop."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:0"],
        cwd=ROOT,
        env=environ | settings,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("90", 90), (" 5 m ", 300), ("1.5h", 5400), ("7d", 604800), ("4w", 2419200)],
)
def test_a_duration_is_read_alike_everywhere(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-1s", "1e3", "٣s", "1 2", "1" * 13, "1795330299001-0"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.05, "0.05s"), (1, "1s"), (90, "90s"), (300, "5m"), (21600, "6h"), (604800, "7d")],
)
def test_a_duration_is_printed_as_settings_take_it(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
    assert parse_duration(text) == seconds


def test_a_setting_without_its_prefix_is_noticed() -> None:
    given = {"READ_TOKEN": "x", "LOG": "y", "PATH": "/bin", "DASHBOARD_PUBLISH_TOKEN": "z"}
    assert without_prefix(given) == ["READ_TOKEN"]
