"""Where the shared sample messages and invoices lie: beside the checkout, or where SAMPLE_FOLDER says."""

import os
from pathlib import Path

SAMPLES = Path(os.environ.get("SAMPLE_FOLDER", Path(__file__).parents[2] / "shared" / "data"))
REASON = "the sample messages are not beside the checkout (../shared/data, or SAMPLE_FOLDER)"


def messages() -> list[Path]:
    """Every sample message; empty where the folder is missing."""
    return sorted(path for path in (SAMPLES / "mail").rglob("*") if path.suffix in (".eml", ".msg"))


def invoices() -> list[Path]:
    """Every sample PDF invoice, valid and broken."""
    return sorted((SAMPLES / "invoices").rglob("*.pdf"))
