"""Which live sessions a committed change concerns (`Store.listen` → sessions).

Contract. `LiveSessions.changed` is the one listener of a server; it finds the sessions that have the changed mailbox
selected, or that signed in with a revoked device, by look-up: ten thousand idle sessions cost nothing for a change
that concerns one of them. Called in the event loop, in commit order, before the writer's futures resolve; listeners
must not wait.
"""

from collections import defaultdict
from typing import Protocol

from storage.records import Change, DeviceRevoked, MailboxChange


class Listener(Protocol):
    """What a session offers."""

    def mailbox_changed(self, change: MailboxChange) -> None: ...

    def revoked(self) -> None: ...


class LiveSessions:
    """Sessions by mailbox and by device."""

    __slots__ = ("_by_device", "_by_mailbox", "_revoked")

    def __init__(self) -> None:
        self._by_mailbox: defaultdict[int, set[Listener]] = defaultdict(set)
        self._by_device: defaultdict[int, set[Listener]] = defaultdict(set)
        self._revoked: set[int] = set()
        """Devices revoked since the start: one may be signing in at that moment."""

    def changed(self, change: Change) -> None:
        if isinstance(change, MailboxChange):
            for listener in tuple(self._by_mailbox.get(change.mailbox_id, ())):
                listener.mailbox_changed(change)
        elif isinstance(change, DeviceRevoked):
            self._revoked.add(change.device_id)
            for listener in tuple(self._by_device.get(change.device_id, ())):
                listener.revoked()

    def is_revoked(self, device_id: int) -> bool:
        return device_id in self._revoked

    def watch_mailbox(self, mailbox_id: int, listener: Listener) -> None:
        self._by_mailbox[mailbox_id].add(listener)

    def leave_mailbox(self, mailbox_id: int, listener: Listener) -> None:
        _drop(self._by_mailbox, mailbox_id, listener)

    def watch_device(self, device_id: int, listener: Listener) -> None:
        self._by_device[device_id].add(listener)

    def leave_device(self, device_id: int, listener: Listener) -> None:
        _drop(self._by_device, device_id, listener)


def _drop(index: defaultdict[int, set[Listener]], key: int, listener: Listener) -> None:
    listeners = index.get(key)
    if listeners is not None:
        listeners.discard(listener)
        if not listeners:
            del index[key]
