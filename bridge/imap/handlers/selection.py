"""SELECT, EXAMINE, CLOSE, UNSELECT, CHECK (RFC 3501 sections 6.3.1–6.4.2, RFC 3691).

The session hears changes of the mailbox before it reads the snapshot, so that none falls between. \\Recent is claimed
by a write of its own, and only when there is something to claim.
"""

from dataclasses import replace

from bridge.imap.answers import Answer, Wrong
from bridge.imap.handlers.folders import mailbox_named
from bridge.imap.handlers.messages import expunge_all
from bridge.imap.protocol import responses
from bridge.imap.protocol.commands import Command, Select
from bridge.imap.protocol.errors import Status
from bridge.imap.session import Session
from bridge.imap.view import View
from storage.mail import mailboxes
from storage.oversight.usage import Category
from storage.records import Flag, Mailbox, Selected


async def select(session: Session, command: Command) -> Answer:
    """A SELECT that fails leaves no mailbox selected (section 6.3.1)."""
    assert isinstance(command, Select)
    session.leave_mailbox()
    if command.parameters:
        raise Wrong("SELECT parameter not known")
    mailbox = await mailbox_named(session, command.mailbox)
    read_only = command.read_only or session.signed_in().read_only
    session.watch(mailbox.id)
    try:
        view = View(await _snapshot(session, mailbox, read_only), read_only)
    except BaseException:
        session.leave_mailbox()
        raise
    session.open_view(view)
    session.signed_in().downloads.count(Category.LIST)
    describe(session, view)
    code = responses.READ_ONLY if read_only else responses.READ_WRITE
    return Answer("EXAMINE completed" if command.read_only else "SELECT completed", code=code)


async def _snapshot(session: Session, mailbox: Mailbox, read_only: bool) -> Selected:
    store, keys = session.services.store, session.signed_in().keys
    selected = await store.read(mailboxes.select, mailbox.id, keys)
    if read_only or not selected.copies or selected.copies[-1].uid < selected.first_recent_uid:
        return selected
    first = await store.write(mailboxes.claim_recent, mailbox.id, selected.mailbox.uid_next)
    return replace(selected, first_recent_uid=max(first, selected.first_recent_uid))


def describe(session: Session, view: View) -> None:
    """The untagged responses that SELECT must give (section 6.3.1)."""
    session.send(view.flags_line())
    session.send(view.counts())
    first_unseen = next((at + 1 for at, copy in enumerate(view.copies) if not copy.flags & Flag.SEEN), None)
    if first_unseen is not None:
        session.send(responses.untagged(Status.OK, "First unseen", responses.unseen(first_unseen)))
    session.send(view.permanent_flags_line())
    session.send(responses.untagged(Status.OK, "UIDs are valid", responses.uid_validity(view.mailbox.uid_validity)))
    session.send(responses.untagged(Status.OK, "Next UID", responses.uid_next(view.mailbox.uid_next)))


async def close(session: Session, command: Command) -> Answer:
    """Expunges in silence, unless the mailbox is read-only (section 6.4.2)."""
    view = session.selected()
    session.leave_mailbox()
    if not view.read_only:
        await expunge_all(session, view)
    return Answer("CLOSE completed")


async def unselect(session: Session, command: Command) -> Answer:
    session.leave_mailbox()
    return Answer("UNSELECT completed")


async def check(session: Session, command: Command) -> Answer:
    """Everything acknowledged is on the disk already."""
    return Answer("CHECK completed")
