"""Run under strace by the power-loss test: deliver documents into a real Store, marking each acknowledged one.

    python -m tests.crash.power_driver DATA DOCUMENTS FULL|NORMAL

Writes to DATA/marks: `acked NAME SHA-256-OF-ITS-SEALED-BODY`. With NORMAL the writing connection commits without a
sync: the control, which must lose documents.
"""

import asyncio
import hashlib
import os
import sys
from pathlib import Path

from bridge.channels.mailbox import commit, inbox_draft
from bridge.channels.sealing import place, seal
from storage.database import Store
from storage.engine import connections
from storage.mail import documents
from storage.people import accounts, domains
from storage.records import DomainMode, Recipient, Role
from tests import stores
from tests.crash.recording import MARKS
from tests.crash.traffic import document

NOW = 1_780_000_000
SENDERS = 4
SIZES = (1_500, 60_000, 3_000, 20_000)
CHECKPOINT_PAGES = 60
"""Small, so that checkpoints fall among the deliveries."""


def recipient(store: Store) -> Recipient:
    domain = store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
    draft = accounts.AccountDraft("anna@example.test", "Anna", Role.RECIPIENT)
    store.write_now(accounts.create, store.shred, draft, domain, NOW)
    found = store.read_now(accounts.recipient, "anna@example.test")
    assert found is not None
    return found


async def deliver_all(store: Store, reader: Recipient, count: int, marks: int) -> None:
    numbers = iter(range(count))

    async def sender() -> None:
        for number in numbers:
            message = document(f"d{number}", SIZES[number % len(SIZES)])
            sealed = seal(message, (reader,))
            placed = await store.in_body_pool(place, store.bodies, sealed)
            draft = inbox_draft(placed, (reader,), None, None, NOW + number)
            await commit(store, documents.deliver, draft, draft.body_name, NOW + number)
            os.write(marks, f"acked {sealed.public_id} {hashlib.sha256(sealed.sealed_body).hexdigest()}\n".encode())

    async with asyncio.TaskGroup() as group:
        for _ in range(SENDERS):
            group.create_task(sender())


def commit_without_sync() -> None:
    """Make every later connection commit as PRAGMA synchronous = NORMAL does."""
    pragmas = connections._pragmas
    connections._pragmas = lambda key, read_only: [
        pragma.replace("synchronous = FULL", "synchronous = NORMAL") for pragma in pragmas(key, read_only)
    ]


def main(data: Path, count: int, synchronous: str) -> None:
    connections.CHECKPOINT_PAGES = CHECKPOINT_PAGES
    if synchronous == "NORMAL":
        commit_without_sync()
    with stores.opened(data) as store:
        reader = recipient(store)
        marks = os.open(data / MARKS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(marks, b"begin\n")
        asyncio.run(deliver_all(store, reader, count, marks))
        os.write(marks, b"end\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
