"""This machine once more, with a systemd of its own as process 1, over a layer that is gone later.

Only root can boot one. It shares the files below `/`, and has no network but loopback.
"""

import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from tests.support.proxies import program
from tests.support.waiting import wait_for

# $1 is the folder of the layer, $2 a group of processes (cgroups(7)), in which systemd is the root.
_BOOT = """
echo 0 >"$2/cgroup.procs"
exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child bash -ec '
    mount -t tmpfs none "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
    cd "$1/root"
    for path in proc sys dev run tmp; do mount -t tmpfs none $path; done
    mount -t proc proc proc
    mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys
    mount -t sysfs -o ro sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    for device in null zero full random urandom tty; do
        touch dev/$device
        mount --bind /dev/$device dev/$device
    done
    mkdir dev/shm
    ln -s pts/ptmx dev/ptmx
    : >etc/fstab
    ip link set lo up
    mount --make-rshared .  # systemd hands files to services by it
    exec env -i PATH=/usr/sbin:/usr/bin container=test \\
        chroot . /lib/systemd/systemd systemd.unit=basic.target
' boot "$1"
"""


class Booted:
    """A booted system; `root` are its files as its first process sees them."""

    def __init__(self, folder: Path) -> None:
        """Boot it, with the layer in an empty folder."""
        mounted = Path("/proc/mounts").read_text().splitlines()
        groups = next(line.split()[1] for line in mounted if line.split()[2] == "cgroup2")
        self._group = Path(tempfile.mkdtemp(prefix="vitals-", dir=groups))
        self._outer = subprocess.Popen(
            ["bash", "-ec", _BOOT, "boot", folder, self._group],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")

        def is_up() -> bool:
            assert self._outer.poll() is None, self._outer.stderr and self._outer.stderr.read()
            self._pid = int((children.read_text().split() or ["0"])[0])
            self.root = Path(f"/proc/{self._pid}/root")
            return self._pid != 0 and (self.root / "run/systemd/private").exists()

        try:
            wait_for(is_up, "systemd")
        except AssertionError:
            self.close()
            raise
        self.run("until systemctl --quiet is-active basic.target; do sleep 0.1; done")

    def run(self, script: str, **variables: str) -> str:
        """Run lines of a shell as root; returns what they print. Raises CalledProcessError."""
        environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"} | variables
        done = subprocess.run(
            [program("nsenter"), "-t", str(self._pid), "-a", "-r", "-w", "bash", "-ec", script],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout

    def copy(self, source: Path, target: str) -> None:
        """Copy a folder into it."""
        shutil.copytree(source, self.root / target.lstrip("/"))

    def close(self) -> None:
        """End it with all its processes, which takes its mounts along."""
        self._outer.kill()
        self._outer.communicate()
        groups = [path for path in self._group.rglob("*") if path.is_dir()]
        for group in [*sorted(groups, reverse=True), self._group]:
            wait_for(partial(_is_removed, group), f"{group} to be empty")


def _is_removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
