"""One client's session: state, what it may do, and the execution of its commands. Knows no socket.

Contract. The door makes a `Session` per connection with an `Outlet`, sends `greeting()`, and awaits `execute` for one
command after another; every command gets exactly one tagged answer unless the session ends. Handlers (one per
command, `bridge.imap.handlers`) write untagged responses with `send` and return the tagged `Answer`. Responses are
collected and leave in few writes: `flow` lets them out when enough are there and waits for slow readers, so that a
command stops working when nobody reads.

States (RFC 3501 section 3): not authenticated → authenticated ⇄ selected → logout. A command in the wrong state is
BAD. A device that may only read gets `NO [NOPERM]` for whatever would change something, and its mailboxes are
READ-ONLY. Changes of the selected mailbox arrive by `mailbox_changed` and are told at the end of each command, in
IDLE at once; EXPUNGE is kept back during FETCH, STORE and SEARCH by number (section 7.4.1). When the selected mailbox
is deleted by another session, or account or device lose their right, the session ends with BYE.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import structlog

from bridge.clock import Clock
from bridge.connections import Connection, Connections, Ending
from bridge.imap.answers import FAULT, Answer, Refused, Wrong, of_storage
from bridge.imap.capabilities import Capabilities
from bridge.imap.downloads import Downloads
from bridge.imap.live import LiveSessions
from bridge.imap.outlet import Outlet
from bridge.imap.posting import Posting
from bridge.imap.protocol import commands as c
from bridge.imap.protocol import responses
from bridge.imap.protocol.connection import after_sign_in
from bridge.imap.protocol.errors import Status
from bridge.imap.view import NoSuchMessage, View
from bridge.mail.card import Card
from bridge.routing.decision import Places
from storage.database import Store
from storage.errors import StorageError
from storage.keys.keyring import AccountKeys
from storage.mail.reading import Reader
from storage.records import Account, Device, MailboxChange

log = structlog.get_logger(__name__)

DELETED = "The selected mailbox was deleted"
FAREWELLS = {
    Ending.REVOKED: "This device was revoked",
    Ending.EXPIRED: "The time of this device is over",
    Ending.BARRED: "This account may not sign in at present",
    Ending.ENDED: "This session was ended by its owner or an admin",
}
ENOUGH = 64 * 1024
"""Collected bytes that are worth a write."""

ANY_STATE = (c.Capability, c.Noop, c.Logout, c.Id)
BEFORE_SIGN_IN = (c.Login, c.Authenticate, c.StartTls)
NEEDS_MAILBOX = (c.Check, c.Close, c.Unselect, c.Expunge, c.Search, c.Fetch, c.Store, c.CopyTo)
CHANGES_THINGS = (
    c.Create, c.Delete, c.Rename, c.Subscribe, c.Unsubscribe, c.Append, c.Store, c.Expunge, c.CopyTo,
)  # fmt: skip


class SessionOver(Exception):
    """Raised at the next point where a running command can stop; the session says its last words."""


class Throttle(Protocol):
    """What sign-in needs of `bridge.throttle`."""

    def check(self, ip: str) -> float: ...

    def failed(self, ip: str, account: str, secret_digest: bytes) -> float: ...

    def succeeded(self, ip: str) -> None: ...

    def digest(self, secret: bytes) -> bytes: ...

    async def tarpit(self, delay: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What all sessions of a server share."""

    store: Store
    live: LiveSessions
    posting: Posting
    throttle: Throttle
    capabilities: Capabilities
    clock: Clock
    monotonic: Callable[[], float]
    message_bytes: int
    """The largest message that APPEND takes."""
    search_seconds: float
    """How long the body scan of one SEARCH may take."""
    handlers: "Mapping[type[c.Command], Handler]"
    connections: Connections
    places: Places = field(default_factory=Places)
    """Which channels there are, for choices made by moving a message."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who it is, and the keys that open what is theirs."""

    account: Account
    device: Device
    keys: AccountKeys
    reader: Reader[Card]
    read_only: bool
    client_noted: bool
    """Whether the program may be kept."""
    live: Connection
    downloads: Downloads


class Session:
    """See the module's contract."""

    __slots__ = (
        "_busy", "_collected", "_collected_size", "_early", "_idle", "_last_words", "_outlet", "client", "ended",
        "peer", "private", "services", "user", "view", "watched",
    )  # fmt: skip

    def __init__(self, services: Services, outlet: Outlet, peer: str, private: bool) -> None:
        self.services = services
        self.peer = peer
        """IP address of the client."""
        self.private = private
        """TLS, or loopback: a password may be sent."""
        self.client: str | None = None
        """What the program calls itself; kept only once an account allows it."""
        self.user: SignedIn | None = None
        self.view: View | None = None
        self.watched: int | None = None
        """Id of the mailbox whose changes are heard."""
        self._idle: c.Idle | None = None
        """The IDLE that waits for its DONE."""
        self.ended = False
        self._busy = False
        self._last_words: str | None = None
        """Why the session must end at the next opportunity."""
        self._early: list[MailboxChange] = []
        """Changes heard while SELECT still reads its snapshot."""
        self._outlet = outlet
        self._collected: list[bytes] = []
        self._collected_size = 0

    # --- talking ---

    def greeting(self) -> bytes:
        return _greeting(self.capability_names())

    def capability_names(self) -> tuple[str, ...]:
        capabilities = self.services.capabilities
        return capabilities.signed_in() if self.user else capabilities.before_sign_in(self.private)

    def send(self, data: bytes) -> None:
        """Collect a piece of a response."""
        self._collected.append(data)
        self._collected_size += len(data)

    async def flow(self, inside_line: bool = False) -> None:
        """Let out what was collected if it is enough, and wait for a slow reader.

        Raises `SessionOver` when the session was ended meanwhile; nothing can be said inside a line, so then the
        connection is cut.
        """
        if self._collected_size >= ENOUGH:
            self.flush()
            await self._outlet.drain()
        if self.must_stop:
            if inside_line:
                self._outlet.abort()
            raise SessionOver

    def warn_of_damage(self, uids: Collection[int]) -> None:
        log.error("imap_damaged", documents_count=len(uids))
        named = ", ".join(map(str, sorted(uids)))
        self.send(responses.untagged(Status.NO, f"Damaged and not served: UID {named}"))

    def cut(self) -> None:
        """End without a word, where a line has begun that cannot be finished."""
        self._last_words = "A line could not be finished"

    def flush(self) -> None:
        if self._collected and not self.ended:
            self._outlet.write(b"".join(self._collected))
        self._collected.clear()
        self._collected_size = 0

    async def ask(self, prompt: bytes) -> bytes:
        self.flush()
        return await self._outlet.ask(prompt)

    # --- executing ---

    async def execute(self, command: c.Command) -> None:
        """Carry out one command and answer it; IDLE is answered when it ends."""
        self._busy = True
        try:
            answer = await self._outcome(command)
        except SessionOver:
            self._collected.clear()
        else:
            if answer is not None:
                self._finish(command, answer)
        finally:
            self._busy = False
        if self.ended:
            self._let_go()
        elif self._last_words is not None:
            self.bye(self._last_words)
        elif isinstance(command, c.Logout):
            self.end()
        else:
            await self._outlet.drain()

    def _finish(self, command: c.Command, answer: Answer) -> None:
        if self.view is not None:
            if self.view.deleted:
                self._last_words = DELETED
            else:
                self.send(self.view.updates(expunge=tells_expunges(command)))
        self.send(answer.line(command.tag))
        self.flush()

    async def _outcome(self, command: c.Command) -> Answer | None:
        name = type(command).__name__
        try:
            self._admit(command)
            if self.user is not None:
                if type(command) is not c.Fetch:
                    self.user.downloads.flush()
                await self.services.posting.settle(self.user.account.id, self if type(command) is c.Fetch else None)
            return await self.services.handlers[type(command)](self, command)
        except SessionOver:
            raise
        except Refused as refusal:
            return refusal.answer
        except NoSuchMessage:
            return Answer("No message has such a number", Status.BAD)
        except StorageError as error:
            log.info("imap_refused", command=name, reason=type(error).__name__)
            return of_storage(error)
        except Exception:
            log.error("imap_fault", command=name, exc_info=True)
            return FAULT

    def _admit(self, command: c.Command) -> None:
        """Raise `Refused` for a command that this state or this device does not allow."""
        if isinstance(command, ANY_STATE):
            return
        if isinstance(command, BEFORE_SIGN_IN):
            if self.user is not None:
                raise Wrong("Signed in already")
            return
        if self.user is None:
            raise Wrong("Sign in first")
        if isinstance(command, NEEDS_MAILBOX) and self.view is None:
            raise Wrong("Select a mailbox first")
        if self.user.read_only and isinstance(command, CHANGES_THINGS):
            raise Refused("This device may only read", "NOPERM")

    # --- IDLE (RFC 2177) ---

    def begin_idle(self, command: c.Idle) -> None:
        """Tell what is new, now and whenever something happens, until `end_idle`."""
        self._idle = command
        self._outlet.await_done()
        self.tell_now()

    def end_idle(self, done: bool) -> None:
        command, self._idle = self._idle, None
        if command is None or self.ended:
            return
        answer = Answer("IDLE completed") if done else Answer("DONE expected", Status.BAD)
        self.send(answer.line(command.tag))
        self.flush()

    # --- sign-in and mailbox ---

    def signed_in(self) -> SignedIn:
        assert self.user is not None
        return self.user

    def selected(self) -> View:
        assert self.view is not None
        return self.view

    def writable(self) -> View:
        """The view, for a command that changes its messages; raises `Refused` after EXAMINE."""
        view = self.selected()
        if view.read_only:
            raise Refused("The mailbox is open for reading only", "READ-ONLY")
        return view

    def live(self, device: Device) -> Connection:
        """Enter the list of those who are signed in."""
        return self.services.connections.enter(self, self._outlet.door, device, self.peer, self._outlet.tls())

    def enter(self, user: SignedIn) -> None:
        self.user = user
        self._outlet.allow(after_sign_in(self.services.message_bytes))

    def watch(self, mailbox_id: int) -> None:
        """Hear changes of a mailbox from now on; `open_view` takes them in."""
        self.leave_mailbox()
        self.watched = mailbox_id
        self.services.live.watch_mailbox(mailbox_id, self)

    def open_view(self, view: View) -> None:
        for change in self._early:
            view.apply(change)
        self._early.clear()
        self.view = view

    def leave_mailbox(self) -> None:
        if self.watched is not None:
            self.services.live.leave_mailbox(self.watched, self)
        self.watched = self.view = None
        self._early.clear()

    # --- what other sessions did ---

    def mailbox_changed(self, change: MailboxChange) -> None:
        if self.view is None:
            self._early.append(change)
            return
        self.view.apply(change)
        if self._idle is not None:
            self.tell_now()

    def tell_now(self) -> None:
        """In IDLE: no command is in progress that would forbid anything."""
        if self.view is None:
            return
        if self.view.deleted:
            self.bye(DELETED)
            return
        updates = self.view.updates(expunge=True)
        if updates:
            self.send(updates)
            self.flush()

    def expel(self, ending: Ending) -> None:
        self.bye(FAREWELLS[ending])
        self._outlet.hurry()

    # --- ending ---

    def bye(self, text: str) -> None:
        """Say good-bye: now, or where the running command can stop."""
        if self.ended:
            return
        if self._busy:
            self._last_words = text
            self._outlet.interrupt()
            return
        self.send(responses.bye(text))
        self.flush()
        self.end()

    @property
    def must_stop(self) -> bool:
        """A running command should stop where it can."""
        return self.ended or self._last_words is not None

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            self._outlet.end()

    def closed(self) -> None:
        """The connection is gone: let go of mailbox, device and keys, once no command needs them."""
        self.ended = True
        if not self._busy:
            self._let_go()

    def _let_go(self) -> None:
        self.leave_mailbox()
        if self.user is not None:
            self.user.downloads.flush()
            self.services.connections.leave(self.user.live)
            self.services.store.keyring.release(self.user.account.public_id)
            self.user = None


@lru_cache(maxsize=8)
def _greeting(capabilities: tuple[str, ...]) -> bytes:
    return responses.greeting("Postex ready", capabilities)


def tells_expunges(command: c.Command) -> bool:
    """RFC 3501 section 7.4.1: not while a client may count messages by number."""
    return not isinstance(command, c.Fetch | c.Store | c.Search) or command.by_uid


Handler = Callable[[Session, c.Command], Awaitable[Answer | None]]
