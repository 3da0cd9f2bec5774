"""gunicorn for Vitals; what is typed after `./run` or `gunicorn` goes before what stands here.

The settings are checked here, in the master, before anything listens, from the file alone: the
master never imports the application, so that a HUP brings in a new version of its code whole. An
application that is not Vitals (`gunicorn -k gevent examples.countdown:app`) is left alone.
"""

import gc
import importlib.util
import logging
import os
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

# `vitals serve` imports nothing from the folder it is started in; gunicorn would.
if sys.flags.safe_path and sys.path[0] in (os.getcwd(), os.environ.get("PWD")):  # noqa: PTH109
    sys.path.pop(0)

import gunicorn  # type: ignore[import-untyped]
from gevent import events
from gunicorn.glogging import Logger as _GunicornLogger  # type: ignore[import-untyped]
from gunicorn.workers.ggevent import GeventWorker  # type: ignore[import-untyped]

_HALT = 4  # gunicorn's master ends with a worker that exits with this
_log = logging.getLogger("vitals")
_ROOT = Path(__file__).resolve().parent
# From a wheel this file lies in a folder of the package.
_PACKAGE = _ROOT / "dashboard" if (_ROOT / "dashboard").is_dir() else _ROOT.parent
# Outlives a reload of this file: good `settings` and `variables`, those `served`, the `manager`.
_state: Any = sys.modules.setdefault("vitals_state", ModuleType("vitals_state"))


def _load_alone(name: str) -> Any:
    """A module of dashboard/, or a package there, that imports nothing else of it."""
    path = _PACKAGE / name
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
    if hasattr(_state, "served"):
        _log.error(text)
    else:
        print(f"Vitals: {text}", file=sys.stderr)


def _load_settings() -> tuple[Any, dict[str, str]]:
    """Return the settings, and the variables that say them to the workers."""
    module = _load_alone("settings")
    try:
        settings, variables = module.load(os.environ), module.as_variables(os.environ)
        module.check_serves(settings)
    except module.SettingError as error:
        _complain(str(error))
        if not hasattr(_state, "settings"):
            sys.exit(2)
        _complain("going on with the settings of before")
    else:
        _state.settings, _state.variables = settings, variables
    return _state.settings, _state.variables


def _service_manager() -> Any:
    """Return who started the service and wants to know when it serves; None for nobody.

    gunicorn itself would say so as soon as it listens. So the variables leave the environment.
    """
    started_by = _systemd.ServiceManager.taken_from(os.environ)
    return vars(_state).setdefault("manager", started_by)


class _Logger(_GunicornLogger):  # type: ignore[misc]
    """gunicorn's own lines, from warnings on, in the form of ours, which have a logger each.

    One object lives through all reloads, so it looks up what the last one has loaded.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if cfg.logconfig or cfg.logconfig_dict or cfg.logconfig_json:
            return  # whoever configures logging has forms of their own
        output: Any = sys.modules["vitals_logging"]
        ours, journal = _state.settings, output.is_journal(os.environ)
        secrets = sys.modules["vitals_settings"].secrets(ours)
        form = output.formatter(ours.output_format, journal=journal, secrets=secrets)
        for log, its_form in ((self.error_log, form), (self.access_log, output.Bare(secrets))):
            for handler in log.handlers:
                handler.setFormatter(its_form)
        for log in (logging.getLogger("dashboard"), _log):
            log.handlers = self.error_log.handlers
            log.setLevel(ours.output_level.upper())
            log.propagate = False


class Worker(GeventWorker):  # type: ignore[misc]
    """Becomes the application's own worker class after the fork.

    gunicorn makes workers in the master, which must not import the application.
    """

    def patch(self) -> None:
        """Patch the process, then become the worker class of the application."""
        # gevent would look 25 times through all packages for one that is to hear of its patches.
        events.notify_and_call_entry_points = events.notify  # type: ignore[attr-defined]
        super().patch()
        self.app.chdir()
        from dashboard.server import worker

        self.manager = _manager
        self.__class__ = worker.Worker


_settings, _variables = _load_settings()
_output = _load_alone("telemetry/logging")
_systemd = _load_alone("telemetry/systemd")
_manager = _service_manager()

umask = 0o007  # a Unix socket to bind to is for its user and group
wsgi_app = "app:app" if _PACKAGE.parent == _ROOT else "dashboard.files.app:app"
chdir = str(_PACKAGE.parent)  # not a wheel's files, which pip replaces while the master lives
bind = ["127.0.0.1:8000"]
worker_class = Worker
logger_class = _Logger
# Its routine is printed at OUTPUT_LEVEL=debug alone.
loglevel = "warning" if _settings.output_level == "info" else _settings.output_level
# Streams, connections that wait, requests (server/connection_guard.py), and room for /healthz.
worker_connections = _settings.max_streams + _settings.max_waiting + _settings.max_requests + 1000
backlog = 8192
timeout = 30
graceful_timeout = 5
keepalive = 1  # more than 0: that there is one at all; how long is KEEP_ALIVE
limit_request_line = _settings.max_request_line
limit_request_fields = _settings.max_headers
# gunicorn believes no header of anybody; access/trusted_proxies.py sees to X-Forwarded-*.
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
forwarded_allow_ips = "*"
# Where an access log is wanted: without queries and referrers, which may have a key in them.
access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s "%(a)s"'
control_socket_disable = True  # it would lie in the home folder, where two services meet


def on_starting(server: Any) -> None:
    """Refuse to show the machine to a network that nobody opened it to."""
    if _is_ours(server):
        handed_over = [*_systemd.handed_over(os.environ)]
        if not _load_alone("server/options").are_right(server.app, sys.argv[1:], _complain):
            sys.exit(2)
        is_bound = handed_over or "GUNICORN_FD" in os.environ or server.cfg.reuse_port
        wait_until_free = _load_alone("posix/free_port").wait_until_free
        if not is_bound and not wait_until_free(server.address, _complain):
            sys.exit(1)
        if not _may_serve([*server.address, *handed_over]):
            sys.exit(2)
        _state.served = _variables


def _is_ours(server: Any) -> bool:
    """Return True unless another worker class was named, as for others' applications."""
    return issubclass(server.worker_class, Worker)


def when_ready(server: Any) -> None:
    """Say where it listens, who may read, and what is kept where."""
    _log.info("Listening at: %s (%s)", ",".join(map(str, server.LISTENERS)), server.pid)
    if not _is_ours(server):
        return
    settings: Any = sys.modules["vitals_settings"]
    for line in _load_alone("telemetry/start_report").start_report(
        _settings,
        settings.format_duration,
        files=_ROOT,
        instance=_load_alone("installation").default_instance(),
        workers=server.num_workers,
        server=f"gunicorn {gunicorn.__version__}",
        source=os.environ.get("DASHBOARD_CONFIG", "the environment"),
        url=_load_alone("posix/own_address").url_to_open(str(server.LISTENERS[0])),
    ):
        _log.info("%s", line)
    for name in settings.without_prefix(os.environ):
        _log.warning("%s is not read: it has to be called DASHBOARD_%s", name, name)


def on_reload(server: Any) -> None:
    """Check the settings at a HUP, where refusing means to go on as before."""
    global _variables
    if not _is_ours(server):
        return
    if _manager is not None:
        _manager.tell("RELOADING=1")
    before = _state.served
    if not _may_serve([*server.address, *(each.getsockname() for each in server.LISTENERS)]):
        _complain("going on with the settings of before")
        _variables = before
    changed = {key.removeprefix("DASHBOARD_") for key, _ in before.items() ^ _variables.items()}
    _state.served = _variables
    _log.info("Reloading: new workers, settings changed: %s", ", ".join(sorted(changed)) or "none")


def _may_serve(addresses: list[Any]) -> bool:
    settings: Any = sys.modules["vitals_settings"]
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
    if not _is_ours(server):
        return
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):  # until it has its own handlers
        signal.signal(number, lambda *_: os._exit(0))
    for name in [name for name in os.environ if name.startswith("DASHBOARD_")]:
        del os.environ[name]
    os.environ.update(_variables)


def post_worker_init(worker: Any) -> None:
    """Refuse to serve Vitals by a worker class that bounds nothing."""
    if "vitals" in getattr(worker.wsgi, "extensions", {}) and not hasattr(worker, "manager"):
        name = worker.cfg.worker_class_str
        print(f"Vitals: has its own worker class, so start it without -k {name}", file=sys.stderr)
        sys.exit(_HALT)


def on_exit(server: Any) -> None:
    """Say that the service has ended."""
    _log.info("Shutting down")
