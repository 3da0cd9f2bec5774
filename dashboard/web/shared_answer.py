"""Answers to long questions about the past: one for all who ask it at once, few at a time."""

from collections.abc import Callable, Hashable

from flask import request

from dashboard.errors import ClientError
from dashboard.history.shared import TooMany
from dashboard.log.contract import LogUnavailable
from dashboard.runtime import Runtime

_RETRY_AFTER = 2  # seconds


def shared_answer(runtime: Runtime, question: Hashable, work: Callable[[], bytes]) -> bytes:
    """Return the answer to a question, of whoever works on it first. Raises ClientError(503)."""
    try:
        return runtime.history.answers.get(question, request.remote_addr or "", work)
    except LogUnavailable as error:
        raise ClientError(503, f"the log cannot be read: {error}") from None
    except TooMany:
        detail = "too many long questions about the past are being answered; try again"
        raise ClientError(503, detail, retry_after=_RETRY_AFTER) from None
