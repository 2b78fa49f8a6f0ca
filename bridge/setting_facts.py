"""What there is to know of each setting of a running bridge: its documentation, its value in force, where that comes
from, and whether the next start would take another one.

Contract. Names, defaults and documentation are those of `settings.entries`, values are written as in postex.toml.
Settings hold no secrets: passwords and keys lie in files that they name. Only `looked_up` reads the disk.
"""

import os
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from bridge import settings
from bridge.settings import Entry, Settings, SettingsError


class Kind(StrEnum):
    """What a value is."""

    TEXT = "text"
    NUMBER = "number"
    SWITCH = "switch"
    """true or false."""
    CHOICE = "choice"
    FILE = "file"
    LIST = "list"


class Origin(StrEnum):
    """Where the value in force was set."""

    FILE = "file"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Fact:
    """One setting."""

    entry: Entry
    kind: Kind
    choices: tuple[str, ...]
    """Words that it may be; besides numbers, where it is one."""
    least: int | None
    most: int | None
    value: str
    """In force."""
    origin: Origin
    next: str | None
    """What the next start would take, if that is another value."""


@dataclass(frozen=True, slots=True)
class Known:
    """Of all settings. `problem`: what is wrong with the file or the environment as they are now, a line for each;
    the next start would refuse.
    """

    file: Path
    problem: str | None
    facts: tuple[Fact, ...]


def looked_up(in_force: Settings, data: Path) -> Known:
    """As things are at this moment."""
    file = data / settings.FILE
    try:
        coming, problem = settings.load(data), None
    except SettingsError as error:
        coming, problem = in_force, str(error)
    written = _written(file)
    found = tuple(_fact(entry, in_force, coming, written) for entry in settings.entries())
    return Known(file, problem, found)


def _written(file: Path) -> dict[str, Any]:
    """What the file says; nothing if it cannot be read, which `problem` tells."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _fact(entry: Entry, in_force: Settings, coming: Settings, written: dict[str, Any]) -> Fact:
    value, following = _value(in_force, entry), _value(coming, entry)
    least, most = _bounds(entry.field)
    return Fact(
        entry,
        _kind(entry.field.annotation),
        _choices(entry.field.annotation),
        least,
        most,
        value,
        _origin(entry, value, following, written),
        following if following != value else None,
    )


def _value(given: Settings, entry: Entry) -> str:
    holder = getattr(given, entry.table) if entry.table else given
    return settings.as_toml(getattr(holder, entry.name.rpartition(".")[2]))


def _origin(entry: Entry, value: str, following: str, written: dict[str, Any]) -> Origin:
    """By where it is set now; of one that was changed since the start only that it was no default, if it is none."""
    if entry.variable in os.environ:
        return Origin.ENVIRONMENT
    table = written.get(entry.table, {}) if entry.table else written
    if isinstance(table, dict) and entry.name.rpartition(".")[2] in table and value == following:
        return Origin.FILE
    return Origin.DEFAULT if value == entry.default else Origin.FILE


def _kind(annotation: Any) -> Kind:
    parts = get_args(annotation)
    if annotation is bool:
        return Kind.SWITCH
    if get_origin(annotation) is Literal:
        return Kind.CHOICE
    if get_origin(annotation) is tuple:
        return Kind.LIST
    if Path in (annotation, *parts):
        return Kind.FILE
    return Kind.NUMBER if int in (annotation, *parts) else Kind.TEXT


def _choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    return tuple(word for part in get_args(annotation) if part is not NoneType for word in _choices(part))


def _bounds(field: FieldInfo) -> tuple[int | None, int | None]:
    """Least and most that a number may be."""
    limits = {side: getattr(each, side) for each in field.metadata for side in ("ge", "le") if hasattr(each, side)}
    return limits.get("ge"), limits.get("le")
