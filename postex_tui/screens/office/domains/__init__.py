"""Domains: their modes, and what their admins set."""
