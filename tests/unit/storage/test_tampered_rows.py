"""Who writes to the database with the master key: each column of bytes, altered or moved, is refused alone (S73).

`Attack` takes the columns from the schema, so that a new one without a word here on what it concerns fails. Each
value is altered, cut, emptied, set to NULL and to values of another kind, and replaced by those of other rows: of
other documents, accounts and generations. All that the store serves is then held against what it served before:
what the row concerns must be refused, everything else be as it was. Both before the first reading (HPKE) and after.
"""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import LargeBinary
from sqlcipher3 import dbapi2

from storage import schema
from storage.errors import Tampered
from storage.keys.keyring import AccountKeys
from storage.mail import delivery_folders, documents
from storage.mail.reading import Reader

from .conftest import Office
from .served import REFUSED, Row, Thing, World

SOAK = bool(os.environ.get("SOAK_ROWS"))
"""Attack every row with the values of all others; else the first and the last row, with the values of three."""
MOVED = 3
KINDS: tuple[object, ...] = (None, 7, "text")


# --- what a row concerns ---


def of_document(world: World, row: Row, kinds: tuple[str, ...], accounts: list[int]) -> set[Thing]:
    return {(kind, str(account), str(row["document_id"])) for kind in kinds for account in accounts}


def readers(world: World, row: Row) -> list[int]:
    found = world.office.rows("SELECT account_id FROM wrap WHERE document_id = ?", row["document_id"])
    return [account for (account,) in found]


def of_wrap(world: World, row: Row) -> set[Thing]:
    """An adopted card does not need it."""
    return of_document(world, row, ("body",) if world.adopted else ("card", "body"), [row["account_id"]])


def of_card(world: World, row: Row) -> set[Thing]:
    return set() if world.adopted else of_document(world, row, ("card", "body"), readers(world, row))


def of_indexed_card(world: World, row: Row) -> set[Thing]:
    return of_document(world, row, ("card", "body"), [row["account_id"]])


def of_inline_body(world: World, row: Row) -> set[Thing]:
    return of_document(world, row, ("body",), readers(world, row))


def of_identity(world: World, row: Row) -> set[Thing]:
    """What was sealed to it and not adopted yet; an adopted document does not need it. And escrow keys held by it."""
    sql = "SELECT document_id FROM wrap WHERE account_id = ? AND generation = ? AND form = 'hpke'"
    found = world.office.rows(sql, row["account_id"], row["generation"])
    return world.escrowed.of_identity(row).union(
        *(of_document(world, {"document_id": each}, ("card", "body"), [row["account_id"]]) for (each,) in found)
    )


def of_slot(world: World, row: Row) -> set[Thing]:
    kind, me = row["kind"], str(row["account_id"])
    if kind == "device":
        return {("sign-in", row["public_id"])}
    if kind == "recovery":
        sql = "SELECT id FROM key_slot WHERE account_id = ? AND kind = ? ORDER BY id"
        number = [slot for (slot,) in world.office.rows(sql, row["account_id"], kind)].index(row["id"])
        return {("recovery code", me, str(number))}
    return {(kind, me)}


def of_named_slot(world: World, row: Row) -> set[Thing]:
    """Slots of devices and sessions go by the selector in another row."""
    return of_slot(world, row) if row["kind"] in ("enrolment", "password", "recovery") else set()


def of_password(world: World, row: Row) -> set[Thing]:
    return of_slot(world, row) if row["kind"] == "password" else set()


def of_seed(world: World, row: Row) -> set[Thing]:
    return {("second factor", str(row["account_id"]))}


def of_waiting_seed(world: World, row: Row) -> set[Thing]:
    return {("waiting second factor", str(row["account_id"]))}


def of_mailbox(world: World, row: Row) -> set[Thing]:
    return {("folder", str(row["account_id"]), str(row["id"]))}


def of_subscription(world: World, row: Row) -> set[Thing]:
    if not row["sealed_name"]:
        channel = delivery_folders.FOLDERS[row["name_tag"].decode()]
        return {("subscription", str(row["account_id"]), delivery_folders.NAMES["nl"][channel])}
    keys = world.people[row["account_id"]].keys
    bound_to = f"subscription {row['name_tag'].hex()}"
    return {("subscription", str(row["account_id"]), keys.open_name(row["sealed_name"], mailbox=bound_to))}


def of_audit(world: World, row: Row) -> set[Thing]:
    return {("audit",)}


def of_nothing(world: World, row: Row) -> set[Thing]:
    """A repeated hand-in would not be recognised, a later backup sealed to a strange kit: nothing that is read."""
    return set()


CONCERNED: dict[tuple[str, str], Callable[[World, Row], set[Thing]]] = {
    ("wrap", "sealed_wrap"): of_wrap,
    ("card", "sealed_card"): of_card,
    ("indexed_card", "sealed_card"): of_indexed_card,
    ("inline_body", "sealed_body"): of_inline_body,
    ("identity_key", "public_key"): of_identity,
    ("identity_key", "sealed_private"): of_identity,
    ("key_slot", "salt"): of_slot,
    ("key_slot", "commitment"): of_slot,
    ("key_slot", "sealed_key"): of_slot,
    ("escrow_key", "public_key"): lambda world, row: world.escrowed.of_key(row),
    ("escrow_key", "sealed_for_kit"): lambda world, row: world.escrowed.of_kit(row),
    ("escrow_holder", "sealed_private"): lambda world, row: world.escrowed.of_holder(row),
    ("escrow_slot", "sealed_key"): lambda world, row: world.escrowed.of_slot(row),
    ("server_fact", "value"): of_nothing,
    ("second_factor", "seed"): of_seed,
    ("second_factor", "pending_seed"): of_waiting_seed,
    ("mailbox", "sealed_name"): of_mailbox,
    ("mailbox", "name_tag"): of_mailbox,
    ("subscription", "sealed_name"): of_subscription,
    ("subscription", "name_tag"): of_subscription,
    ("audit_event", "hash"): of_audit,
    ("audit_event", "mac"): of_audit,
    ("audit_head", "hash"): of_audit,
    ("audit_head", "ratchet_key"): of_audit,
    ("hand_in", "dedupe_tag"): of_nothing,
}
OF_THE_OUTBOX = frozenset(
    {
        ("delivery", "message_tag"),
        ("delivery", "content_tag"),
        ("outbox_key", "sealed_wrap"),
        ("job", "sealed_payload"),
        ("external_mailbox", "sealed_password"),
        ("contact_proof", "code_tag"),
        ("notice_url", "sealed_url"),
    }
)
"""No reader is served from these: see deliveries/test_tampered_outbox.py."""
BOUND_TO = {
    ("document", "public_id"): lambda world, row: of_document(
        world, {"document_id": row["id"]}, ("card", "body"), readers(world, {"document_id": row["id"]})
    ),
    ("document", "body_name"): lambda world, row: of_document(
        world, {"document_id": row["id"]}, ("body",), readers(world, {"document_id": row["id"]})
    ),
    ("wrap", "generation"): of_wrap,
    ("wrap", "form"): of_wrap,
    ("indexed_card", "generation"): of_indexed_card,
    ("key_slot", "public_id"): of_named_slot,
    ("key_slot", "parameters"): of_password,
    ("escrow_holder", "identity_generation"): lambda world, row: world.escrowed.of_holder(row),
    ("escrow_slot", "generation"): lambda world, row: world.escrowed.of_slot(row),
    ("escrow_slot", "domain_id"): lambda world, row: world.escrowed.of_slot(row),
    ("mailbox", "public_id"): lambda world, row: of_mailbox(world, row) if row["sealed_name"] else set(),
}
"""Columns that are not sealed, but that a seal is bound to."""


# --- attacks ---


@dataclass
class Attack:
    """One column, as it was, and values to put into one of its rows."""

    world: World
    table: str
    column: str

    @property
    def keys(self) -> list[str]:
        return [column.name for column in schema.metadata.tables[self.table].primary_key.columns]

    def rows(self) -> list[Row]:
        names = [column.name for column in schema.metadata.tables[self.table].columns]
        order = ", ".join(self.keys)
        found = self.world.office.rows(f"SELECT {', '.join(names)} FROM {self.table} ORDER BY {order}")
        return [dict(zip(names, row, strict=True)) for row in found]

    def targets(self) -> list[Row]:
        """All, or the first, the last, and the last of each kind."""
        rows = self.rows()
        last = {row.get("kind"): at for at, row in enumerate(rows)}
        return rows if SOAK else [rows[at] for at in sorted({0, *last.values()}) if rows]

    def values(self, row: Row) -> Iterator[object]:
        """What stands in the column of other rows, then altered forms of what stands in this one."""
        now = row[self.column]
        others = list(dict.fromkeys(other[self.column] for other in self.rows()))
        if not SOAK:
            others = random.Random(self.column).sample(others, min(MOVED, len(others)))
        altered: list[object] = (
            [now + 1, -1, 2**62] if isinstance(now, int) else [f"{now}x"] if isinstance(now, str) else []
        )
        if isinstance(now, bytes):
            for at in {0, len(now) // 2, len(now) - 1} if now else ():
                altered.append(now[:at] + bytes([now[at] ^ 1]) + now[at + 1 :])
            altered += [b"", now[:1], now[:-1], now + b"\0", bytes(len(now))]
        for value in [*others, *altered, *KINDS]:
            if value != now and not (isinstance(now, int) and value == "text"):
                yield value

    def put(self, row: Row, value: object) -> bool:
        """Whether it could be done: a key of the table is there once only, and never NULL."""
        where = " AND ".join(f"{key} IS ?" for key in self.keys)
        sql = f"UPDATE {self.table} SET {self.column} = ? WHERE {where}"
        try:
            return self.world.office.change(sql, value, *(row[key] for key in self.keys)) == 1  # type: ignore[arg-type]
        except dbapi2.IntegrityError:
            return False

    def perhaps(self) -> frozenset[Thing]:
        """What must be noted in the audit log does not happen if that has no head."""
        codes = self.world.codes if self.table == "audit_head" else ()
        return frozenset(("waiting second factor", str(account)) for account in codes)

    async def carry_out(self) -> int:
        """Every value into every target, judged and taken back; how many there were."""
        truth, done = await self.world.served(), 0
        for row in self.targets():
            concerned = (CONCERNED | BOUND_TO)[self.table, self.column](self.world, row)
            for value in self.values(row):
                if self.put(row, value):
                    what = f"{self.table}.{self.column} = {value!r}"
                    judge(truth, await self.world.served(), concerned, what, self.perhaps())
                    stored = {**row, self.column: value}
                    assert self.put(stored, row[self.column])
                    done += 1
        assert await self.world.served() == truth, "taken back"
        return done


def judge(
    truth: dict[Thing, object],
    served: dict[Thing, object],
    concerned: set[Thing],
    what: str,
    perhaps: frozenset[Thing] = frozenset(),
) -> None:
    """Nothing wrong; what is concerned refused, all else as it was; of `perhaps` either."""
    for thing, value in truth.items():
        now = served.get(thing, REFUSED)
        if thing[0] == "folders by name":
            assert now.items() <= value.items(), f"{what}: a name leads to another folder"  # type: ignore[attr-defined]
            continue
        assert now in (value, REFUSED), f"{what}: {thing} served wrong"
        if thing not in perhaps:
            assert (now == REFUSED) == (thing in concerned), f"{what}: {thing} {now!r}"
    assert served.keys() <= truth.keys(), f"{what}: something new is served"


async def world_of(office: Office, adopted: bool, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World.create(office, adopted)
    if adopted:
        await world.served()
        await office.store.write(documents.copies_of, 0)
        assert office.rows("SELECT DISTINCT form FROM wrap") == [("account",)]
    monkeypatch.setattr(office.store, "post", lambda *_: None)
    return world


def test_every_column_of_bytes_is_attacked() -> None:
    columns = [each for table in schema.metadata.tables.values() for each in table.columns]
    found = {(each.table.name, each.name) for each in columns if isinstance(each.type, LargeBinary)}
    assert found == CONCERNED.keys() | OF_THE_OUTBOX, (
        "say what the new column concerns, or take the old one off the list"
    )


@pytest.mark.parametrize("adopted", [False, True], ids=["before adoption", "after adoption"])
async def test_an_altered_or_moved_value_is_refused_alone(
    office: Office, adopted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await world_of(office, adopted, monkeypatch)
    done = {name: await Attack(world, *name).carry_out() for name in (*CONCERNED, *BOUND_TO)}
    untouched = {name for name, count in done.items() if count < 4}
    assert untouched == (set() if adopted else {name for name in done if name[0] == "indexed_card"})


async def test_a_seal_that_is_not_bound_is_caught(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: cards sealed without their document open in the place of others."""
    monkeypatch.setattr(AccountKeys, "_document_context", lambda *_: b"the same for all")
    world = await world_of(office, True, monkeypatch)
    with pytest.raises(AssertionError, match="served wrong"):
        await Attack(world, "indexed_card", "sealed_card").carry_out()


async def test_exchanged_tags_open_no_folder_under_another_name(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await world_of(office, True, monkeypatch)
    truth = await world.served()
    (one, tag_one), (two, tag_two) = office.rows("SELECT id, name_tag FROM mailbox WHERE account_id = 1 LIMIT 2")
    for mailbox, tag in ((one, b"aside"), (two, tag_one), (one, tag_two)):
        office.change("UPDATE mailbox SET name_tag = ? WHERE id = ?", tag, mailbox)
    concerned = {("folder", "1", str(one)), ("folder", "1", str(two))}
    judge(truth, await world.served(), concerned, "exchanged tags")


async def test_a_strange_identity_key_spoils_new_mail_alone(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """security.md, Threats: new mail is not protected. Adopted mail stays right, escrow keys held by it are refused,
    and what could not be opened is refused every time it is asked for, not only the first time."""
    world = await world_of(office, True, monkeypatch)
    truth = await world.served()
    anna, bram = world.people.values()
    strange, _ = bram.keys.new_identity(7)
    held = {key for at in (1, 2) for key in world.escrowed.of_identity({"account_id": 1, "generation": at})}
    office.change("UPDATE identity_key SET public_key = ? WHERE account_id = ?", strange, anna.account.id)
    judge(truth, await world.served(), held, "a strange identity key")
    truth |= dict.fromkeys(held, REFUSED)
    addressee = anna.recipient
    anna.recipient = addressee._replace(public_key=strange)
    office.deliver(b"to a stranger's key", anna, bram)
    anna.recipient = addressee
    office.deliver(b"to the right key, which is not the one stored", anna, bram)
    served = await world.served()
    (one,), (two,) = office.rows("SELECT id FROM document ORDER BY id DESC LIMIT 2")
    new = {thing for thing in served if thing[-1] in (str(one), str(two)) and thing[0] in ("card", "body")}
    assert {thing for thing in new if served[thing] == REFUSED} == {thing for thing in new if thing[1] == "1"}
    assert {thing: value for thing, value in served.items() if thing not in new} == truth
    reader = Reader(office.store, anna.account, office.keys_of(anna), bytes)
    for _ in range(3):
        assert isinstance((await reader.cards([two]))[two], Tampered)
