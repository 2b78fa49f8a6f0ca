"""STORE, COPY, MOVE, EXPUNGE and their UID forms, APPEND (RFC 3501 section 6, 4315 UIDPLUS, 6851 MOVE).

The session's own view changes only by what storage announces, as every other session's does; it has been told by the
time a write returns. EXPUNGE goes in slices; COPY and MOVE are all or nothing (RFC 3501 section 6.4.7), 0.1 to 0.2 s
for ten thousand. UID commands on messages that vanished answer OK (nothing was wrong, nothing was done); commands
by number answer `NO [EXPUNGEISSUED]` after doing what could be done (RFC 2180 section 4.2).
"""

from functools import partial

from bridge.imap import appending, flags
from bridge.imap.answers import Answer, Refused, of_hold
from bridge.imap.handlers import choosing
from bridge.imap.handlers.folders import mailbox_named
from bridge.imap.protocol import responses, sequence
from bridge.imap.protocol.commands import Append, Command, CopyTo, Expunge, Store, StoreMode
from bridge.imap.protocol.errors import Status
from bridge.imap.session import Session
from bridge.imap.view import Span, View
from storage.deliveries import deliveries
from storage.erasures import holds
from storage.errors import Invalid, NotFound
from storage.mail import documents
from storage.mail.documents import FlagMode
from storage.mail.flags import OPENED_AT_ONCE
from storage.oversight.usage import Category
from storage.records import Flag

MODES = {StoreMode.SET: FlagMode.SET, StoreMode.ADD: FlagMode.ADD, StoreMode.REMOVE: FlagMode.REMOVE}
EXPUNGED_AT_ONCE = 1000
"""Messages in one write: about 0.1 s, as the last copy takes its document along. Arrivals come between two writes."""
VANISHED = Answer("Some messages were expunged meanwhile", Status.NO, responses.EXPUNGEISSUED)


async def store(session: Session, command: Command) -> Answer:
    assert isinstance(command, Store)
    view = session.writable()
    spans = view.spans(command.messages, command.by_uid)
    bits, keywords = parsed_flags(command.flags)
    if spans:
        try:
            changed = await session.services.store.write(
                documents.store_flags,
                view.mailbox.id,
                view.uid_ranges(spans),
                MODES[command.mode],
                bits,
                keywords,
                int(session.services.clock()),
            )
        except Invalid:
            raise Refused("Too many keywords, or one that is too long", responses.LIMIT) from None
        view.hush(changed)
        if bits & Flag.SEEN and command.mode is not StoreMode.REMOVE:
            _note_opened(session, [copy.document_id for copy in changed])
    if not command.silent:
        view.tell(spans)
    return _unless_vanished(view, spans, command.by_uid, Answer("STORE completed"))


def _note_opened(session: Session, document_ids: list[int]) -> None:
    """A few are noted with their flag; of thousands, those that nothing is to happen to follow in slices."""
    user, services = session.signed_in(), session.services
    user.downloads.count(Category.OPEN, len(document_ids))
    if len(document_ids) > OPENED_AT_ONCE:
        for start in range(0, len(document_ids), OPENED_AT_ONCE):
            part = document_ids[start : start + OPENED_AT_ONCE]
            services.store.post(deliveries.opened, user.account.id, part, int(services.clock()))


async def copy_to(session: Session, command: Command) -> Answer:
    assert isinstance(command, CopyTo)
    view = session.writable() if command.move else session.selected()
    spans = view.spans(command.messages, command.by_uid)
    target = await mailbox_named(session, command.mailbox, responses.TRYCREATE)
    if target.chooses is not None:
        validity, pairs = await choosing.carry(session, view, view.uid_ranges(spans), target, command.move)
        return _carried(session, command, view, spans, validity, pairs)
    carry = partial(documents.move, now=int(session.services.clock())) if command.move else documents.copy
    try:
        validity, pairs = await session.services.store.write(
            carry, view.mailbox.id, view.uid_ranges(spans), target.id
        )
    except NotFound:
        raise Refused("No such mailbox", responses.TRYCREATE) from None
    return _carried(session, command, view, spans, validity, pairs)


def _carried(
    session: Session,
    command: CopyTo,
    view: View,
    spans: list[Span],
    validity: int,
    pairs: list[tuple[int, int]],
) -> Answer:
    """COPYUID of what was copied, in the tagged answer or, of MOVE, before it (RFC 6851 section 4.3)."""
    if not pairs:
        return _unless_vanished(view, spans, command.by_uid, Answer("No messages were named that are still there"))
    code = responses.copy_uid(validity, pairs)
    if command.move:
        session.send(responses.untagged(Status.OK, "Moved", code))
        return _unless_vanished(view, spans, True, Answer("MOVE completed"))
    return Answer("COPY completed", code=code)


async def expunge(session: Session, command: Command) -> Answer:
    assert isinstance(command, Expunge)
    view = session.writable()
    if command.uids is None:
        await expunge_all(session, view)
    else:
        uids = view.uids_flagged(Flag.DELETED, view.spans(command.uids, by_uid=True))
        await _expunge_in_slices(session, view, uids)
    held = await session.services.store.read(holds.kept, view.mailbox.id, int(session.services.clock()))
    return Answer("EXPUNGE completed") if held is None else of_hold(held)


async def expunge_all(session: Session, view: View) -> None:
    """Everything that is \\Deleted, of which the view may not know all: the last write takes what is left.

    All but what a legal hold keeps.
    """
    uids = view.uids_flagged(Flag.DELETED, [(0, len(view))])
    await _expunge_in_slices(session, view, uids[:-EXPUNGED_AT_ONCE])
    await session.services.store.write(documents.expunge, view.mailbox.id, None, int(session.services.clock()))


async def _expunge_in_slices(session: Session, view: View, uids: list[int]) -> None:
    now = int(session.services.clock())
    for start in range(0, len(uids), EXPUNGED_AT_ONCE):
        ranges = sequence.runs(uids[start : start + EXPUNGED_AT_ONCE])
        await session.services.store.write(documents.expunge, view.mailbox.id, ranges, now)


async def append(session: Session, command: Command) -> Answer:
    """Locked as a document is: sealed to the account's own identity key before it is stored."""
    assert isinstance(command, Append)
    user, services = session.signed_in(), session.services
    target = await mailbox_named(session, command.mailbox, responses.TRYCREATE)
    if not command.message:
        raise Refused("An empty message cannot be kept", responses.CANNOT)
    bits, keywords = parsed_flags(command.flags)
    now = int(services.clock())
    date = now if command.internal_date is None else command.internal_date
    appended = appending.Appended(command.message, target.id, bits, keywords, date)
    if target.chooses is not None:
        uid = await choosing.append(session, appended, target)
        return Answer("APPEND completed", code=responses.append_uid(target.uid_validity, [(uid, uid)]))
    try:
        delivered = await appending.append(services.store, user.account, appended, now)
    except NotFound:
        raise Refused("No such mailbox", responses.TRYCREATE) from None
    except Invalid:
        raise Refused("Too many keywords, or one that is too long", responses.LIMIT) from None
    uids = [(uid, uid) for _, uid in delivered.copies]
    return Answer("APPEND completed", code=responses.append_uid(target.uid_validity, uids))


def parsed_flags(names: tuple[str, ...]) -> tuple[Flag, tuple[str, ...]]:
    try:
        bits, keywords = flags.parsed(names)
    except flags.UnknownFlag:
        raise Refused("System flag not known", responses.CANNOT) from None
    return Flag(bits), keywords


def _unless_vanished(view: View, spans: list[Span], by_uid: bool, answer: Answer) -> Answer:
    return VANISHED if not by_uid and view.any_gone(spans) else answer
