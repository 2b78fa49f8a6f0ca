"""Changing preferences: one act is one batch, told once, in the log once, and taken back whole for a day (S15, D2).

    changed = changes.change(session, account_id, [7, 9], None, Choice(channel=Channel.PAPER),
                             road=Road.MOVE, actor="account:3", changed_by=3, now=now)
    changes.undo(session, account_id, changed.batch, road=Road.UNDO, actor="account:3", changed_by=3, now=now)

Only the fields that `edit` gives change, and those that `clear` names say nothing any more. What contradicts itself
is for the doors to refuse, with words (`bridge.routing.conflicts`). Turning receipts on or off is a consent, and
choosing a channel that leaves the house an acceptance of who carries it: the ledger has both (S35, S78).
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace

from sqlmodel import Session

from storage.choices import consents, history, preferences
from storage.choices.consents import Purpose
from storage.choices.history import PreferenceChange, Row
from storage.deliveries.terms import LEAVES, MAX_DAYS, Channel, Choice, DocumentType, Ladder, Preference, Road, Rung
from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound
from storage.oversight import audit, usage
from storage.oversight.usage import Category

UNDO_SECONDS = 24 * 3600
EVERYTHING = frozenset(each.name for each in fields(Choice))
"""For `clear`: the level says nothing any more."""
_CHANNELS = {Rung.EMAIL: Channel.EMAIL, Rung.PAPER: Channel.PAPER}


@dataclass(frozen=True, slots=True)
class Changed:
    """What one act changed; without rows, nothing was different and nothing was noted."""

    batch: str
    rows: tuple[Row, ...]
    undo_until: int


@dataclass(frozen=True, slots=True)
class Act:
    """Who changes something, on which road, when."""

    road: Road
    actor: str
    changed_by: int | None
    now: int
    undo_until: int
    consent_until: int | None = None
    accepts: frozenset[Channel] = frozenset()
    """Whose carriers are accepted by it (S78)."""
    batch: str | None = None
    """An act that this one goes on with; one undo takes both back."""


def change(
    session: Session,
    account_id: int,
    correspondent_ids: Sequence[int | None],
    document_type: DocumentType | None,
    edit: Choice,
    *,
    clear: Collection[str] = (),
    road: Road,
    actor: str,
    changed_by: int | None,
    now: int,
    consent_until: int | None = None,
    batch: str | None = None,
) -> Changed:
    """Change what an account says of these senders; None among them: of all. `consent_until`: end of a consent to
    receipts that `edit` gives; `batch`: of an act that this one goes on with. Invalid, NotFound for a sender that is
    not known.
    """
    levels = [
        Preference(Choice(), account_id, None, number, document_type) for number in dict.fromkeys(correspondent_ids)
    ]
    _check(session, account_id, levels, edit)
    act = Act(road, actor, changed_by, now, now + UNDO_SECONDS, consent_until, carried_by(edit), batch)
    standing = {preferences.level_of(each): each for each in preferences.of_account(session, account_id)}
    rows = [_edited(standing.get(preferences.level_of(level), level), edit, clear) for level in levels]
    changed = _carry_out(session, rows, act)
    if changed.rows:
        usage.add(session, account_id, Category.PREFERENCE, now)
    return changed


def change_domain(
    session: Session,
    domain_id: int,
    document_type: DocumentType | None,
    edit: Choice,
    *,
    mandatory: bool | None = None,
    clear: Collection[str] = (),
    road: Road,
    actor: str,
    changed_by: int | None,
    now: int,
) -> Changed:
    """Change what a domain says where nobody chose, or whether a type is mandatory there. Invalid."""
    if edit.mailbox_id is not None or edit.receipts is not None or edit.language is not None:
        raise Invalid("folder, receipts and language: a recipient's own to choose")
    _check_values(edit)
    row = edited_of_domain(
        preferences.of_domain(session, domain_id), domain_id, document_type, edit, mandatory, clear
    )
    return _carry_out(session, [row], Act(road, actor, changed_by, now, now + UNDO_SECONDS))


def edited_of_domain(
    standing: Collection[Preference],
    domain_id: int,
    document_type: DocumentType | None,
    edit: Choice,
    mandatory: bool | None,
    clear: Collection[str],
) -> Row:
    """What `change_domain` would change, where these are the domain's preferences."""
    level = Preference(Choice(), None, domain_id, None, document_type)
    by_level = {preferences.level_of(each): each for each in standing}
    row = _edited(by_level.get(preferences.level_of(level), level), edit, clear)
    return row if mandatory is None else replace(row, new=replace(row.new, mandatory=mandatory))


def undo(
    session: Session,
    account_id: int,
    batch: str,
    *,
    road: Road,
    actor: str,
    now: int,
    changed_by: int | None = None,
) -> Changed:
    """Put back exactly what stood there before the act; carriers that were declined stay so. NotFound if the account
    has no such batch, or it was undone; Invalid if its day is over; Conflict if a later act changed one of its
    levels: that goes first.
    """
    return _undo(session, Preference(Choice(), account_id), batch, Act(road, actor, changed_by, now, now))


def undo_domain(
    session: Session, domain_id: int, batch: str, *, road: Road, actor: str, now: int, changed_by: int | None = None
) -> Changed:
    """As `undo`."""
    return _undo(session, Preference(Choice(), None, domain_id), batch, Act(road, actor, changed_by, now, now))


def withdraw_consent(
    session: Session, account_id: int, consent_id: int, *, road: Road, actor: str, changed_by: int | None, now: int
) -> None:
    """At once. Of receipts it is a change of the preference that gave them. NotFound if it holds no more."""
    consent = consents.get(session, account_id, consent_id)
    if not consent.holds(now):
        raise NotFound("consent")
    if consent.purpose is Purpose.RECEIPTS:
        kind = None if consent.scope is None else DocumentType(consent.scope)
        edit, by = Choice(receipts=False), {"actor": actor, "changed_by": changed_by}
        change(session, account_id, [consent.correspondent_id], kind, edit, road=road, now=now, **by)  # type: ignore[arg-type]
    else:
        consents.withdraw(session, account_id, consent.purpose, consent.correspondent_id, consent.scope, now=now)
    detail = {"consent": consent_id, "purpose": consent.purpose, "road": road}
    audit.append(session, "consent.withdrawn", actor, f"account:{account_id}", detail, now)


def listing(
    session: Session, account_id: int, *, before: int | None = None, limit: int = 100
) -> list[PreferenceChange]:
    """The account's history, newest first; numbers below `before`."""
    return history.listing(session, Preference(Choice(), account_id), before=before, limit=limit)


def listing_of_domain(
    session: Session, domain_id: int, *, before: int | None = None, limit: int = 100
) -> list[PreferenceChange]:
    """As `listing`."""
    return history.listing(session, Preference(Choice(), None, domain_id), before=before, limit=limit)


def last_batch(session: Session, account_id: int) -> str | None:
    """The account's last act that was not taken back, itself no undo; None if there is none."""
    found = statements.row(
        session,
        "SELECT batch FROM preference_change WHERE account_id = ? AND undone_at IS NULL AND road <> ?"
        " ORDER BY id DESC LIMIT 1",
        (account_id, Road.UNDO),
    )
    return None if found is None else str(found[0])


def carried_by(choice: Choice) -> frozenset[Channel]:
    """The channels of a choice that leave the house: those whose carriers have to be accepted (S78)."""
    return frozenset({choice.channel} & LEAVES if choice.channel else ()) | _of_ladder(choice.ladder)


def _of_ladder(ladder: Ladder | None) -> frozenset[Channel]:
    return frozenset(_CHANNELS[rung] for _, rung in (ladder or Ladder()).rungs if rung in _CHANNELS)


def _edited(standing: Preference, edit: Choice, clear: Collection[str]) -> Row:
    given = {name: getattr(edit, name) for name in EVERYTHING if getattr(edit, name) is not None}
    choice = replace(standing.choice, **(dict.fromkeys(clear) | given))
    return Row(standing, replace(standing, choice=choice))


def _carry_out(session: Session, rows: Sequence[Row], act: Act) -> Changed:
    batch = act.batch or secrets.token_hex(8)
    made = tuple(row for row in rows if history.encoded(row.old) != history.encoded(row.new))
    for row in made:
        preferences.put(session, row.new, act.now)
    consented = [_note_consents(session, row, act) for row in rows]
    if made:
        until = act.undo_until
        history.note(session, batch, made, road=act.road, changed_by=act.changed_by, now=act.now, undo_until=until)
    if made or any(consented):  # a consent with another end is an act too, though the preference stays as it is
        detail = {"batch": batch, "levels": len(made), "road": act.road}
        audit.append(session, "preference.changed", act.actor, _subject(rows[0].new), detail, act.now)
    return Changed(batch, made, act.undo_until)


def _undo(session: Session, owner: Preference, batch: str, act: Act) -> Changed:
    found = history.of_batch(session, batch)
    changes = [each for each in found if _is_owned(each.row.new, owner) and each.undone_at is None]
    if not changes or changes[0].road is Road.UNDO:
        raise NotFound("change")
    if not changes[0].can_be_undone(act.now):
        raise Invalid("change: less than a day ago")
    if any(history.changed_since(session, each) for each in changes):
        raise Conflict("a later change")
    current = _standing(session, owner)
    first = {preferences.level_of(each.row.new): each.row for each in reversed(changes)}
    rows = [Row(current.get(level, _empty(row.new)), row.old) for level, row in first.items()]
    rows = [replace(row, new=_with_folder(session, row.new)) for row in rows]
    made = _carry_out(session, rows, act)
    history.mark_undone(session, batch, act.now)
    return made


def _standing(session: Session, owner: Preference) -> dict[str, Preference]:
    if owner.account_id is not None:
        found = preferences.of_account(session, owner.account_id)
    else:
        assert owner.domain_id is not None, "somebody's"
        found = preferences.of_domain(session, owner.domain_id)
    return {preferences.level_of(each): each for each in found}


def _empty(level: Preference) -> Preference:
    return replace(level, choice=Choice(), mandatory=False)


def _is_owned(level: Preference, owner: Preference) -> bool:
    return (level.account_id, level.domain_id) == (owner.account_id, owner.domain_id)


def _with_folder(session: Session, preference: Preference) -> Preference:
    """Without its folder if that was deleted meanwhile."""
    folder = preference.choice.mailbox_id
    if folder is None or _has_folder(session, preference.account_id, folder):
        return preference
    return replace(preference, choice=replace(preference.choice, mailbox_id=None))


def _note_consents(session: Session, row: Row, act: Act) -> bool:
    """Whether the ledger changed."""
    account_id, given = row.new.account_id, row.new.choice
    if account_id is None:
        return False
    accepted = consents.note_carriers(session, account_id, act.accepts, road=act.road, now=act.now)
    level = (row.new.correspondent_id, row.new.document_type)
    if given.receipts and (not row.old.choice.receipts or act.consent_until is not None):
        ends_at = act.consent_until
        if act.road is Road.UNDO:  # what was withdrawn comes back no longer than it was given
            ends_at = consents.last_end(session, account_id, Purpose.RECEIPTS, *level)
        return accepted | consents.grant(
            session, account_id, Purpose.RECEIPTS, *level, ends_at=ends_at, road=act.road, now=act.now
        )
    if row.old.choice.receipts and not given.receipts:
        return accepted | consents.withdraw(session, account_id, Purpose.RECEIPTS, *level, now=act.now)
    return accepted


def _check(session: Session, account_id: int, levels: Sequence[Preference], edit: Choice) -> None:
    if any(level.correspondent_id is None and level.document_type is not None for level in levels):
        raise Invalid("type: chosen for one sender")
    if edit.mailbox_id is not None and not _has_folder(session, account_id, edit.mailbox_id):
        raise Invalid("folder: one of the account's own")
    _check_values(edit)
    wanted = [level.correspondent_id for level in levels if level.correspondent_id is not None]
    for marks, part in statements.chunks(wanted):
        found = statements.row(session, f"SELECT count(*) FROM correspondent WHERE id IN ({marks})", part)  # noqa: S608
        if found is None or found[0] != len(part):
            raise NotFound("correspondent")


def _check_values(edit: Choice) -> None:
    if edit.retention_days is not None and not 0 <= edit.retention_days <= MAX_DAYS:
        raise Invalid(f"retention: 0 to {MAX_DAYS} days")


def _has_folder(session: Session, account_id: int | None, mailbox_id: int) -> bool:
    sql = "SELECT 1 FROM mailbox WHERE id = ? AND account_id = ? AND coalesce(special, '') <> 'closed'"
    return statements.row(session, sql, (mailbox_id, account_id)) is not None


def _subject(preference: Preference) -> str:
    if preference.account_id is not None:
        return f"account:{preference.account_id}"
    return f"domain:{preference.domain_id}"
