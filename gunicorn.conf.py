"""gunicorn for Vitals; what is typed after `./run` or `gunicorn` goes before what stands here.

The settings are checked here, in the master, before anything listens, from the file alone: the
master never imports the application, so that a HUP brings in a new version of its code whole.
"""

import gc
import importlib.util
import ipaddress
import os
import sys
from pathlib import Path
from typing import Any, cast

_ROOT = Path(__file__).resolve().parent
# What outlives a reload of this file, which makes its names anew: entries of sys.modules.
_KEPT = "vitals settings that were good"
_SERVED = "vitals settings that were served"


def _load_settings() -> tuple[Any, dict[str, str]]:
    """The settings, and the variables that say them to the workers."""
    path = _ROOT / "dashboard" / "settings.py"
    spec = importlib.util.spec_from_file_location("vitals_settings", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["vitals_settings"] = module  # dataclasses looks its module up
    spec.loader.exec_module(module)
    try:
        settings = module.load(os.environ), module.as_variables(os.environ)
        module.check_serves(settings[0])
    except module.SettingError as error:
        print(f"Vitals: {error}", file=sys.stderr)
        kept = cast(tuple[Any, dict[str, str]] | None, sys.modules.get(_KEPT))
        if kept is None:
            sys.exit(2)
        print("Vitals: going on with the settings of before", file=sys.stderr)
        return kept
    sys.modules[_KEPT] = cast(Any, settings)
    return settings


_settings, _variables = _load_settings()

wsgi_app = "app:app"
chdir = str(_ROOT)
bind = ["127.0.0.1:8000"]
worker_class = "gevent"
# Streams, connections that have not asked yet, and requests; and a reserve, so that /healthz
# answers when all of these are taken (dashboard/arrivals.py sees to it that they are no more).
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
    if not _may_serve(server.address):
        sys.exit(2)
    sys.modules[_SERVED] = cast(Any, _variables)


def on_reload(server: Any) -> None:
    """The same at a HUP, where refusing means to go on as before."""
    global _variables
    if _may_serve(server.address):
        sys.modules[_SERVED] = cast(Any, _variables)
    else:
        print("Vitals: going on with the settings of before", file=sys.stderr)
        _variables = cast(dict[str, str], sys.modules[_SERVED])


def _may_serve(addresses: list[Any]) -> bool:
    open_to = [address for address in addresses if not _is_loopback(address)]
    if not open_to or _settings.read_token or _settings.public:
        return True
    print(
        f"Vitals: bound to {open_to[0][0]}, which others can reach, without a READ_TOKEN: set "
        "DASHBOARD_READ_TOKEN, or DASHBOARD_PUBLIC=1 if everyone may read",
        file=sys.stderr,
    )
    return False


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket, or a descriptor that was handed over
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return str(address[0]).lower() == "localhost"


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
    from dashboard.worker import start

    start(worker)
