"""Preferences that contradict themselves, or that nothing can carry out: refused when they are made, with what to do.

Contract. `of` looks at what one act changed, in the state after it; whoever asks rolls the act back if something is
found. What turns up later, because the domain or the settings change, the decision takes care of, with its reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bridge.i18n import N_
from bridge.routing import decision as decisions
from bridge.routing.decision import Code, Places
from bridge.ways import Way
from storage.choices.changes import carried_by
from storage.choices.history import Row
from storage.deliveries.terms import Channel, Choice, DocumentType, Ladder, Preference, ReaderFacts

LADDER = N_(
    "Steps for unread documents need the channel mailbox: a document that leaves at once does not wait to be read."
    " Choose the channel mailbox, or take the steps away."
)
RETENTION = N_(
    "Documents would be erased after {days} days, before the last step for unread ones on day {last}. Keep them for"
    " {needed} days or more, or take steps away."
)
MANDATORY = N_(
    "Your domain lets nobody refuse documents of this type; you can choose another channel for them. Your admin can"
    " tell you why."
)
LANGUAGE = N_(
    "The language for all senders is that of your account. Change it there: {way}. For one sender it can be chosen"
    " here."
)
MANDATORY_STAYS = N_("Documents of these types arrive all the same, as your domain lets nobody refuse them: {types}.")
REMEDIES = {
    Code.NOT_VERIFIED: N_(
        "Documents can go by e-mail once you have an e-mail address that was verified. Give one: {way}. Then confirm"
        " it: {then}."
    ),
    Code.NO_POSTAL_ADDRESS: N_("Documents can go on paper once your postal address is known: {way}."),
    Code.PAPER_RETURNED: N_(
        "Paper came back from your postal address. Confirm or change it, then choose paper: {way}."
    ),
    Code.NO_EXTERNAL_MAILBOX: N_("You have no mailbox elsewhere that was verified. Give it first: {way}."),
    Code.NO_CARRIER: N_(
        "This post office has no relay or printer for this channel. Choose another, or ask its owner to set one up."
    ),
    Code.OUTSIDE_EUROPE: N_(
        "This channel leads out of Europe, where no document may go. Choose another channel, or a notice instead."
    ),
    Code.CARRIERS_DECLINED: N_(
        "You no longer agree that third parties carry your documents this way. Choose the channel again to agree."
    ),
}
_ME, _CONTACT, _POSTAL = N_("About me"), N_("E-mail address elsewhere"), N_("Postal address")
WAYS: dict[str, dict[str, object]] = {
    LANGUAGE: {"way": Way("me set --locale", (_ME, N_("Language")), "e")},
    Code.NOT_VERIFIED: {
        "way": Way("me set --contact-email", (_ME, _CONTACT), "e"),
        "then": Way("me contact verify", (_ME, _CONTACT), "v"),
    },
    Code.NO_POSTAL_ADDRESS: {"way": Way("me address set", (_ME, _POSTAL), "e")},
    Code.PAPER_RETURNED: {"way": Way("me address", (_ME, _POSTAL), "v, e")},
    Code.NO_EXTERNAL_MAILBOX: {"way": Way("me external set", (_ME, N_("Mailbox elsewhere")), "e")},
}
"""Values of those messages, by message or code."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """`message` is marked with N_; its placeholders stand in `values`."""

    code: str
    message: str
    values: dict[str, object] = field(default_factory=dict)


def of(
    rows: Sequence[Row], reader: ReaderFacts | None, after: Sequence[Preference], places: Places
) -> list[Conflict]:
    """What an act may not do, the most telling first. `reader`: whose preferences they are, None for a domain's;
    `after`: all preferences of the reader and of the domain, once changed.
    """
    found: dict[str, Conflict] = {}
    for row in rows:
        for conflict in _of_row(row, reader, after, places):
            found.setdefault(f"{conflict.code} {conflict.values}", conflict)
    return list(found.values())


def mandatory_types(after: Sequence[Preference]) -> list[DocumentType]:
    """What the domain lets nobody refuse."""
    return sorted(
        each.document_type
        for each in after
        if each.mandatory and each.account_id is None and each.document_type is not None
    )


def _of_row(row: Row, reader: ReaderFacts | None, after: Sequence[Preference], places: Places) -> Iterator[Conflict]:
    choice = row.new.choice
    if choice.ladder and choice.channel not in (None, Channel.MAILBOX):
        yield Conflict("ladder-needs-mailbox", LADDER)
    for channel in sorted(carried_by(choice) - carried_by(row.old.choice)):
        code = _hindrance(channel, reader, places)
        if code is not None:
            yield Conflict(code, REMEDIES[code], WAYS.get(code, {}))
    is_refused = choice.channel is Channel.REFUSE and row.new.account_id is not None
    if is_refused and row.new.document_type in mandatory_types(after):
        yield Conflict("mandatory-type", MANDATORY)
    if choice.language is not None and row.new.correspondent_id is None:
        yield Conflict("language-of-account", LANGUAGE, WAYS[LANGUAGE])
    yield from _too_short(row, after)


def _hindrance(channel: Channel, reader: ReaderFacts | None, places: Places) -> Code | None:
    """For a domain only what is the same for all its recipients."""
    if reader is None:
        reader = ReaderFacts(0, 0, False, "", True, True, next(iter(places.europe), None))
    return decisions.obstacle(channel, reader, places)


def _too_short(row: Row, after: Sequence[Preference]) -> Iterator[Conflict]:
    """Wherever the changed level has a say: at itself and at the more specific ones."""
    if (row.old.choice.ladder, row.old.choice.retention_days) == (
        row.new.choice.ladder,
        row.new.choice.retention_days,
    ):
        return
    for each in (row.new, *after):
        chain = _chain(each, after)
        days, ladder = _first(chain, "retention_days"), _first(chain, "ladder")
        channel = _first(chain, "channel")
        if not isinstance(ladder, Ladder) or not ladder or channel not in (None, Channel.MAILBOX):
            continue
        last = ladder.rungs[-1][0]
        if isinstance(days, int) and 0 < days <= last:
            yield Conflict(
                "retention-shorter-than-ladder", RETENTION, {"days": days, "last": last, "needed": last + 1}
            )


def _chain(level: Preference, after: Sequence[Preference]) -> list[Choice]:
    """What is said at a level and at the less specific ones, in that order."""
    wanted = [
        (level.account_id, level.correspondent_id, level.document_type),
        (level.account_id, level.correspondent_id, None),
        (level.account_id, None, None),
        (None, None, level.document_type),
        (None, None, None),
    ]
    by_level = {(each.account_id, each.correspondent_id, each.document_type): each.choice for each in after}
    return [by_level[key] for key in dict.fromkeys(wanted) if key in by_level]


def _first(chain: Sequence[Choice], name: str) -> object:
    return next((value for choice in chain if (value := getattr(choice, name)) is not None), None)
