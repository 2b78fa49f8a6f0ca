"""What an earlier version left behind: upgraded as it is opened, all of it readable and usable (R16)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import migrations
from storage.access import devices, enrolment
from storage.database import Store
from storage.deliveries.terms import Channel
from storage.engine import statements
from storage.errors import SignInRefused
from storage.keys.envelope import seal_document
from storage.keys.keyring import AccountKeys
from storage.mail import documents, mailboxes
from storage.mail.documents import DeliveryDraft
from storage.mail.reading import Reader
from storage.oversight import audit
from storage.people import accounts, senders
from storage.records import Account, AccountState, Flag, Mailbox, Scope
from tests.frozen import Thawed, thaw

NOW = 1_760_000_100
PEOPLE = ("anna", "bram", "erp", "olga")
"""Those who may sign in; cora is suspended."""


@pytest.fixture
def frozen(tmp_path: Path) -> Thawed:
    return thaw("0001", tmp_path / "data")


@pytest.fixture
def store(frozen: Thawed) -> Iterator[Store]:
    with Store.open(frozen.data, frozen.master) as opened:
        yield opened


def sign_in(
    store: Store, frozen: Thawed, name: str, password: str = "password"
) -> tuple[Account, AccountKeys | None]:
    scope = Scope.SMTP_SEND if name == "erp" else Scope.IMAP
    secret = frozen.facts["people"][name][password]
    keys = (store.server_keys, store.shred)
    found = store.read_now(devices.sign_in, *keys, f"{name}@example.test", secret, scope, NOW)
    return found.account, found.keys


def opened(store: Store, frozen: Thawed, name: str) -> tuple[Account, AccountKeys]:
    account, keys = sign_in(store, frozen, name)
    assert keys is not None
    return account, keys


def box(store: Store, account: Account, keys: AccountKeys, name: str) -> Mailbox:
    return store.read_now(mailboxes.by_name, account.id, keys, name)


def test_it_was_of_the_first_revision_and_is_of_the_newest(frozen: Thawed) -> None:
    session = frozen.database.reading()
    assert statements.row(session, "SELECT version_num FROM alembic_version") == ("0001",)
    session.close()
    with Store.open(frozen.data, frozen.master) as store:
        assert store.read_now(statements.row, "SELECT version_num FROM alembic_version") == (migrations.NEWEST,)


@pytest.mark.parametrize("name", PEOPLE)
def test_everybody_signs_in_as_before(store: Store, frozen: Thawed, name: str) -> None:
    account, _ = sign_in(store, frozen, name)
    assert (account.email, account.state) == (f"{name}@example.test", AccountState.REGISTERED)


@pytest.mark.parametrize("name", [*PEOPLE, "cora"])
def test_a_revoked_device_and_a_suspended_account_stay_so(store: Store, frozen: Thawed, name: str) -> None:
    with pytest.raises(SignInRefused):
        sign_in(store, frozen, name, "lost" if name != "cora" else "password")


async def test_every_document_is_read_by_each_of_its_readers(store: Store, frozen: Thawed) -> None:
    for name in ("anna", "bram"):
        account, keys = opened(store, frozen, name)
        selected = store.read_now(mailboxes.select, box(store, account, keys, "INBOX").id, keys, False)
        reader = Reader(store, account, keys, bytes)
        ids = [copy.document_id for copy in selected.copies]
        mine = [each for each in frozen.facts["messages"] if name in frozen.facts["messages"][each]["readers"]]
        assert list((await reader.cards(ids)).values()) == [f"card of {each}".encode() for each in mine]
        texts = [frozen.facts["messages"][each]["text"].encode() for each in mine]
        assert list((await reader.bodies(ids)).values()) == texts


def test_folders_subscriptions_flags_and_addresses_are_there(store: Store, frozen: Thawed) -> None:
    anna, keys = opened(store, frozen, "anna")
    names = {each.name for each in store.read_now(mailboxes.listing, anna.id, keys)}
    assert {"INBOX", "Belasting", "Belasting/2025"} <= names
    assert "Belasting/2025" in store.read_now(mailboxes.subscriptions, anna.id, keys)
    copies = store.read_now(mailboxes.select, box(store, anna, keys, "INBOX").id, keys, False).copies
    assert [(copy.uid, Flag(copy.flags), copy.keywords) for copy in copies] == [
        (1, Flag.SEEN | Flag.FLAGGED, ("betaald",)),
        (2, Flag.SEEN | Flag.FLAGGED, ("betaald",)),
    ]
    assert store.read_now(mailboxes.status, box(store, anna, keys, "Belasting/2025").id).messages == 1
    assert store.read_now(accounts.resolve, "a.vries@example.test", 1).recipient.account_id == anna.id
    erp = store.read_now(accounts.by_email, "erp@example.test")
    assert "facturen@energie.test" in store.read_now(senders.identities, erp.id)


def test_the_enrolment_code_opens_the_account(store: Store, frozen: Thawed) -> None:
    code = frozen.facts["people"]["bram"]["enrolment_code"]
    keys = (store.server_keys, store.shred)
    account, _ = store.read_now(enrolment.open_code, *keys, "bram@example.test", code, NOW)
    assert account.email == "bram@example.test"


def test_the_audit_log_holds_with_its_new_index(store: Store, frozen: Thawed) -> None:
    found = store.read_now(audit.examine, store.server_keys)
    assert (found.position, found.first_bad) == (frozen.facts["audit_events"], None)
    anna = frozen.facts["people"]["anna"]["id"]
    indexed = "SELECT e.kind FROM audit_involved i JOIN audit_event e USING (position) WHERE account_id = ?"
    kinds = [kind for (kind,) in store.read_now(statements.rows, indexed, (anna,))]
    assert kinds == ["account.created", "device.added", "device.added", "device.revoked"]


def test_life_goes_on(store: Store, frozen: Thawed) -> None:
    anna, keys = opened(store, frozen, "anna")
    reader = store.read_now(accounts.recipient, anna.email)
    assert reader is not None
    sealed = seal_document(b"From: a\r\n\r\nnew", b"card", [reader])
    draft = DeliveryDraft(sealed, (reader,), mailbox_ids=(reader.inbox_id,), internal_date=NOW, stored_size=14)
    assert [uid for _, uid in store.write_now(documents.deliver, draft, NOW).copies] == [3]
    sealing = (store.server_keys, store.shred)
    made = store.write_now(devices.add, *sealing, anna, keys, "tablet", frozenset({Scope.IMAP}), NOW)
    found = store.read_now(devices.sign_in, *sealing, anna.email, made.password, Scope.IMAP, NOW)
    assert found.account == anna
    assert store.read_now(audit.verify, store.server_keys) is None


def test_ids_are_not_used_twice(store: Store, frozen: Thawed) -> None:
    """The counters of AUTOINCREMENT came along."""
    anna, keys = opened(store, frozen, "anna")
    last = store.read_now(statements.row, "SELECT max(id) FROM device")
    assert last is not None
    store.write_now(statements.run, "DELETE FROM device WHERE id = ?", (last[0],))
    made = store.write_now(
        devices.add, store.server_keys, store.shred, anna, keys, "tablet", frozenset({Scope.IMAP}), NOW
    )
    assert made.device.id > last[0]


@pytest.mark.parametrize("name", ["anna", "bram"])
def test_accounts_of_before_have_delivery_folders(store: Store, frozen: Thawed, name: str) -> None:
    """With UIDVALIDITYs of their own, subscribed."""
    account, keys = opened(store, frozen, name)
    listed = store.read_now(mailboxes.listing, account.id, keys)
    ours = [mailbox for mailbox in listed if mailbox.chooses is not None]
    assert {mailbox.chooses for mailbox in ours} == set(Channel) - {Channel.EXTERNAL}
    assert len({mailbox.uid_validity for mailbox in listed}) == len(listed)
    assert {mailbox.name for mailbox in ours} <= set(store.read_now(mailboxes.subscriptions, account.id, keys))
    made = store.write_now(mailboxes.create, account.id, keys, "afterwards", NOW)
    assert made.uid_validity not in {mailbox.uid_validity for mailbox in listed}
