"""nginx, Caddy and HAProxy with the files of deploy/, and Varnish as it comes, on free ports."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

from tests.support.service import ROOT, Service, wait_for

DEPLOY = ROOT / "deploy"


def program(name: str) -> str:
    """The path of a program that ./test has installed."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"no {name} on the PATH; ./test installs it, or names what is missing"
    return found


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def make_certificate(folder: Path, *, days: int = 2) -> tuple[Path, Path]:
    """A certificate that localhost signs for itself, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-days", str(days), "-subj", "/CN=localhost", "-addext"),
            *("subjectAltName=DNS:localhost,IP:127.0.0.1",),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


class HeldService(Service):
    """A service whose listening socket is kept open by someone else, as by vitals.socket."""

    def __init__(self, folder: Path, **settings: object) -> None:
        super().__init__(folder, **settings)  # type: ignore[arg-type]
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.descriptors = (self.listener.fileno(),)

    def command(self) -> list[str]:
        hand_over = f"exec 3<&{self.listener.fileno()}; export LISTEN_PID=$$ LISTEN_FDS=1"
        gunicorn = f"exec {sys.executable} -m gunicorn -w {self.workers}"
        return ["bash", "-c", f"{hand_over}; {gunicorn}"]

    def close(self) -> None:
        super().close()
        self.listener.close()


class Proxy:
    """A proxy in front of a service on a port of 127.0.0.1, by TLS as `url` and by HTTP."""

    scheme = "https"

    def __init__(self, folder: Path, target: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.target = target
        self.port = free_port()
        self.plain_port = free_port()
        self.output = folder / "output.log"
        self.environ: dict[str, str] = {}
        self.authority = folder  # the certificate by which its own can be trusted
        self.prepare()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"

    @property
    def announced(self) -> str:
        """The URL to which it sends browsers that came by HTTP."""
        return self.url

    def prepare(self) -> None:
        """Write what is to be run."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """What is run."""
        raise NotImplementedError

    def start(self) -> "Proxy":
        """Start, and return once it listens."""
        with self.output.open("ab") as output:
            process = self._process = subprocess.Popen(
                self.command(), env=os.environ | self.environ, stdout=output, stderr=output
            )

        def ready() -> bool:
            assert process.poll() is None, self.output.read_text()
            return self.is_ready()

        wait_for(ready, "the proxy to listen")
        return self

    def is_ready(self) -> bool:
        """Whether it takes connections, and has a certificate."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                context.wrap_socket(connection, server_hostname="localhost").close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it; its connections break."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(20)


_NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Nginx(Proxy):
    """nginx with deploy/nginx.conf, in which names, ports and paths are other ones."""

    def prepare(self) -> None:
        certificate, key = make_certificate(self.folder)
        self.authority = certificate
        site = (DEPLOY / "nginx.conf").read_text("utf-8")
        live = "/etc/letsencrypt/live/wall.example"
        for line, instead, count in (
            ("server 127.0.0.1:8000;", f"server 127.0.0.1:{self.target};", 1),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};", 1),
            ("listen [::]:80;", "", 1),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} ssl http2;", 1),
            ("listen [::]:443 ssl http2;", "", 1),
            ("server_name wall.example;", "server_name localhost;", 2),
            (
                "return 308 https://wall.example$request_uri;",
                f"return 308 https://localhost:{self.port}$request_uri;",
                1,
            ),
            (f"ssl_certificate {live}/fullchain.pem;", f"ssl_certificate {certificate};", 1),
            (f"ssl_certificate_key {live}/privkey.pem;", f"ssl_certificate_key {key};", 1),
        ):
            found = [one for one in site.splitlines(keepends=True) if one.strip() == line]
            assert len(found) == count, f"{line} stands there {len(found)} times"
            for one in set(found):
                site = site.replace(one, one.replace(line, instead))
        (self.folder / "site.conf").write_text(self.changed(site))
        # As root its workers would be another user, who may not enter the test's folder.
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(_NGINX.format(folder=self.folder, user=user))

    def changed(self, site: str) -> str:
        """The site as it is run; for tests that break it."""
        return site

    def command(self) -> list[str]:
        conf = str(self.folder / "nginx.conf")
        return [program("nginx"), "-e", "stderr", "-p", str(self.folder), "-c", conf]


class Caddy(Proxy):
    """Caddy with deploy/Caddyfile, which takes names and ports from the environment."""

    @property
    def announced(self) -> str:
        return "https://localhost"  # whatever port is said to be that of HTTPS needs no mention

    def prepare(self) -> None:
        self.environ = {
            "VITALS_SITE": "localhost",
            "VITALS_UPSTREAM": f"127.0.0.1:{self.target}",
            "VITALS_HTTP_PORT": str(self.plain_port),
            "VITALS_HTTPS_PORT": str(self.port),
            "CADDY_ADMIN": f"unix/{self.folder}/admin",
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }
        self.authority = self.folder / "data/caddy/pki/authorities/local/root.crt"

    def command(self) -> list[str]:
        return [program("caddy"), "run", "--config", str(DEPLOY / "Caddyfile")]


class HAProxy(Proxy):
    """HAProxy with deploy/haproxy.cfg, with other ports and another certificate."""

    def prepare(self) -> None:
        certificate, key = make_certificate(self.folder)
        self.authority = certificate
        both = self.folder / "both.pem"
        both.write_text(certificate.read_text() + key.read_text())
        conf = (DEPLOY / "haproxy.cfg").read_text("utf-8")
        for line, instead, count in (
            ("bind :80\n", f"bind 127.0.0.1:{self.plain_port}\n", 1),
            (
                "bind :443 ssl crt /etc/haproxy/wall.pem",
                f"bind 127.0.0.1:{self.port} ssl crt {both}",
                1,
            ),
            ("server vitals 127.0.0.1:8000", f"server vitals 127.0.0.1:{self.target}", 2),
            ("redirect scheme https code", f"redirect prefix {self.url} code", 1),
        ):
            assert conf.count(line) == count, f"{line} stands there {conf.count(line)} times"
            conf = conf.replace(line, instead)
        (self.folder / "haproxy.cfg").write_text(conf)

    def command(self) -> list[str]:
        return [program("haproxy"), "-db", "-f", str(self.folder / "haproxy.cfg")]


class Varnish(Proxy):
    """Varnish with nothing but the address of its backend, without TLS."""

    scheme = "http"

    def prepare(self) -> None:
        backend = f'backend default {{ .host = "127.0.0.1"; .port = "{self.target}"; }}'
        (self.folder / "default.vcl").write_text(f"vcl 4.1;\n{backend}\n")

    def command(self) -> list[str]:
        place = ["-n", str(self.folder / "work"), "-f", str(self.folder / "default.vcl")]
        jail = ["-j", "none", "-s", "malloc,32m"]
        return [program("varnishd"), "-F", "-a", f"127.0.0.1:{self.port}", *place, *jail]

    def is_ready(self) -> bool:
        """Return True once it takes connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True
