"""Changes of identity: everywhere at once, undone within a day, forgotten after it; sealed data is untouched."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.access import devices
from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound, SignInRefused
from storage.people import accounts, aliases, domains, grants, identity_changes, particulars
from storage.people.accounts import Sort
from storage.people.identity_changes import Field, IdentityChange
from storage.records import Role, Scope
from tests.unit.storage.conftest import NOW, Office, Person

DAY = 24 * 3600


def change(office: Office, person: Person, field: Field, value: str | None, now: int = NOW) -> IdentityChange | None:
    by = person.account.id
    return office.store.write_now(
        identity_changes.change, by, field, value, now, actor=f"account:{by}", changed_by=by
    )


def undo(office: Office, person: Person, made: IdentityChange | None, now: int) -> IdentityChange:
    assert made is not None
    return office.store.write_now(
        identity_changes.undo, person.account.id, made.id, now, actor=f"account:{person.account.id}"
    )


def present(office: Office, person: Person, field: Field) -> object:
    account = office.store.read_now(accounts.by_id, person.account.id)
    return getattr(account, field, None) or getattr(
        office.store.read_now(particulars.of_account, account.id), field, None
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field.NAME, "Anna Jansen"),
        (Field.LEGAL_NAME, "Anna Maria Jansen"),
        (Field.EMAIL, "a.jansen@example.test"),
        (Field.CONTACT_EMAIL, "anna@home.test"),
        (Field.PHONE, "+31 20 555 01 23"),
    ],
)
def test_each_field_is_changed_and_put_back_within_a_day(
    office: Office, anna: Person, field: Field, value: str
) -> None:
    before = present(office, anna, field)
    made = change(office, anna, field, value)
    assert made is not None
    assert (made.old_value, made.new_value, made.undo_until) == (before, value, NOW + DAY)
    assert present(office, anna, field) == value
    undo(office, anna, made, NOW + DAY - 1)
    assert present(office, anna, field) == before
    with pytest.raises(NotFound):
        undo(office, anna, made, NOW + DAY - 1)
    kinds = office.rows("SELECT kind, subject FROM audit_event WHERE kind LIKE 'identity.%' ORDER BY position")
    subject = f"account:{anna.account.id}"
    assert kinds == [("identity.changed", subject), ("identity.undone", subject)]
    assert office.rows("SELECT count(*) FROM audit_event WHERE detail LIKE '%' || ? || '%'", value) == [(0,)]


def test_after_a_day_it_stays(office: Office, anna: Person) -> None:
    made = change(office, anna, Field.NAME, "Anna Jansen")
    with pytest.raises(Invalid):
        undo(office, anna, made, NOW + DAY)
    assert present(office, anna, Field.NAME) == "Anna Jansen"


def test_the_same_value_is_no_change(office: Office, anna: Person) -> None:
    assert change(office, anna, Field.NAME, anna.account.name) is None
    assert change(office, anna, Field.PHONE, None) is None
    assert office.store.read_now(identity_changes.listing, anna.account.id) == []


def test_the_later_change_is_undone_first(office: Office, anna: Person) -> None:
    first, second = change(office, anna, Field.PHONE, "1"), change(office, anna, Field.PHONE, "2")
    with pytest.raises(Conflict):
        undo(office, anna, first, NOW + 1)
    undo(office, anna, second, NOW + 1)
    undo(office, anna, first, NOW + 1)
    assert present(office, anna, Field.PHONE) is None


def test_nobody_undoes_what_is_another_persons(office: Office, anna: Person, bram: Person) -> None:
    made = change(office, anna, Field.NAME, "Anna Jansen")
    with pytest.raises(NotFound):
        undo(office, bram, made, NOW)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        (Field.NAME, None, Invalid),
        (Field.NAME, " ", Invalid),
        (Field.NAME, "a\nb", Invalid),
        (Field.LEGAL_NAME, "x" * 201, Invalid),
        (Field.EMAIL, None, Invalid),
        (Field.EMAIL, "anna@elsewhere.test", Invalid),
        (Field.EMAIL, "a+b@example.test", Invalid),
        (Field.EMAIL, "bram@example.test", Conflict),
        (Field.EMAIL, "anna-shop@example.test", Conflict),
        (Field.CONTACT_EMAIL, "home", Invalid),
        (Field.PHONE, "call me", Invalid),
        (Field.PHONE, "", Invalid),
        (Field.PHONE, "0" * 33, Invalid),
    ],
)
def test_values_that_are_not_taken(
    office: Office, anna: Person, bram: Person, field: Field, value: str | None, error: type[Exception]
) -> None:
    domain = office.store.read_now(domains.by_name, "example.test")
    office.store.write_now(
        aliases.add,
        anna.account,
        domain,
        "anna-shop@example.test",
        NOW,
        actor="operator",
        only_from="@shop.test",
    )
    with pytest.raises(error):
        change(office, anna, field, value)
    assert office.store.read_now(accounts.by_id, anna.account.id) == anna.account
    assert bram.account.email == "bram@example.test"


def test_a_contact_address_counts_only_once_verified(office: Office, anna: Person) -> None:
    change(office, anna, Field.CONTACT_EMAIL, "anna@home.test")
    office.change("UPDATE account SET contact_email_verified_at = ?", NOW)
    made = change(office, anna, Field.CONTACT_EMAIL, "anna@work.test")
    known = office.store.read_now(particulars.of_account, anna.account.id)
    assert (known.contact_email, known.contact_email_verified_at) == ("anna@work.test", None)
    undo(office, anna, made, NOW + 1)
    known = office.store.read_now(particulars.of_account, anna.account.id)
    assert (known.contact_email, known.contact_email_verified_at) == ("anna@home.test", NOW)


def sign_in(office: Office, person: Person, username: str) -> None:
    store = office.store
    store.read_now(devices.sign_in, store.server_keys, store.shred, username, person.device.password, Scope.IMAP, NOW)


def test_a_new_address_and_the_old_one_both_work(office: Office, anna: Person, bram: Person) -> None:
    old, new = "anna@example.test", "a.jansen@example.test"
    made = change(office, anna, Field.EMAIL, new)
    for address in (old, new):
        found = office.store.read_now(accounts.recipient, address)
        assert found is not None
        assert found.account_id == anna.account.id
        assert office.store.read_now(accounts.by_sign_in_name, address).email == new
        sign_in(office, anna, address)
    with pytest.raises(SignInRefused):
        sign_in(office, anna, bram.account.email)
    moved = office.store.read_now(accounts.by_id, anna.account.id)
    with pytest.raises(Conflict):
        office.store.write_now(aliases.remove, moved, old, NOW + DAY - 1, actor="operator")
    undo(office, anna, made, NOW + 5)
    assert office.store.read_now(accounts.recipient, new) is None
    with pytest.raises(SignInRefused):
        sign_in(office, anna, new)


def test_the_old_address_stays_until_it_is_removed(office: Office, anna: Person) -> None:
    change(office, anna, Field.EMAIL, "a.jansen@example.test")
    moved = office.store.read_now(accounts.by_id, anna.account.id)
    office.store.write_now(aliases.remove, moved, "anna@example.test", NOW + DAY, actor="operator")
    assert office.store.read_now(accounts.recipient, "anna@example.test") is None


def test_an_alias_that_became_the_address_is_an_alias_again(office: Office, anna: Person) -> None:
    domain = office.store.read_now(domains.by_name, "example.test")
    office.store.write_now(aliases.add, anna.account, domain, "aj@example.test", NOW - 5, actor="operator")
    made = change(office, anna, Field.EMAIL, "aj@example.test")
    undo(office, anna, made, NOW + 5)
    back = office.store.read_now(accounts.by_id, anna.account.id)
    assert [alias.address for alias in office.store.read_now(aliases.listing, back)] == ["aj@example.test"]


def test_values_are_forgotten_once_they_cannot_come_back(office: Office, anna: Person) -> None:
    undone, kept = change(office, anna, Field.NAME, "X"), change(office, anna, Field.PHONE, "1", NOW + 10)
    undo(office, anna, undone, NOW + 1)
    assert office.store.write_now(identity_changes.sweep, NOW + 11) == 1
    assert kept is not None
    (newest, oldest) = office.store.read_now(identity_changes.listing, anna.account.id)
    assert (oldest.old_value, oldest.new_value, newest.new_value) == (None, None, "1")
    assert office.store.write_now(identity_changes.sweep, NOW + 10 + DAY) == 1
    assert office.store.write_now(identity_changes.sweep, NOW + 10 + DAY) == 0
    assert office.rows("SELECT count(*) FROM identity_change WHERE new_value IS NOT NULL") == [(0,)]


NAMES = st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs")), min_size=1, max_size=60).filter(
    lambda name: name.isprintable() and bool(name.strip())
)
SORTS: tuple[Sort, ...] = ("email", "name", "-created")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES)
def test_a_new_name_shows_in_every_list_and_changes_no_sealed_byte(
    office: Office, anna: Person, bram: Person, name: str
) -> None:
    """S30: the name stands in one place; what was sealed under the old one is not touched, and still opens."""
    message = b"To: Anna <anna@example.test>\r\n\r\nDear Anna\r\n"
    if not office.rows("SELECT 1 FROM document"):
        office.deliver(message, anna)
        office.store.write_now(grants.grant, anna.account, Role.AUDITOR, None, NOW, actor="operator", granted_by=None)
    before = sealed(office)
    change(office, anna, Field.NAME, name)
    store, wanted = office.store, anna.account.id
    found = [store.read_now(accounts.by_id, wanted), store.read_now(accounts.find, anna.account.public_id)]
    found += [store.read_now(accounts.by_email, anna.account.email)]
    found += [each for each in store.read_now(accounts.listing) if each.id == wanted]
    for sort in SORTS:
        page = store.read_now(accounts.page, domains=None, limit=10, sort=sort)
        found += [each for each in page if each.id == wanted]
    found += store.read_now(accounts.page, domains=None, limit=10, text=name)[:1] if name.isascii() else []
    assert len(found) >= 7
    assert {each.name for each in found if each.id == wanted} == {name}
    assert sealed(office) == before
    document_id = office.rows("SELECT document_id FROM copy WHERE account_id = ?", wanted)[0][0]
    assert asyncio.run(office.reader(anna).body(document_id)) == message
    assert store.read_now(accounts.by_id, bram.account.id).name == "Bram"


def sealed(office: Office) -> list[list[statements.Row]]:
    """Every sealed column."""
    return [
        office.rows("SELECT sealed_body FROM inline_body ORDER BY document_id"),
        office.rows("SELECT sealed_card FROM card ORDER BY document_id"),
        office.rows("SELECT sealed_name, name_tag FROM mailbox ORDER BY id"),
        office.rows("SELECT sealed_private FROM identity_key ORDER BY account_id"),
        office.rows("SELECT sealed_key FROM key_slot ORDER BY id"),
    ]
