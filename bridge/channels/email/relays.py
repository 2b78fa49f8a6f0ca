"""The relay of the settings, ready for use."""

from pathlib import Path
from typing import Literal

from bridge.channels.authorities import CarrierUnusable, verifying
from bridge.channels.email.relay import Relay
from bridge.setting_sections import Relay as Section
from bridge.settings import Settings
from storage.keys.access import readable_by_others

Name = Literal["relay", "notice_relay"]
_MOST = 4096
"""Bytes of a password file that are read."""


def of(data: Path, settings: Settings) -> Relay | None:
    """`data`: what relative files are relative to. None: there is no relay. CarrierUnusable."""
    return _made(data, settings, "relay")


def for_notices(data: Path, settings: Settings) -> tuple[Relay, Section] | None:
    """The one for notices, or else the one for everything, with what the settings say of it. CarrierUnusable."""
    name: Name = "notice_relay" if settings.notice_relay.host else "relay"
    made = _made(data, settings, name)
    return None if made is None else (made, getattr(settings, name))


def _made(data: Path, settings: Settings, name: Name) -> Relay | None:
    section: Section = getattr(settings, name)
    if not section.host:
        return None
    return Relay(
        host=section.host,
        port=section.port,
        tls=section.tls,
        context=verifying(None if section.ca_file is None else data / section.ca_file, f"{name}.ca_file"),
        hostname=settings.hostname,
        username=section.username,
        password=_password(data, section, name),
    )


def _password(data: Path, section: Section, name: Name) -> str:
    if not section.username:
        return ""
    if section.password_file is None:
        raise CarrierUnusable(f"{name}.username is set, {name}.password_file is not: name the file with the password")
    path = data / section.password_file
    try:
        with path.open("rb") as file:
            if readable_by_others(file.fileno()):
                raise CarrierUnusable(f"{name}.password_file: others may read {path}; run: chmod 0400 {path}")
            lines = file.read(_MOST).decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CarrierUnusable(f"{name}.password_file: cannot read {path} ({type(error).__name__})") from None
    if not lines or not lines[0]:
        raise CarrierUnusable(f"{name}.password_file: {path} is empty; its first line is the password")
    return lines[0]
