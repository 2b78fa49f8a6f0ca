"""What each role that is given may do and see, in words (security.md, roles)."""

from bridge.i18n import N_

GIVEN = ("domain-admin", "support", "reseller", "auditor", "owner")
WHOLE_BRIDGE = frozenset({"auditor", "owner"})
MEANS = {
    "domain-admin": N_(
        "Accounts, devices, choices and holds of one domain, with names and addresses. No documents: only together"
        " with a second person, with a reason, and the reader is told."
    ),
    "support": N_(
        "Helps the people of one domain, for a ticket, 30 days at most. Sees names and addresses cut short, states"
        " and channels. No documents, no subjects; changes nothing."
    ),
    "reseller": N_(
        "Looks after one domain for a ticket, 30 days at most; the same sight as support: names cut short, no"
        " documents."
    ),
    "auditor": N_(
        "Reads and verifies the whole audit log, statistics and registers. People show as pseudonyms. No documents,"
        " changes nothing."
    ),
    "owner": N_(
        "Runs the bridge: domains, roles, settings, backups. Sees names and addresses cut short and no choices of"
        " anybody. No way to documents."
    ),
}
