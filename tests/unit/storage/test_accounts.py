"""Accounts, their addresses, domains, and who may write as whom."""

import pytest

from storage import accounts, addresses, domains, senders
from storage.accounts import AccountDraft
from storage.errors import Conflict, Invalid, NotFound
from storage.records import AccountState, DomainMode, Role

from .conftest import NOW, Office, Person


def create(office: Office, draft: AccountDraft) -> accounts.Account:
    domain = office.store.read_now(domains.by_name, "example.test")
    return office.store.write_now(accounts.create, office.store.shred, draft, domain, NOW)[0]


def test_an_account_is_found_by_address_and_id(office: Office) -> None:
    made = create(office, AccountDraft("Anna@Example.TEST", "Anna", Role.SENDER, aliases=("a.vries@example.test",)))
    assert made.email == "anna@example.test"
    assert (made.role, made.state, made.generation) == (Role.SENDER, AccountState.REGISTERED, 1)
    assert office.store.read_now(accounts.by_email, "ANNA@example.test") == made
    assert office.store.read_now(accounts.by_id, made.id) == made
    assert office.store.read_now(accounts.listing) == [made]
    with pytest.raises(NotFound):
        office.store.read_now(accounts.by_email, "a.vries@example.test")
    with pytest.raises(NotFound):
        office.store.read_now(accounts.by_id, 99)


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("anna@example.test", True),
        ("ANNA@EXAMPLE.TEST", True),
        (" anna@example.test", False),
        ("anna+tax@example.test", True),
        ("anna+a+b@example.test", True),
        ("vries@example.test", True),
        ("vries+x@example.test", True),
        ("ann@example.test", False),
        ("+x@example.test", False),
        ("anna@other.test", False),
        ("anna", False),
        ("@", False),
        ("an na@example.test", False),
        ("anna@example.test\r\n", False),
        ("an\r\nna@example.test", False),
        ("x" * 400 + "@example.test", False),
    ],
)
def test_who_an_address_reaches(office: Office, address: str, reached: bool) -> None:
    made = create(office, AccountDraft("anna@example.test", "Anna", Role.RECIPIENT, aliases=("vries@example.test",)))
    found = office.store.read_now(addresses.recipient, address)
    assert (found is not None and found.account_id == made.id) is reached
    if not reached:
        with pytest.raises(NotFound):
            office.store.read_now(addresses.resolve, address)


def test_a_suspended_account_still_receives_and_a_closed_one_does_not(office: Office, anna: Person) -> None:
    office.store.write_now(accounts.suspend, anna.account.id, NOW)
    assert office.store.read_now(addresses.resolve, anna.account.email).state is AccountState.SUSPENDED
    with pytest.raises(NotFound):
        office.store.write_now(accounts.suspend, anna.account.id, NOW)
    office.change("UPDATE account SET state = 'closed'")
    with pytest.raises(NotFound):
        office.store.read_now(addresses.resolve, anna.account.email)


@pytest.mark.parametrize(
    ("email", "name", "quota", "error"),
    [
        ("anna@example.test", "Other", 1, Conflict),
        ("alias@example.test", "Other", 1, Conflict),
        ("facturen@example.test", "Other", 1, Conflict),
        ("x@other.test", "X", 1, Invalid),
        ("x", "X", 1, Invalid),
        ("a+b@example.test", "X", 1, Invalid),
        ("x@example.test", " ", 1, Invalid),
        ("x@example.test", "a\nb", 1, Invalid),
        ("x@example.test", "x" * 201, 1, Invalid),
        ("x@example.test", "X", -1, Invalid),
    ],
)
def test_bad_drafts_are_refused_whole(
    office: Office, email: str, name: str, quota: int, error: type[Exception]
) -> None:
    made = create(office, AccountDraft("anna@example.test", "Anna", Role.SENDER, aliases=("alias@example.test",)))
    office.store.write_now(senders.add_identity, made.id, "facturen@example.test", NOW)
    with pytest.raises(error):
        create(office, AccountDraft(email, name, Role.RECIPIENT, quota_bytes=quota))
    assert office.store.read_now(accounts.listing) == [made]
    assert office.rows("SELECT count(*) FROM mailbox") == [(6,)]


def test_who_may_write_as_whom(office: Office, anna: Person, bram: Person) -> None:
    for person in (anna, bram):
        office.store.write_now(senders.add_identity, person.account.id, "Facturen@Energie.test", NOW)
    with pytest.raises(Conflict):
        office.store.write_now(senders.add_identity, anna.account.id, bram.account.email, NOW)
    with pytest.raises(Invalid):
        office.store.write_now(senders.add_identity, anna.account.id, "nobody", NOW)
    office.store.write_now(senders.add_identity, anna.account.id, anna.account.email, NOW)
    expected = frozenset({"anna@example.test", "facturen@energie.test"})
    assert office.store.read_now(senders.identities, anna.account.id) == expected
    for address, known in (
        ("FACTUREN@energie.test", True),
        ("bram@example.test", True),
        ("x@y.test", False),
        ("", False),
    ):
        assert office.store.read_now(senders.is_identity, address) is known


def test_domains(office: Office) -> None:
    made = office.store.write_now(domains.create, "Zorg.Example.", DomainMode.PRIVATE, "be", NOW)
    assert (made.name, made.country, made.mode) == ("zorg.example", "BE", DomainMode.PRIVATE)
    assert office.store.read_now(domains.by_name, "ZORG.example") == made
    assert [domain.name for domain in office.store.read_now(domains.listing)] == ["example.test", "zorg.example"]
    with pytest.raises(Conflict):
        office.store.write_now(domains.create, "zorg.example", DomainMode.PRIVATE, "BE", NOW)
    with pytest.raises(NotFound):
        office.store.read_now(domains.by_name, "zorg")
    for name, country in (
        ("nodot", "NL"),
        ("a..b", "NL"),
        ("-a.b", "NL"),
        ("a_b.c", "NL"),
        ("a.test", "NLD"),
        ("", "NL"),
    ):
        with pytest.raises(Invalid):
            office.store.write_now(domains.create, name, DomainMode.MANAGED, country, NOW)
