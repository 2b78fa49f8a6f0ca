"""Codes of countries as people write them: ISO 3166-1 alpha-2, with two that everybody uses and that list has not."""

ALIASES = {"UK": "GB", "EL": "GR"}
"""The United Kingdom, and Greece as the European Union writes it."""


def code(text: str) -> str:
    """In capitals, as ISO 3166-1 has it; whether there is such a country is not looked at."""
    found = text.strip().upper()
    return ALIASES.get(found, found)
