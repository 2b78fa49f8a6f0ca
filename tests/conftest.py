"""Settings of the machine's own bridge never reach a test, nor a process that a test starts."""

import os

for name in [name for name in os.environ if name.startswith("POSTEX_")]:
    del os.environ[name]
