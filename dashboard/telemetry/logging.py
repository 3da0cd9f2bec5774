"""The lines that the service prints about itself: text or JSON, a line for each thing that matters.

Both forms are for standard error. Where that is the journal (systemd.exec(5), "$JOURNAL_STREAM") a
text line has no time and no process id, which the journal notes by itself, but its level as
sd-daemon(3) wants it, so that `journalctl -p warning` finds it.

A message is one line, whatever it repeats of what strangers send: line ends and other characters
that control a terminal are escaped. No line holds a secret: those of the settings, and whatever has
the form of one, are left out.

It imports nothing of the package: gunicorn.conf.py loads this file alone, as it does settings/.
"""

import json
import logging
import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

HIDDEN = "[hidden]"

_FORMS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',;]+"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)([?&](?:key|token|[a-z_-]+_token)=)[^&\s\"'#]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)(\bcookie\W{1,4})[^\"'\r\n]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)(\bvitals(?:-[a-z0-9]+){0,2}=)[^;\s\"']+"), rf"\1{HIDDEN}"),  # our cookies
    (re.compile(r"(://)[^/\s@\"']+(@)"), rf"\1{HIDDEN}\2"),
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG = 7


def is_journal(environ: Mapping[str, str], descriptor: int = 2) -> bool:
    """Whether what is written to a descriptor goes to systemd's journal."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def formatter(form: str, *, journal: bool, secrets: Iterable[str] = ()) -> logging.Formatter:
    """What makes lines of records. `form` is text or json; `journal` as `is_journal` says."""
    kind = _JSON if form == "json" else _Journal if journal else _Text
    return kind(tuple(secrets))


class Bare(logging.Formatter):
    """The message alone, without what is secret in it."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        # The longest first: one may be a part of another.
        self._secrets = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def hide(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for form, instead in _FORMS:
            text = form.sub(instead, text)
        return text

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- logging's name
        """Return the message of a record as one line."""
        return _CONTROLS.sub(_escaped, super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, with secrets left out."""
        return self.hide(super().format(record))


class _Text(Bare):
    def format(self, record: logging.LogRecord) -> str:
        level = record.levelname.lower()
        return f"{_time(record)} [{record.process}] {level}: {super().format(record)}"


class _Journal(Bare):
    def format(self, record: logging.LogRecord) -> str:
        priority = next((p for level, p in _PRIORITIES if record.levelno >= level), _DEBUG)
        # Each line of a traceback is an entry of its own.
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).split("\n"))


class _JSON(Bare):
    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "pid": record.process,
            "from": record.name,
            "message": self.hide(record.getMessage()),
        }
        if record.exc_info and record.exc_info[0] is not None:
            fields["traceback"] = self.hide(self.formatException(record.exc_info))
        return json.dumps(fields, ensure_ascii=False)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")
