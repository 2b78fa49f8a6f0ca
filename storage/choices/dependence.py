"""What a decision can depend on, as rows: all that `correspondents` and `preferences.applying` read.

A new account or correspondent makes nothing wrong that was read before, so adding one is no change here: nobody keeps
that there was none.
"""

from storage.engine.watch import EVERY

CHANGES = {
    "account": (
        "UPDATE OF domain_id, state, locale, default_type, contact_email_verified_at, postal_address,"
        " postal_returned_at",
        "DELETE",
    ),
    "correspondent": ("UPDATE", "DELETE"),
    "preference": EVERY,
    "consent": EVERY,
    "external_mailbox": EVERY,
    "notice_url": EVERY,
}
"""For `engine.watch`."""
