"""DKIM signatures of a message, checked with records that were fetched before (RFC 6376, RFC 8301, RFC 8463).

    found = dkim_signatures.signatures(header)                      where the keys of its signatures are published
    verdicts = dkim_signatures.verdicts(message, found, records)    pure: in a worker process

Contract. One verdict for each signature that is looked at, in order, with a result of RFC 8601 section 2.7.1:

    pass         it holds
    fail         it does not: header or body are others
    policy       nobody should rely on it, and `rule` says why; whether it holds was not asked, or does not count
    neutral      it cannot be read
    temperror    the DNS gave no answer for its key
    permerror    there is no key that fits: none, revoked, of another kind; or what it signs is not enough

The body is hashed once for each form, however many signatures there are.
"""

import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.mail import dkim_form
from bridge.smtp import dkim_keys

MOST = 5
"""Signatures of one message that are looked at."""
MOST_BYTES = 8 * 1024
_DOMAIN = re.compile(rb"(?:[a-z0-9_](?:[a-z0-9_-]{0,62}))(?:\.[a-z0-9_-]{1,63})+")
_FORM = re.compile(rb"(simple|relaxed)(?:/(simple|relaxed))?")
_ALGORITHM = re.compile(rb"(rsa|ed25519)-sha256")
_OLD = b"rsa-sha1"
_MARK = 8
"""Characters of a signature by which a line of results tells it from others (RFC 6008)."""


@dataclass(frozen=True, slots=True)
class Signature:
    domain: str
    """`d=`, lower case."""
    selector: str
    written: tuple[bytes, bytes] = field(repr=False)
    """Name and value as they stand in the header."""
    tags: Mapping[str, bytes] = field(repr=False)

    @property
    def key_name(self) -> str:
        """Where the public key is published (section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def mark(self) -> str:
        """The beginning of `b=`."""
        return _joined(self.tags.get("b", b""))[:_MARK].decode("ascii", "replace")


@dataclass(frozen=True, slots=True)
class Verdict:
    result: str
    domain: str = ""
    """Empty where it cannot be read."""
    selector: str = ""
    mark: str = ""
    rule: str | None = None
    """Of `policy`: `partial-body`, `algorithm`, `key-size`, `testing`, `expired`."""


def signatures(header: bytes) -> tuple[Signature | None, ...]:
    """The first `MOST`, in order; None for one that cannot be read."""
    found = [each for each in dkim_form.fields(header) if each[0].strip().lower() == b"dkim-signature"]
    return tuple(_signature(each) for each in found[:MOST])


def verdicts(
    message: bytes,
    header: bytes,
    found: tuple[Signature | None, ...],
    records: Mapping[str, bytes | None],
    now: int,
) -> tuple[Verdict, ...]:
    """Of `message`, which begins with `header`. `records`: TXT by key name; None: there is none; missing: nobody
    answered.
    """
    if not found:
        return ()
    checked = _Checked(message[len(header) :].removeprefix(b"\r\n"), dkim_form.fields(header), now)
    return tuple(Verdict("neutral") if each is None else _verdict(checked, each, records) for each in found)


class _Checked:
    """A message whose signatures are checked."""

    def __init__(self, body: bytes, fields: list[tuple[bytes, bytes]], now: int) -> None:
        self.fields, self.now, self._body = fields, now, body
        self._hashes: dict[bytes, bytes] = {}

    def body_hash(self, form: bytes) -> bytes:
        if form not in self._hashes:
            self._hashes[form] = hashlib.sha256(dkim_form.body(self._body, form)).digest()
        return self._hashes[form]


def _signature(found: tuple[bytes, bytes]) -> Signature | None:
    if len(found[1]) > MOST_BYTES:
        return None
    try:
        tags = dkim_form.tags(found[1])
    except ValueError:
        return None
    domain, selector = tags.get("d", b"").lower(), tags.get("s", b"").lower()
    if not _DOMAIN.fullmatch(domain) or not _DOMAIN.fullmatch(selector + b".x") or len(domain) + len(selector) > 230:
        return None
    return Signature(domain.decode(), selector.decode(), found, tags)


def _verdict(checked: _Checked, signature: Signature, records: Mapping[str, bytes | None]) -> Verdict:
    rule = _rule(signature.tags, checked.now)
    result = "policy"
    if rule is None:
        result, rule = _result(checked, signature, records)
    return Verdict(result, signature.domain, signature.selector, signature.mark, rule)


def _rule(tags: Mapping[str, bytes], now: int) -> str | None:
    """Why nobody should rely on a signature, as far as it says so itself."""
    if "l" in tags:
        return "partial-body"
    if tags.get("a") == _OLD:
        return "algorithm"
    expires = tags.get("x", b"")
    return "expired" if expires.isdigit() and int(expires[:12]) < now else None


def _result(checked: _Checked, signature: Signature, records: Mapping[str, bytes | None]) -> tuple[str, str | None]:
    tags = signature.tags
    algorithm, form = _ALGORITHM.fullmatch(tags.get("a", b"")), _FORM.fullmatch(tags.get("c", b"simple"))
    names = [name.strip().lower() for name in tags.get("h", b"").split(b":")]
    if algorithm is None or form is None or tags.get("v") != b"1" or b"from" not in names:
        return "permerror", None
    if signature.key_name not in records:
        return "temperror", None
    try:
        key = dkim_keys.read(records[signature.key_name] or b"", algorithm[1])
        given, value = b64decode(_joined(tags["bh"]), validate=True), b64decode(_joined(tags["b"]), validate=True)
    except (dkim_keys.BadKey, KeyError, ValueError):
        return "permerror", None
    if not _speaks_for(tags.get("i", b""), signature.domain.encode(), strict=key.is_strict):
        return "permerror", None
    if key.too_small:
        return "policy", "key-size"
    if given != checked.body_hash(form[2] or b"simple"):
        return "fail", None
    signed = dkim_form.signed_header(checked.fields, _all_authors(checked, names), signature.written, form[1])
    if not key.holds(value, hashlib.sha256(signed).digest()):
        return "fail", None
    return ("policy", "testing") if key.is_tried else ("pass", None)


def _speaks_for(identity: bytes, domain: bytes, *, strict: bool) -> bool:
    """`i=` is of the domain, or of one below it (sections 3.5, 3.6.1)."""
    named = identity.rpartition(b"@")[2].lower() if identity else domain
    return named == domain or (not strict and named.endswith(b"." + domain))


def _all_authors(checked: _Checked, names: list[bytes]) -> list[bytes]:
    """With each From there is: one more than was signed, put above it, is what programs show (section 8.15)."""
    there = sum(name.strip().lower() == b"from" for name, _ in checked.fields)
    return [*names, *[b"from"] * max(0, there - names.count(b"from"))]


def _joined(value: bytes) -> bytes:
    return b"".join(value.split())
