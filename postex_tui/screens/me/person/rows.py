"""What stands under About me: a row each, with its value in words and what can be done about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.i18n import LANGUAGES, N_
from postex_tui.language import Say
from postex_tui.screens.words.times import day, moment

CATEGORIES = {
    "sign-in": N_("sign-ins"),
    "list": N_("looks into folders"),
    "open": N_("documents read"),
    "download": N_("documents fetched"),
    "preference": N_("changes of how you receive"),
}
FIELDS = {
    "name": "name",
    "legal-name": "legal_name",
    "email": "email",
    "contact-email": "contact_email",
    "phone": "phone",
    "postal-address": "postal_address",
}
"""Rows that are fields of one's identity, with their names in the API (S48)."""
FORGOTTEN = ("legal-name", "contact-email", "phone", "postal-address")
"""Fields that can be erased for good, by their names in the API."""


@dataclass(frozen=True, slots=True)
class Row:
    """`note`: what waits or is wrong."""

    name: str
    title: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the API tells of oneself. None: there is none."""

    me: Mapping[str, Any]
    postal: Mapping[str, Any]
    changes: list[Mapping[str, Any]]
    usage: Mapping[str, Any]
    external: Mapping[str, Any] | None
    notices: Mapping[str, Any] | None
    aliases: list[Mapping[str, Any]]
    erasures: list[Mapping[str, Any]]

    @property
    def undoable(self) -> list[Mapping[str, Any]]:
        """Newest first."""
        return [each for each in self.changes if each["can_be_undone"]]

    @property
    def leaving(self) -> Mapping[str, Any] | None:
        """The erasure of the account, while it can be taken back."""
        waits = (each for each in self.erasures if each["kind"] == "account" and each["state"] == "requested")
        return next(waits, None)


def rows(known: Known, say: Say) -> Iterable[Row]:
    """In the order of the screen."""
    me, undo = known.me, {each["field"]: each for each in reversed(known.undoable)}

    def field(name: str, title: str, note: str = "") -> Row:
        change = undo.get(FIELDS[name])
        waits = say(N_("undo until {at}"), at=(moment(change["undo_until"]) or "")[5:]) if change else note
        value = (me[FIELDS[name]] or "–").replace("\n", ", ")
        return Row(name, say(title), value, waits)

    unproved = N_("not confirmed: v") if me["contact_email"] and not me["contact_email_verified"] else ""
    returned = N_("paper came back: v") if known.postal["returned_at"] else ""
    yield field("name", N_("Name"))
    yield field("legal-name", N_("Name as in law"))
    yield field("email", N_("Address here"))
    yield field("contact-email", N_("E-mail address elsewhere"), say(unproved) if unproved else "")
    yield field("phone", N_("Telephone"))
    yield field("postal-address", N_("Postal address"), say(returned) if returned else "")
    others = ", ".join(each["address"] for each in known.aliases) or "–"
    yield Row("addresses", say(N_("Further addresses")), others)
    yield from _settings(known, say)
    yield from _secrets(say)
    yield from _ends(known, say)


def _settings(known: Known, say: Say) -> Iterable[Row]:
    yield Row("language", say(N_("Language")), LANGUAGES[known.me["locale"]])
    noted = N_("yes") if known.me["client_noted"] else N_("no")
    yield Row("client-noted", say(N_("Note mail programs")), say(noted))
    off = ", ".join(say(CATEGORIES[each]) for each in known.usage["off"])
    yield Row("usage-switches", say(N_("Not counted")), off or say(N_("nothing")))
    yield _external(known.external, say)
    paused = known.notices and known.notices["paused_at"]
    failing = say(N_("paused: notices failed")) if paused else ""
    yield Row(
        "notice-url", say(N_("Service for notices")), known.notices["service"] if known.notices else "–", failing
    )


def _external(found: Mapping[str, Any] | None, say: Say) -> Row:
    title = say(N_("Mailbox elsewhere"))
    if found is None:
        return Row("external-mailbox", title, "–")
    note = "" if found["usable"] else say(N_("sign-in failed: give it again"))
    return Row("external-mailbox", title, f"{found['username']} @ {found['host']}, {found['folder']}", note)


def _secrets(say: Say) -> Iterable[Row]:
    hidden = "••••••••"
    yield Row("secrets", say(N_("Password")), hidden)
    yield Row("totp", say(N_("Second factor")), hidden)
    yield Row("recovery-codes", say(N_("Recovery codes")), hidden)


def _ends(known: Known, say: Say) -> Iterable[Row]:
    leaving = known.leaving
    state = "" if leaving is None else say(N_("on {at}; keep it: u"), at=day(leaving["due_at"]))
    yield Row("close", say(N_("Close my account")), "–")
    yield Row("erase", say(N_("Erase my account")), "–", state)
