"""Accounts, their addresses, domains, and who may write as whom."""

import pytest

from storage.errors import Conflict, Invalid, NotFound
from storage.people import accounts, addresses, domains, particulars, senders
from storage.people.accounts import AccountDraft
from storage.records import AccountBarred, AccountState, DomainMode, Role
from tests.unit.storage.conftest import NOW, Office, Person


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


def state_of(office: Office, person: Person) -> AccountState:
    return office.store.read_now(accounts.by_id, person.account.id).state


@pytest.mark.parametrize("before", [AccountState.INVITED, AccountState.REGISTERED])
def test_suspension_and_closure_give_back_what_they_took(office: Office, before: AccountState) -> None:
    anna = office.person("anna", state=before)
    act, told = office.store.write_now, []
    office.store.listen(told.append)
    act(accounts.suspend, anna.account.id, NOW, "account:9")
    act(accounts.close, anna.account.id, NOW + 1, "account:9")
    assert state_of(office, anna) is AccountState.CLOSED
    assert office.rows("SELECT closed_at FROM account WHERE id = ?", anna.account.id) == [(NOW + 1,)]
    for refused in (accounts.close, accounts.suspend, accounts.resume):
        with pytest.raises(NotFound):
            act(refused, anna.account.id, NOW)
    act(accounts.reopen, anna.account.id, NOW + 2, "account:9")
    assert state_of(office, anna) is AccountState.SUSPENDED
    act(accounts.resume, anna.account.id, NOW + 3, "account:9")
    assert state_of(office, anna) is before
    assert office.rows("SELECT closed_at, state_before FROM account WHERE id = ?", anna.account.id) == [(None, None)]
    assert [change for change in told if isinstance(change, AccountBarred)] == [AccountBarred(anna.account.id)] * 2
    done = office.rows("SELECT kind, at FROM audit_event WHERE actor = 'account:9' ORDER BY position")
    assert done == [
        ("account.suspended", NOW),
        ("account.closed", NOW + 1),
        ("account.reopened", NOW + 2),
        ("account.resumed", NOW + 3),
    ]


@pytest.mark.parametrize("act", [accounts.resume, accounts.reopen, accounts.register])
def test_a_registered_account_has_nothing_to_give_back(office: Office, anna: Person, act: object) -> None:
    with pytest.raises(NotFound):
        office.store.write_now(act, anna.account.id, NOW)  # type: ignore[arg-type]
    assert state_of(office, anna) is AccountState.REGISTERED


def test_an_erased_account_stays_so(office: Office, anna: Person) -> None:
    office.change("UPDATE account SET state = 'erased'")
    for act in (accounts.suspend, accounts.resume, accounts.close, accounts.reopen, accounts.register):
        with pytest.raises(NotFound):
            office.store.write_now(act, anna.account.id, NOW)
    assert state_of(office, anna) is AccountState.ERASED


def test_settings_of_an_account(office: Office, anna: Person) -> None:
    office.change("UPDATE device SET last_client = 'Mail 1.0'")
    changed = office.store.write_now(
        accounts.change_settings, anna.account.id, NOW, actor="system", locale="en", quota_bytes=5, client_noted=False
    )
    assert (changed.locale, changed.quota_bytes) == ("en", 5)
    assert office.rows("SELECT last_client FROM device") == [(None,)]
    with pytest.raises(Invalid):
        office.store.write_now(accounts.change_settings, anna.account.id, NOW, actor="system", quota_bytes=-1)


@pytest.mark.parametrize(
    "more",
    [{"legal_name": ""}, {"phone": "call me"}, {"contact_email": "home"}, {"role": Role.SUPPORT}],
)
def test_particulars_of_a_draft_are_checked(office: Office, more: dict[str, object]) -> None:
    values: dict[str, object] = {"email": "anna@example.test", "name": "Anna", "role": Role.RECIPIENT, **more}
    with pytest.raises(Invalid):
        create(office, AccountDraft(**values))  # type: ignore[arg-type]


def test_particulars_of_a_new_account(office: Office) -> None:
    draft = AccountDraft(
        "anna@example.test", "Anna", Role.RECIPIENT, legal_name="A. Jansen", phone="020", contact_email="A@Home.test"
    )
    known = office.store.read_now(particulars.of_account, create(office, draft).id)
    assert (known.legal_name, known.phone, known.contact_email) == ("A. Jansen", "020", "a@home.test")
    assert (known.contact_email_verified_at, known.accepted_mode, known.created_at) == (None, None, NOW)


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
    assert office.rows("SELECT count(*) FROM mailbox") == [(11,)]


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
