"""Folder listings: LIST, LSUB and STATUS lines (RFC 3501 sections 6.3.8–6.3.10, 5258, 5819, 6154, 3348).

Contract. `Hierarchy` is made from the mailboxes and subscriptions of one account and answers LIST and LSUB commands
with `Entry` values; `Entry.line` renders them. Pure. There is no root `""` folder in a listing; `LIST "" ""` alone
tells the delimiter. \\HasChildren and \\HasNoChildren are there at all times. A parent that does not exist but has
children is shown as \\NonExistent \\Noselect; so is a subscribed name that does not exist.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from bridge.imap.protocol import responses
from bridge.imap.protocol.commands import List, Lsub
from bridge.imap.protocol.patterns import Pattern
from storage.records import Mailbox, MailboxStatus, SpecialUse

DELIMITER = "/"
STATUS_ITEMS = {
    "MESSAGES": "messages",
    "RECENT": "recent",
    "UIDNEXT": "uid_next",
    "UIDVALIDITY": "uid_validity",
    "UNSEEN": "unseen",
}
"""STATUS item → attribute of `MailboxStatus`."""


def root_line(verb: bytes) -> bytes:
    """What tells the delimiter and nothing else (RFC 3501 section 6.3.8)."""
    return responses.listing(["\\Noselect"], "", delimiter=DELIMITER, verb=verb)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a listing."""

    name: str
    attributes: tuple[str, ...]
    subscribed_below: bool = False
    """Shown for the sake of subscribed children (CHILDINFO, RFC 5258 section 4)."""

    def line(self, verb: bytes) -> bytes:
        extended = b'("CHILDINFO" ("SUBSCRIBED"))' if self.subscribed_below else b""
        return responses.listing(self.attributes, self.name, delimiter=DELIMITER, verb=verb, extended=extended)


def status_line(name: str, items: Iterable[str], status: MailboxStatus) -> bytes:
    """`* STATUS "name" (MESSAGES 3 …)`, items in the order asked."""
    return responses.status(name, [(item, getattr(status, STATUS_ITEMS[item])) for item in items])


def parents(name: str) -> Iterator[str]:
    """`a/b/c` → `a/b`, `a`."""
    while DELIMITER in name:
        name = name.rpartition(DELIMITER)[0]
        yield name


class Hierarchy:
    """The folder names of an account, as they are at one moment."""

    __slots__ = ("_mailboxes", "_parents", "_subscribed", "_subscribed_parents")

    def __init__(self, mailboxes: Iterable[Mailbox], subscriptions: Iterable[str]) -> None:
        self._mailboxes = {mailbox.name: mailbox for mailbox in mailboxes}
        self._subscribed = frozenset(subscriptions)
        self._parents = {parent for name in self._mailboxes for parent in parents(name)}
        self._subscribed_parents = {parent for name in self._subscribed for parent in parents(name)}

    def listing(self, command: List) -> list[Entry]:
        """Answers of LIST with its selection and return options, by name."""
        names: Set[str] = self._mailboxes.keys() | self._parents
        if "SUBSCRIBED" in command.selection:
            names = self._subscribed | (self._subscribed_parents if "RECURSIVEMATCH" in command.selection else set())
        patterns = [Pattern(command.reference + pattern) for pattern in command.patterns]
        matching = sorted(name for name in names if any(pattern.matches(name) for pattern in patterns))
        return [self._entry(name, command) for name in matching if self._is_selected(name, command)]

    def _is_selected(self, name: str, command: List) -> bool:
        return "SPECIAL-USE" not in command.selection or self._special(name) is not None

    def _entry(self, name: str, command: List) -> Entry:
        attributes = [] if name in self._mailboxes else ["\\NonExistent", "\\Noselect"]
        attributes.append("\\HasChildren" if name in self._parents else "\\HasNoChildren")
        if "SUBSCRIBED" in command.selection | command.returns and name in self._subscribed:
            attributes.append("\\Subscribed")
        special = self._special(name)
        if special is not None:
            attributes.append(f"\\{special.title()}")
        below = {"SUBSCRIBED", "RECURSIVEMATCH"} <= command.selection and name in self._subscribed_parents
        return Entry(name, tuple(attributes), below)

    def _special(self, name: str) -> SpecialUse | None:
        mailbox = self._mailboxes.get(name)
        return mailbox.special if mailbox and mailbox.special is not SpecialUse.INBOX else None

    def exists(self, name: str) -> bool:
        return name in self._mailboxes

    def mailbox(self, name: str) -> Mailbox:
        return self._mailboxes[name]

    def subscribed(self, command: Lsub) -> list[Entry]:
        """Answers of LSUB. With `%`, a parent that is not subscribed stands in for its subscribed children."""
        pattern = Pattern(command.reference + command.pattern)
        names = self._subscribed | (self._subscribed_parents if command.pattern.endswith("%") else set())
        return [
            Entry(name, () if name in self._subscribed else ("\\Noselect",))
            for name in sorted(names)
            if pattern.matches(name)
        ]
