"""Check objects from outside against msgspec structs, with one form of message for what is wrong.

Each field of such a struct is `Annotated[type, Meta(..., description="what is allowed")]`; a field
whose `extra` is SECRET is never shown. With `read` in it that function makes the value of a text or
a number; it raises ValueError for what is none.
"""

import reprlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, get_args

import msgspec

from .durations import parse_duration

SECRET, DURATION = {"secret": True}, {"read": parse_duration}  # for a field's `extra`
T = TypeVar("T", bound=msgspec.Struct)


class InvalidField(ValueError):
    """A field that can't be taken; the text names it, its value and what is allowed."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


class _Field(NamedTuple):
    type: Any
    allowed: str
    extra: Mapping[str, Any]
    is_required: bool


def convert(given: Mapping[str, Any], struct: type[T]) -> T:
    """Return the struct of an object. Raises InvalidField for the first field that is wrong."""
    fields = _fields(struct)
    for key in given:
        if key not in fields:
            known = ", ".join(fields)
            raise InvalidField(key, f"unknown key {reprlib.repr(key)}; allowed: {known}")
    read = {key: _read(fields[key].extra.get("read"), value) for key, value in given.items()}
    try:
        return msgspec.convert(read, struct)
    except msgspec.ValidationError:
        pass
    for key, field in fields.items():
        if key not in given and not field.is_required:
            continue
        try:
            msgspec.convert(read[key], field.type)
        except (KeyError, msgspec.ValidationError):
            raise invalid(struct, key, given) from None
    raise AssertionError("each field is of its type, but the object is not")


def _read(read: Callable[[str], Any] | None, given: Any) -> Any:
    """Return what a field's own function makes of a value; of what is none for it the value."""
    if read is None or isinstance(given, bool) or not isinstance(given, str | int | float):
        return given
    try:
        return read(str(given))
    except ValueError:
        return given


def invalid(
    struct: type[msgspec.Struct], key: str, given: Mapping[str, Any], allowed: str = ""
) -> InvalidField:
    """Return the error of a field: `KEY=VALUE: allowed is ...`, or `KEY is missing: ...`.

    `allowed` goes before what the struct says.
    """
    field = _fields(struct)[key]
    if key not in given:
        text = f"{key} is missing"
    elif "secret" in field.extra:
        text = f"{key} (not shown, as it is a secret)"
    else:
        text = f"{key}={reprlib.repr(given[key])}"
    return InvalidField(key, f"{text}: allowed is {allowed or field.allowed}")


@lru_cache
def _fields(struct: type[msgspec.Struct]) -> dict[str, _Field]:
    found = {}
    for field in msgspec.structs.fields(struct):
        *_, meta = (m for m in get_args(field.type)[1:] if isinstance(m, msgspec.Meta))
        found[field.encode_name] = _Field(
            field.type, meta.description or "", meta.extra or {}, field.required
        )
    return found
