"""The settings of the bridge, with their documentation."""

from pydantic import Field

from bridge.api.schemas import Schema
from bridge.setting_facts import Kind, Origin


class SettingOut(Schema):
    name: str
    section: str
    """Table of postex.toml; empty at its top."""
    about: str
    """What the section is for."""
    variable: str
    """Of the environment, which wins over the file."""
    meaning: str
    kind: Kind
    choices: list[str]
    least: int | None
    most: int | None
    default: str
    """As in TOML, like the other values."""
    value: str
    """In force."""
    origin: Origin
    changed: bool
    """Whether the value in force is not the default."""
    next: str | None = Field(description="What the next start would take, if that is another value.")


class SettingsOut(Schema):
    file: str
    """Where settings are written; a change takes effect at the next start."""
    problem: str | None
    """What is wrong with file and environment as they are now: the next start would refuse."""
    items: list[SettingOut]
