"""What a job of kind NOTICE is to say: its payload, JSON, sealed to the outbox as every payload is.

    arrivals    documents came that the account was not told of yet, in one mode of notice
    reminder    one document still lies unopened, for the ladder; also what a job without a payload says
    code        a code that proves a contact address (S11)
    proven      that address now counts
    change, undone
                something that identifies the account was changed, or is as it was, told to one address (S48)

The last four name the address that they go to; the others go wherever the recipient is told at that time.
"""

import json
from dataclasses import asdict, dataclass
from dataclasses import field as column
from enum import StrEnum

from storage.deliveries.terms import Notify, Quiet
from storage.errors import Invalid


class About(StrEnum):
    ARRIVALS = "arrivals"
    REMINDER = "reminder"
    CODE = "code"
    PROVEN = "proven"
    CHANGE = "change"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Order:
    about: About
    mode: Notify = Notify.AT_ONCE
    quiet: str | None = None
    """As `Quiet` writes it."""
    address: str | None = column(default=None, repr=False)
    code: str | None = column(default=None, repr=False)
    field: str | None = None
    """Which detail of the account was changed: a value of `identity_changes.Field`."""
    until: int | None = None
    """End of the time in which a code counts or a change can be undone."""

    def hours(self) -> Quiet | None:
        return None if self.quiet is None else Quiet.parse(self.quiet)

    def __bytes__(self) -> bytes:
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None}).encode()


def arrivals(mode: Notify, quiet: Quiet | None) -> bytes:
    return bytes(Order(About.ARRIVALS, mode, _text(quiet)))


def reminder(quiet: Quiet | None = None) -> bytes:
    """Of the delivery that the job is of."""
    return bytes(Order(About.REMINDER, quiet=_text(quiet)))


def code(address: str, digits: str, until: int) -> bytes:
    return bytes(Order(About.CODE, address=address, code=digits, until=until))


def proven(address: str) -> bytes:
    return bytes(Order(About.PROVEN, address=address))


def change(address: str, changed: str, until: int) -> bytes:
    return bytes(Order(About.CHANGE, address=address, field=changed, until=until))


def undone(address: str, changed: str) -> bytes:
    return bytes(Order(About.UNDONE, address=address, field=changed))


def parse(payload: bytes | None) -> Order:
    """Invalid: no order of ours."""
    if payload is None:
        return Order(About.REMINDER)
    try:
        values = json.loads(payload)
        return Order(**{**values, "about": About(values["about"]), "mode": Notify(values["mode"])})
    except (ValueError, KeyError, TypeError):
        raise Invalid("order: of a notice") from None


def _text(quiet: Quiet | None) -> str | None:
    return None if quiet is None else str(quiet)
