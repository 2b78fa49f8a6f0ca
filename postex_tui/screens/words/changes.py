"""What was changed, by whom, and on which road."""

from bridge.i18n import N_

PARTICULARS = {
    "name": N_("name"),
    "legal_name": N_("name as in law"),
    "email": N_("address"),
    "contact_email": N_("contact address"),
    "phone": N_("telephone"),
    "postal_address": N_("postal address"),
}
"""What identifies a person."""
CHANGERS = {"owner": N_("the person"), "admin": N_("an admin"), "operator": N_("the machine")}
BY_YOU = {**CHANGERS, "owner": N_("you")}
"""As the person is told."""
ROADS = {
    "move": N_("a moved message"),
    "reply": N_("a reply"),
    "unsubscribe": N_("unsubscribing"),
    "tui": N_("the terminal app"),
    "cli": N_("the command line"),
    "api": N_("a program"),
    "undo": N_("undo"),
}
