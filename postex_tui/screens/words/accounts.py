"""What states, roles and modes of accounts are called, and how an account is named in a sentence."""

from collections.abc import Mapping
from typing import Any

from bridge.i18n import N_, Amount
from postex_tui.language import Say
from postex_tui.terminal.safe_text import safe_text

STATES = {
    "invited": N_("invited"),
    "registered": N_("registered"),
    "suspended": N_("suspended"),
    "closed": N_("closed"),
    "erased": N_("erased"),
}
STATES_MEAN = {
    "invited": N_("Its owner has not enrolled yet. Documents are taken and kept."),
    "registered": N_("In use."),
    "suspended": N_("Nobody can sign in. Documents are taken and kept."),
    "closed": N_("Nobody can sign in and mail is refused. What it holds stays until its time is over."),
    "erased": N_("Nothing of it can be had back."),
}
ROLES = {
    "recipient": N_("recipient"),
    "sender": N_("sender"),
    "owner": N_("owner"),
    "domain-admin": N_("domain admin"),
    "reseller": N_("reseller"),
    "support": N_("support"),
    "auditor": N_("auditor"),
}
MODES = {"managed": N_("managed"), "private": N_("private")}
MODES_MEAN = {
    "managed": N_(
        "The domain holds a spare key: an admin who has it can help with a forgotten password, and old documents stay"
        " open. To read them takes two people and is told."
    ),
    "private": N_(
        "Nobody but its owner holds a key. After a reset old documents stay closed, unless its owner has a recovery"
        " code."
    ),
}
GIGABYTE = 10**9
LONGEST = 60
"""Characters of a name or an address within a sentence."""


def who(account: Mapping[str, Any]) -> str:
    """Name and address, as far as they are shown to the reader."""
    name, email = safe_text(account["name"] or "", LONGEST), safe_text(account["email"] or account["id"], LONGEST)
    return f"{name} <{email}>" if name else email


def room_used(account: Mapping[str, Any], say: Say) -> str:
    used, room = account["used_bytes"] / GIGABYTE, account["quota_bytes"] / GIGABYTE
    return say(N_("{used} of {room} GB"), used=Amount(used, 2), room=Amount(room, 2))
