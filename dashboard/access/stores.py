"""The files of one service that say who may what, beside its settings."""

from typing import NamedTuple

from dashboard.access import link_store, machine_store
from dashboard.access.link_store import LinkStore
from dashboard.access.machine_store import MachineStore
from dashboard.log.opening import instance_folder
from dashboard.settings import Settings


class Stores(NamedTuple):
    """The links and the machines."""

    links: LinkStore
    machines: MachineStore


def open_stores(settings: Settings) -> Stores:
    """Return those of the instance folder that the settings name; nothing is read or made yet."""
    folder = instance_folder(settings)
    links = LinkStore(folder / link_store.FILE)
    return Stores(links, MachineStore(folder / machine_store.FILE))
