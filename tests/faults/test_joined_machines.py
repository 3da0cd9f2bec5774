"""Twenty machines join by a script; one is removed, one renamed, the dashboard upgraded meanwhile.

Each runs in a namespace of the network, five in one. The dashboard is upgraded in both ways: by a
reload, and by a restart, while which samples wait. What must hold: nothing is lost, who was removed
is out within a second, and who was renamed goes on under the new name.
"""

import os
import re
import signal
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard import cli
from tests.support.agents import Agent
from tests.support.network import Network
from tests.support.proxies import free_port
from tests.support.service import Service, key, wait_for

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

MACHINES, NETWORKS = 20, 4
PUBLISH_TOKEN = "publish-me-if-you-can"
_BECOME = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"


@pytest.fixture
def networks() -> Iterator[list[Network]]:
    found = [Network() for _ in range(NETWORKS)]
    yield found
    for network in found:
        network.close()


class Fleet:
    """A dashboard, and the machines of its wall."""

    def __init__(self, folder: Path, networks: list[Network]) -> None:
        self.networks, self.folder, self.port = networks, folder, free_port()
        settings = {"PUBLISH_TOKEN": PUBLISH_TOKEN, "PUBLIC": 1, "INSTANCE": folder}
        self.wall = Service(folder, workers=2, **settings)
        for network in networks:
            self.wall.arguments += ["-b", self._address(network)]
        self.machines: dict[str, Agent] = {}

    def join(self, name: str, number: int) -> Agent:
        """Start a machine, with the settings that it had if it was there before."""
        folder, network = self.folder / f"machine-{number}", self.networks[number % NETWORKS]
        folder.mkdir(exist_ok=True)
        (folder / "vitals.toml").touch()
        environ = {"DASHBOARD_INSTANCE": str(self.folder)}
        made = CliRunner().invoke(cli.Commands(), ("invite", "--host", name), env=environ)
        code = made.stdout.split()[0]
        agent = Agent(folder, INTERVAL=1, CONFIG=folder / "vitals.toml")
        url = f"http://{self._address(network)}"
        joining = ("flask", "join", url, code, "--host", name, "--foreground")
        agent.start("-c", _BECOME, *network.inside(), sys.executable, "-m", *joining)
        self.machines[name] = agent
        return agent

    def token_of(self, number: int) -> str:
        found = tomllib.loads((self.folder / f"machine-{number}" / "vitals.toml").read_text())
        return str(found["publish_token"])

    def wait_for_samples(self) -> None:
        """Wait until each machine has a sample that was not there before."""
        before = key(self.wall.newest_id())

        def hosts() -> set[str]:
            return {each.host for each in self.wall.logged("load") if key(each.id) > before}

        wait_for(lambda: set(self.machines) <= hosts(), "a sample of each machine", timeout=120)

    def close(self) -> None:
        with ExitStack() as stack:
            stack.callback(self.wall.close)
            for agent in self.machines.values():
                stack.callback(agent.close)

    def _address(self, network: Network) -> str:
        front, _, last = network.address.rpartition(".")
        return f"{front}.{int(last) - 1}:{self.port}"


def test_twenty_machines_join(tmp_path: Path, networks: list[Network]) -> None:
    trouble = [network.trouble for network in networks if network.trouble]
    if trouble:
        assert "CI" not in os.environ, f"no network can be made: {trouble[0]}"
        pytest.skip(f"no namespace of the network can be made here: {trouble[0]}")
    fleet = Fleet(tmp_path, networks)
    try:
        wall = fleet.wall.start().wait_until_ready()
        names = [f"m-{number}" for number in range(MACHINES)]
        for number, name in enumerate(names):
            fleet.join(name, number)
        for agent in fleet.machines.values():
            agent.wait_until_said("is on the wall")

        workers = set(wall.worker_pids())
        os.kill(wall.pid, signal.SIGHUP)
        removed, token = fleet.machines.pop(names[0]), fleet.token_of(0)
        publish = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}
        assert wall.request("DELETE", f"/machines/{names[0]}", headers=publish).status_code == 204
        taken_away = time.time()
        event = {"event": "deploy", "host": names[0], "data": {}}
        bearer = {"Authorization": f"Bearer {token}"}
        for _ in range(8):
            assert wall.request("POST", "/events", json=event, headers=bearer).status_code == 401
        renamed = fleet.machines.pop(names[1])
        assert renamed.end() == 0
        fleet.join("shop", 1).wait_until_said("shop is on the wall")

        wait_for(lambda: not workers & set(wall.worker_pids()), "new workers", timeout=120)
        fleet.wait_for_samples()
        fleet.wait_for_samples()
        removed.wait_until_said("401 publishing needs PUBLISH_TOKEN")
        removed.close()
        last = max(key(each.id)[0] / 1000 for each in wall.logged("load", host=names[0]))
        assert last - taken_away < 1

        wall.stop()
        since = time.time()
        for agent in fleet.machines.values():
            agent.wait_until_said("samples are held until it takes them")
        wait_for(lambda: time.time() > since + 5, "some samples that are held")
        until = time.time()
        wall.start().wait_until_ready()
        fleet.wait_for_samples()
        for name in fleet.machines:
            held = [each.data["time"] for each in wall.logged("load", host=name)]
            assert [at for at in held if since < at < until], f"{name} lost what it held"
        answer = wall.get("/machines", headers={"Accept": "application/json"}).json()
        assert [each["name"] for each in answer["machines"]] == sorted(fleet.machines)
        for agent in fleet.machines.values():
            assert not re.search(r"dropped|not logged|40[13]", agent.said()), agent.said()
        assert wall.logged("gap") == []
    finally:
        fleet.close()
