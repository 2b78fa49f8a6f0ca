"""Tagged answers (RFC 3501 section 7.1, codes of RFC 5530) and how refusals of storage become one.

    Refused               raised by a handler: NO with code and public text
    └── Wrong                 the command itself is wrong: BAD

Every text is fixed English without anything of a document, an address or a secret in it; details go to the log.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.imap.protocol import responses
from bridge.imap.protocol.errors import Status
from storage import errors


@dataclass(frozen=True, slots=True)
class Answer:
    """What follows the tag."""

    text: str
    status: Status = Status.OK
    code: str | None = None

    def line(self, tag: str) -> bytes:
        return responses.condition(tag, self.status, self.text, self.code)


class Refused(Exception):
    """A command that is not carried out; nothing of it was done unless the text says so."""

    status = Status.NO

    def __init__(self, text: str, code: str | None = None) -> None:
        super().__init__(text)
        self.answer = Answer(text, self.status, code)


class Wrong(Refused):
    """A command that makes no sense as it stands, or not now."""

    status = Status.BAD


_OF_STORAGE: tuple[tuple[type[errors.StorageError], Answer], ...] = (
    (errors.NotFound, Answer("No such mailbox", Status.NO, "NONEXISTENT")),
    (errors.Conflict, Answer("A mailbox of that name exists", Status.NO, "ALREADYEXISTS")),
    (errors.Invalid, Answer("Not a name that can be used", Status.NO, "CANNOT")),
    (errors.OverQuota, Answer("No room left in this account", Status.NO, "OVERQUOTA")),
    (errors.Held, Answer("A legal hold keeps what would go; ask your administrator", Status.NO, "CANNOT")),
    (errors.Tampered, Answer("Stored data is damaged and is not served", Status.NO, "CORRUPTION")),
    (errors.SignInRefused, Answer("User name or device password is wrong", Status.NO, "AUTHENTICATIONFAILED")),
    (errors.Busy, Answer("Not possible now, try again", Status.NO, "UNAVAILABLE")),
)
FAULT = Answer("Internal error, logged", Status.NO, "SERVERBUG")


def of_hold(held: errors.Held) -> Answer:
    """Some of what was to go stays, until the day named."""
    day = datetime.fromtimestamp(held.ends_at, UTC).date().isoformat()
    text = f"A legal hold keeps some messages until {day}, the others are gone; ask your administrator"
    return Answer(text, Status.NO, "CANNOT")


def of_storage(error: errors.StorageError) -> Answer:
    """The answer for an error that the handler had no better one for."""
    return next((answer for kind, answer in _OF_STORAGE if isinstance(error, kind)), FAULT)
