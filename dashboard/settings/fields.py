"""Fields that several tables have: what each may be, in words, too."""

from typing import Annotated, Literal, get_args

from msgspec import Meta

from .patterns import NAME_ALLOWED, NAME_PATTERN

Level = Literal["info", "warning", "critical"]
LEVELS: tuple[Level, ...] = get_args(Level)

Name = Annotated[str, Meta(pattern=f"^{NAME_PATTERN}\\Z", description=NAME_ALLOWED)]
AlertLevel = Annotated[Level, Meta(description=", ".join(LEVELS))]
Receivers = Annotated[
    tuple[str, ...], Meta(description='a list of names of [notify.NAME], such as ["oncall"]')
]
