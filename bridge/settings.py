"""Settings of one bridge: `DATA/postex.toml`, and over it the environment (POSTEX_IMAP__TLS_PORT is `imap.tls_port`).

Contract: `load` returns checked values or raises `SettingsError`, whose text names each wrong setting in full, says
where it was set, what is wrong with it and what is allowed. A key that no setting has is wrong too: a spelling
mistake must not pass for a decision. docs/settings.md is generated from the docstrings below by `reference`.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

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

PORT_RULE = 'a port from 1 to 65535, 0 (the system chooses a free one) or "off" (closed)'


class SettingsError(Exception):
    """One or more settings are wrong; the text has a line for each."""


def _port(value: object) -> int | str:
    """`"off"`, or a number also when it comes as text, as all values from the environment do."""
    if value == "off":
        return "off"
    text = str(value)
    digits = text.isascii() and text.isdigit() and len(text) <= 5
    if isinstance(value, bool) or not digits or int(text) > 65535:
        raise ValueError(f"must be {PORT_RULE}")
    return int(text)


def _host(value: str) -> str:
    try:
        ip_address(value)
    except ValueError:
        raise ValueError("must be an IP address of this machine; 0.0.0.0 or :: stands for all of them") from None
    return value


def host_name(value: str) -> str:
    """The name in lower case; ValueError says what is allowed (RFC 1123 section 2.1)."""
    labels = value.split(".")
    letters = value.isascii() and value.replace("-", "").replace(".", "").isalnum()
    whole = all(1 <= len(label) <= 63 and label.strip("-") == label for label in labels)
    if not letters or not whole or len(value) > 253:
        raise ValueError("must be a host name of ASCII letters, digits, hyphens and dots")
    return value.lower()


def _networks(value: object) -> object:
    """From the environment comes one text; each network is checked whole, as pydantic names branches of a union."""
    texts = value.split(",") if isinstance(value, str) else value
    try:
        return tuple(ip_network(str(text).strip()) for text in texts)  # type: ignore[attr-defined]
    except (ValueError, TypeError):
        raise ValueError("must be networks in CIDR form without host bits, such as 10.0.0.0/8") from None


def _country(value: object) -> str:
    """ISO 3166-1 alpha-2 in capitals; UK, which that list has not, is taken for GB."""
    code = str(value).strip().upper()
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise ValueError("must be a country of two letters (ISO 3166-1), such as NL")
    return "GB" if code == "UK" else code


def _country_or_none(value: object) -> str:
    return "" if value == "" else _country(value)


def _countries(value: object) -> object:
    texts = value.split(",") if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        raise ValueError("must be a list of countries of two letters (ISO 3166-1)")
    return tuple(_country(text) for text in texts)


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone by its IANA name, such as Europe/Amsterdam") from None
    return value


def _printer_uri(value: str) -> str:
    if not value:
        return value
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        named = False
    if not named or parts.scheme not in ("ipp", "ipps") or parts.username is not None or not value.isascii():
        raise ValueError("must be an address such as ipps://printer.example.org/ipp/print")
    if parts.scheme == "ipp" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("must begin with ipps:// unless the printer is on this machine: documents travel under TLS")
    return value


def _hour(value: str) -> str:
    """As 17:00."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("must be a time of day from 00:00 to 23:59, such as 17:00")
    return value


Timezone = Annotated[str, AfterValidator(_timezone)]
TimeOfDay = Annotated[str, AfterValidator(_hour)]
Port = Annotated[int | Literal["off"], BeforeValidator(_port)]
Country = Annotated[str, BeforeValidator(_country_or_none)]
Countries = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_countries)]
PrinterUri = Annotated[str, AfterValidator(_printer_uri)]
Host = Annotated[str, AfterValidator(_host)]
Hostname = Annotated[str, AfterValidator(host_name)]
MaybeFile = Annotated[Path | None, BeforeValidator(lambda value: None if value == "" else value)]
MaybeHostname = Annotated[str, AfterValidator(lambda value: host_name(value) if value else "")]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]


class Section(BaseModel):
    """A table of postex.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)


class Imap(Section):
    """Reading: where mail clients connect."""

    tls_port: Port = 993
    """IMAP over implicit TLS (RFC 8314)."""

    plaintext_port: Port = "off"
    """IMAP without TLS, on 127.0.0.1 whatever `host` says: for a proxy on this machine that ends TLS."""


class Smtp(Section):
    """Handing in: where senders connect."""

    tls_port: Port = 465
    """Submission over implicit TLS (RFC 8314)."""

    submission_port: Port = 587
    """Submission with STARTTLS, which must come before AUTH (RFC 6409)."""

    mx_port: Port = 25
    """Mail from other servers, for accounts of this bridge only; never a relay."""

    plaintext_port: Port = "off"
    """Submission without TLS, on 127.0.0.1 whatever `host` says: for a proxy on this machine that ends TLS."""

    max_message_bytes: Annotated[int, Field(ge=65_536, le=1_073_741_824)] = 52_428_800
    """Largest message taken, in bytes; announced by SIZE (RFC 1870)."""

    workers: Annotated[int, Field(ge=0, le=64)] = 2
    """Processes that seal what is handed in, some 40 MB each; 0: the bridge itself does, for a small machine."""


class Storage(Section):
    """Where the keys lie."""

    master_key_file: Path = Path("master.key")
    """The server's master key; relative to the data folder. Keep it on another disk if you can."""

    country: Country = ""
    """Country where the data folder lies; empty: the one that each domain says. Outside `residency.countries` nothing
    starts."""


class Tls(Section):
    """The certificate; its files are loaded again when they change."""

    certificate_file: Path = Path("tls/cert.pem")
    """Certificate chain in PEM, the server's own first; relative to the data folder."""

    key_file: Path = Path("tls/key.pem")
    """Private key in PEM; relative to the data folder."""

    minimum_version: Literal["1.2", "1.3"] = "1.2"
    """Oldest TLS version that a client may speak."""


class Throttle(Section):
    """Brakes on guessing passwords."""

    trusted_networks: Networks = ()
    """Networks in CIDR form (a list, or text with commas) whose failed sign-ins are not slowed down."""


class Ladder(Section):
    """What happens to documents that nobody opens."""

    hold_days: Annotated[int, Field(ge=1, le=89)] = 14
    """Days that a document waits for a recipient who has not registered, before the domain's channel (paper, e-mail)
    has its turn; a ladder of the domain has days of its own."""


class Usage(Section):
    """How often accounts sign in, list, open, download and choose, as numbers by day that they see themselves."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days that these numbers are kept."""


class Batches(Section):
    """Documents that are held until their sender says how many there are."""

    hold_hours: Annotated[int, Field(ge=1, le=720)] = 72
    """Hours that a batch waits for its sender; then the sender is told, and a day later it is cancelled."""


class Erasure(Section):
    """What happens to an account that is to be erased."""

    trash_days: Annotated[int, Field(ge=0, le=365)] = 14
    """Days that such an account waits, closed, and can be had back; its owner may erase it at once."""


class Backup(Section):
    """How long backups last."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 35
    """Days that backups of the database are kept; receipts of erasures name the day that follows from it."""

    country: Country = ""
    """Country of the folders that backups go to; empty: the same as of the data folder. Outside `residency.countries`
    no backup is made."""


class Residency(Section):
    """Where documents may be (S36)."""

    countries: Countries = ()
    """Countries that documents may be kept in and carried to, two letters each; empty: the EEA, Switzerland and the
    United Kingdom."""


class Notices(Section):
    """Notices that leave the bridge and hold nothing of a document."""

    digest_at: TimeOfDay = "17:00"
    """Local time at which the daily notice goes, to those who chose one."""

    collect_seconds: Annotated[int, Field(ge=1, le=3600)] = 120
    """Seconds for which arrivals are gathered, so that many at once give one notice."""

    private_targets: bool = False
    """Whether recipients' notice URLs may lead to private networks and to this machine."""

    target_seconds: Annotated[int, Field(ge=1, le=120)] = 20
    """Seconds that the service behind a notice URL may take."""

    target_ca_file: MaybeFile = None
    """Certificates in PEM that vouch for those services, in place of the usual ones; relative to the data folder."""


class Relay(Section):
    """A mail server that we hand e-mail to: `relay` carries documents and notices; `notice_relay`, where it has a
    `host`, the notices instead. Without a `host` there is no such channel.
    """

    host: MaybeHostname = ""
    """Its name, which its certificate must show."""

    port: Annotated[int, Field(ge=1, le=65535)] = 465
    """Usually 465 for `implicit`, 587 or 25 for `starttls`."""

    tls: Literal["implicit", "starttls"] = "implicit"
    """TLS from the first byte (RFC 8314), or by STARTTLS (RFC 3207); nothing goes without."""

    ca_file: MaybeFile = None
    """Certificates in PEM that vouch for the relay, in the place of the system's; relative to the data folder."""

    username: str = ""
    """Sign-in at the relay; empty: none."""

    password_file: MaybeFile = None
    """File with the password on its first line, readable by this user only; relative to the data folder."""

    country: Country = ""
    """Country of the relay. Without one, or outside `residency.countries`, it carries notices and no document."""

    name: str = ""
    """The relay in the register of processors (`postex processor`); empty: a server of your own."""


class Printer(Section):
    """The printer of documents on paper: `uri` or `folder`, not both; without either there is no such channel."""

    uri: PrinterUri = ""
    """Address by IPP, such as ipps://printer.example.org/ipp/print; ipp:// (no TLS) only on this machine, as CUPS."""

    folder: MaybeFile = None
    """Folder out of which a print system takes PDFs, one for each letter; relative to the data folder."""

    ca_file: MaybeFile = None
    """Certificates in PEM that vouch for an ipps printer instead of the system's; relative to the data folder."""

    media: Annotated[str, Field(max_length=200)] = "iso_a4_210x297mm"
    """Paper as IPP calls it (PWG 5101.1); the sheets are A4."""

    sides: Literal["one-sided", "two-sided-long-edge", "two-sided-short-edge"] = "one-sided"
    """One side of each sheet or both; on both, each part of a letter begins on a new sheet."""

    country: Country = ""
    """Country of the printer. Without one, or outside `residency.countries`, nothing is printed. Addresses in it are
    printed without a country."""

    name: str = ""
    """The printer in the register of processors (`postex processor`); empty: a printer of your own."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.uri and self.folder is not None:
            raise ValueError("uri and folder cannot both be set: a letter goes one way")
        return self


class External(Section):
    """Mailboxes that recipients have elsewhere, as a channel."""

    private_hosts: bool = False
    """Whether they may lie in private networks and on this machine."""

    ca_file: MaybeFile = None
    """Certificates in PEM that vouch for their servers, in the place of the system's; relative to the data folder."""


class Log(Section):
    """What goes to standard error, one JSON object a line (docs/logs.md)."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is written."""


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
    known = NOT_SETTINGS.union(variable for _, variable, _, _ in entries())
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


def entries() -> Iterator[tuple[str, str, str, str]]:
    """(name, environment variable, default as in TOML, meaning) of each setting, in the order of this file."""
    for top, field in Settings.model_fields.items():
        section = field.default
        if not isinstance(section, Section):
            yield top, f"{PREFIX}{top.upper()}", _toml(section), _line(field.description)
            continue
        for name, inner in type(section).model_fields.items():
            variable = f"{PREFIX}{top.upper()}__{name.upper()}"
            yield f"{top}.{name}", variable, _toml(inner.default), _line(inner.description)


def _line(description: str | None) -> str:
    return " ".join((description or "").split())


def _toml(value: object) -> str:
    if isinstance(value, int):
        return str(value).lower()
    if value is None:
        return '""'
    return "[]" if value == () else f'"{value}"'


def reference() -> str:
    """The text of docs/settings.md."""
    head = (
        "# Settings\n\n"
        "Written in `postex.toml` in the data folder, or as environment variables, which win. A change takes effect\n"
        "at the next start. A wrong or unknown setting stops the start and says what is allowed.\n"
        "This page is generated from `bridge/settings.py` by `make docs`.\n\n"
        f"A *port* is {PORT_RULE}.\n\n"
        "| setting | environment variable | default | meaning |\n|---|---|---|---|\n"
    )
    return head + "".join(f"| `{n}` | `{v}` | `{d}` | {m} |\n" for n, v, d, m in entries())


def template(hostname: str) -> str:
    """The postex.toml that `init` writes: one setting, and what an admin changes first as comments."""
    return (
        "# Settings of this bridge; all of them with their meaning: docs/settings.md\n"
        f'hostname = "{hostname}"\n\n'
        "# As long as this line is a comment, only programs on this machine can connect.\n"
        '# host = "0.0.0.0"\n\n'
        "# [tls]\n"
        '# certificate_file = "/etc/letsencrypt/live/mail.example.org/fullchain.pem"\n'
        '# key_file = "/etc/letsencrypt/live/mail.example.org/privkey.pem"\n'
    )
