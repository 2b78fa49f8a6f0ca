"""R6: bytes altered in postex.db, its WAL and keyring.db without the master key: detected or harmless.

Every trial makes a folder as it was, alters it, opens it and holds all that is served against the truth: equal, or
`Tampered`. What SQLCipher's page MAC does not show by itself, tests here say by name:

- A WAL frame that does not fit ends the log there (SQLite's recovery takes it for a torn write). The store starts
  over it only if nothing but the last transaction is missing, which a power cut may tear; a bare connection serves a
  state that was committed, never a mixture.
- A page that held true once and is put back in its place has a good MAC. Contents stay sealed: documents are right,
  missing or refused, never wrong; flags and rows may be old.
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from storage import schema
from storage.access import devices
from storage.database import Store
from storage.engine import connections, statements
from storage.engine.connections import Database, DriverError, breaks_transaction, close
from storage.errors import NotFound, SignInRefused, Tampered
from storage.keys.envelope import seal_document
from storage.keys.master import MasterKey
from storage.mail import documents, mailboxes
from storage.mail.reading import Reader
from storage.oversight import audit
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Account, DeviceCredentials, DomainMode, Flag, Role, Scope

NOW = 1_760_000_000
DAY = 86_400
FLIPS = int(os.environ.get("SOAK_FLIPS", "1000"))
"""Half of them in the database, half in the WAL; read by a connection of the store."""
PAGES = int(os.environ.get("SOAK_PAGES", "80"))
STARTS = int(os.environ.get("SOAK_STARTS", "30"))
"""Of a whole store over altered files: each costs a start."""
PAGE = 4096
WAL_HEADER, FRAME = 32, 24 + PAGE
DOCUMENTS = 24
TABLES = sorted(schema.metadata.tables)
State = dict[str, object]
"""What is served: rows by table, or messages by document."""
REFUSED = "refused"


@dataclass
class Folder:
    """A data folder with a WAL that was not written back, as after a crash, and what it serves."""

    sound: Path
    work: Path
    master: MasterKey
    account: Account
    device: DeviceCredentials
    messages: dict[int, bytes] = field(default_factory=dict)
    history: list[State] = field(default_factory=list)
    """Rows after each commit, oldest first: the last is the truth."""
    early: bytes = b""
    """The database file at the time of half the documents."""

    @classmethod
    def create(cls, at: Path) -> "Folder":
        data = at / "data"
        master = MasterKey.generate()
        Store.create(data, master)  # made here: a control makes it without the MACs of its pages
        with Store.open(data, master) as store:
            domain = store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
            draft = AccountDraft("anna@example.test", "Anna", Role.RECIPIENT)
            account, keys = store.write_now(accounts.create, store.shred, draft, domain, NOW)
            scopes = frozenset({Scope.IMAP})
            device = store.write_now(devices.add, store.server_keys, store.shred, account, keys, "phone", scopes, NOW)
        folder = cls(at / "sound", at / "work", master, account, device)
        folder._fill(data, 0, DOCUMENTS // 2)
        folder.early = (data / "postex.db").read_bytes()
        folder._fill(data, DOCUMENTS // 2, DOCUMENTS)
        with Store.open(data, master) as store:
            folder._deliver(store, DOCUMENTS, DOCUMENTS + 6)
            shutil.copytree(data, folder.sound)
        return folder

    def _fill(self, data: Path, start: int, stop: int) -> None:
        with Store.open(data, self.master) as store:
            self._deliver(store, start, stop)
        self.history.clear()

    def _deliver(self, store: Store, start: int, stop: int) -> None:
        self.history.append(store.read_now(rows_of))
        reader = store.read_now(accounts.recipient, self.account.email)
        assert reader is not None
        for number in range(start, stop):
            message = random.Random(number).randbytes(200 + 700 * (number % 8))
            sealed = seal_document(message, b"card %d" % number, [reader])
            draft = documents.DeliveryDraft(sealed, (reader,), (reader.inbox_id,), NOW, len(message))
            store.write_now(documents.deliver, draft, NOW)
            self.messages[number + 1] = message
            self.history.append(store.read_now(rows_of))
            store.write_now(documents.store_flags, reader.inbox_id, ((1, number),), documents.FlagMode.ADD, Flag.SEEN)
            self.history.append(store.read_now(rows_of))

    def restored(self) -> Path:
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.sound, self.work)
        return self.work

    # --- what is served ---

    def rows(self) -> State:
        """Every table by a connection of the store, each REFUSED or its rows; over the folder as it stands."""
        session = None
        try:
            session = Database(self.work / "postex.db", self.master.derive().database).reading()
            return rows_of(session)
        except DriverError as error:
            if not breaks_transaction(error):
                raise
            return dict.fromkeys(TABLES, REFUSED)
        finally:
            if session is not None:
                close(session)

    async def served(self) -> State:
        """All documents as their reader gets them from a store that starts here; REFUSED if it does not start."""
        try:
            store = Store.open(self.work, self.master)
        except Tampered:
            return {"start": REFUSED}
        try:
            return await self.read_by_anna(store)
        finally:
            await store.aclose()

    async def read_by_anna(self, store: Store) -> State:
        device = self.device
        arguments = (store.server_keys, store.shred, device.username, device.password, Scope.IMAP, NOW)
        try:
            signed_in = store.read_now(devices.sign_in, *arguments)
            assert signed_in.keys is not None
            inbox = store.read_now(mailboxes.by_name, self.account.id, signed_in.keys, "INBOX")
            ids = [copy.document_id for copy in store.read_now(documents.copies_of, inbox.id)]
        except (Tampered, NotFound, SignInRefused):
            return {"sign-in": REFUSED}
        reader, found = Reader(store, self.account, signed_in.keys, bytes), State()
        for document in ids:
            found[str(document)] = REFUSED
            with suppress(Tampered, NotFound):
                found[str(document)] = await reader.body(document)
        return found

    def judge_messages(self, served: State) -> str:
        """`refused`, `fewer` or `whole`; AssertionError for a byte that is not the message's."""
        truth: State = {str(document): message for document, message in self.messages.items()}
        for document, message in served.items():
            assert message in (REFUSED, truth.get(document)), f"document {document} served wrong"
        if REFUSED in served.values():
            return "refused"
        return "whole" if served == truth else "fewer"


def rows_of(session: Session) -> State:
    """All tables; one with a page that does not open is REFUSED, and for its sake no other."""
    found: State = {}
    for table in TABLES:
        columns = ", ".join(column.name for column in schema.metadata.tables[table].columns)
        keys = ", ".join(column.name for column in schema.metadata.tables[table].primary_key.columns)
        try:
            found[table] = statements.rows(session, f"SELECT {columns} FROM {table} ORDER BY {keys}")
        except DriverError as error:
            if not breaks_transaction(error):
                raise
            found[table] = REFUSED
    return found


def judge_rows(found: State, states: Sequence[State]) -> str:
    """All that was served belongs to one committed state; which: `whole`, `refused`, `older`."""
    served = {table: rows for table, rows in found.items() if rows != REFUSED}
    fitting = [state for state in states if served.items() <= state.items()]
    assert fitting, "rows served wrong"
    if len(served) < len(found):
        return "refused"
    return "whole" if states[-1] in fitting else "older"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = Folder.create(tmp_path_factory.mktemp("flips"))
    made.restored()
    assert made.rows() == made.history[-1]
    assert (made.sound / "postex.db-wal").stat().st_size > 8 * FRAME
    return made


def altered(folder: Folder, name: str, change: Callable[[bytes], bytes]) -> None:
    """`name` as it was and then changed; the others as they were."""
    for each in ("postex.db", "postex.db-wal", "keyring.db"):
        (folder.work / each).write_bytes((folder.sound / each).read_bytes())
    (folder.work / "postex.db-shm").unlink(missing_ok=True)
    (folder.work / name).write_bytes(change((folder.sound / name).read_bytes()))


def flip(at: int, mask: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def places(folder: Folder, name: str, count: int) -> Iterator[tuple[int, int]]:
    """Random bytes of a file and the bits to turn over; the same ones each time."""
    rng, size = random.Random(name), (folder.sound / name).stat().st_size
    return ((rng.randrange(size), 1 << rng.randrange(8)) for _ in range(count))


def flip_and_judge(folder: Folder, name: str) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for at, mask in places(folder, name, FLIPS // 2):
        altered(folder, name, flip(at, mask))
        outcomes[judge_rows(folder.rows(), folder.history)] += 1
    return outcomes


@pytest.mark.parametrize("name", ["postex.db", "postex.db-wal"])
def test_flipped_bytes_are_detected_or_harmless(folder: Folder, name: str) -> None:
    outcomes = flip_and_judge(folder, name)
    if name == "postex.db":
        assert outcomes["older"] == 0
        assert outcomes["refused"] > FLIPS / 6, "the WAL holds a newer form of the other pages"
    else:
        assert outcomes["refused"] + outcomes["older"] > FLIPS / 4


@pytest.mark.parametrize("name", ["postex.db", "postex.db-wal"])
async def test_a_store_over_flipped_bytes_starts_right_or_says_so(folder: Folder, name: str) -> None:
    outcomes: Counter[str] = Counter()
    for at, mask in places(folder, name, STARTS):
        altered(folder, name, flip(at, mask))
        outcomes[folder.judge_messages(await folder.served())] += 1
    assert outcomes.total() == STARTS
    assert outcomes["refused"] > (0 if name == "postex.db" else STARTS * 2 // 3)


def pages(data: bytes) -> range:
    return range(len(data) // PAGE)


def put_page(data: bytes, number: int, page: bytes) -> bytes:
    return data[: number * PAGE] + page + data[(number + 1) * PAGE :]


def test_exchanged_and_emptied_pages_are_never_served_wrong(folder: Folder) -> None:
    """A page of zeros is let through by SQLCipher, as one that was never written: the tree must not take it."""
    sound = (folder.sound / "postex.db").read_bytes()
    rng, outcomes = random.Random(1), Counter[str]()
    chosen = sorted(rng.sample(pages(sound), min(PAGES, len(pages(sound)))))
    for number in chosen:
        other = rng.choice([each for each in pages(sound) if each != number])
        for page in (sound[other * PAGE : (other + 1) * PAGE], bytes(PAGE)):
            altered(folder, "postex.db", lambda data, at=number, new=page: put_page(data, at, new))  # type: ignore[misc]
            outcomes[judge_rows(folder.rows(), folder.history)] += 1
    assert outcomes["refused"] > len(chosen) * 2 // 3, "the rest are roots of empty tables, which nobody reads"
    assert outcomes["older"] == 0


@pytest.mark.parametrize("name", ["postex.db", "postex.db-wal"])
async def test_cut_files_are_never_served_wrong(folder: Folder, name: str) -> None:
    size = (folder.sound / name).stat().st_size
    step = PAGE if name == "postex.db" else FRAME
    for length in [*range(0, size, step * 8), *range(step + 1, size, step * 9)]:
        altered(folder, name, lambda data, at=length: data[:at])  # type: ignore[misc]
        if length or name != "postex.db":
            judge_rows(folder.rows(), folder.history)
    for length in (0, 1, step, size // 2, size - 1):
        altered(folder, name, lambda data, at=length: data[:at])  # type: ignore[misc]
        outcome = folder.judge_messages(await folder.served())
        in_the_log = length == size - 1  # the last page may stand there too, whole
        assert outcome == "refused" or name != "postex.db" or (in_the_log and outcome == "whole"), length


async def test_an_old_database_file_put_back_is_at_worst_an_old_state(folder: Folder) -> None:
    """Beside the newer WAL, and alone: a whole rollback, which only audit heads kept elsewhere show."""
    altered(folder, "postex.db", lambda _: folder.early)
    assert folder.judge_messages(await folder.served()) in ("refused", "fewer")
    altered(folder, "postex.db", lambda _: folder.early)
    (folder.work / "postex.db-wal").unlink()
    assert folder.judge_messages(await folder.served()) == "fewer"


async def test_an_old_wal_put_back_is_never_served_wrong(folder: Folder, tmp_path: Path) -> None:
    altered(folder, "postex.db", lambda data: data)
    with Store.open(folder.work, folder.master) as store:
        assert store.read_now(audit.verify, store.server_keys) is None
    (folder.work / "postex.db-wal").write_bytes((folder.sound / "postex.db-wal").read_bytes())
    assert folder.judge_messages(await folder.served()) in ("refused", "whole", "fewer")


async def test_single_old_pages_put_back_serve_no_wrong_document(folder: Folder) -> None:
    """Their MAC is good: what each holds is sealed for itself, and references are checked at the start."""
    altered(folder, "postex.db", lambda data: data)
    Store.open(folder.work, folder.master).close()  # the WAL is written back
    path, outcomes = folder.work / "postex.db", Counter[str]()
    sound = path.read_bytes()
    shared = range(1, len(folder.early) // PAGE)
    changed = [at for at in shared if folder.early[at * PAGE :][:PAGE] != sound[at * PAGE :][:PAGE]]
    for number in changed[:STARTS]:
        path.write_bytes(put_page(sound, number, folder.early[number * PAGE :][:PAGE]))
        outcomes[folder.judge_messages(await folder.served())] += 1
    assert outcomes["fewer"] + outcomes["refused"], "old pages were read"


def turn_over(path: Path, at: int) -> None:
    """One bit, in place."""
    with path.open("r+b") as file:
        byte = os.pread(file.fileno(), 1, at)
        os.pwrite(file.fileno(), bytes([byte[0] ^ 1]), at)


async def test_bytes_flipped_under_an_open_store_are_never_served_wrong(folder: Folder) -> None:
    outcomes: Counter[str] = Counter()
    altered(folder, "postex.db", lambda data: data)
    store = Store.open(folder.work, folder.master)
    store.write_now(devices.touch, folder.device.device.id, NOW)
    rng = random.Random(5)
    try:
        for turn, name in enumerate(("postex.db", "postex.db-wal") * (FLIPS // 10)):
            # A commit, so that readers take their pages from the files again and not from their memory.
            store.write_now(devices.touch, folder.device.device.id, NOW + turn * DAY)
            at = rng.randrange((folder.work / name).stat().st_size)
            turn_over(folder.work / name, at)
            outcomes[folder.judge_messages(await folder.read_by_anna(store))] += 1
            turn_over(folder.work / name, at)
    finally:
        await store.aclose()
    assert outcomes["refused"]
    assert folder.judge_messages(await folder.served()) == "whole", "nothing wrong was written back"


# --- keyring.db ---


def test_flips_in_the_keyring_are_detected_or_harmless(folder: Folder) -> None:
    truth, refused = None, 0
    for at, mask in [(0, 0), *places(folder, "keyring.db", STARTS)]:
        altered(folder, "keyring.db", flip(at, mask))
        try:
            with Store.open(folder.work, folder.master) as store:
                secret = store.shred.get(folder.account.public_id)
        except (Tampered, NotFound):
            refused += 1
            continue
        truth = truth or secret
        assert secret == truth
    assert refused > STARTS / 2


@pytest.mark.parametrize("length", [None, 0, 1, PAGE, PAGE + 1])
def test_a_lost_or_cut_keyring_is_reported_and_not_made_anew(folder: Folder, length: int | None) -> None:
    altered(folder, "keyring.db", lambda data: data[:length])
    path = folder.work / "keyring.db"
    if length is None:
        path.unlink()
    for _ in range(2):
        with pytest.raises((NotFound, Tampered)):
            Store.open(folder.work, folder.master)
    assert (path.stat().st_size if path.exists() else None) == length


async def test_an_emptied_database_is_reported_and_no_body_swept(folder: Folder) -> None:
    altered(folder, "postex.db", lambda _: b"")
    (folder.work / "postex.db-wal").unlink()
    shard = folder.work / "bodies" / "ab"
    shard.mkdir(exist_ok=True)
    body = shard / ("ab" * 16)
    body.write_bytes(b"sealed")
    for lost in (False, True):
        if lost:
            (folder.work / "keyring.db").unlink()
        with pytest.raises(Tampered):
            Store.open(folder.work, folder.master)
    assert body.exists()


# --- controls ---


def test_wrong_rows_are_caught(folder: Folder) -> None:
    """A row more, a value less, rows of two states together: none is taken for what was committed."""
    first, last = folder.history[0], folder.history[-1]
    rows: Any = last["copy"]
    for wrong in ({**last, "copy": rows[1:]}, {**last, "copy": [*rows[:-1], (*rows[-1][:-1], 0)]}):
        with pytest.raises(AssertionError, match="rows served wrong"):
            judge_rows(wrong, folder.history)
    with pytest.raises(AssertionError, match="rows served wrong"):
        judge_rows({**last, "copy": first["copy"]}, folder.history)
    assert judge_rows(last, folder.history) == "whole"
    assert judge_rows(first, folder.history) == "older"


async def test_a_wrong_message_is_caught(folder: Folder) -> None:
    altered(folder, "postex.db", lambda data: data)
    served = await folder.served()
    assert folder.judge_messages(served) == "whole"
    document = next(iter(served))
    with pytest.raises(AssertionError, match="served wrong"):
        folder.judge_messages({**served, document: b"another"})


def test_a_database_without_page_macs_is_caught(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the whole way: with the MAC of SQLCipher off, flipped bytes are served, and this shows it."""
    keyed = connections._pragmas

    def without_macs(key: bytes, read_only: bool) -> list[str]:
        first, *others = keyed(key, read_only)
        return [first, "PRAGMA cipher_use_hmac = OFF", *others]

    monkeypatch.setattr(connections, "_pragmas", without_macs)
    made = Folder.create(folder.work.parent / "without")
    made.restored()
    assert judge_rows(made.rows(), made.history) == "whole"
    with pytest.raises(AssertionError, match="rows served wrong"):
        flip_and_judge(made, "postex.db")
