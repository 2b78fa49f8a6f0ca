"""Who a document goes to by e-mail, as things are when it goes."""

from dataclasses import dataclass, field

from sqlmodel import Session

from storage.deliveries import deliveries
from storage.people import accounts, particulars


@dataclass(frozen=True, slots=True)
class Parcel:
    """`domain`: the recipient's here, whose mail comes to this bridge."""

    delivery_id: int
    domain: str
    address: str | None = field(repr=False)
    """Verified (S11); None: there is none any more."""


def of_delivery(session: Session, delivery_id: int) -> Parcel:
    """NotFound."""
    delivery = deliveries.get(session, delivery_id)
    person = particulars.of_account(session, delivery.account_id)
    verified = person.contact_email_verified_at is not None
    domain = accounts.by_id(session, delivery.account_id).email.rpartition("@")[2]
    return Parcel(delivery_id, domain, person.contact_email if verified else None)
