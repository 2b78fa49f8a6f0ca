"""One's own mailbox elsewhere. Times: epoch seconds UTC."""

from typing import Annotated

from pydantic import Field

from bridge.api.schemas import Schema

_LINE = r"^[^\x00-\x1f\x7f]*$"


class ExternalMailboxIn(Schema):
    host: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.-]+$")]
    """Of its IMAP server, as its certificate has it."""
    port: Annotated[int, Field(ge=1, le=65535)] = 993
    """IMAP over TLS."""
    username: Annotated[str, Field(min_length=1, max_length=255, pattern=_LINE, repr=False)]
    password: Annotated[str, Field(min_length=1, max_length=500, pattern=_LINE, repr=False)]
    """Best an app password made for this. Kept sealed; shown to nobody again."""
    folder: Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE)] = "INBOX"
    country: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")]
    """Where the provider keeps mail: ISO 3166-1, two letters."""


class ExternalMailboxOut(Schema):
    host: str
    port: int
    username: str
    folder: str
    country: str
    usable: bool
    """False: a sign-in failed since, and documents stay here until it is set again."""
    verified_at: int | None
    changed_at: int
