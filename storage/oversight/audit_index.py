"""Whom an event of the audit log concerns: an index that overviews are read from, derived from the events alone.

    audit_involved   the accounts that did it or that it was done to
    audit_domain     the one domain it belongs to: of the account or the domain it was done to; else of who did it

Events of documents, which come by the hundred a second, concern nobody's overview. Everything here can be derived
again from the events, so that a missing, added or altered row shows; accounts never change their domain, and keep
their row when they are erased.
"""

from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements

# ruff: noqa: S608 - every part of these statements stands in this file

UNINDEXED = "document."
"""Kinds that begin so concern nobody's overview."""
_BY = "CASE WHEN substr(actor, 1, 8) = 'account:' THEN CAST(substr(actor, 9) AS INTEGER) END"
_ON = "CASE WHEN substr(subject, 1, 8) = 'account:' THEN CAST(substr(subject, 9) AS INTEGER) END"
_IN = (
    "CASE WHEN substr(subject, 1, 7) = 'domain:' THEN CAST(substr(subject, 8) AS INTEGER)"
    f" WHEN substr(subject, 1, 8) = 'account:' THEN (SELECT domain_id FROM account WHERE id = {_ON})"
    f" ELSE (SELECT domain_id FROM account WHERE id = {_BY}) END"
)
_CONCERNED = (
    f"SELECT position, {_BY} AS by_account, {_ON} AS on_account, {_IN} AS in_domain FROM audit_event"
    " WHERE position BETWEEN ? AND ? AND substr(kind, 1, 9) <> 'document.'"
)
_NO_ACCOUNT = "NOT EXISTS (SELECT 1 FROM audit_involved i WHERE i.account_id = {0} AND i.position = c.position)"
_NO_DOMAIN = "NOT EXISTS (SELECT 1 FROM audit_domain d WHERE d.domain_id = in_domain AND d.position = c.position)"
_CHECK = (
    "SELECT count(by_account) + count(CASE WHEN on_account IS DISTINCT FROM by_account THEN on_account END),"
    " count(in_domain), min(CASE"
    f" WHEN by_account IS NOT NULL AND {_NO_ACCOUNT.format('by_account')} THEN position"
    f" WHEN on_account IS NOT NULL AND {_NO_ACCOUNT.format('on_account')} THEN position"
    f" WHEN in_domain IS NOT NULL AND {_NO_DOMAIN} THEN position END)"
    f" FROM ({_CONCERNED}) c"
)
_EXCESS_ACCOUNT = (
    "SELECT min(i.position) FROM audit_involved i WHERE NOT EXISTS (SELECT 1 FROM audit_event e WHERE"
    " e.position = i.position AND substr(e.kind, 1, 9) <> 'document.'"
    " AND 'account:' || i.account_id IN (e.actor, e.subject))"
)
_EXCESS_DOMAIN = (
    "SELECT min(d.position) FROM audit_domain d WHERE NOT EXISTS (SELECT 1 FROM audit_event WHERE"
    f" position = d.position AND substr(kind, 1, 9) <> 'document.' AND d.domain_id = {_IN})"
)

_REBUILD = (
    "DELETE FROM audit_involved",
    "DELETE FROM audit_domain",
    f"INSERT INTO audit_involved SELECT by_account, position FROM ({_CONCERNED}) c WHERE by_account IS NOT NULL",
    f"INSERT INTO audit_involved SELECT on_account, position FROM ({_CONCERNED}) c"
    " WHERE on_account IS NOT NULL AND on_account IS DISTINCT FROM by_account",
    f"INSERT INTO audit_domain SELECT in_domain, position FROM ({_CONCERNED}) c WHERE in_domain IS NOT NULL",
)
_EVERYWHERE = (-(2**63), 2**63 - 1)


def rebuild(session: Session) -> None:
    """Derive the whole index again from the events, whatever stood in it: seconds for a million of them."""
    for statement in _REBUILD:
        statements.run(session, statement, _EVERYWHERE if "?" in statement else ())


def note(session: Session, position: int, actor: str, subject: str) -> None:
    """Index a new event."""
    parties = dict.fromkeys((subject, actor))
    accounts = [int(party[8:]) for party in parties if party.startswith("account:")]
    for account_id in accounts:
        statements.run(
            session, "INSERT INTO audit_involved (account_id, position) VALUES (?, ?)", (account_id, position)
        )
    if subject.startswith("domain:"):
        statements.run(
            session, "INSERT INTO audit_domain (domain_id, position) VALUES (?, ?)", (int(subject[7:]), position)
        )
    elif accounts:
        statements.run(
            session,
            "INSERT INTO audit_domain (domain_id, position) SELECT domain_id, ? FROM account WHERE id = ?",
            (position, accounts[0]),
        )


@dataclass(slots=True)
class IndexCheck:
    """Compares the index with the events, a run of positions at a time, while these are still in the page cache."""

    session: Session
    first_bad: int | None = None
    _involved: int = 0
    _domains: int = 0

    def look(self, first: int, last: int) -> None:
        """The events from position `first` to `last`: every row that they ask for must be there."""
        found = statements.row(self.session, _CHECK, (first, last))
        assert found is not None
        self._involved += found[0]
        self._domains += found[1]
        self._bad(found[2])

    def finish(self) -> int | None:
        """The first position that the index has wrong, after all events were looked at: rows in excess too."""
        for table, expected, excess in (
            ("audit_involved", self._involved, _EXCESS_ACCOUNT),
            ("audit_domain", self._domains, _EXCESS_DOMAIN),
        ):
            if statements.row(self.session, f"SELECT count(*) FROM {table}") != (expected,):
                self._bad((statements.row(self.session, excess) or (None,))[0])
        return self.first_bad

    def _bad(self, position: int | None) -> None:
        if position is not None and (self.first_bad is None or position < self.first_bad):
            self.first_bad = position
