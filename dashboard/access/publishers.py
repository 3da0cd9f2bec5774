"""Who publishes by which token: PUBLISH_TOKEN, those of [[publish]], those of joined machines."""

import hmac
import re
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from dashboard.access.machine_store import Machine, MachineStore
from dashboard.errors import ClientError
from dashboard.settings import Publisher, Settings

MAIN_PUBLISHER = "PUBLISH_TOKEN"
_AGENT = re.compile(r"vitals/([0-9A-Za-z.+-]{1,40})")  # what an agent calls itself


class Publishers:
    """The tokens to publish with of one service."""

    def __init__(self, settings: Settings, machines: MachineStore) -> None:
        self._publishers = list(settings.publish)
        if settings.publish_token:
            publisher = Publisher(name=MAIN_PUBLISHER, token=settings.publish_token)
            self._publishers.insert(0, publisher)
        self._machines = machines

    def find(self, given: str) -> tuple[Publisher | None, Machine | None]:
        """Return whose token it is, and the machine if it is one's. Raises ClientError."""
        known = None
        for publisher in self._publishers:  # all of them: the time tells nothing of which it is
            if hmac.compare_digest(given.encode(), publisher.token.encode()):
                known = publisher
        if known is not None:
            return known, None
        try:
            machine = self._machines.machine_of(given)
            is_off = machine is None and not self._publishers and not self._machines.machines()
        except OSError as error:
            raise ClientError(503, f"who has joined can't be read: {error.strerror}") from None
        if is_off:
            raise ClientError(403, "publishing over HTTP is off: no PUBLISH_TOKEN is set")
        if machine is None:
            return None, None
        # No table [[publish]] has such a name.
        name = f"machine:{machine.id}"
        return Publisher(name=name, token=given, hosts=(machine.id,)), machine

    def note_use(self, environ: Mapping[str, Any], machine: Machine) -> None:
        """Note that a machine has sent a request."""
        agent = _AGENT.match(environ.get("HTTP_USER_AGENT", ""))
        used = msgspec.structs.replace(
            machine,
            used=time.time(),
            used_from=environ.get("REMOTE_ADDR", ""),
            version=agent[1] if agent else machine.version,
        )
        self._machines.note_use(used)
