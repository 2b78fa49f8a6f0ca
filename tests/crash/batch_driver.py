"""A process that commits or cancels a batch, made to be killed at any moment.

python -m tests.crash.batch_driver commit|cancel DATA      prints `ready`, then a line for each slice, then `done`
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from bridge.channels import batches as releasing
from bridge.routing.decision import Places
from storage.database import Store
from storage.deliveries import batches
from tests import stores

NOW = 1_760_000_000
SLICE = 3


async def settle(store: Store, verb: str) -> None:
    """As the route of the control API does; it says when a slice begins."""
    releasing.SLICE = SLICE
    (batch,) = store.read_now(batches.overdue, NOW) or store.read_now(batches.unfinished)
    begin: dict[str, tuple[Any, ...]] = {
        "commit": (batches.begin, batch.id, store.read_now(batches.count, batch.id), NOW, "system"),
        "cancel": (batches.cancel, batch.id, NOW, "system"),
    }
    await store.write(*begin[verb])
    write = store.write

    async def told(*arguments: Any, **more: Any) -> Any:
        print("slice", flush=True)
        return await write(*arguments, **more)

    store.write = told  # type: ignore[method-assign]
    await releasing.settle(store, Places(), batch.id, NOW)


def main(verb: str, data: Path) -> None:
    with stores.opened(data) as store:
        print("ready", flush=True)
        asyncio.run(settle(store, verb))
        print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
