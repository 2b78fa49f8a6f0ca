"""Accounts in one's reach: people, organisations, owners (S9, S61)."""

from postex_tui.screens.office.accounts.listed import AccountList


class Accounts(AccountList):
    """All of them."""

    NAME = "accounts"
