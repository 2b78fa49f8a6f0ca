"""The decision: how one document reaches one reader, and why (D4, S29; design.md, decision 7).

Contract. `decide` is pure: the same preferences, sender, document, places and time give the same `Decision`, and
everybody who wants to know (SMTP, IMAP, explain, the dry run, the terminal) calls it. The most specific level that
says something about a field decides that field alone:

    recipient × sender × document type → recipient × sender → recipient → domain × document type → domain → default

A recipient chooses a type for one sender, a domain for all of them. Folder, receipts and language are a recipient's
own to choose: what a domain says of them is not heard. What then cannot be done falls back to the mailbox, which
never refuses: no verified address, no postal address, no external mailbox, carriers no longer accepted, a sender
nobody vouches for, a place outside Europe. A type that the domain makes mandatory overrules a refusal. A ladder
belongs to the mailbox, and a document stays at least until its ladder's last day. Each step leaves a `Reason`, in
the order in which it mattered.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

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
    Rung,
    Sensitivity,
)

FIELDS = ("channel", "mailbox_id", "notify", "quiet", "ladder", "retention_days", "receipts", "language")
OWN_FIELDS = frozenset({"mailbox_id", "receipts", "language"})
"""What a recipient alone can choose."""


class Level(StrEnum):
    """Where a choice stands, most specific first."""

    SENDER_TYPE = "recipient-sender-type"
    SENDER = "recipient-sender"
    RECIPIENT = "recipient"
    DOMAIN_TYPE = "domain-type"
    DOMAIN = "domain"
    DEFAULT = "default"


_OF_DOMAINS = frozenset({Level.DOMAIN_TYPE, Level.DOMAIN})


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
    CARRIERS_DECLINED = "carriers-declined"
    """The recipient took back that third parties may carry documents by this channel (S78)."""
    LEAVES_AT_ONCE = "leaves-at-once"
    """The document does not wait in the mailbox: a ladder has nothing to do."""
    KEPT_FOR_LADDER = "kept-for-ladder"
    """The document would be erased before the last day of its ladder: it stays until after it."""
    NO_CARRIER = "no-carrier"
    """The bridge has no relay or printer."""
    NO_NOTICE_ADDRESS = "no-notice-address"
    """No verified contact address and no notice URL: nobody can be told outside the mailbox."""
    NO_NOTICE_RELAY = "no-notice-relay"
    """The bridge sends no e-mail, and the recipient has no notice URL."""
    TELLS_WHY = "tells-why"
    """The document may not leave Europe; in its place goes a notice that holds nothing of it (S39)."""
    AUTOMATIC = "automatic-mail"
    """A program wrote it and nobody vouches for whose: nothing is sent because of it (RFC 3834), or two post offices
    would tell each other of their notices for ever."""
    UNKNOWN_TYPE = "unknown-type"
    """The document names a type that there is not."""
    NOT_REGISTERED = "not-registered"
    """Held until the deadline, then the fallback ladder goes on."""


_WHOLE_LADDERS = frozenset({Code.CHOSEN, Code.LEAVES_AT_ONCE, Code.NOT_REGISTERED, Code.AUTOMATIC})


@dataclass(frozen=True, slots=True)
class Reason:
    """One step. `value` is the text form of what it led to."""

    code: Code
    field: str
    value: str
    level: Level | None = None

    @property
    def is_rung_left_out(self) -> bool:
        """Whether `value` is a step of the ladder that cannot be had; else it is what its field became."""
        return self.field == "ladder" and self.code not in _WHOLE_LADDERS


@lru_cache(maxsize=256)
def encoded(reasons: tuple[Reason, ...]) -> str:
    """The JSON that a delivery keeps; `bridge.routing.explaining` reads it. Most arrivals have the same."""
    return json.dumps(
        [{"code": each.code, "field": each.field, "value": each.value, "level": each.level} for each in reasons]
    )


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
    generated: bool = False
    """It says that no person sent it."""
    is_misnamed: bool = False
    """It names a type that there is not, and counts as `type`."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where each channel leads, as far as the bridge has it: ISO 3166-1 alpha-2; missing: no such carrier."""

    countries: Mapping[Channel, str] = field(default_factory=dict)
    europe: frozenset[str] = frozenset()
    """Countries that documents may go to (S36)."""
    notices_by_email: bool = False
    """Whether there is a relay for notices, wherever it is."""
    hours: Hours = field(default_factory=Hours)
    hold_days: int = 14
    """How long a document waits for a recipient who has not registered, before the channel has its turn."""

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
    heard = [each for each in preferences if _concerns(each, reader)]
    decision = _chosen(_levels(heard, sender, document, reader)) if heard else _by_default(reader.language)
    if sender.verified:  # anybody can write the name of a type into a header
        decision = _not_refused(decision, heard, document)
    decision = _held(decision, reader, places)
    decision = _possible(decision, reader, sender, places)
    if document.generated and not sender.verified:
        decision = _unanswered(decision)
    if document.is_misnamed:
        said = Reason(Code.UNKNOWN_TYPE, "type", document.type)
        decision = replace(decision, reasons=(said, *decision.reasons))
    return _noticed(decision, reader, places)


def obstacle(channel: Channel, reader: ReaderFacts, places: Places) -> Code | None:
    """Why no document of this reader can leave by a channel, whoever sends it; None if one can."""
    return _obstacle(channel, reader, Sender(None, verified=True), places) if channel in LEAVES else None


def _chosen(levels: Sequence[tuple[Level, Choice]]) -> Decision:
    chosen: dict[str, object] = {}
    reasons: list[Reason] = []
    for name in FIELDS:
        level, chosen[name] = _most_specific(levels, name)
        reasons.append(Reason(Code.CHOSEN, name, _text(chosen[name]), level))
    return Decision(**chosen, reasons=tuple(reasons))  # type: ignore[arg-type]  # by the types of DEFAULT


@lru_cache(maxsize=16)
def _by_default(language: str) -> Decision:
    """Where nobody has chosen, which is most arrivals."""
    return _chosen([(Level.DEFAULT, replace(DEFAULT, language=language))])


def _concerns(preference: Preference, reader: ReaderFacts) -> bool:
    if preference.account_id is not None:
        return preference.account_id == reader.account_id
    return preference.domain_id == reader.domain_id


def _most_specific(levels: Sequence[tuple[Level, Choice]], name: str) -> tuple[Level, object]:
    """The first level that says something about a field; the default says something about each."""
    for level, choice in levels[:-1]:
        value = getattr(choice, name)
        if value is not None and not (level in _OF_DOMAINS and name in OWN_FIELDS):
            return level, value
    level, choice = levels[-1]
    return level, getattr(choice, name)


def _levels(
    preferences: Sequence[Preference], sender: Sender, document: Document, reader: ReaderFacts
) -> list[tuple[Level, Choice]]:
    """Those that concern this document, most specific first; the default is the last and says everything."""
    found: dict[Level, Choice] = {Level.DEFAULT: replace(DEFAULT, language=reader.language)}
    for each in preferences:
        level = _level(each, sender, document)
        if level is not None:
            found[level] = each.choice
    return [(level, found[level]) for level in Level if level in found]


def _level(preference: Preference, sender: Sender, document: Document) -> Level | None:
    if preference.document_type not in (None, document.type):
        return None
    if preference.correspondent_id is None:
        if preference.account_id is not None:
            return Level.RECIPIENT if preference.document_type is None else None
        return Level.DOMAIN if preference.document_type is None else Level.DOMAIN_TYPE
    if sender.correspondent_id is None or preference.correspondent_id != sender.correspondent_id:
        return None
    return Level.SENDER if preference.document_type is None else Level.SENDER_TYPE


def _not_refused(decision: Decision, preferences: Sequence[Preference], document: Document) -> Decision:
    if decision.channel is not Channel.REFUSE:
        return decision
    mandatory = any(
        each.mandatory and each.account_id is None and each.document_type == document.type for each in preferences
    )
    return _instead(decision, Code.MANDATORY) if mandatory else decision


def _held(decision: Decision, reader: ReaderFacts, places: Places) -> Decision:
    """Nobody has registered yet: it waits in the mailbox (S9). A ladder of the domain has its own days; a channel by
    which documents leave has its turn once the deadline is over.
    """
    if not reader.invited or decision.channel is Channel.REFUSE:
        return decision
    rung = {Channel.EMAIL: Rung.EMAIL, Channel.PAPER: Rung.PAPER}.get(decision.channel)
    held = _because(decision, Code.NOT_REGISTERED, "channel", Channel.MAILBOX)
    return (
        held if rung is None else _because(held, Code.NOT_REGISTERED, "ladder", Ladder(((places.hold_days, rung),)))
    )


def _possible(decision: Decision, reader: ReaderFacts, sender: Sender, places: Places) -> Decision:
    """The channel, or the mailbox where it cannot be had; then the ladder, as far as it can be climbed."""
    if decision.channel in LEAVES:
        hindrance = _obstacle(decision.channel, reader, sender, places)
        if hindrance is not None:
            decision = _instead(decision, hindrance)
    if not decision.ladder:
        return decision
    if decision.channel is not Channel.MAILBOX:
        return _because(decision, Code.LEAVES_AT_ONCE, "ladder", Ladder())
    return _kept(_climbable(decision, reader, sender, places))


def _climbable(decision: Decision, reader: ReaderFacts, sender: Sender, places: Places) -> Decision:
    """Without the rungs that cannot be had."""
    rungs, reasons = [], list(decision.reasons)
    for day, rung in decision.ladder.rungs:
        channel = {Rung.EMAIL: Channel.EMAIL, Rung.PAPER: Channel.PAPER}.get(rung)
        hindrance = None if channel is None else _obstacle(channel, reader, sender, places)
        if hindrance is None:
            rungs.append((day, rung))
        else:
            reasons.append(Reason(hindrance, "ladder", f"{day}:{rung}"))
    return replace(decision, ladder=Ladder(tuple(rungs)), reasons=tuple(reasons))


def _kept(decision: Decision) -> Decision:
    """Not erased before the ladder is climbed: nobody would ever be told of it (D3)."""
    if not decision.ladder or not decision.retention_days:
        return decision
    until = decision.ladder.rungs[-1][0] + 1
    if decision.retention_days >= until:
        return decision
    return _because(decision, Code.KEPT_FOR_LADDER, "retention_days", until)


def _obstacle(channel: Channel, reader: ReaderFacts, sender: Sender, places: Places) -> Code | None:
    """Why a document cannot leave by this channel; None if it can."""
    if not sender.verified:
        return Code.UNVERIFIED_SENDER
    if channel in reader.declined:
        return Code.CARRIERS_DECLINED
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


def _unanswered(decision: Decision) -> Decision:
    """Without what would send something because it came."""
    if decision.ladder:
        decision = _because(decision, Code.AUTOMATIC, "ladder", Ladder())
    if decision.notify is not Notify.NONE:
        decision = _because(decision, Code.AUTOMATIC, "notify", Notify.NONE)
    return decision


def _noticed(decision: Decision, reader: ReaderFacts, places: Places) -> Decision:
    """The notice, if it can reach anybody; one in the place of a document that may not leave Europe (S39)."""
    stays = any(each.code is Code.OUTSIDE_EUROPE and each.field == "channel" for each in decision.reasons)
    if stays and decision.notify is Notify.NONE:
        decision = _because(decision, Code.TELLS_WHY, "notify", Notify.AT_ONCE)
    if decision.notify is Notify.NONE or decision.channel is Channel.REFUSE or reader.has_notice_url:
        return decision
    if reader.contact_verified and places.notices_by_email:
        return decision
    code = Code.NO_NOTICE_RELAY if reader.contact_verified else Code.NO_NOTICE_ADDRESS
    return _because(decision, code, "notify", Notify.NONE)


def _instead(decision: Decision, code: Code) -> Decision:
    """The mailbox in the place of the channel."""
    return _because(decision, code, "channel", Channel.MAILBOX)


def _because(decision: Decision, code: Code, name: str, value: object) -> Decision:
    """With another value in one field, and why."""
    reasons = (*decision.reasons, Reason(code, name, _text(value)))
    return replace(decision, reasons=reasons, **{name: value})  # type: ignore[arg-type]  # the field's own type


def _text(value: object) -> str:
    return "" if value is None else str(value)
