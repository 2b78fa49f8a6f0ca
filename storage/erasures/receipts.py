"""Receipts of erasures: signed, and honest about backups (S46, S55, S56).

    {"content": {…canonical JSON…}, "signature": base64, "public_key": base64}

`content.places` says for each live place how much was left when it was counted; `content.kept` what stays and why;
`content.backups` from when on no backup can be read any more:

    documents    what was sealed for the account. An account's key slots open with its shred secret only, so once the
                 last backup of keyring.db that has it is gone, so is everything sealed, in however old a backup.
                 One document's key lives on in the account's own backups: then it is theirs that must be gone.
    records      addresses, names, settings: in the backups of the database, which the master key opens.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.errors import Tampered
from storage.keys import signing
from storage.keys.master import ServerKeys
from storage.keys.signing import Purpose

DAY = 24 * 3600
KEYRING_DAYS = 30
"""How long backups of keyring.db are kept."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long backups are kept, in days."""

    database_days: int = 35
    keyring_days: int = KEYRING_DAYS

    def of_account(self, now: int) -> dict[str, int]:
        """When nothing of an account can be read from a backup any more: epoch seconds."""
        return {
            "documents": now + min(self.keyring_days, self.database_days) * DAY,
            "records": now + self.database_days * DAY,
        }

    def of_document(self, now: int) -> dict[str, int]:
        return {"documents": now + self.database_days * DAY}

    def of_field(self, now: int) -> dict[str, int]:
        return {"records": now + self.database_days * DAY}


def make(server_keys: ServerKeys, content: Mapping[str, Any]) -> str:
    """The signed receipt, as JSON text."""
    signature = signing.sign(server_keys, Purpose.ERASURE_RECEIPT, signing.canonical(content))
    return json.dumps(
        {
            "content": content,
            "signature": b64encode(signature).decode(),
            "public_key": b64encode(signing.public_key(server_keys)).decode(),
        },
        sort_keys=True,
    )


def verify(receipt: str, public_key: bytes) -> dict[str, Any]:
    """Its content. Tampered unless the bridge with this public key signed exactly this."""
    try:
        parsed = json.loads(receipt)
        content, signature = parsed["content"], b64decode(parsed["signature"], validate=True)
        signed = signing.canonical(content)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Tampered("not a receipt") from None
    signing.verify(public_key, Purpose.ERASURE_RECEIPT, signed, signature)
    assert isinstance(content, dict)
    return content
