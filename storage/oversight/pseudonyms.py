"""Names that stand for people without telling who they are: stable, so that one who reads the log can follow them.

A pseudonym is an HMAC under a key of the server: nobody who sees it can try out names, and the same account has the
same pseudonym in every list.
"""

import hmac
from base64 import b32encode

from sqlmodel import Session

from storage.engine import statements
from storage.errors import NotFound
from storage.keys.master import ServerKeys

_SIZE = 10
_PREFIXES = {"account": "a-", "document": "d-"}


def pseudonym(keys: ServerKeys, noun: str, number: int | str) -> str:
    """Of an account (by database id) or a document (by public id): a prefix and 16 letters and digits."""
    tag = hmac.digest(keys.log_pseudonym, f"{noun}:{number}".encode(), "sha256")[:_SIZE]
    return _PREFIXES[noun] + b32encode(tag).decode().lower()


def account_of(session: Session, keys: ServerKeys, name: str) -> int:
    """The account that a pseudonym stands for. NotFound. All are tried: a quarter of a second for 100 000."""
    for (account_id,) in statements.rows(session, "SELECT id FROM account"):
        if pseudonym(keys, "account", account_id) == name:
            return int(account_id)
    raise NotFound("account")
