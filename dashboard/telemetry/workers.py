"""The instruments of all workers, for whichever of them is asked for `/metrics`.

A scrape reaches one worker, by chance, and each has counters of its own. So every worker tells its
own over a Unix socket in the log's run directory, and the one that is asked collects from all and
labels each sample with its `worker`, the process id. (The multiprocess mode of prometheus-client
would keep them in mapped files: on a full disk, writing to one kills the worker.)
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from gevent import socket
from gevent.server import StreamServer
from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.metrics_core import Metric

from dashboard.posix.sockets import short_path

disable_created_metrics()  # type: ignore[no-untyped-call]

_SUFFIX = ".metrics"
_TIMEOUT = 1.0  # seconds that a worker has to answer


class _Told(msgspec.Struct):
    """A metric as one worker tells it to another."""

    name: str
    documentation: str
    type: str
    samples: list[tuple[str, dict[str, str], float]]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[_Told])


class WorkerMetrics:
    """A prometheus-client collector of all workers' instruments, and the teller of this one's."""

    def __init__(self, folder: Path, registry: CollectorRegistry) -> None:
        self._folder = folder
        self._registry = registry
        self._name = f"{os.getpid()}{_SUFFIX}"
        self._server: StreamServer | None = None

    def start(self) -> None:
        """Begin to tell. Where no socket can be made, others show this worker only when asked."""
        self._name = f"{os.getpid()}{_SUFFIX}"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with short_path(self._folder) as short:
                path = Path(short, self._name)
                path.unlink(missing_ok=True)  # left by a killed process that had this number
                listener.bind(str(path))
            listener.listen(128)
        except OSError:
            listener.close()
            return
        self._server = StreamServer(listener, self._tell)
        self._server.start()

    def stop(self) -> None:
        """Leave the folder."""
        if self._server is not None:
            self._server.close()
            self._server = None
            try:
                (self._folder / self._name).unlink(missing_ok=True)
            except OSError:
                pass  # on a read-only disk it stays; the next scrape finds nobody there

    def collect(self) -> Iterator[Metric]:
        """The metrics of every worker, each sample with the label `worker`."""
        if not (self._folder / self._name).exists():
            self.stop()
            self.start()  # the folder was deleted and made anew: be found there again
        merged: dict[str, Metric] = {}
        for worker, told in self._ask_all():
            for metric in told:
                whole = merged.setdefault(
                    metric.name, Metric(metric.name, metric.documentation, metric.type)
                )
                for name, labels, value in metric.samples:
                    whole.add_sample(name, labels | {"worker": worker}, value)
        yield from merged.values()

    def _ask_all(self) -> Iterable[tuple[str, list[_Told]]]:
        yield str(os.getpid()), self._own()
        try:
            names = sorted(os.listdir(self._folder))
        except OSError:
            return  # the folder is gone; what this worker knows is still told
        for name in names:
            if name.endswith(_SUFFIX) and name != self._name:
                told = _ask(self._folder / name)
                if told is not None:
                    yield name.removesuffix(_SUFFIX), told

    def _own(self) -> list[_Told]:
        return [
            _Told(
                metric.name,
                metric.documentation,
                metric.type,
                [(sample.name, dict(sample.labels), sample.value) for sample in metric.samples],
            )
            for metric in self._registry.collect()
        ]

    def _tell(self, connection: socket.socket, _address: object) -> None:
        with connection:
            connection.settimeout(_TIMEOUT)
            connection.sendall(_encoder.encode(self._own()))


def _ask(path: Path) -> list[_Told] | None:
    parts = []
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            # The folder is held open for no longer than this takes, which waits for nobody: scrapes
            # of a worker that is busy may pile up.
            connection.settimeout(0.0)
            with short_path(path.parent) as short:
                connection.connect(str(Path(short, path.name)))
            connection.settimeout(_TIMEOUT)
            while part := connection.recv(1 << 16):
                parts.append(part)
        return _decoder.decode(b"".join(parts))
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)  # its process was killed
    except (OSError, msgspec.DecodeError):
        pass  # busy, on its way out, or of another version
    return None
