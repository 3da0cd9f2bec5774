"""Refuse options with which gunicorn would serve nothing, or end in many lines.

gunicorn.conf.py loads this alone, so it imports nothing of the package.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any

from gunicorn.sock import ssl_context  # type: ignore[import-untyped]

_LEVELS = ("debug", "info", "warning", "error", "critical")


def are_right(app: Any, arguments: Sequence[str], complain: Callable[[str], None]) -> bool:
    """Return False if a gunicorn application can't serve with its options; says why in a line."""
    given = [*app.cfg.get_cmd_args_from_env(), *arguments]
    fault = next((fault for fault in _faults(app.cfg, app.app_uri, given)), None)
    if fault is not None:
        complain(fault)
    return fault is None


def _faults(cfg: Any, uri: str, arguments: Sequence[str]) -> Iterator[str]:
    flags = {flag for setting in cfg.settings.values() for flag in setting.cli or ()}
    for text in takewhile(lambda text: text != "--", arguments):
        name = text.partition("=")[0]
        if name.startswith("--") and name not in flags:
            meant = next((flag for flag in sorted(flags) if flag.startswith(name)), "none")
            yield f"{name}: options are written in full: --port 9000, or gunicorn's {meant}"
    for flag, count in (("workers", cfg.workers), ("worker-connections", cfg.worker_connections)):
        if count < 1:
            yield f"--{flag} {count}: wanted is a number from 1 on"
    if cfg.loglevel.lower() not in _LEVELS:
        yield f"--log-level {cfg.loglevel}: wanted is one of {', '.join(_LEVELS)}"
    if cfg.preload_app:
        yield "--preload: only workers load the application, so that a reload brings a new one"
    top = uri.partition(":")[0].partition(".")[0]
    if not top or find_spec(top) is None:
        yield f"{uri}: wanted are options, as in --port 9000; there is no such application"
    for path in (each for each in cfg.address if isinstance(each, str)):
        if not Path(path).parent.is_dir():
            yield f"--bind unix:{path}: there is no folder {Path(path).parent}"
    yield from _faults_of_files(cfg)


def _faults_of_files(cfg: Any) -> Iterator[str]:
    for key in ("certfile", "keyfile", "ca_certs", "logconfig_json"):
        setting = cfg.settings[key]
        if setting.value and not os.access(setting.value, os.R_OK):
            yield f"{setting.cli[-1]} {setting.value}: wanted is a file that can be read"
    if cfg.worker_tmp_dir and not Path(cfg.worker_tmp_dir).is_dir():
        yield f"--worker-tmp-dir {cfg.worker_tmp_dir}: wanted is a folder"
    if cfg.keyfile and not cfg.certfile:
        yield f"--keyfile {cfg.keyfile}: wanted is its --certfile, too"
    if cfg.is_ssl:
        try:
            ssl_context(cfg)
        except (OSError, ValueError) as error:
            yield f"--certfile {cfg.certfile}: wanted is one in PEM, with its key: {error}"
