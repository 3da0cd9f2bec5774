"""A frame: the bytes that all streams of a feed get next, in the forms that they need.

A form is made once, when the first stream needs it. gzip is shared by streams that joined at
different times, because each frame is a deflate block of its own: it refers to nothing before it,
and a full flush ends it at a byte's edge (RFC 1951, zlib's Z_FULL_FLUSH). A stream begins with the
gzip header and has no trailer, as it has no end.
"""

import zlib

CHUNKED = 1  # HTTP/1.1 chunk framing around it
GZIP = 2

# RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system.
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
LAST_CHUNK = b"0\r\n\r\n"

_LEVEL = 6
_STORED = 0


class Frame:
    """Some events as bytes; `raw` is neither chunked nor compressed."""

    __slots__ = ("_forms", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._forms: dict[int, bytes] = {}

    def form(self, form: int) -> bytes:
        """The bytes for streams of a form, a sum of CHUNKED and GZIP."""
        if form == 0:
            return self.raw
        made = self._forms.get(form)
        if made is None:
            made = gzip_block(self.raw) if form & GZIP else self.raw
            if form & CHUNKED:
                made = b"%x\r\n%b\r\n" % (len(made), made)
            self._forms[form] = made
        return made


def gzip_block(data: bytes, *, stored: bool = False) -> bytes:
    """One independent block; `stored` spends no time on bytes that only one stream gets."""
    compressor = zlib.compressobj(_STORED if stored else _LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(zlib.Z_FULL_FLUSH)
