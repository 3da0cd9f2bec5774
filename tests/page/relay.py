"""What can happen between a browser and a service, as a TCP relay and as a real nginx.

nginx and HAProxy are set up as docs/redis.md says.
"""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.support.service import wait_for


class _Link:
    """A browser's connection and ours to the service, and the bytes between them."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.sockets = (near, far)
        self.is_stream = False
        self.frozen = False
        self.brought = 0  # bytes for the browser
        self._threads = [
            threading.Thread(target=self._pump, args=pair, daemon=True)
            for pair in ((near, far), (far, near))
        ]
        for thread in self._threads:
            thread.start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                # A browser may use a connection for one request after another.
                if source is self.sockets[0]:
                    self.is_stream = data.startswith(b"GET /stream")
                if not self.frozen:
                    target.sendall(data)
                    if target is self.sockets[0]:
                        self.brought += len(data)
        except OSError:
            pass  # closed by one side, or by us
        self.close()

    def close(self) -> None:
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already

    def join(self) -> None:
        self.close()
        for thread in self._threads:
            thread.join(10)
        for one in self.sockets:
            one.close()


class Relay:
    """A network between a browser and a port of this machine, which can break in two ways."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._broken = False
        self._links: list[_Link] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def brought(self) -> int:
        """Bytes that have come to the browser until now."""
        return sum(link.brought for link in self._links)

    def freeze_streams(self) -> None:
        """From now on nothing passes on the streams that are open; no one is told (half-open)."""
        streams = [link for link in self._links if link.is_stream]
        assert streams
        for link in streams:
            link.frozen = True

    def cut(self) -> None:
        """Break all connections, and let none through until `mend`."""
        self._broken = True
        for link in self._links:
            link.close()

    def mend(self) -> None:
        """Let connections through again."""
        self._broken = False

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()
        for link in self._links:
            link.join()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                if self._broken:
                    raise ConnectionRefusedError
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()
            else:
                self._links.append(_Link(near, far))


_NGINX = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream dashboards {{ {servers} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://dashboards;
            proxy_set_header Host $host;
            proxy_http_version 1.1;
        }}
    }}
}}
"""


_HAPROXY = """
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    option redispatch
    retry-on conn-failure empty-response
frontend wall
    bind 127.0.0.1:{port}
    default_backend dashboards
backend dashboards
    balance leastconn
    option httpchk
    http-check send meth GET uri /healthz hdr Host localhost
{servers}
"""


class Proxy:
    """A program in front of one or more services; `folder` is its own."""

    name = ""

    def __init__(self, folder: Path, *targets: int) -> None:
        """`targets` are the services' ports."""
        program = shutil.which(self.name, path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, f"no {self.name} on the PATH; ./test installs it, or names what is missing"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = probe.getsockname()[1]
        folder.mkdir()
        self._folder = folder
        self.url = f"http://127.0.0.1:{self._port}"
        self._errors = folder / "error.log"
        self._command = [program, *self.configure(targets)]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def configure(self, targets: Sequence[int]) -> list[str]:
        """Write the configuration; return the arguments."""
        raise NotImplementedError

    def start(self) -> None:
        """Start, and return once it listens."""
        with self._errors.open("ab") as errors:
            process = self._process = subprocess.Popen(self._command, stderr=errors)

        def listening() -> bool:
            assert process.poll() is None, self._errors.read_text()
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                return False
            return True

        wait_for(listening, f"{self.name} to listen")

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(20)


class Nginx(Proxy):
    """nginx as the README tells to set it up."""

    name = "nginx"

    def configure(self, targets: Sequence[int]) -> list[str]:
        conf = self._folder / "nginx.conf"
        # As root its workers would be another user, who may not enter the test's folder.
        user = "user root;" if os.geteuid() == 0 else ""
        # Else nginx keeps away for a while from one whose streams have ended, also when it is back,
        # and answers 502 when the other one goes meanwhile.
        servers = " ".join(f"server 127.0.0.1:{target} max_fails=0;" for target in targets)
        conf.write_text(
            _NGINX.format(folder=self._folder, port=self._port, servers=servers, user=user)
        )
        return ["-p", str(self._folder), "-c", str(conf)]


class HAProxy(Proxy):
    """HAProxy, which looks for itself which service is alive."""

    name = "haproxy"

    def configure(self, targets: Sequence[int]) -> list[str]:
        conf = self._folder / "haproxy.cfg"
        servers = [f"    server s{t} 127.0.0.1:{t} check inter 200ms" for t in targets]
        conf.write_text(_HAPROXY.format(port=self._port, servers="\n".join(servers)))
        return ["-db", "-f", str(conf)]
