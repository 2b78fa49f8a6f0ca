"""The relay of the settings, ready for use."""

import ssl
from pathlib import Path

from bridge.channels.email.relay import Relay
from bridge.setting_sections import Relay as Section
from bridge.settings import Settings
from storage.keys.access import readable_by_others

_MOST = 4096
"""Bytes of a password file that are read."""


class RelayUnusable(Exception):
    """A file that the settings name cannot be used; the text names the setting and what to do."""


def of(data: Path, settings: Settings) -> Relay | None:
    """`data`: what relative files are relative to. None: there is no relay. RelayUnusable."""
    return _made(data, settings, settings.relay)


def for_notices(data: Path, settings: Settings) -> tuple[Relay, Section] | None:
    """The one for notices, or else the one for everything, with what the settings say of it. RelayUnusable."""
    section = settings.notice_relay if settings.notice_relay.host else settings.relay
    made = _made(data, settings, section)
    return None if made is None else (made, section)


def _made(data: Path, settings: Settings, section: Section) -> Relay | None:
    if not section.host:
        return None
    return Relay(
        host=section.host,
        port=section.port,
        tls=section.tls,
        context=verifying(None if section.ca_file is None else data / section.ca_file),
        hostname=settings.hostname,
        username=section.username,
        password=_password(data, section),
    )


def verifying(ca_file: Path | None, setting: str = "relay.ca_file") -> ssl.SSLContext:
    """A client's context: TLS 1.2 or later, certificate and name checked against the system's authorities, or those
    of `ca_file` alone. RelayUnusable.
    """
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        problem = error.strerror or type(error).__name__
        raise RelayUnusable(
            f"{setting}: {ca_file} holds no certificate in PEM that can be read ({problem})"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _password(data: Path, section: Section) -> str:
    if not section.username:
        return ""
    if section.password_file is None:
        raise RelayUnusable("relay.username is set, relay.password_file is not: name the file with the password")
    path = data / section.password_file
    try:
        with path.open("rb") as file:
            if readable_by_others(file.fileno()):
                raise RelayUnusable(f"relay.password_file: others may read {path}; run: chmod 0400 {path}")
            lines = file.read(_MOST).decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RelayUnusable(f"relay.password_file: cannot read {path} ({type(error).__name__})") from None
    if not lines or not lines[0]:
        raise RelayUnusable(f"relay.password_file: {path} is empty; its first line is the password")
    return lines[0]
