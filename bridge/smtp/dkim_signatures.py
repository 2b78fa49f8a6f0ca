"""DKIM signatures of a message, checked with records that were fetched before (RFC 6376; RFC 8301 for key sizes).

    names = dkim_signatures.key_names(header)                       where the keys of its signatures are published
    verdicts = dkim_signatures.verdicts(message, names, records)    pure: in a worker process

The checking is dkimpy's. A signature over a part of the body only (`l=`) counts as failed: anything could follow.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.mail import headers

MOST = 5
"""Signatures of one message that are looked at."""
MOST_BYTES = 8 * 1024
MOST_RECORD = 1200
"""Bytes of a key's record: RSA of 4096 bits needs 760, and the time of a check grows with the cube of the key."""
MOST_HASHED = 8 * 1024 * 1024
"""Bytes of which the hash is made for all signatures of a message; one is always checked."""
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62}))(?:\.[a-z0-9_-]{1,63})+")
_TAG = re.compile(r"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*)")
_SILENT = logging.Logger("dkim")
"""dkimpy logs what it read."""
_SILENT.addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Signature:
    domain: str
    """`d=`, lower case."""
    selector: str
    partial: bool
    """It has `l=`."""

    @property
    def key_name(self) -> str:
        """Where the public key is published (section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


@dataclass(frozen=True, slots=True)
class Verdict:
    domain: str
    selector: str
    result: str
    """`pass`, `fail`, `temperror` (no answer from the DNS) or `permerror` (RFC 8601 section 2.7.1)."""


def signatures(header: bytes) -> tuple[Signature | None, ...]:
    """The first `MOST`, in order; None for one that cannot be read."""
    return tuple(_signature(value) for value in headers.values(header, "DKIM-Signature")[:MOST])


def verdicts(
    message: bytes,
    found: tuple[Signature | None, ...],
    records: Mapping[str, bytes | None],
    first: frozenset[str] = frozenset(),
) -> tuple[Verdict, ...]:
    """One for each readable signature, of a large message for some: those of the domains `first` before others.

    `records`: TXT by key name; None: there is none; missing: nobody answered.
    """
    readable = [(at, each) for at, each in enumerate(found) if each is not None]
    affordable = max(1, MOST_HASHED // max(1, len(message)))
    checked = sorted(readable, key=lambda each: each[1].domain not in first)[:affordable]
    return tuple(Verdict(each.domain, each.selector, _result(message, at, each, records)) for at, each in checked)


def _signature(value: str) -> Signature | None:
    if len(value) > MOST_BYTES:
        return None
    tags = {name: text.strip() for name, text in _TAG.findall(value)}
    domain, selector = tags.get("d", "").lower(), tags.get("s", "").lower()
    if not _DOMAIN.fullmatch(domain) or not _DOMAIN.fullmatch(f"{selector}.x") or len(domain) + len(selector) > 230:
        return None
    return Signature(domain, selector, "l" in tags)


def _result(message: bytes, at: int, signature: Signature, records: Mapping[str, bytes | None]) -> str:
    if signature.key_name not in records:
        return "temperror"
    record = records[signature.key_name]
    if record is None or len(record) > MOST_RECORD or signature.partial:
        return "permerror"
    import dkim  # 0.1 s: for those who are sent signed mail

    try:
        signed = dkim.DKIM(message, logger=_SILENT).verify(at, dnsfunc=lambda *_, **__: record)
    except Exception:  # noqa: BLE001 - whatever the library makes of a stranger's header, it is no valid signature
        return "permerror"
    return "pass" if signed else "fail"
