"""Where the shared sample messages and invoices lie: beside the checkout, or where POSTEX_SAMPLES says."""

import os
from pathlib import Path

SAMPLES = Path(os.environ.get("POSTEX_SAMPLES", Path(__file__).parents[2] / "shared" / "data"))
REASON = "the sample messages are not beside the checkout (../shared/data, or POSTEX_SAMPLES)"


def messages() -> list[Path]:
    """Every sample message; empty where the folder is missing."""
    return sorted(path for path in (SAMPLES / "mail").rglob("*") if path.suffix in (".eml", ".msg"))


def invoices() -> list[Path]:
    """Every sample PDF invoice, valid and broken."""
    return sorted((SAMPLES / "invoices").rglob("*.pdf"))
