"""Live events for one watcher: what the doors, the store and the audit log do, as far as its roles may see it.

    sessions   a session opened or closed      arrivals   documents came into inboxes      audit   the log grew
    outbox     a job was queued, put off, given up or is gone
    lagged     the watcher was too slow: `lost` events are gone, look again      end   the stream is over, and why

Contract. A `Watch` hears the registry of connections and the store; it keeps a bounded queue and never holds them up.
`frames` yields server-sent events (WHATWG HTML, section 9.2) until the session that asked is over, its account is
barred, or the reader goes away. What is seen: all of one's own account; of the domains of an admin which account and
how many; of the whole bridge, for an owner, numbers alone; for an auditor, the whole audit log. Rights are looked up
again at each turn, at least every `HEARTBEAT` seconds; watching is no use of the session and does not keep it alive.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlmodel import Session

from bridge.api.access import Access
from bridge.api.policy import Action, Reach
from bridge.api.principal import Principal
from bridge.connections import Event
from storage.access import break_glass, sessions
from storage.errors import NotFound, StorageError
from storage.keys.master import ServerKeys
from storage.mail import mailboxes
from storage.oversight import audit_views
from storage.oversight.audit_search import Onlooker, Sight, Wanted
from storage.oversight.audit_views import Entry
from storage.people import accounts, grants
from storage.records import (
    Account,
    AccountBarred,
    AccountState,
    AuditAppended,
    Change,
    MailboxChange,
    OutboxChanged,
    Role,
)

log = structlog.get_logger(__name__)

HEARTBEAT = 15.0
"""Seconds between two signs of life."""
GATHER = 0.05
"""Seconds in which events are put together before they leave."""
MOST_WAITING = 1000
BARRED, STOPPING, UNAVAILABLE = "account-barred", "bridge-stopping", "storage-unavailable"


class Kind(StrEnum):
    SESSIONS = "sessions"
    ARRIVALS = "arrivals"
    AUDIT = "audit"
    OUTBOX = "outbox"


Waiting = Event | MailboxChange | AuditAppended | OutboxChanged


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom the watcher sees at the moment."""

    me: Account
    domains: frozenset[int] | None
    """Of an admin; None: all."""
    is_owner: bool
    is_auditor: bool

    def sights(self) -> Iterator[Onlooker]:
        """From which places it reads the audit log."""
        yield Onlooker(Sight.SELF, self.me.id)
        if self.is_auditor:
            yield Onlooker(Sight.AUDITOR, self.me.id)
        if self.is_owner:
            yield Onlooker(Sight.OWNER, self.me.id)
        if self.domains is None or self.domains:
            yield Onlooker(Sight.DOMAIN, self.me.id, self.domains)

    def reaches(self, account: Account) -> bool:
        return account.id == self.me.id or self.domains is None or account.domain_id in self.domains


class Watch:
    """One stream of events."""

    def __init__(self, access: Access, kinds: frozenset[Kind]) -> None:
        self._access = access
        self._kinds = kinds
        self._waiting: deque[Waiting] = deque()
        self._lost = 0
        self._over: str | None = None
        """Why the stream must end."""
        self._news = asyncio.Event()

    @property
    def account_id(self) -> int:
        """Whose stream it is."""
        return self._access.signed_in.id

    def stop(self, reason: str = STOPPING) -> None:
        """End the stream at its next turn, at once."""
        self._over = reason
        self._news.set()

    # --- listening: in the loop, at once ---

    def _changed(self, change: Change) -> None:
        if isinstance(change, AccountBarred):
            if change.account_id == self._access.signed_in.id:
                self.stop(BARRED)
        elif isinstance(change, MailboxChange):
            if change.arrived and Kind.ARRIVALS in self._kinds:
                self._keep(change)
        elif isinstance(change, OutboxChanged):
            if Kind.OUTBOX in self._kinds:
                self._keep(change)
        elif isinstance(change, AuditAppended):
            # Also where the log is not asked for: the end of a session stands in it.
            self._keep(change)

    def _moved(self, event: Event) -> None:
        if Kind.SESSIONS in self._kinds:
            self._keep(event)

    def _keep(self, event: Waiting) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(event)
        self._news.set()

    # --- telling ---

    async def frames(self) -> AsyncIterator[bytes]:
        """Server-sent events from now on; ends by itself as the module's contract says."""
        control = self._access.control
        stops = control.store.listen(self._changed), control.connections.watch(self._moved)
        try:
            yield b": welcome\n\n"
            async with aclosing(self._frames()) as frames:
                async for each in frames:
                    yield each
        except StorageError as error:
            log.warning("api.stream_failed", kind=type(error).__name__)
            yield frame("end", {"reason": UNAVAILABLE})
        finally:
            for stop in stops:
                stop()

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        store, control = self._access.control.store, self._access.control
        while True:
            await self._something()
            scope = None if self._over else await store.read(_scope, self._access, control.now())
            if scope is None:
                yield frame("end", {"reason": self._over or "session-ended"})
                return
            batch, lost = list(self._waiting), self._lost
            self._waiting.clear()
            self._lost = 0
            found = await store.read(_told, scope, self._kinds, batch, len(control.connections), self._seen())
            yield b"".join([frame("lagged", {"lost": lost})] * (lost > 0) + found) or b": still here\n\n"

    async def _something(self) -> None:
        try:
            async with asyncio.timeout(HEARTBEAT):
                await self._news.wait()
        except TimeoutError:
            return
        if self._over is None:
            await asyncio.sleep(GATHER)
        self._news.clear()

    def _seen(self) -> tuple[ServerKeys, int]:
        control = self._access.control
        return control.store.server_keys, control.now()


def frame(kind: str, content: dict[str, object]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(content, separators=(',', ':'))}\n\n".encode()


def _scope(session: Session, access: Access, now: int) -> Scope | None:
    """Whom the watcher sees now; None if its session is over."""
    asking = access.principal.session
    if asking is None:
        return None
    try:
        account = accounts.by_id(session, asking.account_id)
    except NotFound:
        return None
    alive = [
        each
        for each in sessions.listing(session, account.id)
        if each.id == asking.id and sessions.is_alive(each, now)
    ]
    if not alive or account.state is not AccountState.REGISTERED:
        return None
    principal = Principal(account, alive[0], grants=tuple(grants.effective(session, account, now)))
    held = principal.holds(Action.EVENTS_WATCH)
    domains = {each.domain_id for each in held if each.right.reach is Reach.DOMAIN}
    return Scope(
        me=account,
        domains=None if None in domains else frozenset(number for number in domains if number is not None),
        is_owner=any(each.right.reach is Reach.ALL for each in held),
        is_auditor=Role.AUDITOR in principal.roles,
    )


def _told(
    session: Session,
    scope: Scope,
    kinds: frozenset[Kind],
    batch: list[Waiting],
    signed_in: int,
    seen: tuple[ServerKeys, int],
) -> list[bytes]:
    """What of a batch the watcher may know, as frames."""
    known = _Known(session, scope, seen[1])
    moved = [each for each in batch if isinstance(each, Event)]
    frames = [frame(Kind.SESSIONS, content) for each in moved for content in known.session_moved(each)]
    if scope.is_owner and moved:
        frames.append(frame(Kind.SESSIONS, {"signed_in": signed_in}))
    frames += [frame(Kind.ARRIVALS, content) for content in known.arrivals(batch)]
    frames += [frame(Kind.OUTBOX, content) for content in known.jobs(batch)]
    if Kind.AUDIT in kinds:
        frames += _audit(session, scope, [each.position for each in batch if isinstance(each, AuditAppended)], *seen)
    return frames


class _Known:
    """Accounts that a batch speaks of, each looked up once."""

    def __init__(self, session: Session, scope: Scope, now: int) -> None:
        self._session = session
        self._scope = scope
        self._now = now
        self._accounts: dict[int, Account | None] = {}
        self._hidden: frozenset[int] | None = None

    def session_moved(self, event: Event) -> Iterator[dict[str, object]]:
        """Whose and through which door; of one's own with the device, and from where."""
        connection = event.connection
        account = self._reached(connection.account_id)
        if account is None:
            return
        content: dict[str, object] = {
            "change": "opened" if event.opened else "closed",
            "account": account.public_id,
            "id": f"mail-{connection.number}",
            "door": connection.door,
        }
        if account.id == self._scope.me.id:
            if connection.device_id in self._hidden_devices():
                return
            content |= {"device": connection.device_id, "network": connection.network}
        yield content

    def arrivals(self, batch: list[Waiting]) -> Iterator[dict[str, object]]:
        """How many documents came to whom; to an owner only how many."""
        came = [each for each in batch if isinstance(each, MailboxChange)]
        inboxes = mailboxes.inboxes_among(self._session, sorted({each.mailbox_id for each in came}))
        counts: Counter[int] = Counter()
        for each in came:
            counts[each.account_id] += len(each.arrived) if each.mailbox_id in inboxes else 0
        for account_id, count in counts.items():
            account = self._reached(account_id)
            if account is not None and count:
                yield {"account": account.public_id, "count": count}
        if self._scope.is_owner and counts.total():
            yield {"count": counts.total()}

    def jobs(self, batch: list[Waiting]) -> Iterator[dict[str, object]]:
        """The last state of each, with whose it is; to an owner how many came to which state. `done`: gone. Not of
        steps of ladders, which say of nobody whose they are: when one comes and goes tells who read what.
        """
        moved = {each.job_id: each for each in batch if isinstance(each, OutboxChanged)}
        told = {job_id: (each, each.account_id) for job_id, each in moved.items() if each.account_id is not None}
        for job_id, (each, account_id) in told.items():
            account = self._reached(account_id)
            if account is not None:
                state = each.state or "done"
                yield {"account": account.public_id, "job": job_id, "kind": each.kind, "state": state}
        if self._scope.is_owner and told:
            yield {"jobs": dict(Counter(each.state or "done" for each, _ in told.values()))}

    def _reached(self, account_id: int) -> Account | None:
        if account_id not in self._accounts:
            self._accounts[account_id] = self._looked_up(account_id)
        return self._accounts[account_id]

    def _looked_up(self, account_id: int) -> Account | None:
        try:
            found = accounts.by_id(self._session, account_id)
        except NotFound:
            return None
        return found if self._scope.reaches(found) else None

    def _hidden_devices(self) -> frozenset[int]:
        if self._hidden is None:
            self._hidden = break_glass.hidden_devices(self._session, self._scope.me.id, self._now)
        return self._hidden


def _audit(session: Session, scope: Scope, positions: list[int], keys: ServerKeys, now: int) -> list[bytes]:
    """Those of the positions that one of the watcher's places shows, each once: position, time, kind."""
    if not positions:
        return []
    found: dict[int, Entry] = {}
    size = min(max(positions) - min(positions) + 1, MOST_WAITING)
    for onlooker in scope.sights():
        page, _ = audit_views.page(session, keys, onlooker, Wanted(), now, after=max(positions) + 1, limit=size)
        found |= {entry.position: entry for entry in page}
    shown = [found[position] for position in sorted(positions) if position in found]
    return [frame(Kind.AUDIT, {"position": each.position, "at": each.at, "kind": each.kind}) for each in shown]
