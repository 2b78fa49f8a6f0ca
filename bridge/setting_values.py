"""Kinds of values that settings have: each type checks what the file or the environment says, and says the rule.

A ValueError's text is the rule alone; `settings` adds the name of the setting and where it was set.
"""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from bridge import countries

PORT_RULE = 'a port from 1 to 65535, 0 (the system chooses a free one) or "off" (closed)'


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
    """ISO 3166-1 alpha-2 in capitals."""
    code = countries.code(str(value))
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise ValueError("must be a country of two letters (ISO 3166-1), such as NL")
    return code


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
