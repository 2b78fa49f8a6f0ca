"""What is shown of other people to those who need less than all of it (security.md, roles; S62).

FULL         as it is
MASKED       a…@e…, A. d. V.: enough to recognise a person whose address one was told
PSEUDONYMS   the same name in every list, which tells nothing
"""

from bridge.api.policy import View
from storage.keys.master import ServerKeys
from storage.oversight import statistics
from storage.oversight.pseudonyms import pseudonym
from storage.records import Account

_CUT = "…"


def address(view: View, value: str) -> str | None:
    """An e-mail address, or @ and a domain."""
    if view is View.FULL:
        return value
    if view is View.PSEUDONYMS:
        return None
    local, _, domain = value.rpartition("@")
    return f"{_start(local)}@{_start(domain)}"


def name(view: View, value: str) -> str | None:
    """Initials, in the case they have."""
    if view is View.FULL:
        return value
    return None if view is View.PSEUDONYMS else " ".join(f"{word[0]}." for word in value.split())


def optional(view: View, value: str | None) -> str | None:
    """What nobody but those who see all needs."""
    return value if view is View.FULL else None


def size(view: View, stored: int) -> int:
    """Bytes that an account keeps: to the byte they would tell when it removes something."""
    return stored if view is View.FULL else statistics.coarse(stored)


def reference(view: View, account: Account, keys: ServerKeys) -> str:
    """By which the account is named in requests; a pseudonym names it to nobody."""
    return pseudonym(keys, "account", account.id) if view is View.PSEUDONYMS else account.public_id


def _start(text: str) -> str:
    return f"{text[:1]}{_CUT}" if text else ""
