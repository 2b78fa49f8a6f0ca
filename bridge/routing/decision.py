"""The decision: how one document reaches one reader, and why (D4, S29; design.md, decision 7).

Contract. `decide` is pure: the same preferences, sender, document, places and time give the same `Decision`, and
everybody who wants to know (SMTP, IMAP, explain, the dry run, the terminal) calls it. The most specific level that
says something about a field decides that field alone:

    recipient × sender × document type → recipient × sender → recipient → domain → default

What then cannot be done falls back to the mailbox, which never refuses: no verified address, no postal address, no
external mailbox, a sender nobody vouches for, a place outside Europe. A type that the domain makes mandatory
overrules a refusal. Each step leaves a `Reason`, in the order in which it mattered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bridge.routing.hours import Hours
from storage.deliveries.terms import (
    LEAVES,
    Channel,
    Choice,
    DocumentType,
    Ladder,
    Notify,
    Preference,
    Quiet,
    ReaderFacts,
    Sensitivity,
)

FIELDS = ("channel", "mailbox_id", "notify", "quiet", "ladder", "retention_days", "receipts")


class Level(StrEnum):
    """Where a choice stands, most specific first."""

    SENDER_TYPE = "recipient-sender-type"
    SENDER = "recipient-sender"
    RECIPIENT = "recipient"
    DOMAIN = "domain"
    DEFAULT = "default"


class Code(StrEnum):
    """Why a step was taken."""

    CHOSEN = "chosen"
    """A level says so."""
    MANDATORY = "mandatory"
    """The domain lets nobody refuse this type."""
    NOT_VERIFIED = "address-not-verified"
    NO_POSTAL_ADDRESS = "no-postal-address"
    PAPER_RETURNED = "paper-returned"
    """Paper came back from the postal address: not used until it is confirmed or changed."""
    NO_EXTERNAL_MAILBOX = "no-external-mailbox"
    UNVERIFIED_SENDER = "sender-not-verified"
    OUTSIDE_EUROPE = "outside-europe"
    NO_CARRIER = "no-carrier"
    """The bridge has no relay or printer."""
    NO_NOTICE_ADDRESS = "no-notice-address"
    """No verified contact address and no notice URL: nobody can be told outside the mailbox."""
    NO_NOTICE_RELAY = "no-notice-relay"
    """The bridge sends no e-mail, and the recipient has no notice URL."""
    TELLS_WHY = "tells-why"
    """The document may not leave Europe; in its place goes a notice that holds nothing of it (S39)."""
    NOT_REGISTERED = "not-registered"
    """Held until the deadline, then the fallback ladder goes on."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One step. `value` is the text form of what it led to."""

    code: Code
    field: str
    value: str
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who hands in."""

    correspondent_id: int | None
    verified: bool
    """Signed in, in a trusted network, or by DKIM: else nothing leaves the mailbox for it."""


@dataclass(frozen=True, slots=True)
class Document:
    type: DocumentType
    sensitivity: Sensitivity | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where each channel leads, as far as the bridge has it: ISO 3166-1 alpha-2; missing: no such carrier."""

    countries: Mapping[Channel, str] = field(default_factory=dict)
    europe: frozenset[str] = frozenset()
    """Countries that documents may go to (S36)."""
    notices_by_email: bool = False
    """Whether there is a relay for notices, wherever it is."""
    hours: Hours = field(default_factory=Hours)

    def allows(self, country: str) -> bool:
        return country in self.europe


@dataclass(frozen=True, slots=True)
class Decision:
    channel: Channel
    mailbox_id: int | None
    """None: the inbox."""
    notify: Notify
    quiet: Quiet | None
    ladder: Ladder
    """Empty unless the channel is the mailbox."""
    retention_days: int
    """0: for ever."""
    receipts: bool
    language: str
    reasons: tuple[Reason, ...]


DEFAULT = Choice(Channel.MAILBOX, None, Notify.NONE, None, Ladder(), 0, False)
"""What holds where nobody has chosen: nothing is shared (S57), nothing leaves."""


def decide(
    reader: ReaderFacts,
    preferences: Sequence[Preference],
    sender: Sender,
    document: Document,
    places: Places,
) -> Decision:
    """See above."""
    levels = _levels(preferences, sender, document)
    chosen: dict[str, object] = {}
    reasons: list[Reason] = []
    for name in FIELDS:
        level, chosen[name] = _most_specific(levels, name)
        reasons.append(Reason(Code.CHOSEN, name, _text(chosen[name]), level))
    language = next((choice.language for _, choice in levels if choice.language is not None), reader.language)
    decision = Decision(
        **chosen,  # type: ignore[arg-type]  # each field of DEFAULT has the type of the decision's
        language=language,
        reasons=tuple(reasons),
    )
    decision = _not_refused(decision, preferences, document)
    decision = _possible(decision, reader, sender, places)
    decision = _noticed(decision, reader, places)
    return decision if decision.channel is Channel.MAILBOX else replace(decision, ladder=Ladder())


def _most_specific(levels: Sequence[tuple[Level, Choice]], name: str) -> tuple[Level, object]:
    """The first level that says something about a field; the default says something about each."""
    for level, choice in levels[:-1]:
        value = getattr(choice, name)
        if value is not None:
            return level, value
    level, choice = levels[-1]
    return level, getattr(choice, name)


def _levels(preferences: Sequence[Preference], sender: Sender, document: Document) -> list[tuple[Level, Choice]]:
    """Those that concern this document, most specific first; the default is the last and says everything."""
    found: dict[Level, Choice] = {Level.DEFAULT: DEFAULT}
    for each in preferences:
        level = _level(each, sender, document)
        if level is not None:
            found[level] = each.choice
    return [(level, found[level]) for level in Level if level in found]


def _level(preference: Preference, sender: Sender, document: Document) -> Level | None:
    if preference.document_type not in (None, document.type):
        return None
    if preference.account_id is None:
        return Level.DOMAIN if preference.document_type is None else None
    if preference.correspondent_id is None:
        return Level.RECIPIENT
    if sender.correspondent_id is None or preference.correspondent_id != sender.correspondent_id:
        return None
    return Level.SENDER if preference.document_type is None else Level.SENDER_TYPE


def _not_refused(decision: Decision, preferences: Sequence[Preference], document: Document) -> Decision:
    if decision.channel is not Channel.REFUSE:
        return decision
    mandatory = any(each.mandatory and each.document_type is document.type for each in preferences)
    return _instead(decision, Code.MANDATORY) if mandatory else decision


def _possible(decision: Decision, reader: ReaderFacts, sender: Sender, places: Places) -> Decision:
    """The channel, or the mailbox where it cannot be had; then the rungs of the ladder that can."""
    if decision.channel in LEAVES:
        obstacle = _obstacle(decision.channel, reader, sender, places)
        if obstacle is not None:
            decision = _instead(decision, obstacle)
    rungs = []
    for day, rung in decision.ladder.rungs:
        channel = {"email": Channel.EMAIL, "paper": Channel.PAPER}.get(rung)
        obstacle = None if channel is None else _obstacle(channel, reader, sender, places)
        if obstacle is None:
            rungs.append((day, rung))
        else:
            reason = Reason(obstacle, "ladder", f"{day}:{rung}")
            decision = replace(decision, reasons=(*decision.reasons, reason))
    return replace(decision, ladder=Ladder(tuple(rungs)))


def _obstacle(channel: Channel, reader: ReaderFacts, sender: Sender, places: Places) -> Code | None:
    """Why a document cannot leave by this channel; None if it can."""
    if not sender.verified:
        return Code.UNVERIFIED_SENDER
    if channel is Channel.EXTERNAL:
        country = reader.external_country
        if country is None:
            return Code.NO_EXTERNAL_MAILBOX
        return None if places.allows(country) else Code.OUTSIDE_EUROPE
    if channel is Channel.EMAIL and not reader.contact_verified:
        return Code.NOT_VERIFIED
    if channel is Channel.PAPER and not reader.has_postal_address:
        return Code.NO_POSTAL_ADDRESS
    if channel is Channel.PAPER and reader.paper_returned:
        return Code.PAPER_RETURNED
    country = places.countries.get(channel)
    if country is None:
        return Code.NO_CARRIER
    return None if places.allows(country) else Code.OUTSIDE_EUROPE


def _noticed(decision: Decision, reader: ReaderFacts, places: Places) -> Decision:
    """The notice, if it can reach anybody; one in the place of a document that may not leave Europe (S39)."""
    stays = any(each.code is Code.OUTSIDE_EUROPE and each.field == "channel" for each in decision.reasons)
    if stays and decision.notify is Notify.NONE:
        reason = Reason(Code.TELLS_WHY, "notify", Notify.AT_ONCE)
        decision = replace(decision, notify=Notify.AT_ONCE, reasons=(*decision.reasons, reason))
    if decision.notify is Notify.NONE or decision.channel is Channel.REFUSE or reader.has_notice_url:
        return decision
    if reader.contact_verified and places.notices_by_email:
        return decision
    code = Code.NO_NOTICE_RELAY if reader.contact_verified else Code.NO_NOTICE_ADDRESS
    reason = Reason(code, "notify", Notify.NONE)
    return replace(decision, notify=Notify.NONE, reasons=(*decision.reasons, reason))


def _instead(decision: Decision, code: Code) -> Decision:
    """The mailbox in the place of the channel."""
    reason = Reason(code, "channel", Channel.MAILBOX)
    return replace(decision, channel=Channel.MAILBOX, reasons=(*decision.reasons, reason))


def _text(value: object) -> str:
    return "" if value is None else str(value)
