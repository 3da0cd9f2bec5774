"""Looking at an endpoint: over real connections, with http.client, in threads; judging nothing."""

import http.client
import ssl
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import SplitResult, urlsplit

from dashboard.client.http import reason_of
from dashboard.client.sse_parser import Parser
from dashboard.doctor.observation import Chunk, Handshake, Observation, Response

_CONNECT_SECONDS = 10.0
_PIECE = 64 << 10
_MOST_BODY = 300  # characters of an answer that is no stream
_RESUME_SECONDS = 10.0


class Unreachable(Exception):
    """There is no server to look at; the text says why."""


def probe(url: str, *, seconds: float, token: str = "", origin: str | None = None) -> Observation:
    """Look at an endpoint for some seconds. Raises Unreachable."""
    address = urlsplit(url)
    handshake = shake_hands(address) if address.scheme == "https" else None
    asker = _Asker(address, token, trusts_all=bool(handshake and handshake.trouble))
    with ThreadPoolExecutor(2) as threads:
        packing = threads.submit(asker.fetch, seconds, {"Accept-Encoding": "gzip"})
        plain = asker.fetch(seconds, {})
        packed = packing.result()
    resumed = resumed_after = None
    if plain.is_stream and len(plain.ids) > 1:
        middle = (len(plain.ids) - 1) // 2
        resumed_after, wanted = plain.ids[middle], plain.ids[-1]
        resumed = asker.fetch(
            min(seconds, _RESUME_SECONDS),
            {"Last-Event-ID": resumed_after},
            enough=lambda chunk: any(message.id == wanted for message in chunk.messages),
        )
    from_origin = None
    if origin is not None:
        from_origin = asker.fetch(seconds, {"Origin": origin}, enough=lambda chunk: True)
    return Observation(url, plain, packed, resumed, resumed_after, from_origin, origin, handshake)


def shake_hands(address: SplitResult) -> Handshake:
    """What TLS says on a connection of its own. Raises Unreachable."""
    trouble = None
    for is_strict in (True, False):
        context = _context(trusts_all=not is_strict)
        context.set_alpn_protocols(["h2", "http/1.1"])
        connection = http.client.HTTPSConnection(
            address.hostname or "", address.port, timeout=_CONNECT_SECONDS, context=context
        )
        try:
            connection.connect()
            sock: ssl.SSLSocket = connection.sock
            protocol, certificate = sock.selected_alpn_protocol(), sock.getpeercert()
            if not certificate:  # as it was not looked at
                return Handshake(protocol, trouble=trouble)
            begin, end = (
                ssl.cert_time_to_seconds(str(certificate[key])) / 86400
                for key in ("notBefore", "notAfter")
            )
            return Handshake(protocol, end - time.time() / 86400, end - begin, trouble)
        except ssl.SSLCertVerificationError as error:
            trouble = error.verify_message
        except OSError as error:
            raise Unreachable(reason_of(error)) from None
        finally:
            connection.close()
    raise Unreachable(trouble or "no TLS")


class _Asker:
    def __init__(self, address: SplitResult, token: str, *, trusts_all: bool) -> None:
        self._address = address
        self._target = address.path + (f"?{address.query}" if address.query else "")
        self._headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        self._headers |= {"Cache-Control": "no-cache", "User-Agent": "vitals-doctor"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._trusts_all = trusts_all

    def fetch(
        self,
        seconds: float,
        headers: dict[str, str],
        *,
        enough: Callable[[Chunk], bool] = lambda chunk: False,
    ) -> Response:
        """Ask, and read for some seconds, or until a chunk is enough. Raises Unreachable."""
        connection = self._connection()
        try:
            connection.connect()
        except OSError as error:
            raise Unreachable(reason_of(error)) from None
        sock = connection.sock  # a response that ends with its connection takes it away
        began, clock = time.time(), time.monotonic()
        try:
            sock.settimeout(seconds)
            connection.request("GET", self._target, headers=self._headers | headers)
            answer = connection.getresponse()
            answered = time.monotonic() - clock
            given = {name.lower(): value for name, value in answer.getheaders()}
            response = Response(began, seconds, answer.status, given, answered)
            with answer:
                if not response.is_stream:
                    text = answer.read(_MOST_BODY).decode("utf-8", "replace")
                    return _with(response, body=" ".join(text.split()))
                reading = _Reading(given.get("content-encoding", "identity"))
                try:
                    while (left := clock + seconds - time.monotonic()) > 0:
                        sock.settimeout(left)
                        data = answer.read1(_PIECE)
                        at = time.monotonic() - clock
                        if not data:
                            return _with(response, reading=reading, ended=at)
                        chunk = reading.take(data, at)
                        if chunk and enough(chunk):
                            break
                except TimeoutError:
                    pass
                except (OSError, http.client.HTTPException):
                    return _with(response, reading=reading, ended=time.monotonic() - clock)
                return _with(response, reading=reading)
        except TimeoutError:
            return Response(began, seconds, None)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(reason_of(error)) from None
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self._address.scheme == "https":
            context = _context(trusts_all=self._trusts_all)
            return http.client.HTTPSConnection(
                host, port, timeout=_CONNECT_SECONDS, context=context
            )
        return http.client.HTTPConnection(host, port, timeout=_CONNECT_SECONDS)


class _Reading:
    """Bytes to chunks."""

    def __init__(self, encoding: str) -> None:
        self.chunks: list[Chunk] = []
        self.parser = Parser()
        self._unpack = zlib.decompressobj(31).decompress if encoding == "gzip" else None
        self._end = b""

    def take(self, data: bytes, at: float) -> Chunk | None:
        """A chunk; None for bytes out of which nothing can be read yet."""
        if self._unpack:
            try:
                data = self._unpack(data)
            except zlib.error:
                data = b""
        if not data:
            return None
        self._end = (self._end + data)[-1024:].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        last = self._end.rstrip(b"\n").rpartition(b"\n")[2]
        is_full = self._end.endswith(b"\n\n") or (
            self._end.endswith(b"\n") and last.startswith((b":", b"retry"))
        )
        chunk = Chunk(at, tuple(self.parser.feed(data)), is_full)
        self.chunks.append(chunk)
        return chunk


def _with(
    response: Response,
    *,
    reading: _Reading | None = None,
    ended: float | None = None,
    body: str = "",
) -> Response:
    chunks = tuple(reading.chunks) if reading else ()
    retry = reading.parser.retry if reading else None
    begun = (response.began, response.seconds, response.status, response.headers, response.answered)
    return Response(*begun, chunks=chunks, ended=ended, body=body, retry=retry)


def _context(*, trusts_all: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if trusts_all:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
