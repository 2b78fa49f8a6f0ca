"""From a notice to a message: words in the account's language, flat values, our own headers.

Contract. A kind of notice is a frozen dataclass derived from `Notice` with a `subject` and `paragraphs`, each marked
with `N_`; its fields are the placeholders. `values` turns what is not text into text (`Words` knows how); a paragraph
whose values are all empty is left out by `shown`. Values from outside cannot break a line (`writing.flat`). A notice
carries no document and no subject of one (S38), and no link.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import ClassVar

from bridge.i18n import N_, text
from bridge.mail.writing import Letter, Person, flat, write
from storage.randomness import Rng
from storage.records import Account, Role, Scope

SENDER = "Postex"
LOCAL_PART = "postmaster"
GREETING = N_("Hello {name},")
CLOSING = N_("This message was made by the post office of {domain} and is not answered by a person.")
COMMANDS = N_(
    "What begins with “postex” is a command, for who has a shell on the post office's machine. Everybody finds the"
    " same in its terminal app, over SSH or in a browser: your admin says where."
)
PATTERN = "d MMMM y, HH:mm"
SCOPES = {
    Scope.IMAP: N_("read and change mail"),
    Scope.IMAP_READ: N_("read mail"),
    Scope.SMTP_SEND: N_("hand in documents"),
}
ROLES = {
    Role.OWNER: N_("owner"),
    Role.DOMAIN_ADMIN: N_("domain admin"),
    Role.RESELLER: N_("reseller"),
    Role.SUPPORT: N_("support"),
    Role.AUDITOR: N_("auditor"),
    Role.SENDER: N_("sender"),
    Role.RECIPIENT: N_("recipient"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """How values read in one language."""

    locale: str

    def __call__(self, message: str, **values: object) -> str:
        return text(self.locale, message, **values)

    def moment(self, at: int) -> str:
        """Such as `9 October 2025, 08:53 UTC` (S24)."""
        from babel.dates import format_datetime

        return f"{format_datetime(datetime.fromtimestamp(at, UTC), PATTERN, locale=self.locale)} UTC"

    def role(self, role: Role) -> str:
        return self(ROLES[role])

    def scopes(self, scopes: frozenset[Scope]) -> str:
        return ", ".join(self(SCOPES[scope]) for scope in sorted(scopes))


@dataclass(frozen=True, slots=True)
class Notice:
    """Base of all kinds."""

    subject: ClassVar[str]
    paragraphs: ClassVar[tuple[str, ...]]

    def shown(self) -> tuple[str, ...]:
        """The paragraphs that this one has; all, unless the kind says otherwise."""
        return self.paragraphs

    def values(self, words: Words) -> Mapping[str, str]:
        """What stands for the placeholders: the fields as they are, where all of them are text."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}

    def body(self, words: Words) -> list[str]:
        """The paragraphs in words."""
        values = self.flat_values(words)
        return [words(paragraph, **values) for paragraph in self.shown()]

    def flat_values(self, words: Words) -> dict[str, str]:
        """What comes from outside breaks no line."""
        return {name: flat(value) for name, value in self.values(words).items()}

    def further(self) -> tuple[tuple[str, str], ...]:
        """More header fields: name and value."""
        return ()


@dataclass(frozen=True, slots=True)
class Happened(Notice):
    """Base of those that tell of something by its time alone."""

    at: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"at": words.moment(self.at)}


def ended(body: list[str], domain: str, words: Words) -> list[str]:
    """With what is said below every notice, and below one that names commands where else the same is done."""
    names_commands = any("postex " in paragraph for paragraph in body)
    return [*body, *([words(COMMANDS)] if names_commands else []), words(CLOSING, domain=domain)]


def render(notice: Notice, account: Account, now: int, rng: Rng = os.urandom) -> bytes:
    """The message, from Postex at the account's domain to its primary address, in its language."""
    words = Words(account.locale)
    domain = account.email.rpartition("@")[2]
    paragraphs = [words(GREETING, name=flat(account.name)), *ended(notice.body(words), domain, words)]
    return write(
        Letter(
            sender=Person(f"{LOCAL_PART}@{domain}", SENDER),
            recipient=Person(account.email, account.name),
            subject=words(notice.subject, **notice.flat_values(words)),
            text="\n\n".join(paragraphs),
            language=account.locale,
            at=now,
            message_id=f"{rng(16).hex()}@{domain}",
            further=notice.further(),
        )
    )
