"""Everything that storage can refuse, in one tree.

    StorageError
    ├── Busy                 the data folder or the writer is not available now; try again
    │   ├── DataFolderLocked     another process holds the data folder
    │   └── WriterUnavailable    database locked, disk full, read-only: nothing of this call was kept
    ├── NotFound             no such account, device, mailbox, document
    ├── Conflict             the name or address is taken
    ├── Invalid              a value that storage does not take; the text names it
    ├── OverQuota            the account has no room for this
    ├── WrongSender          the address takes mail from one sender, and this is another
    ├── ApprovalNeeded       two people are needed for this, and the second has not agreed
    ├── Held                 a legal hold or a retention rule forbids to erase this; names its end
    ├── SignInRefused        wrong, revoked, expired or out of scope; never says which
    ├── BackupRefused        a backup cannot be made there, or not be used; `reason` says why
    └── Tampered             a seal does not open: altered, moved or cut data; serve nothing from it
        └── LogDamaged           transactions in the database's log cannot be read; `repair` gives them up

Storage emits no prose for people: `str(error)` is for logs and for the doors to build an answer from.
"""

from enum import StrEnum


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


class WrongSender(StorageError):
    """The address takes mail from one sender, and this is another."""


class ApprovalNeeded(StorageError):
    """Two people are needed for this, and the second has not agreed, or no longer."""


class Held(StorageError):
    """A hold forbids to erase this. `basis` is the reason given, `ends_at` its end in epoch seconds."""

    def __init__(self, basis: str, ends_at: int) -> None:
        super().__init__(basis)
        self.basis = basis
        self.ends_at = ends_at


class SignInRefused(StorageError):
    """Wrong, revoked, expired or out of scope; callers must not tell which."""


class BackupReason(StrEnum):
    """Why a backup cannot be made or used."""

    NOT_A_FOLDER = "not-a-folder"
    """A destination that is relative, a file, or cannot be made."""
    FOREIGN = "foreign"
    """The destination holds other things, or backups of another bridge or of the other kind."""
    INSIDE = "inside"
    """Data folder, backups and keyring backups must not lie one in another."""
    RUNNING = "running"
    STOPPED = "stopped"
    """The bridge ends."""
    FULL = "full"
    UNWRITABLE = "unwritable"
    NO_BACKUP = "no-backup"
    INCOMPLETE = "incomplete"
    NEWER = "newer"
    """Made by a newer version of Postex."""
    WRONG_KIT = "wrong-kit"
    ALTERED = "altered"
    WRONG_KEYRING = "wrong-keyring"
    OLDER_KEYRING = "older-keyring"
    NOT_EMPTY = "not-empty"
    WRONG_HEAD = "wrong-head"
    OTHER_MASTER_KEY = "other-master-key"


class BackupRefused(StorageError):
    """`what` names the file or folder, for the words of the caller."""

    def __init__(self, reason: BackupReason, what: str) -> None:
        super().__init__(f"{reason}: {what}")
        self.reason = reason
        self.what = what


class Tampered(StorageError):
    """A seal does not open: the data was altered, moved or cut. Nothing of it may be served."""


class LogDamaged(Tampered):
    """Committed transactions in the database's log cannot be read any more; `engine.repair` can give them up."""
