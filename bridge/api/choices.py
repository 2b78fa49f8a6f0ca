"""Preferences as they go in and out of the API: names of folders and senders in, numbers to storage, and back.

A folder's name is reader tier: it is known only while its owner's keys are open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from bridge.api import masking
from bridge.api.access import Access
from bridge.api.policy import View
from bridge.api.problems import Problem
from bridge.api.schemas.preferences import (
    ChoiceIn,
    ChoiceOut,
    LevelChangeOut,
    PreferenceIn,
    PreferenceOut,
    SenderOut,
)
from bridge.i18n import N_
from bridge.routing.choosing import By, ChoiceRefused
from bridge.ways import Way
from storage.choices import correspondents, known_senders
from storage.choices.changes import EVERYTHING
from storage.choices.history import Row
from storage.choices.known_senders import KnownSender
from storage.deliveries.terms import MAX_LADDER_DAYS, MAX_RUNGS, Choice, Ladder, Preference, Quiet, Road
from storage.errors import Invalid, NotFound
from storage.mail import mailboxes

ANY = "any"
_STORED = {"folder": "mailbox_id"}


@dataclass(frozen=True, slots=True)
class Names:
    """What numbers are called, as far as who asks may know."""

    senders: Mapping[int, KnownSender]
    folders: Mapping[int, str] = field(default_factory=dict)


async def names(access: Access, account_id: int, *, numbers: Sequence[int | None] = ()) -> Names:
    """Of an account's senders (and of those whose numbers are given), and of its folders if it asks itself."""
    store, keys = access.control.store, access.principal.keys
    known = await store.read(_senders, account_id, [number for number in numbers if number is not None])
    if access.account is not None:
        view = access.view(access.account.id, access.account.domain_id)
        known = {number: _as_seen(view, sender) for number, sender in known.items()}
    folders: dict[int, str] = {}
    if access.is_self and keys is not None:
        folders = {each.id: each.name for each in await store.read(mailboxes.listing, account_id, keys)}
    return Names(known, folders)


async def sender_of(access: Access, account_id: int, wanted: str | None) -> int | None:
    """The correspondent that a person names; None for all. Problem 404 or 422."""
    if wanted is None or wanted.strip().lower() == ANY:
        return None
    try:
        return await access.control.store.write(known_senders.find, account_id, wanted)
    except NotFound:
        raise sender_unknown(wanted) from None
    except Invalid as several:
        raise sender_ambiguous(wanted, several) from None


def sender_unknown(wanted: str) -> Problem:
    message = N_("There is no sender {sender} that you can choose for. You find yours here: {way}")
    way = Way("preference list", (N_("How I receive"),))
    return Problem("sender-unknown", 404, message, sender=wanted, way=way)


def sender_ambiguous(wanted: str, several: Invalid) -> Problem:
    message = N_("{sender} can be several senders: {which}. Give the number or the address.")
    return Problem("sender-ambiguous", 422, message, sender=wanted, which=several)


async def edit_of(access: Access, body: ChoiceIn) -> tuple[Choice, frozenset[str]]:
    """What changes, and which fields say nothing any more. Problem 422."""
    cleared = frozenset(EVERYTHING if "all" in body.clear else (_STORED.get(each, each) for each in body.clear))
    own: dict[str, object] = {}
    if isinstance(body, PreferenceIn):
        own = {"receipts": body.receipts, "language": body.language, "mailbox_id": await _folder(access, body.folder)}
    edit = Choice(
        channel=body.channel,
        notify=body.notify,
        quiet=None if body.quiet is None else _quiet(body.quiet),
        ladder=None if body.ladder is None else _ladder(body.ladder),
        retention_days=body.retention_days,
        **own,  # type: ignore[arg-type]
    )
    for name in cleared if "all" not in body.clear else ():
        if getattr(edit, name) is not None:
            raise Problem("invalid", 422, N_("{field} cannot be set and cleared at once."), field=name)
    return edit, cleared


def _quiet(text: str) -> Quiet:
    try:
        return Quiet.parse(text)
    except Invalid:
        raise Problem("invalid", 422, N_("Quiet hours are written as 22:00-07:00.")) from None


def _ladder(text: str) -> Ladder:
    try:
        return Ladder.parse(text)
    except Invalid:
        message = N_(
            "Steps for unread documents are written as 3:remind 7:email 14:paper: a day and what is done on it"
            " (remind, email or paper). Days grow, from 1 to {days}; at most {steps} steps."
        )
        raise Problem("invalid", 422, message, days=MAX_LADDER_DAYS, steps=MAX_RUNGS) from None


def by(access: Access, road: str) -> By:
    account = access.principal.account
    return By(Road(road), access.actor, None if account is None else account.id, access.control.now())


def refused(refusal: ChoiceRefused) -> Problem:
    """The first conflict in words; the codes of all for programs."""
    first = refusal.conflicts[0]
    values = {**first.values}
    if isinstance(values.get("channels"), list):
        values["channels"] = ", ".join(values["channels"])  # type: ignore[arg-type]
    extra = {"conflicts": [each.code for each in refusal.conflicts]}
    return Problem(first.code, 409 if first.code == "not-enrolled" else 422, first.message, extra=extra, **values)


def choice_out(choice: Choice, known: Names) -> ChoiceOut:
    return ChoiceOut(
        channel=choice.channel,
        folder=None if choice.mailbox_id is None else known.folders.get(choice.mailbox_id),
        folder_set=choice.mailbox_id is not None,
        notify=choice.notify,
        quiet=None if choice.quiet is None else str(choice.quiet),
        ladder=None if choice.ladder is None else str(choice.ladder),
        retention_days=choice.retention_days,
        receipts=choice.receipts,
        language=choice.language,
    )


def preference_out(preference: Preference, known: Names) -> PreferenceOut:
    return PreferenceOut(
        sender=sender_out(preference.correspondent_id, known),
        type=preference.document_type,
        mandatory=preference.mandatory,
        choice=choice_out(preference.choice, known),
        changed_at=preference.changed_at,
    )


def row_out(row: Row, known: Names) -> LevelChangeOut:
    return LevelChangeOut(
        sender=sender_out(row.new.correspondent_id, known),
        type=row.new.document_type,
        old=choice_out(row.old.choice, known),
        new=choice_out(row.new.choice, known),
        old_mandatory=row.old.mandatory,
        new_mandatory=row.new.mandatory,
    )


def sender_out(correspondent_id: int | None, known: Names) -> SenderOut | None:
    if correspondent_id is None:
        return None
    sender = known.senders[correspondent_id]
    return SenderOut(id=sender.id, name=sender.name, addresses=list(sender.addresses))


def _as_seen(view: View, sender: KnownSender) -> KnownSender:
    """Organisations of this bridge by name; an address outside may be a person's."""
    if view is View.FULL or sender.addresses != (sender.name,):
        return sender
    masked = masking.address(view, sender.name) or ""
    return KnownSender(sender.id, masked, (masked,))


def _senders(session: Session, account_id: int, numbers: Sequence[int]) -> dict[int, KnownSender]:
    known = {each.id: each for each in known_senders.listing(session, account_id)}
    for number in set(numbers) - set(known):  # a sender whose only preference was taken away
        found = correspondents.get(session, number)
        known[number] = KnownSender(number, found.name, () if found.address is None else (found.address,))
    return known


async def _folder(access: Access, name: str | None) -> int | None:
    keys = access.principal.keys
    if name is None or keys is None:
        return None
    try:
        found = await access.control.store.read(mailboxes.by_name, access.target.id, keys, name)
    except NotFound:
        message = N_("You have no folder {folder}. Make it in your mail program first.")
        raise Problem("folder-unknown", 404, message, folder=name) from None
    return found.id
