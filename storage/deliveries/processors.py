"""Third parties that carry documents and notices, and what their contracts let them have (S68).

Contract. A processor stands here under the name that the settings call it by, with its kind, its country, the date of
its contract and the fields that may be handed over to it. Who is not in the register gets nothing; `bridge.channels.
handover` holds the carriers to that. Every change is an audit event.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Invalid, NotFound
from storage.oversight import audit

MAX_NAME = 100
_COLUMNS = "name, kind, country, contract_date, allowed_fields, changed_at"


class ProcessorKind(StrEnum):
    """What somebody carries."""

    RELAY = "relay"
    """E-mail."""
    PRINTER = "printer"
    MESSENGER = "messenger"
    """Notices by another road than e-mail."""
    BACKUP = "backup"
    """Keeps sealed backups."""
    MAILBOX = "mailbox"
    """The account that a recipient has elsewhere: nobody's processor, so never in the register."""


class Field(StrEnum):
    """What may be handed over."""

    ADDRESS = "address"
    """E-mail address or account name of the recipient."""
    NAME = "name"
    POSTAL_ADDRESS = "postal-address"
    SENDER = "sender"
    """The domain of the sender."""
    TYPE = "type"
    """Letter, invoice, …"""
    REFERENCE = "reference"
    """Our own number of a message or a print job, which says nothing."""
    TITLE = "title"
    """Subject or file name."""
    DOCUMENT = "document"
    """Any byte of it."""
    SEALED = "sealed"
    """Documents that the third party cannot read."""


CONTENT = frozenset({Field.DOCUMENT, Field.TITLE})
"""What never leaves Europe (S38, S39)."""
NOTICE = frozenset({Field.ADDRESS, Field.SENDER, Field.TYPE, Field.REFERENCE})
"""What a content-free notice consists of."""
LARGEST = {
    ProcessorKind.RELAY: NOTICE | CONTENT | {Field.NAME},
    ProcessorKind.PRINTER: CONTENT | {Field.NAME, Field.POSTAL_ADDRESS, Field.SENDER, Field.TYPE, Field.REFERENCE},
    ProcessorKind.MESSENGER: NOTICE,
    ProcessorKind.BACKUP: frozenset({Field.SEALED}),
    ProcessorKind.MAILBOX: CONTENT | {Field.ADDRESS, Field.SENDER, Field.TYPE, Field.REFERENCE},
}
"""The most that a contract with each kind can allow: no carrier hands over anything else."""


@dataclass(frozen=True, slots=True)
class Processor:
    name: str
    kind: ProcessorKind
    country: str
    """ISO 3166-1 alpha-2."""
    contract_date: str | None
    """YYYY-MM-DD; None: not known."""
    allowed: frozenset[Field]
    changed_at: int


def put(session: Session, processor: Processor, *, actor: str = "system") -> Processor:
    """Add, or replace the one of that name. Invalid."""
    _check(processor)
    fields = " ".join(sorted(processor.allowed))
    statements.run(
        session,
        f"INSERT INTO processor ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"  # noqa: S608
        " kind = excluded.kind, country = excluded.country, contract_date = excluded.contract_date,"
        " allowed_fields = excluded.allowed_fields, changed_at = excluded.changed_at",
        (
            processor.name,
            processor.kind,
            processor.country,
            processor.contract_date,
            fields,
            processor.changed_at,
        ),
    )
    detail = {"kind": processor.kind, "country": processor.country, "fields": fields}
    audit.append(session, "processor.set", actor, f"processor:{processor.name}", detail, processor.changed_at)
    return processor


def remove(session: Session, name: str, now: int, *, actor: str = "system") -> Processor:
    """It gets nothing from now on. NotFound."""
    found = get(session, name)
    statements.run(session, "DELETE FROM processor WHERE name = ?", (name,))
    audit.append(session, "processor.removed", actor, f"processor:{name}", {"kind": found.kind}, now)
    return found


def get(session: Session, name: str) -> Processor:
    """NotFound."""
    found = statements.row(session, f"SELECT {_COLUMNS} FROM processor WHERE name = ?", (name,))  # noqa: S608
    if found is None:
        raise NotFound("processor")
    return _processor(found)


def listing(session: Session) -> list[Processor]:
    """All, by name."""
    return [
        _processor(row)
        for row in statements.rows(session, f"SELECT {_COLUMNS} FROM processor ORDER BY name")  # noqa: S608
    ]


def _check(processor: Processor) -> None:
    name = processor.name
    if not name or len(name) > MAX_NAME or name != name.strip() or not name.isprintable():
        raise Invalid(f"name: 1 to {MAX_NAME} characters on one line")
    if len(processor.country) != 2 or not processor.country.isascii() or not processor.country.isupper():
        raise Invalid("country: two letters of ISO 3166-1")
    if processor.kind is ProcessorKind.MAILBOX:
        raise Invalid("kind: relay, printer, messenger or backup")
    more = processor.allowed - LARGEST[processor.kind]
    if more:
        raise Invalid(f"fields: no {processor.kind} is given {', '.join(sorted(more))}")


def _processor(row: statements.Row) -> Processor:
    name, kind, country, contract_date, fields, changed_at = row
    allowed = frozenset(map(Field, fields.split()))
    return Processor(name, ProcessorKind(kind), country, contract_date, allowed, changed_at)
