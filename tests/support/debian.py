"""A Debian in a folder, made by debootstrap(8): commands run in it as on a machine of its own.

Only root can make one. The base system is fetched once, and kept in ~/.cache/vitals.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from tests.support.proxies import program

CACHE = Path.home() / ".cache" / "vitals"
# In namespaces of its own, so that nothing that is mounted or started here outlives it.
_ENTER = """
mount --bind "$1" "$1"
cd "$1"
hostname "$2"
mount --rbind /dev dev
mount --rbind /sys sys
mount -t proc proc proc
{mounts}
exec chroot . setpriv --reuid "$3" --regid "$3" --init-groups {options} /bin/sh -c 'cd; {line}'
"""


class Debian:
    """One machine. It shares the network, unless it is told to run in another one."""

    def __init__(self, folder: Path, name: str, *, suite: str, packages: Sequence[str]) -> None:
        """Make it; `packages` are those beside the smallest base system. Raises what cp does."""
        self.folder, self.name = folder, name
        base = CACHE / f"{suite}-{'-'.join(packages)}"
        if not base.exists():
            made = base.with_name(f"{base.name}.part")
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(parents=True)
            options = ("--variant=minbase", f"--include={','.join(packages)}")
            subprocess.run([program("debootstrap"), *options, suite, made], check=True)
            made.rename(base)
        subprocess.run(["cp", "--archive", "--reflink=auto", base, folder], check=True)
        for file in ("/etc/resolv.conf", "/etc/hosts"):
            shutil.copy(file, f"{folder}{file}")
        if "PIP_CERT" in os.environ:  # of a network in which it has to be another one
            shutil.copy(os.environ["PIP_CERT"], folder / "etc" / "pip-cert.pem")

    def add_user(self, name: str) -> Path:
        """Make an ordinary user; returns the home."""
        self.run(f"useradd --create-home {name}")
        return self.folder / "home" / name

    def command(
        self,
        line: str,
        *,
        user: str = "root",
        options: str = "",
        mounts: str = "",
        inside: Sequence[str] = (),
    ) -> list[str]:
        """Return what runs a line of a shell in it.

        `options` are setpriv's, `mounts` is done before, `inside` begins what is in a network.
        """
        script = _ENTER.format(mounts=mounts, options=options, line=line.replace("'", "'\\''"))
        spaces = ("unshare", "--mount", "--uts", "--pid", "--fork")
        return [
            *inside,
            *spaces,
            "bash",
            "-ec",
            script,
            "debian",
            str(self.folder),
            self.name,
            user,
        ]

    def environ(self, *, user: str = "root", **variables: str) -> dict[str, str]:
        """Return the variables that a login would have, and some more."""
        home = "/root" if user == "root" else f"/home/{user}"
        found = {"HOME": home, "USER": user, "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
        if "PIP_CERT" in os.environ:
            found["PIP_CERT"] = "/etc/pip-cert.pem"
        return found | variables

    def start(
        self, line: str, output: IO[bytes], *, user: str, **more: Any
    ) -> subprocess.Popen[bytes]:
        """Start a line that goes on; `more` is for `command`, but `environ` for that."""
        variables = more.pop("environ", {})
        return subprocess.Popen(
            self.command(line, user=user, **more),
            env=self.environ(user=user, **variables),
            stdout=output,
            stderr=output,
        )

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End what `start` has started, with all that it has started."""
        # The child is the first process of its namespace, with which all others go.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        for child in map(int, children.split()):
            os.kill(child, signal.SIGKILL)
        process.wait()

    def run(self, line: str, *, user: str = "root", **variables: str) -> str:
        """Run a line, and return what it prints. Raises CalledProcessError."""
        done = subprocess.run(
            self.command(line, user=user),
            env=self.environ(user=user, **variables),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout
