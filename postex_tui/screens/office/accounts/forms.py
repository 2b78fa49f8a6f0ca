"""What is filled in to make or change an account, and what the API is asked with it."""

from collections.abc import Iterable, Mapping
from typing import Any

from bridge.i18n import LANGUAGES, N_
from postex_tui.answers import Refusal
from postex_tui.language import Say
from postex_tui.screens.dialogs import Ask
from postex_tui.screens.words.accounts import GIGABYTE, ROLES

NO_SIZE = N_("Write the room as a number of gigabytes, such as 2 or 0.5.")
OPTIONAL = ("legal_name", "contact_email", "phone")


def new_account(say: Say, roles: Iterable[str], domain: str) -> list[Ask]:
    """Of a person, or where senders alone are made of an organisation."""
    given = [Ask("role", say(N_("Role")), options=[(say(ROLES[role]), role) for role in roles])]
    return [
        Ask("email", say(N_("Address")), hint=f"anna@{domain}"),
        Ask("name", say(N_("Name"))),
        *(given if len(given[0].options) > 1 else ()),
        Ask("locale", say(N_("Language")), options=_languages()),
        Ask("quota", say(N_("Room, in GB")), "2"),
        Ask("device", say(N_("A first device, which works at once (may stay empty)")), hint=say(N_("phone"))),
    ]


def new_account_body(say: Say, values: Mapping[str, str], role: str) -> dict[str, object]:
    """For POST /accounts. Refusal if the room is no number."""
    return {
        "email": values["email"],
        "name": values["name"] or None,
        "role": values.get("role", role),
        "locale": values["locale"],
        "quota_bytes": _bytes(say, values["quota"]),
        "device": values["device"] or None,
    }


def changed_account(say: Say, account: Mapping[str, Any]) -> list[Ask]:
    def now(field: str) -> str:
        return account[field] or ""

    return [
        Ask("name", say(N_("Name")), now("name")),
        Ask("email", say(N_("Address")), now("email")),
        Ask("legal_name", say(N_("Name as in law")), now("legal_name")),
        Ask("contact_email", say(N_("Contact address elsewhere")), now("contact_email")),
        Ask("phone", say(N_("Telephone")), now("phone")),
        Ask("locale", say(N_("Language")), account["locale"], options=_languages()),
        Ask("quota", say(N_("Room, in GB")), _gigabytes(account["quota_bytes"])),
    ]


def changed_account_body(say: Say, values: Mapping[str, str], account: Mapping[str, Any]) -> dict[str, object]:
    """For PATCH: only what became something else."""
    wanted: dict[str, object] = {name: values[name] for name in ("name", "email", "locale")}
    wanted |= {name: values[name] or None for name in OPTIONAL}
    if values["quota"] != _gigabytes(account["quota_bytes"]):
        wanted["quota_bytes"] = _bytes(say, values["quota"])
    return {name: value for name, value in wanted.items() if value != account[name]}


def _languages() -> list[tuple[str, str]]:
    return [(name, locale) for locale, name in LANGUAGES.items()]


def _gigabytes(size: int) -> str:
    return f"{size / GIGABYTE:g}"


def _bytes(say: Say, gigabytes: str) -> int:
    try:
        size = int(float(gigabytes.replace(",", ".")) * GIGABYTE)
    except (ValueError, OverflowError):
        size = -1
    if size < 0:
        raise Refusal("no-size", say(NO_SIZE), errors=[{"field": "quota"}])
    return size
