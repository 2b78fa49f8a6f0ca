"""Accounts in one's reach: people, organisations, owners (S9, S61)."""

from postex_tui.screens.office.account_list import AccountList


class Accounts(AccountList):
    """All of them."""

    NAME = "accounts"
