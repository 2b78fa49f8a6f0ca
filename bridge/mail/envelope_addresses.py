"""An address as it stands between the angle brackets of MAIL and RCPT (RFC 5321 section 4.1.2, RFC 6531).

An international domain goes in its ASCII form (RFC 5890), so that only a local part asks for SMTPUTF8.
"""

import re

MAX_ADDRESS = 320
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a0-\U0010ffff-]"
_LOCAL = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~\u00a0-\U0010ffff]|\\[ -~])*"')
_PLAIN = re.compile(r"[ -~\u00a0-\U0010ffff]+")
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_SPECIAL = re.compile(r'(["\\])')


def envelope_form(address: str) -> str:
    """`address` as stored, its local part quoted or not; empty stays empty. ValueError: it is none."""
    if not address:
        return ""
    local, at, domain = address.rpartition("@")
    if not at or len(address) > MAX_ADDRESS or not _PLAIN.fullmatch(local):
        raise ValueError("not an address")
    ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
    if not _DOMAIN.fullmatch(ascii_domain) or ".." in ascii_domain:
        raise ValueError("not an address")
    whole = _LOCAL.fullmatch(local) or _QUOTED.fullmatch(local)
    return f"{local if whole else _quoted(local)}@{ascii_domain}"


def _quoted(local: str) -> str:
    return '"' + _SPECIAL.sub(r"\\\1", local) + '"'
