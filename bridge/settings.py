"""Settings of one bridge: `DATA/postex.toml`, and over it the environment (POSTEX_IMAP__TLS_PORT is `imap.tls_port`).

Contract: `load` returns checked values or raises `SettingsError`, whose text names each wrong setting in full, says
where it was set, what is wrong with it and what is allowed. A key that no setting has is wrong too: a spelling
mistake must not pass for a decision. docs/settings.md is made by `reference` from `setting_sections`.
"""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bridge.setting_sections import (
    Backup,
    Batches,
    ControlApi,
    Erasure,
    External,
    Imap,
    Ladder,
    Log,
    Notices,
    Printer,
    Relay,
    Residency,
    Section,
    Smtp,
    Storage,
    Throttle,
    Tls,
    Usage,
)
from bridge.setting_values import (
    PORT_RULE,
    Host,
    Hostname,
    Timezone,
)

PREFIX = "POSTEX_"
FILE = "postex.toml"
NOT_SETTINGS = frozenset(
    {
        "POSTEX_ACCOUNT_SECRET",
        "POSTEX_CODE",
        "POSTEX_DATA",
        "POSTEX_ENROLMENT_CODE",
        "POSTEX_MAILBOX_PASSWORD",
        "POSTEX_NEW_PASSWORD",
        "POSTEX_PASSWORD",
        "POSTEX_RECOVERY_CODE",
        "POSTEX_TOKEN",
    }
)
"""Variables that the command line reads itself."""


class SettingsError(Exception):
    """One or more settings are wrong; the text has a line for each."""


class Settings(BaseSettings):
    """All settings of a bridge. Frozen: a change takes effect at the next start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    host: Host = "127.0.0.1"
    """Address on which the TLS, submission and MX ports listen. 127.0.0.1 lets nobody else in; 0.0.0.0 opens all."""

    hostname: Hostname = "localhost"
    """Name of this server in greetings and trace headers; `init` sets it to the domain."""

    timezone: Timezone = "Europe/Amsterdam"
    """Local time, for quiet hours and the daily notice."""

    imap: Imap = Imap()
    smtp: Smtp = Smtp()
    storage: Storage = Storage()
    tls: Tls = Tls()
    throttle: Throttle = Throttle()
    ladder: Ladder = Ladder()
    usage: Usage = Usage()
    batches: Batches = Batches()
    erasure: Erasure = Erasure()
    backup: Backup = Backup()
    residency: Residency = Residency()
    notices: Notices = Notices()
    relay: Relay = Relay()
    external: External = External()
    notice_relay: Relay = Relay()
    printer: Printer = Printer()
    control: ControlApi = ControlApi()
    log: Log = Log()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, whose content comes in as arguments; nothing else is read."""
        return env_settings, init_settings


def load(data: Path) -> Settings:
    """Settings for the data folder. Raises `SettingsError`."""
    file = data / FILE
    known = NOT_SETTINGS.union(each.variable for each in entries())
    unknown = [name for name in os.environ if name.startswith(PREFIX) and name not in known]
    if unknown:
        raise SettingsError("\n".join(f"{name}: there is no such setting; see docs/settings.md" for name in unknown))
    try:
        return Settings(**(tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from None
    except ValidationError as error:
        raise SettingsError("\n".join(_problem(dict(each), file) for each in error.errors())) from None


def _problem(error: Mapping[str, Any], file: Path) -> str:
    """One line: full name, what is allowed, where it was set."""
    # Below a list or a union pydantic adds indexes and branch names: a setting has at most two levels.
    path = [str(part) for part in error["loc"]][:2]
    variable = PREFIX + "__".join(path).upper()
    origin = variable if variable in os.environ else str(file)
    if error["type"] == "extra_forbidden":
        return f"{'.'.join(path)}: there is no such setting (in {origin}); see docs/settings.md"
    rule = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{'.'.join(path)}: {rule} (set in {origin}; its variable is {variable})"


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting, as its class declares it."""

    name: str
    """Such as `imap.tls_port`."""
    table: str
    """Of postex.toml; empty at its top."""
    about: str
    """What the table is for."""
    field: FieldInfo

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper().replace(".", "__")

    @property
    def default(self) -> str:
        """As in TOML."""
        return as_toml(self.field.default)

    @property
    def meaning(self) -> str:
        return _line(self.field.description)


def entries() -> Iterator[Entry]:
    """Each setting, in the order of this file."""
    for top, field in Settings.model_fields.items():
        section = field.default
        if not isinstance(section, Section):
            yield Entry(top, "", "", field)
            continue
        for name, inner in type(section).model_fields.items():
            yield Entry(f"{top}.{name}", top, _line(type(section).__doc__), inner)


def _line(description: str | None) -> str:
    return " ".join((description or "").split())


def as_toml(value: object) -> str:
    """A value of a setting as one writes it in postex.toml."""
    if isinstance(value, int):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(as_toml, value))}]"
    return json.dumps("" if value is None else str(value), ensure_ascii=False)


def reference() -> str:
    """The text of docs/settings.md."""
    head = (
        "# Settings\n\n"
        "Written in `postex.toml` in the data folder, or as environment variables, which win. A change takes effect\n"
        "at the next start. A wrong or unknown setting stops the start and says what is allowed.\n"
        "This page is generated from `bridge/setting_sections.py` by `make docs`.\n\n"
        f"A *port* is {PORT_RULE}.\n\n"
        "| setting | environment variable | default | meaning |\n|---|---|---|---|\n"
    )
    return head + "".join(
        f"| `{each.name}` | `{each.variable}` | `{each.default}` | {each.meaning} |\n" for each in entries()
    )


HIGH_PORTS = (
    "\n# Above 1024: no right is needed to listen there.\n"
    "[imap]\ntls_port = 10993\n\n"
    "[smtp]\ntls_port = 10465\nsubmission_port = 10587\nmx_port = 10025\n"
)


def template(hostname: str, *, is_open: bool = False, high_ports: bool = False) -> str:
    """The postex.toml that `init` writes: what was chosen, and what an admin changes first as comments."""
    return (
        "# Settings of this bridge; all of them with their meaning: docs/settings.md\n"
        f'hostname = "{hostname}"\n\n'
        "# As long as this line is a comment, only programs on this machine can connect.\n"
        f'{"" if is_open else "# "}host = "0.0.0.0"\n\n'
        "# [tls]\n"
        '# certificate_file = "/etc/letsencrypt/live/mail.example.org/fullchain.pem"\n'
        '# key_file = "/etc/letsencrypt/live/mail.example.org/privkey.pem"\n'
        f"{HIGH_PORTS if high_ports else ''}"
    )
