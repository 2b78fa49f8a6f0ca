"""The tables (private to storage). Rows never leave this package; `records` do.

Tiers (security.md): columns named `sealed…` are reader tier, everything else is server tier, in the clear only inside
SQLCipher. Identifiers of documents, accounts, mailboxes and devices are never used twice (AUTOINCREMENT): caches and
sessions key on them. `copy` is the hot table: thin, clustered by mailbox and UID.
"""

from storage.schema import access, choices, deliveries, mail, people, registers
from storage.schema.base import metadata

__all__ = ["access", "choices", "deliveries", "mail", "metadata", "people", "registers"]
