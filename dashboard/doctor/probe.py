"""Observe an endpoint over real connections; nothing is judged here."""

import http.client
import ssl
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from dashboard.client.http import Answer, dial, get, keeps_secrets, reason_of, request_target
from dashboard.client.sse_parser import Parser
from dashboard.doctor.observation import Chunk, Handshake, Observation, Response

_CONNECT_SECONDS = 10.0
_CHUNK_BYTES = 64 << 10
_MOST_BYTES = 32 << 20  # of a stream, all of which is kept
_MOST_BODY = 300  # characters of an answer that is no stream
_RESUME_SECONDS = 10.0
# A stream that ends later than this is asked for again: a limit on all answers ends it alike.
_AGAIN_AFTER, _AGAIN_LONGER = 1.0, 1.0
_NAME = "vitals-doctor"
_GUARDED = (401, 403, 429, 503)  # a stream is there, and not to be had now


class Unreachable(Exception):
    """There is no server to observe; the text says why."""


def probe(url: str, *, seconds: float, token: str = "", origin: str | None = None) -> Observation:
    """Observe an endpoint by several requests of at most so many seconds each.

    Redirects are followed. A URL that ends in `/` and is no stream stands for `stream` below it.
    Raises Unreachable.
    """
    there, redirects = _locate(url, min(seconds, _CONNECT_SECONDS))
    handshake = shake_hands(there) if there.startswith("https:") else None
    requests = _Requests(
        there,
        token if keeps_secrets(url, there) else "",
        _context(trusts_all=bool(handshake and handshake.trouble)),
    )
    with ThreadPoolExecutor(2) as threads:
        packing = threads.submit(requests.fetch, seconds, {"Accept-Encoding": "gzip"})
        plain = requests.fetch(seconds, {})
        packed = packing.result()
    observation = Observation(there, plain, packed, redirects=redirects, handshake=handshake)
    if plain.is_stream and len(plain.ids) > 1:
        middle = (len(plain.ids) - 1) // 2
        after, wanted = plain.ids[middle], plain.ids[-1]
        resumed = requests.fetch(
            min(seconds, _RESUME_SECONDS),
            {"Last-Event-ID": after},
            enough=lambda chunk: any(message.id == wanted for message in chunk.messages),
        )
        observation = replace(observation, resumed=resumed, resumed_after=after)
    if plain.is_stream and plain.ended is not None and plain.ended >= _AGAIN_AFTER:
        again = requests.fetch(plain.ended + _AGAIN_LONGER, {})
        observation = replace(observation, again=again)
    if origin is not None:
        from_origin = requests.fetch(seconds, {"Origin": origin}, enough=lambda chunk: True)
        observation = replace(observation, from_origin=from_origin, origin=origin)
    return observation


def _locate(url: str, seconds: float) -> tuple[str, tuple[str, ...]]:
    """Return the URL of the stream that is meant, and those that led there by redirects."""
    first = _peek(url, seconds)
    if first is None:
        return url, ()
    parts = urlsplit(first.url)
    if not first.is_stream and parts.path.endswith("/"):
        below = urljoin(first.url, "stream") + (f"?{parts.query}" if parts.query else "")
        second = _peek(below, seconds)
        if second and (second.is_stream or second.response.status in _GUARDED):
            return second.url, (*first.redirects, *second.redirects)
    return first.url, first.redirects


def _peek(url: str, seconds: float) -> Answer | None:
    """Ask for the head of an answer, without any token; None if it does not come in time."""
    headers: dict[str, str | bytes] = {"Accept": "text/event-stream", "User-Agent": _NAME}
    try:
        with get(url, headers, seconds, _context(trusts_all=True)) as answer:
            return answer
    except TimeoutError:
        return None
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(reason_of(error)) from None


def shake_hands(url: str) -> Handshake:
    """Return what TLS says on a connection of its own. Raises Unreachable."""
    trouble = None
    for is_strict in (True, False):
        context = _context(trusts_all=not is_strict)
        context.set_alpn_protocols(["h2", "http/1.1"])
        connection = dial(url, _CONNECT_SECONDS, context)
        try:
            connection.connect()
            sock = connection.sock
            assert isinstance(sock, ssl.SSLSocket)
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


@dataclass(frozen=True, slots=True)
class _Requests:
    """Requests for one URL, each on a connection of its own."""

    url: str
    token: str
    context: ssl.SSLContext

    def fetch(
        self,
        seconds: float,
        headers: dict[str, str],
        *,
        enough: Callable[[Chunk], bool] = lambda chunk: False,
    ) -> Response:
        """Ask, and read for so many seconds, or until a chunk is enough.

        Raises Unreachable, where there is no connection or what answers there speaks no HTTP.
        """
        connection = dial(self.url, _CONNECT_SECONDS, self.context)
        try:
            connection.connect()
        except OSError as error:
            raise Unreachable(reason_of(error)) from None
        sock = connection.sock  # a response that ends with its connection takes it away
        began, clock = time.time(), time.monotonic()
        try:
            sock.settimeout(seconds)
            connection.request("GET", request_target(self.url), headers=self._headers() | headers)
            answer = connection.getresponse()
            answered = time.monotonic() - clock
            given = {name.lower(): value for name, value in answer.getheaders()}
            response = Response(began, seconds, answer.status, given, answered)
            with answer:
                if not response.is_stream:
                    text = answer.read(_MOST_BODY).decode("utf-8", "replace")
                    return replace(response, body=" ".join(text.split()))
                reading, ended = _Reading(given.get("content-encoding", "identity")), None
                try:
                    while (left := clock + seconds - time.monotonic()) > 0:
                        sock.settimeout(left)
                        data = answer.read1(_CHUNK_BYTES)
                        at = time.monotonic() - clock
                        if not data:
                            ended = at
                            break
                        chunk = reading.take(data, at)
                        if chunk and enough(chunk):
                            break
                        if reading.size > _MOST_BYTES:
                            response = replace(response, seconds=at)
                            break
                except TimeoutError:
                    pass
                except (OSError, http.client.HTTPException):
                    ended = time.monotonic() - clock
                return replace(response, chunks=tuple(reading.chunks), ended=ended)
        except TimeoutError:
            return Response(began, seconds, None)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(reason_of(error)) from None
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        headers |= {"Cache-Control": "no-cache", "User-Agent": _NAME}
        return headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})


class _Reading:
    """Turns the bytes of a response into chunks."""

    def __init__(self, encoding: str) -> None:
        self.chunks: list[Chunk] = []
        self.size = 0  # bytes, decompressed
        self._parser = Parser()
        self._unpack = zlib.decompressobj(31).decompress if encoding == "gzip" else None
        self._end = b""

    def take(self, data: bytes, at: float) -> Chunk | None:
        """Return a chunk; None for bytes out of which nothing can be read yet."""
        if self._unpack:
            try:
                data = self._unpack(data)
            except zlib.error:
                data = b""
        if not data:
            return None
        self.size += len(data)
        self._end = (self._end + data)[-1024:].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        last = self._end.rstrip(b"\n").rpartition(b"\n")[2]
        is_full = self._end.endswith(b"\n\n") or (
            self._end.endswith(b"\n") and last.startswith((b":", b"retry"))
        )
        chunk = Chunk(at, tuple(self._parser.feed(data)), is_full)
        self.chunks.append(chunk)
        return chunk


def _context(*, trusts_all: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if trusts_all:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
