"""Everything that storage can refuse, in one tree.

    StorageError
    ├── Busy                 the data folder or the writer is not available now; try again
    │   ├── DataFolderLocked     another process holds the data folder
    │   └── WriterUnavailable    database locked, disk full, read-only: nothing of this call was kept
    ├── NotFound             no such account, device, mailbox, document
    ├── Conflict             the name or address is taken
    ├── Invalid              a value that storage does not take; the text names it
    ├── OverQuota            the account has no room for this
    ├── Held                 a legal hold or a retention rule forbids to erase this; names its end
    ├── SignInRefused        wrong, revoked, expired or out of scope; never says which
    └── Tampered             a seal does not open: altered, moved or cut data; serve nothing from it
        └── LogDamaged           transactions in the database's log cannot be read; `repair` gives them up

Storage emits no prose for people: `str(error)` is for logs and for the doors to build an answer from.
"""


class StorageError(Exception):
    """Base of everything that `storage` raises on purpose."""


class Busy(StorageError):
    """Not now; the same call may succeed later."""


class DataFolderLocked(Busy):
    """Another process holds the data folder (`flock` on `DATA/lock`)."""


class WriterUnavailable(Busy):
    """The write was rolled back: database locked, disk full or read-only."""


class NotFound(StorageError):
    """No such account, device, mailbox or document."""


class Conflict(StorageError):
    """The name or address is taken."""


class Invalid(StorageError):
    """A value that storage does not take; the text names the field and what is allowed."""


class OverQuota(StorageError):
    """The account has no room for this."""


class Held(StorageError):
    """A hold forbids to erase this. `basis` is the reason given, `ends_at` its end in epoch seconds."""

    def __init__(self, basis: str, ends_at: int) -> None:
        super().__init__(basis)
        self.basis = basis
        self.ends_at = ends_at


class SignInRefused(StorageError):
    """Wrong, revoked, expired or out of scope; callers must not tell which."""


class Tampered(StorageError):
    """A seal does not open: the data was altered, moved or cut. Nothing of it may be served."""


class LogDamaged(Tampered):
    """Committed transactions in the database's log cannot be read any more; `storage.repair` can give them up."""
