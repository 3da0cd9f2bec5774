"""apprise, behind two calls for a native thread: its plugins block, and loading them takes a while.

It is imported only here, and only where there is something to send.
"""

import re
from typing import Any
from urllib.parse import unquote

from dashboard.alerts.outbox import Message
from dashboard.metrics.catalogue.value_text import unbroken

_FOR_PROGRAMS = re.compile(r"(?:json|xml|form)s?:", re.IGNORECASE)
_PART = re.compile(r"[^:/?#&=@,;+ ]{3,}")


class Sender:
    """One of apprise's URLs."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._service: Any = None

    def prepare(self) -> str | None:
        """Make the service that the URL names. Returns what is wrong, None if nothing is."""
        try:
            import apprise
        except ImportError:
            return "the package apprise is missing: pip install apprise"
        try:
            # Without a deadline of its own it uses no further threads, which gevent would make
            # into greenlets of this one; the sockets have their timeouts.
            asset = apprise.AppriseAsset(app_id="Vitals", async_mode=False, service_timeout=0)
            service = apprise.Apprise.instantiate(self._url, asset=asset)
            if service is None:
                return "apprise does not know such a URL"
            self._service = apprise.Apprise(asset=asset)
            self._service.add(service)
        except Exception as error:  # whatever a plugin raises; its text may have the URL
            return type(error).__name__
        return None

    def send(self, message: Message) -> str | None:
        """Send a message. Returns what went wrong, None if it has arrived."""
        from apprise import NotifyFormat

        is_for_people = _FOR_PROGRAMS.match(self._url) is None
        try:
            result = self._service.notify(
                title=message.title,
                body=unbroken(message.body) if is_for_people else message.body,
                notify_type=message.kind,
                body_format=NotifyFormat.TEXT,
            )
        except Exception as error:
            return type(error).__name__
        if result:
            return None
        reasons = [entry.message for entry in result.logs()]
        return self._without_secrets(reasons[-1]) if reasons else "it was not taken"

    def _without_secrets(self, text: str) -> str:
        """Return a plugin's text without the parts of the URL, each of which may be secret."""
        parts = {part for form in (self._url, unquote(self._url)) for part in _PART.findall(form)}
        parts.discard(self._url.partition(":")[0])
        for part in sorted(parts, key=len, reverse=True):
            text = re.sub(re.escape(part), "…", text, flags=re.IGNORECASE)
        return text
