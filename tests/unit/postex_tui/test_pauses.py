"""The collector of reference cycles leaves alone what was there when the app began, and still finds new cycles."""

import subprocess
import sys

PROGRAM = """
import gc
from postex_tui.terminal import pauses

class Cycle:
    def __init__(self):
        self.me = self

before = len(gc.get_objects())
pauses.few()
assert gc.get_freeze_count() >= before * 0.9, (gc.get_freeze_count(), before)
assert len(gc.get_objects()) < before / 20, (len(gc.get_objects()), before)
assert gc.isenabled() and gc.get_threshold() == pauses.THRESHOLDS
gc.collect()
Cycle()
assert gc.collect() >= 1
"""


def test_what_is_old_is_looked_at_no_more() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
