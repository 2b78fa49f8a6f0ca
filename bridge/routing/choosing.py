"""Choosing by the API, and so by command line and terminal, with what is refused (S29, S42, S78). What is chosen in a
mail program is answered in the mailbox instead: `bridge.channels.choosing`. Both change by `storage.choices.changes`
alone, and ask `decision.obstacle` what cannot be had.

    changed = await store.write(choosing.choose, account_id, [7], None, Choice(channel=Channel.PAPER), accepts=True,
                                places=places.of(settings), by=By(Road.CLI, "account:3", 3, now))

Contract. `ChoiceRefused` says why not, in words, and nothing was changed. `accepts`: the recipient was shown that
third parties carry the document, and agrees; it is asked for where that was not agreed to before.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bridge.i18n import N_
from bridge.routing import conflicts
from bridge.routing.conflicts import Conflict
from bridge.routing.decision import Places
from storage.choices import changes, consents, preferences
from storage.choices.changes import Changed
from storage.choices.consents import Purpose
from storage.deliveries.terms import Channel, Choice, DocumentType, Road
from storage.people import accounts
from storage.records import AccountState

NOT_ENROLLED = N_("Preferences wait until the account's owner has enrolled: only then it is sure whose they are.")
CARRIERS = N_(
    "Third parties carry documents by {channels}: they see what they carry, and it cannot be called back. To agree,"
    " add --accept-carriers (in the API: accept_carriers)."
)


class ChoiceRefused(Exception):
    """Nothing was changed."""

    def __init__(self, refused: Sequence[Conflict]) -> None:
        super().__init__(", ".join(each.code for each in refused))
        self.conflicts = tuple(refused)


@dataclass(frozen=True, slots=True)
class By:
    """Who chooses, on which road, when."""

    road: Road
    actor: str
    changed_by: int | None
    now: int


def choose(
    session: Session,
    account_id: int,
    correspondent_ids: Sequence[int | None],
    document_type: DocumentType | None,
    edit: Choice,
    *,
    clear: Collection[str] = (),
    accepts: bool,
    consent_until: int | None = None,
    places: Places,
    by: By,
) -> Changed:
    """`changes.change`, or ChoiceRefused. Errors as there."""
    if accounts.by_id(session, account_id).state is AccountState.INVITED:
        raise ChoiceRefused([Conflict("not-enrolled", NOT_ENROLLED)])
    unaccepted = [] if accepts else _unaccepted(session, account_id, edit, by.now)
    changed = changes.change(
        session,
        account_id,
        correspondent_ids,
        document_type,
        edit,
        clear=clear,
        consent_until=consent_until,
        road=by.road,
        actor=by.actor,
        changed_by=by.changed_by,
        now=by.now,
    )
    applying = preferences.applying(session, [account_id], None)[account_id]
    own = preferences.of_account(session, account_id)
    domain = [each for each in applying.preferences if each.account_id is None]
    found = conflicts.of(changed.rows, applying.reader, [*own, *domain], places)
    if found or unaccepted:
        carriers = Conflict("carriers-not-accepted", CARRIERS, {"channels": unaccepted})
        raise ChoiceRefused(found or [carriers])
    return changed


def choose_for_domain(
    session: Session,
    domain_id: int,
    document_type: DocumentType | None,
    edit: Choice,
    *,
    mandatory: bool | None = None,
    clear: Collection[str] = (),
    places: Places,
    by: By,
) -> Changed:
    """`changes.change_domain`, or ChoiceRefused. Errors as there."""
    changed = changes.change_domain(
        session,
        domain_id,
        document_type,
        edit,
        mandatory=mandatory,
        clear=clear,
        road=by.road,
        actor=by.actor,
        changed_by=by.changed_by,
        now=by.now,
    )
    found = conflicts.of(changed.rows, None, preferences.of_domain(session, domain_id), places)
    if found:
        raise ChoiceRefused(found)
    return changed


def _unaccepted(session: Session, account_id: int, edit: Choice, now: int) -> list[Channel]:
    """Channels whose carriers the account has not agreed to, or no longer (S78)."""
    return [
        channel
        for channel in sorted(changes.carried_by(edit))
        if not consents.effective(session, account_id, Purpose.CARRIERS, None, now, channel)
    ]
