"""What a change of a domain's preferences would do, before it is made (D4): counted, and nothing is stored.

Contract. Every recipient of the domain is decided for twice by `decide`, with the preferences as they are and as they
would be; what differs is counted by field. Whose own choice decides a field that the change names keeps it, and is
counted as such. Who cannot have what the change names is counted by the reason. A domain is gone through in parts, so
that no reader of the database is kept for long; recipients who are alike are decided for once.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from bridge.routing import conflicts
from bridge.routing import decision as decisions
from bridge.routing.conflicts import Conflict
from bridge.routing.decision import Code, Decision, Document, Level, Places
from bridge.routing.effects import Asked
from storage.choices import changes, preferences
from storage.choices.history import Row
from storage.choices.preferences import Applying
from storage.deliveries.terms import Choice, DocumentType, Preference
from storage.engine import statements
from storage.oversight.document_statistics import K

PART = 2000
"""Recipients that one read goes through."""
FIELDS = ("channel", "notify", "quiet", "ladder", "retention_days")
_OWN = frozenset({Level.SENDER_TYPE, Level.SENDER, Level.RECIPIENT})


@dataclass(frozen=True, slots=True)
class Plan:
    """A change of a domain that was not made. `conflicts`: why it would be refused."""

    domain_id: int
    row: Row
    before: tuple[Preference, ...]
    after: tuple[Preference, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """Those that the change touches; what is mandatory touches the channel."""
        old, new = self.row.old, self.row.new
        touched = {name for name in FIELDS if getattr(old.choice, name) != getattr(new.choice, name)}
        return tuple(
            name for name in FIELDS if name in touched or (name == "channel" and old.mandatory != new.mandatory)
        )


@dataclass(slots=True)
class Counted:
    """Recipients, by what would become of their documents."""

    recipients: int = 0
    changed: int = 0
    keep: int = 0
    """Whose own choice decides a field of the change."""
    moves: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(field, from, to)."""
    hindered: Counter[Code] = field(default_factory=Counter)
    """Who would not have what the change names, and why."""


def plan(
    session: Session,
    domain_id: int,
    document_type: DocumentType | None,
    edit: Choice,
    mandatory: bool | None,
    clear: frozenset[str],
    places: Places,
) -> Plan:
    before = preferences.of_domain(session, domain_id)
    row = changes.edited_of_domain(before, domain_id, document_type, edit, mandatory, clear)
    rest = [each for each in before if preferences.level_of(each) != preferences.level_of(row.new)]
    after = (*rest, row.new)
    return Plan(domain_id, row, before, after, tuple(conflicts.of([row], None, after, places)))


class Preview:
    """Goes through a domain; `counted` grows with each part. `first`: the first recipients, `K` at most."""

    def __init__(self, planned: Plan, asked: Asked, places: Places) -> None:
        self.counted = Counted()
        self.first: list[int] = []
        self._plan, self._asked, self._places = planned, asked, places
        self._fields = frozenset(planned.fields)
        self._known: dict[object, _Outcome] = {}

    def part(self, session: Session, beyond: int) -> int | None:
        """Count those with numbers above `beyond`; the last one's number, None if there are no more."""
        found = statements.rows(
            session,
            "SELECT id FROM account WHERE domain_id = ? AND id > ? AND role = 'recipient'"
            " AND state NOT IN ('closed', 'erased') ORDER BY id LIMIT ?",
            (self._plan.domain_id, beyond, PART),
        )
        numbers = [row[0] for row in found]
        self.first += numbers[: K - len(self.first)]
        for each in preferences.applying(session, numbers, self._asked.sender.correspondent_id).values():
            self._count(self._outcome(each))
        return numbers[-1] if len(numbers) == PART else None

    def _outcome(self, applying: Applying) -> "_Outcome":
        own = tuple(each for each in applying.preferences if each.account_id is not None)
        if own:
            return self._compared(applying, own)
        alike = replace(applying.reader, account_id=0)
        if alike not in self._known:
            self._known[alike] = self._compared(applying, own)
        return self._known[alike]

    def _compared(self, applying: Applying, own: Sequence[Preference]) -> "_Outcome":
        document = Document(self._asked.type)
        before, after = (
            decisions.decide(applying.reader, [*own, *of_domain], self._asked.sender, document, self._places)
            for of_domain in (self._plan.before, self._plan.after)
        )
        return _Outcome(
            tuple(
                (name, _text(before, name), _text(after, name))
                for name in FIELDS
                if getattr(before, name) != getattr(after, name)
            ),
            any(
                each.level in _OWN and each.code is Code.CHOSEN and each.field in self._fields
                for each in after.reasons
            ),
            _hindrances(after) - _hindrances(before),
        )

    def _count(self, outcome: "_Outcome") -> None:
        counted = self.counted
        counted.recipients += 1
        counted.changed += bool(outcome.moves)
        counted.keep += outcome.keeps
        for move in outcome.moves:
            counted.moves[move] += 1
        for code in outcome.hindered:
            counted.hindered[code] += 1


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What would become of one recipient's documents."""

    moves: tuple[tuple[str, str, str], ...]
    keeps: bool
    hindered: frozenset[Code]


def _hindrances(decision: Decision) -> frozenset[Code]:
    return frozenset(each.code for each in decision.reasons if each.code is not Code.CHOSEN)


def _text(decision: Decision, name: str) -> str:
    value = getattr(decision, name)
    return "" if value is None else str(value)
