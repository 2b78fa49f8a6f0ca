"""Names of mailboxes: `/` between levels, INBOX in any case, fixed names for special ones (RFC 3501 section 5.1)."""

from collections.abc import Iterator

from storage.errors import Invalid
from storage.records import SpecialUse

SEPARATOR = "/"
INBOX = "INBOX"
MAX_BYTES = 1000
MAX_LEVELS = 32

CLOSED = "closed"
"""In the place of a special use: the mailbox that nobody sees, of documents that the account's keys do not open."""

FIXED = {
    SpecialUse.INBOX: INBOX,
    SpecialUse.ARCHIVE: "Archive",
    SpecialUse.DRAFTS: "Drafts",
    SpecialUse.JUNK: "Junk",
    SpecialUse.SENT: "Sent",
    SpecialUse.TRASH: "Trash",
}
"""Server tier: every account has the same, so they tell nothing and need no key."""


def normal(name: str) -> str:
    """The stored form: first level INBOX in capitals, no separator at the end. Invalid if it cannot be a name."""
    name = name.removesuffix(SEPARATOR)
    levels = name.split(SEPARATOR)
    if not all(levels) or len(levels) > MAX_LEVELS or len(name.encode("utf-8", "replace")) > MAX_BYTES:
        raise Invalid(f"mailbox name: no empty level, at most {MAX_LEVELS} levels and {MAX_BYTES} bytes")
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 or 0xD800 <= ord(letter) < 0xE000 for letter in name):
        raise Invalid("mailbox name: no control characters")
    if levels[0].upper() == INBOX:
        levels[0] = INBOX
    return SEPARATOR.join(levels)


def superiors(name: str) -> Iterator[str]:
    """`a/b/c`: `a`, then `a/b`."""
    levels = name.split(SEPARATOR)
    for depth in range(1, len(levels)):
        yield SEPARATOR.join(levels[:depth])
