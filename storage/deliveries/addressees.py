"""What stands on the envelope and the cover page of a delivery, as things are when it is printed."""

from dataclasses import dataclass, field

from sqlmodel import Session

from storage.deliveries.terms import DocumentType
from storage.engine import statements
from storage.errors import NotFound
from storage.people.postal import PostalAddress


@dataclass(frozen=True, slots=True)
class Addressee:
    public_id: str
    """Of the delivery."""
    document: str
    document_type: DocumentType
    decided_at: int
    locale: str
    name: str = field(repr=False)
    """Legal name, or else the one shown."""
    address: PostalAddress | None = field(repr=False)
    returned: bool
    """Paper came back from there."""
    sender: str = field(repr=False)
    """A name, or an address; "" for nobody."""


def of_delivery(session: Session, delivery_id: int) -> Addressee:
    """NotFound."""
    found = statements.row(
        session,
        "SELECT delivery.public_id, document_public_id, document_type, decided_at, language,"
        " coalesce(reader.legal_name, reader.name), reader.postal_address, reader.postal_returned_at IS NOT NULL,"
        " coalesce(sender.legal_name, sender.name, correspondent.address, '')"
        " FROM delivery JOIN account AS reader ON reader.id = delivery.account_id"
        " LEFT JOIN correspondent ON correspondent.id = correspondent_id"
        " LEFT JOIN account AS sender ON sender.id = correspondent.account_id WHERE delivery.id = ?",
        (delivery_id,),
    )
    if found is None:
        raise NotFound("delivery")
    public_id, document, kind, decided_at, locale, name, address, returned, sender = found
    parsed = None if address is None else PostalAddress.parse(address)
    return Addressee(
        public_id, document, DocumentType(kind), decided_at, locale, name, parsed, bool(returned), sender
    )
