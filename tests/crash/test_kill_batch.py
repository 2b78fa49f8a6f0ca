"""kill -9 in the middle of a batch: it goes on to its end, each copy once and with a UID of its own."""

import asyncio
import os
import random
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.channels import batches as releasing
from bridge.mail.facts import HeaderFacts
from bridge.routing import planning
from bridge.routing.decision import Places
from bridge.settings import Settings
from storage.database import Store
from storage.deliveries import arrivals, batches
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.batches import BatchState
from storage.engine import statements
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey
from storage.mail.documents import DeliveryDraft
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Domain, DomainMode, Recipient, Role
from tests import stores
from tests.warm import Warm

from .batch_driver import NOW

KILLS = int(os.environ.get("SOAK_BATCH_KILLS", "1"))
DOCUMENTS, READERS = 12, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch of twelve documents, each for three readers."""
    data = tmp_path_factory.mktemp("batch") / "data"
    with stores.new(data) as store:
        domain = store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
        sender = person(store, "erp", domain)
        readers = tuple(person(store, f"r{number}", domain) for number in range(READERS))
        for number in range(DOCUMENTS):
            hold(store, sender.account_id, readers, number)
    return data


def person(store: Store, name: str, domain: Domain) -> Recipient:
    draft = AccountDraft(f"{name}@example.test", name, Role.SENDER if name == "erp" else Role.RECIPIENT)
    store.write_now(accounts.create, store.shred, draft, domain, NOW)
    found = store.read_now(accounts.recipient, draft.email)
    assert found is not None
    return found


def hold(store: Store, sender: int, readers: tuple[Recipient, ...], number: int) -> None:
    gathered = store.read_now(planning.gather, [each.account_id for each in readers], sender, True)
    facts = HeaderFacts(message_id=f"<{number}@x>")
    planned = planning.plan(gathered, facts, Places(), store.server_keys.message_tag, NOW, {})
    decided = {account: planning.held(each, openable=False) for account, each in planned.items()}
    sealed = seal_document(b"letter %d" % number, b"card", readers)
    draft = DeliveryDraft(sealed, readers, tuple(each.inbox_id for each in readers), NOW, 1000)
    draft = replace(draft, sender_account_id=sender)
    outbox = OutboxKey.of(store.server_keys.outbox).public_key
    store.write_now(arrivals.accept, Acceptance(draft, decided, sender, outbox, batch="nov"), NOW)


def killed(data: Path, verb: str, after: int, rng: random.Random) -> bool:
    """Whether the process was killed before its end: after so many slices began, and a moment."""
    command = [sys.executable, "-m", "tests.crash.batch_driver", verb, str(data)]
    with Warm(command) as process:
        assert process.stdout.readline() == "ready\n"
        for line in process.stdout:
            after -= line == "slice\n"
            if after <= 0 or line == "done\n":
                break
        time.sleep(rng.random() * 0.004)
        process.kill()
        return process.wait() != 0


async def go_on(store: Store) -> None:
    """As the bridge does within a minute of its next start."""
    await releasing.chore(Settings()).run(store, NOW + 60)


@pytest.mark.parametrize("verb", ["commit", "cancel"])
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_batch_goes_on_to_its_end(folder: Path, tmp_path: Path, seed: int, verb: str) -> None:
    rng, data = random.Random(f"{verb} {seed}"), tmp_path / "data"
    shutil.copytree(folder, data)
    assert killed(data, verb, rng.randint(1, 10), rng)
    with stores.opened(data) as store:
        (batch,) = store.read_now(batches.listing, 1, None, 10)
        before = store.read_now(batches.count, batch.id)
        assert before % 3 == 0, "a slice is there or it is not"
        asyncio.run(go_on(store))
        over = BatchState.COMMITTED if verb == "commit" else BatchState.CANCELLED
        assert store.read_now(batches.get, batch.id).state is over
        copies = store.read_now(statements.rows, "SELECT account_id, uid, document_id FROM copy ORDER BY 1, 2")
        wraps = store.read_now(statements.rows, "SELECT count(*) FROM wrap")
        if verb == "cancel":
            assert (copies, wraps) == ([], [(0,)])
            return
        assert wraps == [(DOCUMENTS * READERS,)]
        for account in {row[0] for row in copies}:
            own = [row for row in copies if row[0] == account]
            assert [uid for _, uid, _ in own] == list(range(1, DOCUMENTS + 1)), "none twice, none lost"
            assert len({document for _, _, document in own}) == DOCUMENTS
        assert len(copies) == DOCUMENTS * READERS
