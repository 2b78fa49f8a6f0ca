"""CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, LIST, LSUB, STATUS (RFC 3501 sections 6.3.3–6.3.10).

Folder names are sealed for their owner: storage takes the account's keys to find and to read them.
"""

from contextlib import suppress

from bridge.imap.answers import Answer, Refused, Wrong
from bridge.imap.folders import DELIMITER, STATUS_ITEMS, Hierarchy, root_line, status_line
from bridge.imap.protocol.commands import (
    Command,
    Create,
    Delete,
    List,
    Lsub,
    Rename,
    Status,
    Subscribe,
    Unsubscribe,
)
from bridge.imap.session import Session
from storage.errors import Invalid, NotFound
from storage.mail import mailboxes
from storage.records import Mailbox, SpecialUse

SPECIAL_USES = {f"\\{use.value}": use for use in SpecialUse if use is not SpecialUse.INBOX}


async def mailbox_named(session: Session, name: str, code: str = "NONEXISTENT") -> Mailbox:
    """The account's mailbox; raises `Refused` with `code` if there is none."""
    user = session.signed_in()
    try:
        return await session.services.store.read(mailboxes.by_name, user.account.id, user.keys, name)
    except (NotFound, Invalid):
        raise Refused("No such mailbox", code) from None


def _check_changeable(mailbox: Mailbox) -> None:
    if mailbox.chooses is not None:
        raise Refused("This delivery folder belongs to the server and follows your language: it stays", "CANNOT")


async def hierarchy(session: Session) -> Hierarchy:
    user, read = session.signed_in(), session.services.store.read
    found = await read(mailboxes.listing, user.account.id, user.keys)
    return Hierarchy(found, await read(mailboxes.subscriptions, user.account.id, user.keys))


async def create(session: Session, command: Command) -> Answer:
    """Missing parents are made too; a trailing delimiter only says that children will follow (section 6.3.3)."""
    assert isinstance(command, Create)
    user = session.signed_in()
    name = command.mailbox.rstrip(DELIMITER)
    special = None
    if command.special_use is not None:
        special = SPECIAL_USES.get(command.special_use.lower())
        if special is None:
            raise Refused("Special use not supported", "USEATTR")
    now = int(session.services.clock())
    await session.services.store.write(mailboxes.create, user.account.id, user.keys, name, now, special)
    return Answer("CREATE completed")


async def delete(session: Session, command: Command) -> Answer:
    assert isinstance(command, Delete)
    user = session.signed_in()
    mailbox = await mailbox_named(session, command.mailbox)
    if mailbox.special is not None:
        raise Refused("INBOX and mailboxes with a special use stay", "CANNOT")
    _check_changeable(mailbox)
    if session.watched == mailbox.id:
        session.leave_mailbox()
    now = int(session.services.clock())
    await session.services.store.write(mailboxes.delete, user.account.id, user.keys, command.mailbox, now)
    return Answer("DELETE completed")


async def rename(session: Session, command: Command) -> Answer:
    """Children move along; of INBOX only the messages move (section 6.3.5)."""
    assert isinstance(command, Rename)
    user = session.signed_in()
    source, target = command.source, command.target.rstrip(DELIMITER)
    _check_changeable(await mailbox_named(session, source))
    now = int(session.services.clock())
    await session.services.store.write(mailboxes.rename, user.account.id, user.keys, source, target, now)
    return Answer("RENAME completed")


async def subscribe(session: Session, command: Command) -> Answer:
    assert isinstance(command, Subscribe)
    user = session.signed_in()
    await session.services.store.write(mailboxes.subscribe, user.account.id, user.keys, command.mailbox)
    return Answer("SUBSCRIBE completed")


async def unsubscribe(session: Session, command: Command) -> Answer:
    assert isinstance(command, Unsubscribe)
    user = session.signed_in()
    await session.services.store.write(mailboxes.unsubscribe, user.account.id, user.keys, command.mailbox)
    return Answer("UNSUBSCRIBE completed")


async def listing(session: Session, command: Command) -> Answer:
    assert isinstance(command, List)
    if command.patterns == ("",):
        session.send(root_line(b"LIST"))
        return Answer("LIST completed")
    _check_status_items(command.status)
    folders = await hierarchy(session)
    for entry in folders.listing(command):
        session.send(entry.line(b"LIST"))
        if command.status and folders.exists(entry.name):
            with suppress(NotFound):  # deleted meanwhile: the line may be left out (RFC 5819 section 2)
                await _send_status(session, folders.mailbox(entry.name), entry.name, command.status)
    return Answer("LIST completed")


async def lsub(session: Session, command: Command) -> Answer:
    assert isinstance(command, Lsub)
    if not command.pattern:
        session.send(root_line(b"LSUB"))
        return Answer("LSUB completed")
    folders = await hierarchy(session)
    for entry in folders.subscribed(command):
        session.send(entry.line(b"LSUB"))
    return Answer("LSUB completed")


async def status(session: Session, command: Command) -> Answer:
    assert isinstance(command, Status)
    _check_status_items(command.items)
    await _send_status(session, await mailbox_named(session, command.mailbox), command.mailbox, command.items)
    return Answer("STATUS completed")


async def _send_status(session: Session, mailbox: Mailbox, name: str, items: tuple[str, ...]) -> None:
    session.send(status_line(name, items, await session.services.store.read(mailboxes.status, mailbox.id)))


def _check_status_items(items: tuple[str, ...]) -> None:
    if not STATUS_ITEMS.keys() >= set(items):
        raise Wrong("STATUS item not known")
