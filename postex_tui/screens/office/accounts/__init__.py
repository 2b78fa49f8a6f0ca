"""Accounts: a list of them, one with its rooms, and what is done with one or many."""
