"""Sessions of many accounts at once: who is signed in, at the doors and at the control API, newest first (S25, S63).

Contract. A page is found among what is live at the moment, by (since, kind, number) of its last item: sessions that
come or go between two pages shift nothing. What a reader may not learn of is not there: accounts out of reach, and
sessions of break-glass accesses, to helpers ever and to the account itself while a law bars it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from bridge.api.access import Access
from bridge.api.policy import View
from bridge.connections import Connection
from storage.access import break_glass, live_facts, sessions
from storage.access.live_facts import Holder, Signed
from storage.access.sessions import ApiSession
from storage.records import Origin

MAIL, CONTROL = "mail", "control"
Position = tuple[int, str, int]


class Door(StrEnum):
    """What people do at it."""

    IMAP = "imap"
    SMTP = "smtp"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for."""

    door: Door | None = None
    text: str | None = None
    """Within the address or the name; where people are masked: the whole address."""


@dataclass(frozen=True, slots=True)
class Live:
    """One session and what is shown of it."""

    session: Connection | ApiSession
    holder: Holder
    view: View
    device: Signed | None

    @property
    def position(self) -> Position:
        if isinstance(self.session, Connection):
            return self.session.since, MAIL, self.session.number
        return self.session.started_at, CONTROL, self.session.id


def page(
    session: Session,
    access: Access,
    connections: Sequence[Connection],
    wanted: Wanted,
    after: Position | None,
    limit: int,
) -> list[Live]:
    """Behind `after`, at most `limit`."""
    control = _control(session, access) if wanted.door in (None, Door.CONTROL) else []
    mail = [each for each in connections if wanted.door in (None, door_of(each))]
    found = list(_reached(session, access, [*mail, *control], wanted))
    ordered = sorted(found, key=lambda live: live.position, reverse=True)
    return [live for live in ordered if after is None or live.position < after][:limit]


def door_of(connection: Connection) -> Door:
    return Door.IMAP if connection.door.startswith("imap") else Door.SMTP


def _control(session: Session, access: Access) -> list[ApiSession]:
    now, me = access.control.now(), access.signed_in
    found = {each.id: each for each in sessions.alive(session, access.domains, now)}
    own = [each for each in sessions.listing(session, me.id) if sessions.is_alive(each, now)]
    return [*(found | {each.id: each for each in own}).values()]


def _reached(
    session: Session, access: Access, live: Sequence[Connection | ApiSession], wanted: Wanted
) -> Iterator[Live]:
    holders = live_facts.holders(session, sorted({each.account_id for each in live}))
    devices = live_facts.devices(session, sorted({each.device_id for each in live if isinstance(each, Connection)}))
    hidden = break_glass.hidden_devices(session, access.signed_in.id, access.control.now())
    for each in live:
        holder = holders.get(each.account_id)
        if holder is None or not _is_in_reach(access, holder):
            continue
        view = access.view(holder.id, holder.domain_id)
        device = devices.get(each.device_id) if isinstance(each, Connection) else None
        if _is_meant(view, holder, wanted.text) and not _is_hidden(access, each, holder, view, device, hidden):
            yield Live(each, holder, view, device)


def _is_in_reach(access: Access, holder: Holder) -> bool:
    return access.domains is None or holder.domain_id in access.domains or holder.id == access.signed_in.id


def _is_meant(view: View, holder: Holder, text: str | None) -> bool:
    if not text:
        return True
    if view is not View.FULL:
        return text.lower() == holder.email
    return text.lower() in holder.email or text.lower() in holder.name.lower()


def _is_hidden(
    access: Access,
    each: Connection | ApiSession,
    holder: Holder,
    view: View,
    device: Signed | None,
    hidden: frozenset[int],
) -> bool:
    if device is None or not isinstance(each, Connection):
        return False
    if view is not View.FULL and device.origin is Origin.BREAK_GLASS:
        return True
    return holder.id == access.signed_in.id and each.device_id in hidden
