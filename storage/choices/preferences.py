"""Preferences as rows: what applies to a hand-in, and putting one in its place.

A level has one row; `put` with an empty choice takes it away. What wins is decided in `bridge.routing.decision`,
never here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from storage.choices import consents
from storage.deliveries.terms import (
    Channel,
    Choice,
    DocumentType,
    Ladder,
    Notify,
    Preference,
    Quiet,
    ReaderFacts,
)
from storage.engine import statements
from storage.records import AccountState

_COLUMNS = (
    "channel, mailbox_id, notify, quiet, ladder, retention_days, receipts, language,"
    " account_id, domain_id, correspondent_id, document_type, mandatory, changed_at"
)


@dataclass(frozen=True, slots=True)
class Applying:
    """All that a decision for one reader can depend on."""

    reader: ReaderFacts
    preferences: tuple[Preference, ...]
    """Of any document type, in no order."""


def applying(session: Session, account_ids: Sequence[int], correspondent_id: int | None) -> dict[int, Applying]:
    """By account. `correspondent_id`: None for a sender whom nobody can have chosen anything for."""
    found = _found(session, account_ids)
    own: dict[int, list[Preference]] = {}
    for marks, part in statements.chunks([each.reader.account_id for each in found if each.chooses]):
        sql = (
            f"SELECT {_COLUMNS} FROM preference WHERE account_id IN ({marks})"  # noqa: S608 - question marks
            " AND (correspondent_id IS NULL OR correspondent_id = ?)"
        )
        for preference in _preferences(statements.rows(session, sql, (*part, correspondent_id or 0))):
            own.setdefault(preference.account_id or 0, []).append(preference)
    domains = {each.reader.domain_id for each in found if each.domain_chooses}
    of_domains = {domain: of_domain(session, domain) for domain in domains}
    return {
        reader.account_id: Applying(reader, (*own.get(reader.account_id, ()), *of_domains.get(reader.domain_id, ())))
        for reader in (each.reader for each in found)
    }


def of_domain(session: Session, domain_id: int) -> tuple[Preference, ...]:
    """The domain's own row, and those of types."""
    found = statements.rows(session, f"SELECT {_COLUMNS} FROM preference WHERE domain_id = ?", (domain_id,))  # noqa: S608
    return tuple(_preferences(found))


def of_account(session: Session, account_id: int) -> tuple[Preference, ...]:
    """All that a recipient has chosen."""
    found = statements.rows(session, f"SELECT {_COLUMNS} FROM preference WHERE account_id = ?", (account_id,))  # noqa: S608
    return tuple(_preferences(found))


def put(session: Session, preference: Preference, now: int) -> None:
    """In the place of what stood at its level. History and checks are the caller's: see `choices.changes`."""
    level = level_of(preference)
    if preference.choice.is_empty() and not preference.mandatory:
        statements.run(session, "DELETE FROM preference WHERE level = ?", (level,))
        return
    choice = preference.choice
    statements.run(
        session,
        f"INSERT INTO preference (level, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        " ON CONFLICT (level) DO UPDATE SET channel = excluded.channel, mailbox_id = excluded.mailbox_id,"
        " notify = excluded.notify, quiet = excluded.quiet, ladder = excluded.ladder,"
        " retention_days = excluded.retention_days, receipts = excluded.receipts, language = excluded.language,"
        " mandatory = excluded.mandatory, changed_at = excluded.changed_at",
        (
            level,
            choice.channel,
            choice.mailbox_id,
            choice.notify,
            None if choice.quiet is None else str(choice.quiet),
            None if choice.ladder is None else str(choice.ladder),
            choice.retention_days,
            choice.receipts,
            choice.language,
            preference.account_id,
            preference.domain_id,
            preference.correspondent_id,
            preference.document_type,
            preference.mandatory,
            now,
        ),
    )


def level_of(preference: Preference) -> str:
    """The unique name of a level: `account/correspondent/type/domain`, empty where there is none."""
    parts = (preference.account_id, preference.correspondent_id, preference.document_type, preference.domain_id)
    return "/".join("" if part is None else str(part) for part in parts)


def _preferences(rows: Iterable[statements.Row]) -> Iterable[Preference]:
    for row in rows:
        channel, mailbox_id, notify, quiet, ladder, days, receipts, language = row[:8]
        yield Preference(
            Choice(
                None if channel is None else Channel(channel),
                mailbox_id,
                None if notify is None else Notify(notify),
                None if quiet is None else Quiet.parse(quiet),
                None if ladder is None else Ladder.parse(ladder),
                days,
                None if receipts is None else bool(receipts),
                language,
            ),
            account_id=row[8],
            domain_id=row[9],
            correspondent_id=row[10],
            document_type=None if row[11] is None else DocumentType(row[11]),
            mandatory=bool(row[12]),
            changed_at=row[13],
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """A reader, and whether there is anything further to read: for most there is not, at each arrival."""

    reader: ReaderFacts
    chooses: bool
    domain_chooses: bool


_READERS = (
    "SELECT account.id, domain_id, state, locale, contact_email_verified_at, postal_address,"
    " CASE WHEN verified_at IS NOT NULL THEN country END, postal_returned_at,"
    " CASE WHEN paused_at IS NULL THEN notice_url.account_id END,"
    " EXISTS (SELECT 1 FROM consent WHERE consent.account_id = account.id),"
    " EXISTS (SELECT 1 FROM preference WHERE preference.account_id = account.id),"
    " EXISTS (SELECT 1 FROM preference WHERE preference.domain_id = account.domain_id)"
    " FROM account LEFT JOIN external_mailbox ON external_mailbox.account_id = account.id"
    " LEFT JOIN notice_url ON notice_url.account_id = account.id WHERE account.id IN (?*)"
)


def _found(session: Session, account_ids: Sequence[int]) -> list[_Found]:
    rows: list[statements.Row] = []
    for marks, part in statements.chunks(account_ids):
        rows += statements.rows(session, _READERS.replace("?*", marks), part)
    declined = consents.declined(session, [row[0] for row in rows if row[9]])
    return [_Found(_reader(row, declined.get(row[0], frozenset())), bool(row[10]), bool(row[11])) for row in rows]


def _reader(row: statements.Row, declined: frozenset[Channel]) -> ReaderFacts:
    number, domain, state, locale, verified, postal, country, returned, url = row[:9]
    return ReaderFacts(
        number,
        domain,
        state == AccountState.INVITED,
        locale,
        verified is not None,
        bool(postal),
        country,
        returned is not None,
        url is not None,
        declined,
    )
