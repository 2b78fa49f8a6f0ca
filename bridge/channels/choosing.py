"""Choices made in a mail program: the preference, its confirmation and its undo in one transaction (D2, S15, S42).

    choosing.choose(session, desk, senders, Channel.PAPER, Road.MOVE, now)

Contract. One act has one confirmation, in the mailbox, with how to undo it. Programs cut one act into several: what
follows within `TOGETHER` seconds on the same road goes on with the act before, its undo takes all of it back, and the
confirmation is written anew once it is quiet for `QUIET` seconds (`rewrite`, by a chore). A channel that this reader
cannot have is not chosen; the confirmation says why and what to do. Whoever has not enrolled chooses nothing: the
device in use was handed out by an admin, and others may know its password.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session

from bridge.channels import notice
from bridge.notices.choices import ChoiceConfirmed, ChoiceUndone, Line, NotUnderstood, PreferenceStands, Refusal
from bridge.routing import control_addresses
from bridge.routing.decision import Code, Places, obstacle
from storage.choices import changes, correspondents, history, preferences
from storage.choices.history import PreferenceChange
from storage.choices.preferences import Applying
from storage.deliveries.terms import LEAVES, Channel, Choice, Preference, Road
from storage.errors import Conflict, Invalid, NotFound, StorageError
from storage.mail import standing
from storage.mail.standing import Standing
from storage.people import accounts
from storage.records import Account, AccountState

TOGETHER = 60
QUIET = 30
KEPT = 2 * changes.UNDO_SECONDS
"""How long a confirmation is known as one; its message stays."""
MISUNDERSTOOD = "misunderstood:"


class NotEnrolled(StorageError):
    """It is not sure yet whose choice it would be; nothing was done."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose choices, and what they depend on."""

    account: Account
    key: bytes = field(repr=False)
    """That of `control_addresses`."""
    places: Places

    @property
    def domain(self) -> str:
        return self.account.email.rpartition("@")[2]


def choose(
    session: Session,
    desk: Desk,
    senders: Sequence[int],
    channel: Channel,
    road: Road,
    now: int,
    left_out: int = 0,
) -> None:
    """From now on the documents of these correspondents come by `channel`. `left_out`: messages without a sender.

    NotEnrolled.
    """
    _require_enrolled(session, desk)
    account_id = desk.account.id
    refused = _refused(session, desk, senders, channel)
    before = _going_on(session, account_id, road, now)
    wanted = [sender for sender in senders if sender not in refused]
    changed = changes.change(
        session,
        account_id,
        wanted,
        None,
        Choice(channel=channel),
        clear=() if channel is Channel.MAILBOX else ("ladder",),
        road=road,
        actor=f"account:{account_id}",
        changed_by=account_id,
        now=now,
        batch=before,
    )
    new = {row.new.correspondent_id for row in changed.rows}
    unchanged = [[sender, channel, refused.get(sender)] for sender in senders if sender not in new]
    _confirm(session, desk, changed.batch, {"left_out": left_out, "unchanged": unchanged}, now, before is not None)
    if len(new) == 1 and before is None:
        show(session, desk, wanted[0], now)


def undo(session: Session, desk: Desk, batch: str | None, now: int) -> None:
    """Take an act back, the last one if none is named; the answer lies in the mailbox. NotEnrolled."""
    _require_enrolled(session, desk)
    account_id = desk.account.id
    batch = batch or changes.last_batch(session, account_id)
    try:
        if batch is None:
            raise NotFound("change")
        by = {"actor": f"account:{account_id}", "changed_by": account_id}
        undone = changes.undo(session, account_id, batch, road=Road.UNDO, now=now, **by)  # type: ignore[arg-type]
    except (NotFound, Invalid, Conflict) as error:
        why = {NotFound: "undo-none", Invalid: "undo-late", Conflict: "undo-later"}[type(error)]
        refuse(session, desk, why, now)
        return
    lines = [_line(session, row.old, row.new) for row in undone.rows]
    notice.tell(session, desk.account, ChoiceUndone(lines), now)


def refuse(session: Session, desk: Desk, why: str, now: int, correspondent_id: int | None = None) -> None:
    """Say that nothing was changed, and how to say it. One such answer stands at a time."""
    told = NotUnderstood(why, _address(session, desk, correspondent_id))
    public_id = notice.tell(session, desk.account, told, now)
    standing.put(session, desk.account.id, MISUNDERSTOOD, public_id, now, {})


def show(session: Session, desk: Desk, correspondent_id: int, now: int) -> None:
    """“Your preferences” for a sender, in the place of the one before. NotFound."""
    of_sender = [
        each
        for each in preferences.of_account(session, desk.account.id)
        if each.correspondent_id == correspondent_id and each.choice.channel is not None
    ]
    told = PreferenceStands(
        sender=correspondents.get(session, correspondent_id).name,
        channel=next((each.choice.channel for each in of_sender if each.document_type is None), None),
        by_type=[
            (each.document_type, each.choice.channel)
            for each in of_sender
            if each.document_type is not None and each.choice.channel is not None
        ],
        reply_to=_address(session, desk, correspondent_id),
    )
    topic = f"{standing.PREFERENCES}{correspondent_id}"
    standing.put(session, desk.account.id, topic, notice.tell(session, desk.account, told, now), now, {})


def rewrite(session: Session, key: bytes, found: Standing, now: int) -> int:
    """A confirmation that has grown, or preferences shown that have changed since; how many: 0 if it is gone."""
    latest = standing.get(session, found.account_id, found.topic)
    if latest is None:
        return 0
    desk = Desk(accounts.by_id(session, found.account_id), key, Places())
    if found.topic.startswith(standing.CONFIRMATION):
        _write(session, desk, found.topic.removeprefix(standing.CONFIRMATION), latest.detail, now)
    else:
        show(session, desk, int(found.topic.removeprefix(standing.PREFERENCES)), now)
    return 1


def _require_enrolled(session: Session, desk: Desk) -> None:
    """Asked anew: a connection may be older than the enrolment."""
    if accounts.by_id(session, desk.account.id).state is not AccountState.REGISTERED:
        raise NotEnrolled


def _refused(session: Session, desk: Desk, senders: Sequence[int], channel: Channel) -> dict[int, Code]:
    """Those of `senders` whose documents cannot come by `channel`, and why."""
    if channel not in LEAVES:
        return {}
    reader = replace(_applying(session, desk).reader, declined=frozenset())  # choosing it is agreeing to it
    code = obstacle(channel, reader, desk.places)
    if code is not None:
        return dict.fromkeys(senders, code)
    strangers = [each for each in senders if correspondents.get(session, each).account_id is None]
    return dict.fromkeys(strangers, Code.UNVERIFIED_SENDER)


def _applying(session: Session, desk: Desk) -> Applying:
    return preferences.applying(session, [desk.account.id], None)[desk.account.id]


def _going_on(session: Session, account_id: int, road: Road, now: int) -> str | None:
    """The act that this one is a further part of."""
    last = standing.latest(session, account_id, standing.CONFIRMATION, now - TOGETHER)
    batch = None if last is None else last.topic.removeprefix(standing.CONFIRMATION)
    made = [] if batch is None else history.of_batch(session, batch)
    undone = any(each.undone_at is not None or each.road is not road for each in made)
    return None if undone else batch


def _confirm(session: Session, desk: Desk, batch: str, detail: Mapping[str, Any], now: int, goes_on: bool) -> None:
    """At once, or once a longer act is over."""
    topic = f"{standing.CONFIRMATION}{batch}"
    before = standing.get(session, desk.account.id, topic) if goes_on else None
    if before is None:
        _write(session, desk, batch, detail, now)
        return
    known = dict(before.detail)
    together = {
        "left_out": known.get("left_out", 0) + detail["left_out"],
        "unchanged": _without_repetition([*known.get("unchanged", ()), *detail["unchanged"]]),
    }
    standing.defer(session, desk.account.id, topic, now, now + QUIET, together)


def _without_repetition(found: list[list[Any]]) -> list[list[Any]]:
    return [list(each) for each in dict.fromkeys(map(tuple, found))]


def _write(session: Session, desk: Desk, batch: str, detail: Mapping[str, Any], now: int) -> None:
    made = history.of_batch(session, batch)
    lines = _lines(session, made)
    chosen = {each.row.new.correspondent_id for each in made}
    refusals = [
        Refusal(_name(session, sender), Channel(channel), None if code is None else Code(code))
        for sender, channel, code in detail.get("unchanged", ())
        if sender not in chosen
    ]
    found = _applying(session, desk).preferences
    told = ChoiceConfirmed(
        lines=lines,
        refusals=refusals,
        left_out=detail.get("left_out", 0),
        mandatory=sorted(each.document_type for each in found if each.mandatory and each.document_type is not None),
        until=made[0].undo_until if made else now,
        reply_to=control_addresses.of_undo(desk.key, desk.account.id, batch, desk.domain),
    )
    public_id = notice.tell(session, desk.account, told, now)
    standing.put(session, desk.account.id, f"{standing.CONFIRMATION}{batch}", public_id, now, detail)


def _lines(session: Session, made: Sequence[PreferenceChange]) -> list[Line]:
    """One for each sender: what stood before the act, and what stands after it."""
    first = {each.row.new.correspondent_id: each.row.old for each in reversed(made)}
    last = {each.row.new.correspondent_id: each.row.new for each in made}
    return [_line(session, first[sender], new) for sender, new in last.items()]


def _line(session: Session, old: Preference, new: Preference) -> Line:
    return Line(_name(session, new.correspondent_id), old.choice.channel, new.choice.channel)


def _name(session: Session, correspondent_id: int | None) -> str:
    return "*" if correspondent_id is None else correspondents.get(session, correspondent_id).name


def _address(session: Session, desk: Desk, correspondent_id: int | None) -> str:
    if correspondent_id is None:
        return f"{control_addresses.LOCAL_PART}@{desk.domain}"
    return control_addresses.of_sender(desk.key, correspondents.get(session, correspondent_id).key, desk.domain)
