"""kill -9 of the process that prints, again and again, before a real IPP printer: each letter comes out once (D3)."""

import os
import random
import sys
import time
from pathlib import Path

import pytest

from storage.deliveries.terms import DeliveryState
from tests import printers
from tests.letters import PaperOffice
from tests.printers import RealPrinter, real_printer
from tests.warm import Warm

KILLS = int(os.environ.get("SOAK_PAPER_KILLS", "2"))
LETTERS_EACH = 5
pytestmark = pytest.mark.skipif(not printers.is_there(), reason=printers.MISSING)


def life(data: Path, printer: RealPrinter, seconds: float | None) -> bool:
    """One process, killed after so long; whether it came to the end of its work."""
    command = [sys.executable, "-m", "tests.crash.paper_driver", str(data), printer.uri]
    with Warm(command) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            if seconds is None:
                return "done\n" in process.stdout
            time.sleep(seconds)
        finally:
            process.kill()
        return "done\n" in process.stdout


@pytest.mark.timeout(60 + 10 * KILLS)
def test_each_letter_comes_out_once(tmp_path: Path) -> None:
    office, rng, cut_off = PaperOffice.found(tmp_path / "data"), random.Random(7), 0
    letters = [office.letter() for _ in range(LETTERS_EACH * KILLS)]
    office.store.close()
    with real_printer(tmp_path / "printer") as printer:
        for _ in range(KILLS):
            cut_off += not life(tmp_path / "data", printer, rng.uniform(0.02, 0.3))
        assert life(tmp_path / "data", printer, None)
        found = printer.printed()
    assert cut_off > 0
    assert len(found) == len(set(found)) == len(letters)
    with PaperOffice.again(tmp_path / "data") as office:
        assert {office.now(each).state for each in letters} == {DeliveryState.HANDED_OFF}
