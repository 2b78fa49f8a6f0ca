"""Cells of CSV files that people open in spreadsheet programs."""

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> str:
    """As text. What such a program would take for a formula gets an apostrophe, which it shows to nobody."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULAS) else text
