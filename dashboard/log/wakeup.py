"""Wake-ups between the processes that share a log: one Unix datagram socket for each.

A wake-up is an empty datagram; one with content is an `Unpersisted`, for the time when the log
can't be written. A datagram that is lost (a full queue, a folder that vanished) costs its reader
one time-out of `wait`, never an event, because the reader then looks into the log anyway.
"""

import os
import socket
from collections import deque
from itertools import count
from pathlib import Path

import msgspec

from dashboard.events.event import Unpersisted
from dashboard.posix.ownership import make_folder
from dashboard.posix.sockets import short_path

_SUFFIX = ".wake"
_numbers = count()
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Unpersisted)


class WakeupChannel:
    """Wake-ups to all processes of a folder, and from them once `listen` was called."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where the folder can't be made."""
        make_folder(folder, 0o700)
        self._folder = folder
        self._name = f"{os.getpid()}-{next(_numbers)}{_SUFFIX}"
        self._listening = False
        self._unheard: deque[Unpersisted] = deque(maxlen=100)
        self._socket = _new_socket()

    def listen(self) -> int:
        """The descriptor that becomes readable with a wake-up; ask again before each wait.

        Raises OSError where no socket can be made in the folder (read-only, full); until then
        this process hears itself alone, through `drain`.
        """
        if self._listening and not self._can_be_found():
            self._unheard.extend(self.receive())
            self._listening = False
            self._socket.close()
            self._socket = _new_socket()
        if not self._listening:
            make_folder(self._folder, 0o700)
            with short_path(self._folder) as short:
                path = Path(short, self._name)
                path.unlink(missing_ok=True)  # left by a killed process that had this number
                self._socket.bind(str(path))
            self._listening = True
        return self._socket.fileno()

    def notify_all(self, unpersisted: Unpersisted | None = None) -> None:
        """Wake everyone who shares the log, this process too. Never blocks, never raises."""
        content = b"" if unpersisted is None else _encoder.encode(unpersisted)
        if unpersisted is not None and not (self._listening and self._can_be_found()):
            self._unheard.append(unpersisted)
        try:
            with short_path(self._folder) as short:
                for name in os.listdir(short):
                    if name.endswith(_SUFFIX):
                        self._send(content, f"{short}/{name}")
        except OSError:
            pass  # the folder is gone: readers fall back on their time-outs

    def _can_be_found(self) -> bool:
        """Whether the socket is in the folder still: somebody may have deleted it with the log."""
        return (self._folder / self._name).exists()

    def _send(self, content: bytes, path: str) -> None:
        try:
            self._socket.sendto(content, path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)  # its process was killed
        except OSError:
            pass  # a full queue: its reader is awake anyway

    def receive(self) -> list[Unpersisted]:
        """Take all that has come, without waiting."""
        found = list(self._unheard)
        self._unheard.clear()
        while self._listening:
            try:
                content = self._socket.recv(1 << 20)
            except OSError:
                break
            if content:
                try:
                    found.append(_decoder.decode(content))
                except msgspec.DecodeError:
                    continue  # of another version of this program, in the middle of an upgrade
        return found

    def close(self) -> None:
        """Leave the folder."""
        self._socket.close()
        try:
            (self._folder / self._name).unlink(missing_ok=True)
        except OSError:
            pass  # on a read-only disk it stays, and the next ring finds nobody there


def _new_socket() -> socket.socket:
    new = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    new.setblocking(False)
    return new
