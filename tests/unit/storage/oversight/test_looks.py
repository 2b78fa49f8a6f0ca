"""Who looked: noted once an hour, told to the one looked at, hidden only while a law forbids to tell."""

import pytest

from storage.errors import Invalid
from storage.oversight import audit, looks
from storage.oversight.looks import Look
from storage.people import grants
from storage.records import Role
from tests.unit.storage.conftest import NOW, Office, Person

HOUR = 3600
START = NOW - NOW % HOUR


def note(office: Office, viewer: Person | None, *targets: Person, what: str = "account", now: int = START) -> int:
    number, actor = (None, "operator") if viewer is None else (viewer.account.id, f"account:{viewer.account.id}")
    ids = [target.account.id for target in targets]
    return office.store.write_now(looks.note, number, ids, what, now, actor)


def seen_by(office: Office, person: Person, now: int = START, limit: int = 50) -> list[Look]:
    return office.store.read_now(looks.listing, person.account.id, now, None, limit)[0]


def test_a_look_is_noted_with_role_and_name(office: Office, anna: Person, bram: Person) -> None:
    office.store.write_now(grants.grant, bram.account, Role.DOMAIN_ADMIN, 1, START, actor="system", granted_by=None)
    assert note(office, bram, anna) == 1
    (look,) = seen_by(office, anna)
    assert (look.at, look.what, look.viewer) == (START, "account", looks.Viewer("domain-admin", "Bram"))
    assert office.store.read_now(audit.verify, office.store.server_keys) is None


def test_the_role_is_that_of_the_time(office: Office, anna: Person, bram: Person) -> None:
    given = office.store.write_now(
        grants.grant, bram.account, Role.DOMAIN_ADMIN, 1, START, actor="system", granted_by=None
    )
    note(office, bram, anna)
    office.store.write_now(grants.revoke, given.id, START + 1, "system")
    assert seen_by(office, anna)[0].viewer.role == "domain-admin"


def test_looks_within_a_clock_hour_are_one(office: Office, anna: Person, bram: Person) -> None:
    """One per viewer, target, kind of data and hour."""
    cora = office.person("cora")
    for now in (START, START + 1, START + HOUR - 1):
        note(office, bram, anna, now=now)
    assert len(seen_by(office, anna)) == 1
    note(office, bram, anna, now=START + HOUR)
    note(office, bram, anna, what="devices")
    note(office, cora, anna)
    note(office, None, anna)
    assert len(seen_by(office, anna)) == 5
    assert seen_by(office, cora) == []


def test_a_list_of_many_read_again_and_again_adds_one_event_each(office: Office, bram: Person) -> None:
    people = [office.person(f"p{number}") for number in range(20)]
    before = office.rows("SELECT count(*) FROM audit_event")[0][0]
    for second in range(30):
        note(office, bram, *people, *people, now=START + second)
    assert office.rows("SELECT count(*) FROM audit_event")[0][0] == before + 20
    ids = [person.account.id for person in people]
    actor = f"account:{bram.account.id}"
    assert office.store.read_now(looks.unnoted, bram.account.id, ids, "account", START + 60, actor) == ()
    assert office.store.read_now(looks.unnoted, bram.account.id, ids, "account", START + HOUR, actor) == tuple(ids)


def test_looking_at_oneself_is_no_look(office: Office, anna: Person, bram: Person) -> None:
    assert note(office, anna, anna, bram) == 1
    assert seen_by(office, anna) == []


def test_the_operator_is_named_so(office: Office, anna: Person) -> None:
    note(office, None, anna)
    assert seen_by(office, anna)[0].viewer == looks.Viewer("operator", None)


def test_the_name_stays_within_the_domain(office: Office, anna: Person) -> None:
    from storage.people import accounts, domains
    from storage.people.accounts import AccountDraft
    from storage.records import DomainMode

    other = office.store.write_now(domains.create, "other.test", DomainMode.MANAGED, "NL", NOW)
    draft = AccountDraft("ziggy@other.test", "Ziggy", Role.RECIPIENT)
    ziggy, _ = office.store.write_now(accounts.create, office.store.shred, draft, other, NOW)
    ends = START + 20 * 86_400
    office.store.write_now(
        grants.grant, ziggy, Role.SUPPORT, 1, START, actor="system", granted_by=None, ends_at=ends, ticket="T"
    )
    office.store.write_now(looks.note, ziggy.id, [anna.account.id], "account", START, f"account:{ziggy.id}")
    assert seen_by(office, anna)[0].viewer == looks.Viewer("support", None)


def test_pages_go_on_where_the_last_ended(office: Office, anna: Person, bram: Person) -> None:
    for hour in range(7):
        note(office, bram, anna, now=START + hour * HOUR)
    found, after = [], None
    while True:
        page, after = office.store.read_now(looks.listing, anna.account.id, START, after, 3)
        found += page
        if after is None:
            break
    assert [look.at for look in found] == [START + hour * HOUR for hour in reversed(range(7))]


def break_glass(office: Office, anna: Person, bram: Person, bar_until: int | None) -> None:
    """As its own module writes it: rows and events."""
    basis = None if bar_until is None else "the law"
    office.change(
        "INSERT INTO break_glass (account_id, reason, hours, requested_by, requested_at, device_id, bar_basis,"
        " bar_until) VALUES (?, 'r', 1, ?, ?, 77, ?, ?)",
        anna.account.id,
        bram.account.id,
        START,
        basis,
        bar_until,
    )
    actor, subject = f"account:{bram.account.id}", f"account:{anna.account.id}"
    number = office.rows("SELECT max(id) FROM break_glass")[0][0]
    for kind, detail in (
        ("break-glass.requested", {"break_glass": number, "hours": 1}),
        ("device.added", {"device": 77, "scopes": ["imap-read"]}),
        ("break-glass.opened", {"break_glass": number}),
    ):
        office.store.write_now(audit.append, kind, actor, subject, detail, START)


def test_steps_of_a_break_glass_access_are_looks(office: Office, anna: Person, bram: Person) -> None:
    break_glass(office, anna, bram, None)
    assert [look.what for look in seen_by(office, anna)] == ["break-glass.opened", "break-glass.requested"]


def test_a_bar_on_telling_hides_them_until_its_end_and_no_more(office: Office, anna: Person, bram: Person) -> None:
    break_glass(office, anna, bram, START + HOUR)
    break_glass(office, anna, bram, None)
    note(office, bram, anna)
    assert [look.what for look in seen_by(office, anna)] == ["account", "break-glass.opened", "break-glass.requested"]
    assert len(seen_by(office, anna, now=START + HOUR)) == 5


@pytest.mark.parametrize("what", ["", "Account", "a b", "x" * 40, "a.b", "naïve"])
def test_what_is_a_short_name(office: Office, anna: Person, what: str) -> None:
    with pytest.raises(Invalid):
        note(office, None, anna, what=what)
