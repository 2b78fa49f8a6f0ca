"""Every place where something of an account, or of a document in it, is kept; counted, not believed (S55).

Contract. Each column of the tables that points at an account or a document stands in one of the lists below: its rows
are deleted, it is cleared, or it stays, with the reason. A test walks the schema, so that a table added later cannot
be forgotten. `of_account` and `of_document` count what is left by query.

What stays are random numbers, in the log of what was done and in what belongs to others: with the account's names
gone they lead nowhere.
"""

from collections.abc import Mapping

from sqlmodel import Session

from storage.engine import statements

DELETED = (
    ("api_session", "account_id"),
    ("device", "account_id"),
    ("key_slot", "account_id"),
    ("escrow_slot", "account_id"),
    ("second_factor", "account_id"),
    ("identity_key", "account_id"),
    ("escrow_holder", "account_id"),
    ("sender_identity", "account_id"),
    ("address", "account_id"),
    ("subscription", "account_id"),
    ("role_grant", "account_id"),
    ("identity_change", "account_id"),
    ("break_glass", "account_id"),
    ("hold", "account_id"),
    ("preference", "account_id"),
    ("preference_change", "account_id"),
    ("consent", "account_id"),
    ("usage_switch", "account_id"),
    ("usage_count", "account_id"),
    ("job", "account_id"),
    ("delivery_event", "account_id"),
    ("delivery", "account_id"),
    ("external_mailbox", "account_id"),
    ("disclosure", "account_id"),
    ("batch", "account_id"),
    ("sender_network", "account_id"),
    ("sender_dkim", "account_id"),
    ("contact_proof", "account_id"),
    ("notice_url", "account_id"),
    ("ticket", "account_id"),
    ("chosen_document", "account_id"),
    ("standing_message", "account_id"),
    ("copy", "account_id"),
    ("mailbox", "account_id"),
    ("wrap", "account_id"),
    ("indexed_card", "account_id"),
)
"""(table, column): rows of an erased account go."""
CLEARED = (("document", "sender_account_id"),)
"""The row belongs to others too; who it came from is forgotten."""
KEPT: Mapping[tuple[str, str], str] = {
    ("audit_involved", "account_id"): "index of the audit log, which holds numbers only",
    ("audit_event", "actor"): "the audit log holds numbers only; it must stay whole to be provable",
    ("audit_event", "subject"): "the audit log holds numbers only; it must stay whole to be provable",
    ("erasure", "account_id"): "the erasure itself and its receipt",
    ("erasure", "account_public_id"): "the erasure itself and its receipt",
    ("erasure", "requested_by"): "who asked for someone's erasure",
    ("purge", "accounts"): "which accounts were asked to be erased",
    ("purge", "requested_by"): "an act on other accounts",
    ("purge", "approved_by"): "an act on other accounts",
    ("break_glass", "requested_by"): "an act on another account",
    ("break_glass", "approved_by"): "an act on another account",
    ("break_glass", "revoked_by"): "an act on another account",
    ("hold", "placed_by"): "an act on another account",
    ("hold", "lifted_by"): "an act on another account",
    ("role_grant", "granted_by"): "an act on another account",
    ("identity_change", "changed_by"): "an act on another account",
    ("preference_change", "changed_by"): "an act on another account",
    ("correspondent", "account_id"): "a number that others' preferences and deliveries hang on; it names nobody",
    ("disclosure", "told_account_id"): "who was told of another account",
}

PERSONAL: Mapping[str, str] = {
    "email": "public_id || '@erased.invalid'",
    "name": "''",
    "legal_name": "NULL",
    "contact_email": "NULL",
    "contact_email_verified_at": "NULL",
    "phone": "NULL",
    "postal_address": "NULL",
    "postal_returned_at": "NULL",
    "default_type": "NULL",
    "locale": "'en'",
    "client_noted": "0",
    "quota_bytes": "0",
    "used_bytes": "0",
    "accepted_mode": "NULL",
    "accepted_at": "NULL",
    "state_before": "NULL",
}
"""What the row of an erased account says instead. The row stays, so that its number is never given to another."""
NOT_PERSONAL = frozenset(
    {
        "id",
        "public_id",
        "domain_id",
        "role",
        "state",
        "generation",
        "last_uid_validity",
        "closed_below",
        "closed_at",
        "created_at",
    }
)

OF_DOCUMENT = (
    ("copy", "document_id"),
    ("wrap", "document_id"),
    ("indexed_card", "document_id"),
    ("delivery", "document_id"),
    ("chosen_document", "document_id"),
    ("standing_message", "document_id"),
)
"""What one reader has of a document."""
WITH_LAST_READER = (
    ("card", "document_id"),
    ("inline_body", "document_id"),
    ("outbox_key", "document_id"),
)
"""What goes when nobody else reads it."""
KEPT_OF_DOCUMENT: Mapping[tuple[str, str], str] = {
    ("hand_in", "document_public_id"): "a mark of the hand-in for seven days, so that its repetition is not taken",
    ("hold", "document_public_id"): "past holds",
    ("delivery", "document_public_id"): "with its row, which goes; of other readers it stays",
}

_UNINDEXED = frozenset({"copy", "wrap", "indexed_card"})
"""Finding an account's rows here reads the table; none can come once its mailboxes are gone."""
_COUNT = "SELECT count(*) FROM ?t WHERE ?c = ?"
_IMPERSONAL = "SELECT count(*) FROM account WHERE id = ? AND NOT (?*)".replace(
    "?*", " AND ".join(f"{column} IS {value}" for column, value in PERSONAL.items())
)
ANONYMISE = "UPDATE account SET ?* WHERE id = ?".replace(
    "?*", ", ".join(f"{column} = {value}" for column, value in PERSONAL.items())
)
"""One value: the account."""
_REGROWN = (
    "SELECT id FROM account WHERE id IN (SELECT account_id FROM erasure WHERE kind = 'account' AND state = 'done')"
    " AND (?*) ORDER BY id"
).replace(
    "?*",
    " OR ".join(
        [
            "NOT (" + " AND ".join(f"{column} IS {value}" for column, value in PERSONAL.items()) + ")",
            *(
                "EXISTS (SELECT 1 FROM ?t WHERE ?t.account_id = account.id)".replace("?t", table)
                for table, _ in DELETED
                if table not in _UNINDEXED
            ),
        ]
    ),
)


def of_account(session: Session, account_id: int, *, quick: bool = False) -> dict[str, int]:
    """What is left, by place. `quick`: without the tables that no row can come into once there is no mailbox."""
    left = {
        f"{table}.{column}": _counted(session, table, column, account_id)
        for table, column in (*DELETED, *CLEARED)
        if not (quick and table in _UNINDEXED)
    }
    left["account.personal"] = _number(session, _IMPERSONAL, (account_id,))
    return left


def regrown(session: Session) -> list[int]:
    """Erased accounts that have something again, of what can be found by index."""
    found = statements.rows(session, _REGROWN)
    return [account_id for (account_id,) in found]


def of_document(session: Session, account_id: int, public_id: str) -> dict[str, int]:
    """What is left of a document for one account, and of the document itself unless others read it.

    Rows of these tables cannot outlive their document (foreign keys): once it is gone, so are they.
    """
    found = statements.row(session, "SELECT id FROM document WHERE public_id = ?", (public_id,))
    document_id = -1 if found is None else found[0]
    left = {
        f"{table}.{column}": _number(
            session, _counting(table, column) + " AND account_id = ?", (document_id, account_id)
        )
        for table, column in OF_DOCUMENT
    }
    if not _counted(session, "wrap", "document_id", document_id):
        left |= {
            f"{table}.{column}": _counted(session, table, column, document_id)
            for table, column in (*WITH_LAST_READER, ("document", "id"))
        }
    return left


def _counted(session: Session, table: str, column: str, value: int) -> int:
    return _number(session, _counting(table, column), (value,))


def _counting(table: str, column: str) -> str:
    return _COUNT.replace("?t", table).replace("?c", column)


def _number(session: Session, sql: str, values: tuple[int, ...]) -> int:
    found = statements.row(session, sql, values)
    assert found is not None
    count: int = found[0]
    return count
