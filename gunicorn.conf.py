"""gunicorn for Vitals; what is typed after `./run` or `gunicorn` goes before what stands here.

The settings are checked here, in the master, before anything listens, from the file alone: the
master never imports the application, so that a HUP brings in a new version of its code whole.
"""

import gc
import importlib.util
import logging
import os
import platform
import socket
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import gunicorn  # type: ignore[import-untyped]
from gunicorn.glogging import Logger as _GunicornLogger  # type: ignore[import-untyped]

_ROOT = Path(__file__).resolve().parent
# What outlives a reload of this file, which makes its names anew: entries of sys.modules.
_KEPT = "vitals settings that were good"
_SERVED = "vitals settings that were served"
_MANAGER = "vitals service manager"


def _load_alone(name: str) -> Any:
    """A module of dashboard/, or a package there, that imports nothing else of it."""
    path = _ROOT / "dashboard" / name
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    name = path.stem if path.stem != "__init__" else name
    for old in [each for each in sys.modules if each.startswith(f"vitals_{name}.")]:
        del sys.modules[old]  # a module of the package, as it was before a reload
    spec = importlib.util.spec_from_file_location(f"vitals_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses looks its module up
    spec.loader.exec_module(module)
    return module


def _complain(text: str) -> None:
    """Say what is wrong: before the start to whoever starts it, later as everything else."""
    if _SERVED in sys.modules:
        logging.getLogger("gunicorn.error").error(text)
    else:
        print(f"Vitals: {text}", file=sys.stderr)


def _load_settings() -> tuple[Any, dict[str, str]]:
    """The settings, and the variables that say them to the workers."""
    module = _load_alone("settings")
    try:
        settings = module.load(os.environ), module.as_variables(os.environ)
        module.check_serves(settings[0])
    except module.SettingError as error:
        _complain(str(error))
        kept = cast(tuple[Any, dict[str, str]] | None, sys.modules.get(_KEPT))
        if kept is None:
            sys.exit(2)
        _complain("going on with the settings of before")
        return kept
    sys.modules[_KEPT] = cast(Any, settings)
    return settings


def _service_manager() -> Any:
    """Who started the service and wants to know when it serves; None for nobody.

    gunicorn itself would say so as soon as it listens. So the variables leave the environment.
    """
    found = _systemd.ServiceManager.of(os.environ)
    for name in (_systemd.SOCKET, _systemd.WATCHDOG, "WATCHDOG_PID"):
        os.environ.pop(name, None)
    if found is not None:
        sys.modules[_MANAGER] = cast(Any, found)
    return sys.modules.get(_MANAGER)


class _Logger(_GunicornLogger):  # type: ignore[misc]
    """gunicorn's own lines in the form of ours, and of its routine none.

    One object lives through all reloads, so it looks up what the last one has loaded.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        output, module = sys.modules["vitals_logging"], sys.modules["vitals_settings"]
        settings, _ = cast(tuple[Any, dict[str, str]], sys.modules[_KEPT])
        secrets = module.secrets(settings)
        form = output.formatter(
            settings.output_format, journal=output.is_journal(os.environ), secrets=secrets
        )
        for log, its_form in ((self.error_log, form), (self.access_log, output.Bare(secrets))):
            for handler in log.handlers:
                if getattr(handler, "_gunicorn", False):  # not what a log configuration made
                    handler.setFormatter(its_form)

    def info(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        is_routine = msg in cast(Any, sys.modules["vitals_logging"]).ROUTINE
        (self.debug if is_routine else super().info)(msg, *args, **kwargs)

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        is_routine = str(msg).startswith(cast(Any, sys.modules["vitals_logging"]).STRANGERS)
        (self.debug if is_routine else super().warning)(msg, *args, **kwargs)


_settings, _variables = _load_settings()
_output = _load_alone("telemetry/logging")
_systemd = _load_alone("telemetry/systemd")
_manager = _service_manager()

wsgi_app = "app:app"
chdir = str(_ROOT)
bind = ["127.0.0.1:8000"]
worker_class = "gevent"
logger_class = _Logger
loglevel = _settings.output_level
# Streams, connections that have not asked yet, and requests; and a reserve, so that /healthz
# answers when all of these are taken (server/connection_guard.py bounds them).
worker_connections = _settings.max_streams + _settings.max_waiting + _settings.max_requests + 1000
backlog = 8192
timeout = 30
graceful_timeout = 5
keepalive = 1  # more than 0: that there is one at all; how long is KEEP_ALIVE
limit_request_line = _settings.max_request_line
limit_request_fields = _settings.max_headers
forwarded_allow_ips = ",".join(_settings.trusted_proxies)
# Where an access log is wanted: without queries and referrers, which may have a key in them.
access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s "%(a)s"'
control_socket_disable = True  # it would lie in the home folder, where two services meet


def on_starting(server: Any) -> None:
    """Refuse to show the machine to a network that nobody opened it to."""
    if not _may_serve([*server.address, *_handed_over()]):
        sys.exit(2)
    sys.modules[_SERVED] = cast(Any, _variables)


def when_ready(server: Any) -> None:
    """After gunicorn has said where it listens: who may read, and what is kept where."""
    log = _settings.log or f"sqlite:///{Path(_settings.instance or _ROOT / 'instance')}/events.db"
    read = "whoever has the READ_TOKEN" if _settings.read_token else "whoever reaches that address"
    publish = "whoever has the PUBLISH_TOKEN" if _settings.publish_token else "nobody, over HTTP"
    if _settings.publish:
        publish = "whoever has a token for it"
    duration = sys.modules["vitals_settings"].format_duration
    sampled = f"{_settings.host_name} every {duration(_settings.interval)}"
    server.log.info("May read: %s; may publish: %s", read, publish)
    server.log.info("Log: %s, kept for %s", log, duration(_settings.retention))
    server.log.info("Sampled: %s; heartbeats after %gs", sampled, _settings.heartbeat)
    server.log.info(
        "Vitals%s, %d %s, gunicorn %s, Python %s; settings: %s",
        _version(),
        server.num_workers,
        "workers" if server.num_workers != 1 else "worker",
        gunicorn.__version__,
        platform.python_version(),
        os.environ.get("DASHBOARD_CONFIG", "the environment"),
    )


def _version() -> str:
    try:
        project = (_ROOT / "pyproject.toml").read_text("utf-8")
    except OSError:
        return ""  # somebody took only what runs
    return f" {tomllib.loads(project)['project']['version']}"


def on_reload(server: Any) -> None:
    """The same at a HUP, where refusing means to go on as before."""
    global _variables
    if _manager is not None:
        _manager.tell("RELOADING=1")
    before = cast(dict[str, str], sys.modules[_SERVED])
    if not _may_serve(
        [*server.address, *(listener.getsockname() for listener in server.LISTENERS)]
    ):
        _complain("going on with the settings of before")
        _variables = before
    keys = {key for key, _ in before.items() ^ _variables.items()}
    changed = ", ".join(sorted(key.removeprefix("DASHBOARD_") for key in keys))
    sys.modules[_SERVED] = cast(Any, _variables)
    server.log.info("Reloading: new workers, settings changed: %s", changed or "none")


def _handed_over() -> Iterator[Any]:
    """The addresses of the sockets that a service manager has opened for us (sd_listen_fds(3))."""
    count = int(os.environ.get("LISTEN_FDS", 0))
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        for descriptor in range(3, 3 + count):
            with socket.socket(fileno=os.dup(descriptor)) as listener:
                yield listener.getsockname()


def _may_serve(addresses: list[Any]) -> bool:
    settings = sys.modules["vitals_settings"]
    try:
        settings.check_bound(_settings, addresses)
    except settings.SettingError as error:
        _complain(str(error))
        return False
    return True


def pre_fork(server: Any, worker: Any) -> None:
    """Leave what master and workers share as it is: a collection would touch and so copy it."""
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """Hand on what was checked: a worker that starts later must not find a file gone wrong."""
    for name in [name for name in os.environ if name.startswith("DASHBOARD_")]:
        del os.environ[name]
    os.environ.update(_variables)


def post_worker_init(worker: Any) -> None:
    """Start the runtime: after the fork, in a process that gevent has patched."""
    from dashboard.server.worker import start

    start(worker, _manager)
