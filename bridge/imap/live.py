"""Which live sessions a committed change of a mailbox concerns (`Store.listen` → sessions).

Contract. `LiveSessions.changed` is the one listener of a server; it finds the sessions that have the changed mailbox
selected by look-up: ten thousand idle sessions cost nothing for a change that concerns one of them. Called in the
event loop, in commit order, before the writer's futures resolve; listeners must not wait. Sessions whose device or
account lost its right are ended by `bridge.connections`.
"""

from collections import defaultdict
from typing import Protocol

from storage.records import Change, MailboxChange


class Listener(Protocol):
    """What a session offers."""

    def mailbox_changed(self, change: MailboxChange) -> None: ...


class LiveSessions:
    """Sessions by the mailbox that they have selected."""

    __slots__ = ("_by_mailbox",)

    def __init__(self) -> None:
        self._by_mailbox: defaultdict[int, set[Listener]] = defaultdict(set)

    def changed(self, change: Change) -> None:
        if isinstance(change, MailboxChange):
            for listener in tuple(self._by_mailbox.get(change.mailbox_id, ())):
                listener.mailbox_changed(change)

    def watch_mailbox(self, mailbox_id: int, listener: Listener) -> None:
        self._by_mailbox[mailbox_id].add(listener)

    def leave_mailbox(self, mailbox_id: int, listener: Listener) -> None:
        listeners = self._by_mailbox.get(mailbox_id)
        if listeners is not None:
            listeners.discard(listener)
            if not listeners:
                del self._by_mailbox[mailbox_id]
