"""Questions to support@, privacy@ and postmaster@: listed, answered into the writer's mailbox, closed (S5, S31)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from sqlmodel import Session

from bridge.api import masking, pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.tickets import TicketAnswerIn, TicketOut
from bridge.channels import notice
from bridge.i18n import N_
from bridge.notices.desks import QuestionAnswered
from storage.errors import Conflict
from storage.people import accounts, domains, tickets
from storage.people.tickets import Ticket
from storage.records import AccountState

router = APIRouter(prefix="/v1", tags=["tickets"])
Number = Annotated[str, Path(min_length=3, max_length=40)]
Changing = Annotated[Access, Depends(gate(Action.TICKET_CHANGE))]
LARGEST = 2**63 - 1
_GONE = frozenset({AccountState.CLOSED, AccountState.ERASED})


@router.get("/tickets")
async def listing(
    access: Annotated[Access, Depends(gate(Action.TICKET_LIST))],
    state: Literal["open", "closed"] = "open",
    after: After = None,
    limit: Limit = 50,
) -> Page[TicketOut]:
    """Of the domains in reach, newest first."""
    position = pages.decode(after, [int])
    below = int(position[0]) if position else LARGEST
    store = access.control.store
    found = await store.read(tickets.listing, access.domains, below, limit + 1, closed=state == "closed")
    items = [_out(access, each) for each in found[:limit]]
    return Page(items=items, next=pages.encode((found[limit - 1].id,)) if len(found) > limit else None)


@router.get("/tickets/{number}")
async def show(number: Number, access: Annotated[Access, Depends(gate(Action.TICKET_LIST))]) -> TicketOut:
    return _out(access, await _reached(access, number))


@router.post("/tickets/{number}/answer")
async def answer(number: Number, body: TicketAnswerIn, access: Changing) -> TicketOut:
    """Into the writer's mailbox, in one transaction with the closing. Nothing is kept of it elsewhere."""
    ticket = await _reached(access, number)
    store, now = access.control.store, access.control.now()
    try:
        return _out(access, await store.write(_answer, ticket, body, access.actor, now))
    except Conflict:
        raise Problem("wrong-state", 409, N_("The ticket is closed. Nothing was sent.")) from None


@router.post("/tickets/{number}/close")
async def close(number: Number, access: Changing) -> TicketOut:
    ticket = await _reached(access, number)
    return _out(access, await access.control.store.write(tickets.close, ticket, access.actor, access.control.now()))


@router.get("/accounts/{account}/tickets")
async def own(access: Annotated[Access, Depends(gate(Action.TICKET_OWN))]) -> list[TicketOut]:
    """What an account asked, newest first; goes into its export."""
    found = await access.control.store.read(tickets.of_account, access.target.id)
    return [_out(access, each) for each in found]


async def _reached(access: Access, number: str) -> Ticket:
    """Problem 404 if there is none in reach."""
    ticket = await access.control.store.read(tickets.get, number)
    access.require_domain(ticket.domain_id)
    return ticket


def _answer(session: Session, ticket: Ticket, body: TicketAnswerIn, actor: str, now: int) -> Ticket:
    writer = None if ticket.account_id is None else accounts.by_id(session, ticket.account_id)
    if writer is None or writer.state in _GONE:
        message = N_(
            "The writer has no mailbox here. Answer the message itself, from your mail program; then close the"
            " ticket."
        )
        raise Problem("no-mailbox", 409, message)
    tickets.note_answer(session, ticket, actor, now)
    desk = f"{ticket.desk}@{writer.email.rpartition('@')[2]}"
    notice.tell(session, writer, QuestionAnswered(ticket.number, ticket.opened_at, body.text, desk), now)
    return ticket if body.keep_open else tickets.close(session, ticket, actor, now)


def _out(access: Access, ticket: Ticket) -> TicketOut:
    store = access.control.store
    writer = None if ticket.account_id is None else store.look_up(accounts.by_id, ticket.account_id)
    view = access.view(ticket.account_id, ticket.domain_id)
    return TicketOut(
        number=ticket.number,
        desk=ticket.desk,
        domain=store.look_up(domains.by_id, ticket.domain_id).name,
        writer=None if writer is None else masking.address(view, writer.email),
        opened_at=ticket.opened_at,
        closed_at=ticket.closed_at,
    )
