"""Organisations that hand in documents, as their admin sees them (I4)."""

from postex_tui.screens.office.accounts.listed import AccountList


class Senders(AccountList):
    """Accounts that write."""

    NAME = "senders"
    ROLE = "sender"
