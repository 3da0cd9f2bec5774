"""What is made once for all requests is for each as gunicorn's own would be."""

import logging
from pathlib import Path

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http import wsgi  # type: ignore[import-untyped]

from dashboard.server import shared_parts


def test_errors_go_where_the_log_goes_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WSGIErrorsWrapper", "Response"):
        monkeypatch.setattr(wsgi, name, getattr(wsgi, name))
    monkeypatch.setattr(wsgi.Response, "default_headers", wsgi.Response.default_headers)
    log = logging.getLogger("gunicorn.error")
    monkeypatch.setattr(log, "handlers", [])
    cfg = Config()
    cfg.set("errorlog", str(tmp_path / "unused"))
    shared_parts.share_parts(cfg)
    errors = [wsgi.base_environ(cfg)["wsgi.errors"] for _ in range(2)]
    assert errors[0] is errors[1]

    for name in ("first", "second"):  # as USR1 after the file was moved away
        handler = logging.FileHandler(tmp_path / name)
        log.handlers = [handler]
        errors[0].write(f"to the {name}\n")
        handler.close()
        assert (tmp_path / name).read_text() == f"to the {name}\n"


def test_a_date_is_that_of_its_second() -> None:
    lines = [shared_parts._date_line(second) for second in (0, 0, 1)]
    assert lines == [f"Date: Thu, 01 Jan 1970 00:00:0{end} GMT\r\n" for end in (0, 0, 1)]
