"""Reading: cards and bodies, adoption, and rows that were altered or moved."""

import pytest

from storage.engine import statements
from storage.engine.bodies import new_name
from storage.errors import NotFound, Tampered
from storage.keys.keyring import AccountKeys
from storage.mail import documents, mailboxes
from storage.mail.reading import SMALL_BODY, Reader
from storage.records import Flag
from tests.unit.storage.conftest import NOW, Office, Person


def document_ids(office: Office, person: Person) -> list[int]:
    return [copy.document_id for copy in office.store.read_now(mailboxes.select, person.inbox, person.keys).copies]


async def drained(office: Office) -> None:
    """All posted adoptions are committed."""
    await office.store.write(statements.rows, "SELECT 1")


async def adopted(office: Office, *people: Person) -> None:
    for person in people:
        await office.reader(person).cards(document_ids(office, person))
    await drained(office)


def forms(office: Office) -> list[str]:
    return [form for (form,) in office.rows("SELECT form FROM wrap ORDER BY document_id, account_id")]


async def test_the_first_session_adopts_and_the_next_reads_what_it_left(office: Office, anna: Person) -> None:
    for number in range(3):
        office.deliver(b"body %d" % number, anna, card=b"card %d" % number)
    ids = document_ids(office, anna)
    expected = {document: b"card %d" % number for number, document in enumerate(ids)}

    assert await office.reader(anna).cards(ids) == expected
    await drained(office)
    assert forms(office) == ["account"] * 3
    assert office.rows("SELECT count(*) FROM indexed_card") == [(3,)]
    office.change("DELETE FROM card")
    assert await office.reader(anna).cards(ids) == expected
    assert await office.reader(anna).bodies(ids) == {document: b"body %d" % n for n, document in enumerate(ids)}


async def test_adoption_by_one_reader_leaves_the_other_alone(office: Office, anna: Person, bram: Person) -> None:
    office.deliver(b"both", anna, bram)
    await adopted(office, anna)
    assert sorted(forms(office)) == ["account", "hpke"]
    (document,) = document_ids(office, bram)
    assert await office.reader(bram).body(document) == b"both"


async def test_two_sessions_may_adopt_at_once(office: Office, anna: Person) -> None:
    office.deliver(b"x", anna, card=b"c")
    (document,) = document_ids(office, anna)
    first, second = office.reader(anna), office.reader(anna)
    assert await first.cards([document]) == await second.cards([document]) == {document: b"c"}
    await drained(office)
    assert await office.reader(anna).body(document) == b"x"


async def test_what_is_gone_before_its_adoption_stays_gone(office: Office, anna: Person) -> None:
    office.deliver(b"x", anna)
    reader, ids = office.reader(anna), document_ids(office, anna)

    def gone_first(session):  # type: ignore[no-untyped-def]
        documents.store_flags(session, anna.inbox, [(1, 1)], documents.FlagMode.ADD, Flag.DELETED)
        documents.expunge(session, anna.inbox)

    posted = []
    office.store.post = lambda *arguments: posted.append(arguments)  # type: ignore[method-assign, assignment]
    await reader.cards(ids)
    office.store.write_now(gone_first)
    for function, *arguments in posted:
        office.store.write_now(function, *arguments)
    assert posted
    assert office.rows("SELECT count(*) FROM indexed_card") == [(0,)]


async def test_a_card_is_decoded_once(office: Office, anna: Person) -> None:
    office.deliver(b"x", anna, card=b"c")
    decoded: list[bytes] = []

    def decode(card: bytes) -> bytes:
        decoded.append(card)
        return card

    reader = Reader(office.store, anna.account, office.keys_of(anna), decode)
    (document,) = document_ids(office, anna)
    for _ in range(3):
        await reader.cards([document, document])
        await reader.body(document)
    assert decoded == [b"c"]


@pytest.mark.parametrize("size", [0, 1, 5000, 65536, SMALL_BODY + 1])
@pytest.mark.parametrize("in_file", [False, True])
async def test_bodies_in_ranges(office: Office, anna: Person, size: int, in_file: bool) -> None:
    message = bytes(number % 251 for number in range(size))
    name = new_name() if in_file else None
    draft = office.draft(message, anna, body_name=name)
    if name is not None:
        await office.store.in_body_pool(office.store.bodies.write, name, draft.sealed.sealed_body)
    await office.store.write(documents.deliver, draft, NOW)
    (document,) = document_ids(office, anna)
    reader = office.reader(anna)
    assert await reader.body(document) == message
    assert await reader.body(document, 10, 70_000) == message[10:70_000]
    assert await reader.body(document, size, size + 5) == b""
    assert await reader.body(document, size + 9) == b""
    assert await reader.bodies([document]) == {document: message}


async def test_another_account_gets_nothing(office: Office, anna: Person, bram: Person) -> None:
    office.deliver(b"x", anna)
    (document,) = document_ids(office, anna)
    reader = office.reader(bram)
    assert await reader.cards([document, 999]) == {}
    assert await reader.bodies([document]) == {}
    with pytest.raises(NotFound):
        await reader.body(document)


MOVES = [
    ("wrap", "sealed_wrap", False),
    ("wrap", "sealed_wrap", True),
    ("card", "sealed_card", False),
    ("indexed_card", "sealed_card", True),
]


def swap(office: Office, table: str, column: str, one: tuple[int, ...], two: tuple[int, ...]) -> None:
    """Put the sealed column of row `one` into row `two`; rows named by document, or document and account."""
    where = "document_id = ?" + (" AND account_id = ?" if len(one) == 2 else "")
    ((sealed,),) = office.rows(f"SELECT {column} FROM {table} WHERE {where}", *one)
    assert office.change(f"UPDATE {table} SET {column} = ? WHERE {where}", sealed, *two) == 1


async def refused_alone(office: Office, person: Person, bad: int, sound: int) -> None:
    cards = await office.reader(person).cards([bad, sound])
    assert isinstance(cards[bad], Tampered)
    assert cards[sound] == b"card"
    bodies = await office.reader(person).bodies([bad, sound])
    assert isinstance(bodies[bad], Tampered)
    assert bodies[sound] == b"sound"
    with pytest.raises(Tampered):
        await office.reader(person).body(bad)


@pytest.mark.parametrize(("table", "column", "after_adoption"), MOVES)
async def test_a_row_moved_between_documents_is_refused_alone(
    office: Office, anna: Person, table: str, column: str, after_adoption: bool
) -> None:
    for message in (b"one", b"two", b"sound"):
        office.deliver(message, anna)
    if after_adoption:
        await adopted(office, anna)
    one, two, sound = document_ids(office, anna)
    account = () if table == "card" else (anna.account.id,)
    swap(office, table, column, (one, *account), (two, *account))
    bodies = await office.reader(anna).bodies([one, two, sound])
    assert isinstance(bodies[two], Tampered)
    assert (bodies[one], bodies[sound]) == (b"one", b"sound")
    if table != "wrap" or not after_adoption:
        await refused_alone(office, anna, two, sound)


@pytest.mark.parametrize(("table", "column", "after_adoption"), [move for move in MOVES if move[0] != "card"])
async def test_a_row_moved_between_accounts_is_refused_alone(
    office: Office, anna: Person, bram: Person, table: str, column: str, after_adoption: bool
) -> None:
    office.deliver(b"bad", anna, bram)
    office.deliver(b"sound", anna, bram)
    if after_adoption:
        await adopted(office, anna, bram)
    bad, sound = document_ids(office, anna)
    swap(office, table, column, (bad, bram.account.id), (bad, anna.account.id))
    bodies = await office.reader(anna).bodies([bad, sound])
    assert isinstance(bodies[bad], Tampered)
    assert bodies[sound] == b"sound"
    assert await office.reader(bram).body(bad) == b"bad"


@pytest.mark.parametrize("after_adoption", [False, True])
async def test_another_generation_or_form_is_refused_alone(
    office: Office, anna: Person, after_adoption: bool
) -> None:
    for message in (b"bad", b"sound"):
        office.deliver(message, anna)
    if after_adoption:
        await adopted(office, anna)
    bad, sound = document_ids(office, anna)
    for change in ("generation = 2", "form = 'account'", "form = 'hpke'", "form = 'other'", "sealed_wrap = x''"):
        before = office.rows("SELECT form, generation, sealed_wrap FROM wrap WHERE document_id = ?", bad)[0]
        office.change(f"UPDATE wrap SET {change} WHERE document_id = ?", bad)
        if office.rows("SELECT form, generation, sealed_wrap FROM wrap WHERE document_id = ?", bad)[0] != before:
            bodies = await office.reader(anna).bodies([bad, sound])
            assert isinstance(bodies[bad], Tampered), change
            assert bodies[sound] == b"sound"
        office.change("UPDATE wrap SET form = ?, generation = ?, sealed_wrap = ? WHERE document_id = ?", *before, bad)
    assert await office.reader(anna).body(bad) == b"bad"


async def test_an_identity_key_of_another_account_or_generation_opens_nothing(
    office: Office, anna: Person, bram: Person
) -> None:
    office.deliver(b"x", anna)
    (document,) = document_ids(office, anna)
    ours = office.rows("SELECT public_key, sealed_private FROM identity_key WHERE account_id = ?", anna.account.id)[0]
    theirs = office.rows("SELECT public_key, sealed_private FROM identity_key WHERE account_id = ?", bram.account.id)[
        0
    ]
    of_generation_2 = AccountKeys(anna.account.public_id, bytes(32)).new_identity(2)
    for public_key, sealed_private in (theirs, (ours[0], theirs[1]), (theirs[0], ours[1]), of_generation_2):
        set_key = "UPDATE identity_key SET public_key = ?, sealed_private = ? WHERE account_id = ?"
        office.change(set_key, public_key, sealed_private, anna.account.id)
        assert isinstance((await office.reader(anna).cards([document]))[document], Tampered)
        office.change(set_key, *ours, anna.account.id)
    office.change("UPDATE identity_key SET generation = 2 WHERE account_id = ?", anna.account.id)
    office.change("UPDATE wrap SET generation = 2")
    assert isinstance((await office.reader(anna).cards([document]))[document], Tampered)


async def test_bodies_swapped_cut_or_gone_are_refused_alone(office: Office, anna: Person) -> None:
    names = [new_name() for _ in range(3)]
    for name, message in zip(names, (b"1" * 5000, b"2" * 5000, b"3" * 5000), strict=True):
        draft = office.draft(message, anna, body_name=name)
        await office.store.in_body_pool(office.store.bodies.write, name, draft.sealed.sealed_body)
        await office.store.write(documents.deliver, draft, NOW)
    one, two, sound = document_ids(office, anna)
    office.change("UPDATE document SET body_name = ? WHERE id = ?", names[1], one)
    office.store.bodies.delete(names[1])
    bodies = await office.reader(anna).bodies([one, two, sound])
    assert isinstance(bodies[one], Tampered)
    assert isinstance(bodies[two], Tampered)
    assert bodies[sound] == b"3" * 5000
    (path,) = (office.data / "bodies").rglob(names[2])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Tampered):
        await office.reader(anna).body(sound)


async def test_a_missing_card_or_body_row_is_refused_alone(office: Office, anna: Person) -> None:
    for message in (b"bad", b"sound"):
        office.deliver(message, anna)
    bad, sound = document_ids(office, anna)
    office.change("DELETE FROM inline_body WHERE document_id = ?", bad)
    with pytest.raises(Tampered):
        await office.reader(anna).body(bad)
    office.change("DELETE FROM indexed_card")
    office.change("DELETE FROM card WHERE document_id = ?", bad)
    await refused_alone(office, anna, bad, sound)
