"""A dry run: how a batch would be routed, before anything is sent (D4). Nothing is stored.

Contract. Each row is decided by the very functions that a hand-in goes through: recipients as RCPT resolves them,
`planning.gather`, `planning.document_of`, `decide`. Rows that cannot be routed are named one by one, by their line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bridge.i18n import N_
from bridge.mail.facts import HeaderFacts
from bridge.routing import decision as decisions
from bridge.routing import planning, recipients
from bridge.routing.decision import Decision, Document, Places
from bridge.routing.planning import Gathered
from bridge.routing.recipients import Refusal
from storage.choices import correspondents
from storage.choices.correspondents import Key
from storage.deliveries import sent
from storage.engine import statements
from storage.errors import Invalid
from storage.people.addresses import normal
from storage.records import Recipient

NO_RECIPIENT = N_("There is no such recipient, or it is not yours to see.")
NOT_AN_ADDRESS = N_("{value} is no address.")
NOT_YOURS = N_("You do not write as {value}.")
NO_SENDER = N_("Name the sender: its address.")
FULL = N_("The recipient's mailbox is full.")
WRONG_SENDER = N_("That address is for one sender alone, and this is another.")
_WORDS = {Refusal.FULL: FULL, Refusal.WRONG_SENDER: WRONG_SENDER}


@dataclass(frozen=True, slots=True)
class Row:
    """One document for one recipient, as it was written down."""

    line: int
    recipient: str
    sender: str
    """Empty: who asks."""
    type: str | None
    sensitivity: str | None


@dataclass(frozen=True, slots=True)
class Routed:
    line: int
    recipient: str
    account_id: int
    sender: str
    document: Document
    decision: Decision


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    message: str
    """Marked with N_; its placeholder is {value}."""
    value: str


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants to know, and what of it is theirs."""

    account_id: int | None
    as_sender: bool
    """For itself alone, and for those it has sent documents to (S59)."""
    reaches: Callable[[int], bool]
    """Of a domain."""


class _Unroutable(Exception):
    def __init__(self, message: str, value: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.value = value


def run(session: Session, rows: Sequence[Row], asker: Asker, places: Places) -> tuple[list[Routed], list[BadRow]]:
    """In the order of `rows`."""
    return _Run(session, asker, places).all(rows)


@dataclass(frozen=True, slots=True)
class _Found:
    """A row whose sender and recipient there are."""

    row: Row
    key: Key
    reader: Recipient


class _Run:
    """What rows have in common is looked up once."""

    def __init__(self, session: Session, asker: Asker, places: Places) -> None:
        self._session = session
        self._asker = asker
        self._places = places
        self._keys: dict[str, Key] = {}
        self._own: frozenset[int] | None = None

    def all(self, rows: Sequence[Row]) -> tuple[list[Routed], list[BadRow]]:
        found, bad = [], []
        for row in rows:
            try:
                found.append(self._find(row))
            except _Unroutable as error:
                bad.append(BadRow(row.line, error.message, error.value))
        readers: dict[Key, set[int]] = {}
        for each in found:
            readers.setdefault(each.key, set()).add(each.reader.account_id)
        gathered = {
            key: planning.gather(self._session, sorted(numbers), key, isinstance(key, int))
            for key, numbers in readers.items()
        }
        return [self._routed(each, gathered[each.key]) for each in found], bad

    def _find(self, row: Row) -> _Found:
        sender = row.sender.strip().lower()
        key = self._key(sender)
        return _Found(row, key, self._recipient(row.recipient.strip().lower(), key, sender))

    def _routed(self, found: _Found, gathered: Gathered) -> Routed:
        row, account_id = found.row, found.reader.account_id
        facts = HeaderFacts(document_type=row.type or None, sensitivity=(row.sensitivity or "").lower() or None)
        document, applying = planning.document_of(facts, gathered.default_type), gathered.applying[account_id]
        decision = decisions.decide(applying.reader, applying.preferences, gathered.sender, document, self._places)
        return Routed(row.line, row.recipient, account_id, row.sender, document, decision)

    def _key(self, sender: str) -> Key:
        if sender not in self._keys:
            self._keys[sender] = self._sender(sender)
        return self._keys[sender]

    def _sender(self, sender: str) -> Key:
        """The account that writes as an address, else the address itself: nobody vouches for that."""
        if not sender:
            if self._asker.as_sender and self._asker.account_id is not None:
                return self._asker.account_id
            raise _Unroutable(NO_SENDER)
        sql = (
            "SELECT account_id FROM address WHERE address = ? UNION ALL"
            " SELECT account_id FROM sender_identity WHERE address = ? ORDER BY 1"
        )
        owners = [number for (number,) in statements.rows(self._session, sql, (_address(sender), sender))]
        if self._asker.as_sender:
            if self._asker.account_id is None or self._asker.account_id not in owners:
                raise _Unroutable(NOT_YOURS, sender)
            return self._asker.account_id
        return owners[0] if owners else sender

    def _recipient(self, address: str, key: Key, sender: str) -> Recipient:
        senders = frozenset({sender} if sender else ())
        found = recipients.resolve(self._session, _address(address), 0, senders)
        if isinstance(found, Refusal):
            # Why not is told only of whom the asker reaches; of anybody else not even that there is one.
            raise _Unroutable(_WORDS.get(found, NO_RECIPIENT) if self._answers_for(address) else NO_RECIPIENT)
        if not self._is_visible(found, key):
            raise _Unroutable(NO_RECIPIENT)
        return found

    def _answers_for(self, address: str) -> bool:
        """Whether the asker looks after the domain of an address."""
        sql, name = "SELECT id FROM domain WHERE name = ?", address.rpartition("@")[2]
        found = None if self._asker.as_sender else statements.row(self._session, sql, (name,))
        return found is not None and self._asker.reaches(found[0])

    def _is_visible(self, reader: Recipient, key: Key) -> bool:
        if not self._asker.as_sender:
            return self._reaches(reader.account_id)
        if self._own is None:
            self._own = self._own_recipients(key)
        return reader.account_id in self._own

    def _reaches(self, account_id: int) -> bool:
        found = statements.row(self._session, "SELECT domain_id FROM account WHERE id = ?", (account_id,))
        return found is not None and self._asker.reaches(found[0])

    def _own_recipients(self, key: Key) -> frozenset[int]:
        number = correspondents.find(self._session, key)
        return sent.are_recipients(self._session, number or 0)


def _address(value: str) -> str:
    try:
        return normal(value)
    except Invalid:
        raise _Unroutable(NOT_AN_ADDRESS, value) from None
