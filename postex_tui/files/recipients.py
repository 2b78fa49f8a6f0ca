"""A sender's recipients as CSV: a line a recipient, a column a type of document (S60)."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from postex_tui.files.cells import cell
from postex_tui.screens.words.choices import TYPES


def drawn(found: Iterable[Mapping[str, Any]]) -> str:
    """RFC 4180, but for the line ends, which are the terminal's. `found`: as the API gives recipients."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["recipient", *TYPES])
    rows.writerows([cell(each["recipient"]), *(each["channels"][kind] for kind in TYPES)] for each in found)
    return written.getvalue().rstrip("\n")
