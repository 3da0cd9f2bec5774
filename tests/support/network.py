"""A network of its own for a server under test: a namespace at the other end of a virtual cable.

Only root may make one. While the cable is cut packets vanish in both directions, as behind a switch
that has lost its power: nobody is told that a connection is gone, and none can be made.
"""

import os
import shutil
import subprocess
from itertools import count

_numbers = count()


class Network:
    """`address` is that of whatever runs in it, as seen from here."""

    def __init__(self) -> None:
        """`trouble` says why there is none, if that is refused."""
        number = next(_numbers)
        self.name = f"vitals-{os.getpid()}-{number}"
        self._near, self._far = (f"vt{os.getpid()}{end}{number}" for end in "nf")
        # Four addresses of a private range for each, which no other process that tests now has.
        block = 4 * ((os.getpid() * 4 + number % 4) % 16384)
        network = f"10.213.{block >> 8}"
        self.address = f"{network}.{(block & 255) + 2}"
        self.trouble = ""
        try:
            self._ip("netns", "add", self.name)
            self._ip(
                *("link", "add", self._near, "type", "veth"),
                *("peer", "name", self._far, "netns", self.name),
            )
            self._ip("addr", "add", f"{network}.{(block & 255) + 1}/30", "dev", self._near)
            self._ip("link", "set", self._near, "up")
            self._ip("-n", self.name, "addr", "add", f"{self.address}/30", "dev", self._far)
            self._ip("-n", self.name, "link", "set", "lo", "up")
            self.mend()
        except subprocess.CalledProcessError as error:
            self.trouble = error.stderr.decode().strip()

    def inside(self) -> list[str]:
        """What begins a command that is to run in it."""
        return [_program(), "netns", "exec", self.name]

    def cut(self) -> None:
        """Let nothing through."""
        self._ip("-n", self.name, "link", "set", self._far, "down")

    def mend(self) -> None:
        """Let everything through again."""
        self._ip("-n", self.name, "link", "set", self._far, "up")

    def close(self) -> None:
        """Take it away. What still runs in it has no network from then on."""
        for command in (("link", "delete", self._near), ("netns", "delete", self.name)):
            subprocess.run([_program(), *command], capture_output=True)  # may never have been made

    def _ip(self, *words: str) -> None:
        subprocess.run([_program(), *words], check=True, capture_output=True, timeout=30)


def _program() -> str:
    found = shutil.which("ip", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert found, "no ip on the PATH; ./test installs it, or names what is missing"
    return found
