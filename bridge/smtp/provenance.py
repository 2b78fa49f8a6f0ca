"""How a hand-in shows whose it is, and the Authentication-Results line that says so (RFC 8601, RFC 6376; D11).

A sender who signed in, or hands in from a network of its own, needs nothing more. One that is known by its DKIM
signature alone must have a valid one of a domain of its own. What others wrote about the message is taken out: on
port 25 all of it, elsewhere what claims to be ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.mail import authentication_results
from bridge.mail.authentication_results import Result
from bridge.smtp import dkim_signatures, replies
from bridge.smtp.data import DataRefused
from bridge.smtp.dkim_signatures import Verdict


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who did not sign in, as far as it is known before the message was read."""

    mail_from: str = field(repr=False)
    by_network: bool = False
    signing_domains: frozenset[str] = frozenset()
    """One of them must have signed; empty: nothing is asked."""
    records: Mapping[str, bytes | None] = field(default_factory=dict, repr=False)
    """DKIM keys by name: see `key_records`."""
    now: int = 0


def signed_in(server: str, mail_from: str) -> bytes:
    """The line for a sender who signed in (section 2.7.4)."""
    return authentication_results.line(server, (Result("auth", "pass", (("smtp.mailfrom", mail_from),)),))


def checked(message: bytes, header: bytes, server: str, stranger: Stranger | None) -> tuple[bytes, bytes]:
    """Our line (empty for a sender who signed in: its trace has it), and the message without false claims.

    DataRefused if the sender had to sign and did not.
    """
    if stranger is None:
        return b"", authentication_results.without_claims(message, header, server)
    found = dkim_signatures.signatures(header)
    verdicts = dkim_signatures.verdicts(message, header, found, stranger.records, stranger.now)
    if stranger.signing_domains:
        _require(verdicts, stranger.signing_domains)
    line = authentication_results.line(server, _results(stranger, verdicts))
    return line, authentication_results.without_claims(message, header, None)


def _require(verdicts: tuple[Verdict, ...], domains: frozenset[str]) -> None:
    own = [verdict.result for verdict in verdicts if verdict.domain in domains]
    if "pass" in own:
        return
    raise DataRefused(replies.SIGNATURE_UNCHECKED if "temperror" in own else replies.SIGNATURE_MISSING)


def _results(stranger: Stranger, verdicts: tuple[Verdict, ...]) -> tuple[Result, ...]:
    shown = [Result("dkim", verdict.result, _properties(verdict)) for verdict in verdicts]
    if stranger.by_network:
        shown.insert(0, Result("x-network", "pass", (("smtp.mailfrom", stranger.mail_from),)))
    return tuple(shown)


def _properties(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """What tells a signature from the others of a message (RFC 6008), and why nobody should rely on it."""
    of_policy = () if verdict.rule is None else (("policy.dkim-rules", verdict.rule),)
    return (
        ("header.d", verdict.domain),
        ("header.s", verdict.selector),
        ("header.b", verdict.mark),
        *of_policy,
    )
