"""Strict JSON: refuse every text that two readers could understand differently. Pure.

RFC 8259 leaves some texts to the reader's discretion: duplicate keys, numbers that a double can't
hold, halves of surrogate pairs, nesting without end. Logged data is read by browsers, scripts and
other services, so it has to mean the same to all of them. A browser has doubles only: a whole
number is taken if it is one of them (all up to 2^53 are), and of 64 bits.
"""

import json
import math
import re
import reprlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from dashboard.errors import ClientError
from dashboard.settings import InvalidField, convert

MOST_DEPTH = 32  # objects and lists inside each other
INTEGERS = range(-(1 << 63), 1 << 64)
S = TypeVar("S", bound=msgspec.Struct)
_SPACE = re.compile(r"[ \t\n\r]*")
_CONTAINERS = (dict, list)


def text_of(body: bytes) -> str:
    """Return the text of a body. Raises ClientError if it is not UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise ClientError(
            400, f"the body is not UTF-8: {error.reason} at byte {error.start}"
        ) from None


def decode(text: str) -> Any:
    """Return the value of a whole text. Raises ClientError."""
    value, end = decode_at(text, skip_space(text, 0))
    if skip_space(text, end) != len(text):
        raise ClientError(400, f"not JSON: something follows the value, at character {end}")
    return value


def decode_at(text: str, start: int) -> tuple[Any, int]:
    """Return the value that begins at a character, and the index after it. Raises ClientError."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        reason = error.msg.removesuffix(" at")
        raise ClientError(400, f"not JSON: {reason} at character {error.pos}") from None
    except RecursionError:
        raise _too_deep() from None
    # So many brackets are nested no deeper; most texts are not walked through by this.
    brackets = text.count("{", start, end) + text.count("[", start, end)
    if brackets > MOST_DEPTH and _is_deeper_than(value, MOST_DEPTH):
        raise _too_deep()
    return value, end


def encode(value: Any) -> str:
    """Return a decoded value as text. Raises ClientError for half of a surrogate pair."""
    return encode_utf8(value).decode()


def encode_utf8(value: Any) -> bytes:
    """Return a decoded value as UTF-8. Raises ClientError for half of a surrogate pair."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        code = ord(error.object[error.start])
        raise ClientError(
            422, f"a text has half of a surrogate pair, U+{code:04X}, which is no character"
        ) from None


def check_keys(given: Mapping[str, Any], allowed: Iterable[str]) -> None:
    """Raise ClientError for the first unknown key of an object."""
    for key in given:
        if key not in allowed:
            known = ", ".join(allowed)
            raise ClientError(422, f"unknown key {reprlib.repr(key)}; allowed: {known}", key=key)


def decode_struct(body: bytes, struct: type[S], *, what: str, status: int = 422) -> S:
    """Return the struct of a body that is `what`, an object. Raises ClientError.

    A wrong field has `status` (settings/validation.py has the form of the message). Its texts can
    be written in UTF-8.
    """
    given = decode(text_of(body))
    encode_utf8(given)
    if not isinstance(given, dict) or not given:
        keys = ", ".join(struct.__struct_encode_fields__)
        raise ClientError(status, f"{what} is an object with some of the keys {keys}")
    # JSON has one kind of number: 1080.0 is 1080.
    given = {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in given.items()
    }
    try:
        return convert(given, struct)
    except InvalidField as error:
        raise ClientError(status, str(error), key=error.key) from None


def skip_space(text: str, start: int) -> int:
    """Return the index of the first character that is no white space."""
    match = _SPACE.match(text, start)
    assert match is not None
    return match.end()


def _is_deeper_than(value: Any, levels: int) -> bool:
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(levels):
        level = [
            child
            for container in level
            for child in (container.values() if type(container) is dict else container)
            if type(child) in _CONTAINERS
        ]
        if not level:
            return False
    return True


def _too_deep() -> ClientError:
    return ClientError(422, f"objects and lists are nested more than {MOST_DEPTH} deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ClientError(422, f"the key {reprlib.repr(twice)} is there twice in an object")
    return found


def _constant(text: str) -> Any:
    raise ClientError(400, f"not JSON: {text}; null stands for a number that is missing")


def _whole(text: str) -> int:
    # 20 characters hold all that is in range, and int() is slow for thousands of digits.
    number = int(text) if len(text) <= 20 else None
    if number is None or number not in INTEGERS or int(float(number)) != number:
        raise ClientError(
            422,
            f"the whole number {_short(text)} is none that a browser holds exactly, as it does "
            "from -2^53 to 2^53; send longer ones as texts",
        )
    return number


def _fraction(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ClientError(422, f"the number {_short(text)} is out of range: at most about 1.8e308")
    return number


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}… ({len(text)} characters)"


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole, parse_float=_fraction
)
