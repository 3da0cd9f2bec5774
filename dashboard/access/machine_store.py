"""The machines that joined, and codes by which more may: `machines.json` of the instance folder.

A code is good once, for an hour. It gives a machine a token of its own, with which it publishes of
itself and nothing else. Of codes and tokens the file has digests only; both are made of chance, so
a plain digest tells nothing. Who is not in the file, or was taken out, may not publish.
"""

import hashlib
import secrets
import time
from base64 import b32encode
from collections.abc import Callable
from pathlib import Path

import msgspec

from dashboard.access.right_store import Right, RightStore

FILE = "machines.json"
MOST = 1000  # machines and open codes; and as many that were taken out
CODE_SECONDS = 3600.0
_CODE_BYTES = 10


class Machine(Right, frozen=True, kw_only=True, tag="machine"):
    """A machine that joined: its name is the id. `version` is that of its agent."""

    digest: str  # of its token
    version: str | None = None


class Invitation(Right, frozen=True, kw_only=True, tag="code"):
    """A code that is still good: for any name, or for one."""

    host: str | None = None


class WrongCode(Exception):
    """A code that is not known, was used, or is too old."""


class JoinRefused(Exception):
    """A machine that can't join so; the text says why, and what to do."""


class MachineStore(RightStore[Machine | Invitation]):
    """The machines of one service."""

    use_pause = 600.0
    told_of_use = ("used", "used_from", "version")

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        super().__init__(path, Machine | Invitation, clock)
        self._by_digest: tuple[object, dict[str, Machine]] = (None, {})

    def machines(self) -> list[Machine]:
        """Return those that joined, by name. Raises OSError."""
        return sorted(_those_in(self.rights()), key=lambda machine: machine.id)

    def machine_of(self, token: str) -> Machine | None:
        """Return whose token a text is. Raises OSError."""
        rights = self.rights()
        if self._by_digest[0] is not rights:
            self._by_digest = rights, {each.digest: each for each in _those_in(rights)}
        return self._by_digest[1].get(_digest(token))

    def invite(self, host: str | None = None) -> str:
        """Return a new code. Raises JoinRefused where there is no room, and OSError."""
        code = b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower()

        def change(rights: dict[str, Machine | Invitation]) -> None:
            self._tidy(rights)
            _check_room(rights)
            key = _key(code)
            rights[key] = Invitation(id=key, made=self._clock(), host=host)

        self._change(change)
        return "-".join(code[at : at + 4] for at in range(0, len(code), 4))

    def is_code(self, code: str) -> bool:
        """Return True for a code that is good. Raises OSError."""
        found = self.rights().get(_key(code))
        return isinstance(found, Invitation) and not self._is_over(found)

    def join(self, code: str, machine: Machine, *, before: str | None = None) -> str:
        """Let a machine in by a code, and return its token; the machine's own digest is not read.

        `before` is the token by which it was in already, maybe with another name: that one ends.
        Raises WrongCode, JoinRefused and OSError.
        """
        token, name = secrets.token_urlsafe(24), machine.id

        def change(rights: dict[str, Machine | Invitation]) -> None:
            invitation = rights.get(_key(code))
            if not isinstance(invitation, Invitation) or self._is_over(invitation):
                raise WrongCode
            self._revoke(rights, invitation)
            if invitation.host not in (None, name):
                raise JoinRefused(f"this code is for the name {invitation.host}, not for {name}")
            old = None if before is None else self.machine_of(before)
            if old is not None:
                self._revoke(rights, old)
            known = rights.get(name)
            if known is not None and known.revoked is None:
                raise JoinRefused(
                    f"a machine has joined as {name} already: join with another name (--host), or "
                    f"first take the right of that one away (vitals machines --remove {name})"
                )
            _check_room(rights)
            # Of two that dashboards know by one name the later counts, whatever their clocks say.
            made = machine.made if known is None else max(machine.made, known.made + 0.001)
            rights[name] = msgspec.structs.replace(machine, digest=_digest(token), made=made)

        self._change(change)
        return token

    def remove(self, name: str) -> None:
        """Take a machine's right away. Raises KeyError for one that has none, and OSError."""

        def change(rights: dict[str, Machine | Invitation]) -> None:
            found = rights.get(name)
            if not isinstance(found, Machine) or found.revoked is not None:
                raise KeyError(name)
            self._revoke(rights, found)

        self._change(change)

    def _revoke(self, rights: dict[str, Machine | Invitation], right: Machine | Invitation) -> None:
        rights[right.id] = msgspec.structs.replace(right, revoked=self._clock())

    def _is_over(self, right: Machine | Invitation) -> bool:
        return right.revoked is not None or self._is_old(right)

    def _is_old(self, right: Machine | Invitation) -> bool:
        return isinstance(right, Invitation) and abs(self._clock() - right.made) > CODE_SECONDS

    def _joined(
        self, one: Machine | Invitation, other: Machine | Invitation
    ) -> Machine | Invitation:
        if isinstance(one, Machine) and isinstance(other, Machine) and one.digest != other.digest:
            return max(one, other, key=lambda machine: machine.made)  # it has joined anew
        return super()._joined(one, other)

    def _tidy(self, rights: dict[str, Machine | Invitation]) -> None:
        """Take out codes that are old, and of what was taken away all but the last."""
        for right in [each for each in rights.values() if self._is_old(each)]:
            del rights[right.id]
        gone = [each for each in rights.values() if each.revoked is not None]
        for right in sorted(gone, key=lambda each: each.revoked or 0.0)[: max(0, len(gone) - MOST)]:
            del rights[right.id]

    def _is_news(self, use: Machine | Invitation, known: Machine | Invitation) -> bool:
        return super()._is_news(use, known) or any(
            getattr(use, name) != getattr(known, name) for name in ("used_from", "version")
        )


def _those_in(rights: dict[str, Machine | Invitation]) -> list[Machine]:
    found = [each for each in rights.values() if isinstance(each, Machine)]
    return [each for each in found if each.revoked is None]


def _check_room(rights: dict[str, Machine | Invitation]) -> None:
    if len([each for each in rights.values() if each.revoked is None]) >= MOST:
        raise JoinRefused(
            f"{MOST} machines and codes are known, which is the most: take one away, "
            "or wait until a code ends"
        )


def _key(code: str) -> str:
    """Return the id of a code's invitation, which no machine can have for a name."""
    return f"code {_digest(code.strip().replace('-', '').lower())}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
