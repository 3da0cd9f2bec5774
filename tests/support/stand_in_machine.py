"""A machine for the tests of ./run and ./test to set up, without a network and without waiting.

The scripts are copied into a folder with a space in its name, and get a PATH of real tools (cat,
grep ...) and of stand-ins for what would install: python3, npm, apt-get. A stand-in writes each
call into calls.log and does what the real one does to the folder, in small.
"""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ["run", "test", "setup.sh", "package.json", "package-lock.json"]
COPIED += [path.name for path in ROOT.glob("requirements*")]
TOOLS = ["bash", "cat", "chmod", "cmp", "cp", "dirname", "env", "flock", "grep", "mkdir", "mktemp"]
TOOLS += ["nice", "rm", "sed", "tail", "tee", "touch"]

PYTHON = r"""#!/usr/bin/env bash
echo "python $*" >>"$CALLS"
case "$*" in
    *ensurepip*) exit "${NO_ENSUREPIP:-0}" ;;
    *version_info*) exit "${OLD_PYTHON:-0}" ;;
    --version) echo "Python 3.9.2" ;;
    "-m venv "*)
        if [[ -n ${VENV_FAILS-} ]]; then echo "venv says no"; exit 1; fi
        mkdir -p "$3/bin"
        cp "$0" "$3/bin/python"
        echo "VIRTUAL_ENV=\"$3\"" >"$3/bin/activate"
        printf '#!/usr/bin/env bash\necho "$PWD|$*"\n' >"$3/bin/gunicorn"
        for tool in ruff mypy; do
            printf '#!/usr/bin/env bash\necho "%s $*"\n[[ ${FAILING-} != %s ]]\n' \
                "$tool" "$tool" >"$3/bin/$tool"
        done
        chmod +x "$3"/bin/*
        ;;
    "-m pip "*)
        if [[ -n ${PIP_SAYS-} ]]; then echo "$PIP_SAYS"; exit 1; fi
        if [[ -n ${PIP_WAITS-} ]]; then read -r <"$PIP_WAITS"; fi
        if [[ -n ${PIP_IS_KILLED-} ]]; then kill -9 $$; fi
        if [[ $* == *requirements-node.lock ]]; then
            cp "$STAND_INS/npm" "$STAND_INS/node" "${0%/*}"
        fi
        ;;
    "-m pytest"*) echo "pytest ${*:3}"; [[ "pytest ${*:3}" != ${FAILING:-none}* ]] ;;
esac
"""

NPM = r"""#!/usr/bin/env bash
echo "npm $*" >>"$CALLS"
if [[ $1 != ci ]]; then exit; fi
if [[ -n ${NPM_SAYS-} ]]; then echo "$NPM_SAYS"; exit 1; fi
rm -rf node_modules
mkdir -p node_modules/uplot/dist node_modules/.bin
touch node_modules/uplot/{LICENSE,dist/uPlot.iife.min.js,dist/uPlot.d.ts}
mkdir -p node_modules/@fontsource/arimo/files
touch node_modules/@fontsource/arimo/{LICENSE,files/arimo-latin-{400,700}-normal.woff2}
printf '#!/usr/bin/env bash\necho "tsc $*"\n[[ ${FAILING-} != tsc ]]\n' >node_modules/.bin/tsc
chmod +x node_modules/.bin/tsc
"""


class Machine:
    """A folder with the scripts in it, and what the machine around it has."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a clone of vitals"
        self.root.mkdir()
        for name in COPIED:
            shutil.copy(ROOT / name, self.root)
        self.calls_log = folder / "calls.log"
        self.calls_log.touch()
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)
        # Kept apart, for the stand-in of pip to "install" from.
        self.stand_ins = folder / "stand-ins"
        self.stand_ins.mkdir()
        for name, script in {"npm": NPM, "node": self.log("node")}.items():
            self.write(self.stand_ins / name, script)
            self.has(name, script)
        self.has("python3", PYTHON)
        for name in (
            "chromium",
            "chromium-headless-shell",
            "nginx",
            "caddy",
            "curl",
            "openssl",
            "jq",
            "redis-server",
            "haproxy",
            "varnishd",
            "initdb",
            "systemd-analyze",
            "ip",
            "stress-ng",
            "promtool",
        ):
            self.has(name, self.log(name))
        self.has("uname", "#!/usr/bin/env bash\necho Linux\n")
        self.has("id", "#!/usr/bin/env bash\necho 1000\n")

    @staticmethod
    def log(name: str) -> str:
        return f'#!/usr/bin/env bash\necho "{name} $*" >>"$CALLS"\n'

    @staticmethod
    def write(path: Path, script: str) -> None:
        path.write_text(script)
        path.chmod(0o755)

    def has(self, name: str, script: str) -> None:
        self.write(self.bin / name, script)

    def lacks(self, *names: str) -> None:
        for name in names:
            (self.bin / name).unlink()

    def environment(self, **variables: str) -> dict[str, str]:
        return {
            "PATH": str(self.bin),
            "CALLS": str(self.calls_log),
            "STAND_INS": str(self.stand_ins),
            "TMPDIR": str(self.bin.parent),
            **variables,
        }

    def start(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs `./COMMAND` from another folder, as a user in a hurry would."""
        return subprocess.run(
            [self.root / command[0], *command[1:]],
            cwd="/",
            env=self.environment(**variables),
            capture_output=True,
            text=True,
        )

    def calls(self) -> list[str]:
        """The calls that install something since the last time."""
        calls = self.calls_log.read_text().splitlines()
        self.calls_log.write_text("")
        kinds = ("python -m venv", "python -m pip", "npm ci", "apt-get")
        return [
            kind + (" " + call.split()[-1].rsplit("/")[-1] if "pip" in kind else "")
            for call in calls
            for kind in kinds
            if call.startswith(kind)
        ]


RUN = ["python -m venv", "python -m pip requirements.lock", "npm ci"]
