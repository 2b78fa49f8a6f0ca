"""What can be done to an account as it stands: in which state, by which right, what happens, what takes it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bridge.i18n import N_
from postex_tui.connection import Connection

IN_USE = frozenset({"invited", "registered"})


@dataclass(frozen=True, slots=True)
class Act:
    """`happens` names `{who}`, `several` does not: a list of those it concerns stands below it."""

    name: str
    title: str
    verb: str
    action: str
    states: frozenset[str]
    method: str
    place: str
    happens: str
    several: str
    done: str
    back: str | None = None
    """The act that takes it back."""
    grave: bool = False


SUSPEND = Act(
    "suspend",
    N_("Suspend {who}?"),
    N_("Suspend"),
    "account.suspend",
    IN_USE,
    "POST",
    "suspension",
    N_(
        "{who} cannot sign in any more: mail programs and sessions end within a second. Documents are still taken and"
        " kept, and no key is touched. A message in the mailbox tells of it. It can be taken back at any time."
    ),
    N_(
        "They cannot sign in any more: mail programs and sessions end within a second. Documents are still taken and"
        " kept, and no key is touched. A message in each mailbox tells of it. It can be taken back at any time."
    ),
    N_("Suspended: {who}."),
    "resume",
)
RESUME = Act(
    "resume",
    N_("Let {who} sign in again?"),
    N_("Resume"),
    "account.suspend",
    frozenset({"suspended"}),
    "DELETE",
    "suspension",
    N_("{who} can sign in again, with the same password and devices. A message in the mailbox tells of it."),
    N_("They can sign in again, with the same passwords and devices. A message in each mailbox tells of it."),
    N_("In use again: {who}."),
    "suspend",
)
CLOSE = Act(
    "close",
    N_("Close the account of {who}?"),
    N_("Close"),
    "account.close",
    frozenset({"invited", "registered", "suspended"}),
    "POST",
    "closure",
    N_(
        "{who} cannot sign in any more, and mail to this account is refused from now on. What it holds stays, with"
        " its keys, until its retention time is over. It can be taken back until then."
    ),
    N_(
        "They cannot sign in any more, and mail to them is refused from now on. What the accounts hold stays, with"
        " their keys, until their retention time is over. It can be taken back until then."
    ),
    N_("Closed: {who}."),
    "reopen",
    grave=True,
)
REOPEN = Act(
    "reopen",
    N_("Reopen the account of {who}?"),
    N_("Reopen"),
    "account.close",
    frozenset({"closed"}),
    "DELETE",
    "closure",
    N_("The account of {who} is again what it was before it was closed: mail is taken, and sign-in is open."),
    N_("The accounts are again what they were before they were closed: mail is taken, and sign-in is open."),
    N_("Open again: {who}."),
    "close",
)
INVITE = Act(
    "invite",
    N_("Make a new enrolment code for {who}?"),
    N_("New code"),
    "account.invite",
    frozenset({"invited"}),
    "POST",
    "invitation",
    N_("{who} gets a new enrolment code, which works once within 72 hours. The code from before is worthless."),
    N_("Each gets a new enrolment code, which works once within 72 hours. The codes from before are worthless."),
    N_("A new code for {who}."),
)
ACTS = {act.name: act for act in (SUSPEND, RESUME, CLOSE, REOPEN, INVITE)}


def path_of(account: str) -> str:
    """Of an account by its id in the API."""
    return f"/accounts/{quote(account, safe='')}"


async def carried_out(api: Connection, act: Act, account: Mapping[str, Any]) -> Any:
    """The API's answer; Refusal."""
    ask = api.delete if act.method == "DELETE" else api.post
    return await ask(f"{path_of(account['id'])}/{act.place}")
