"""Roles: given within their limits, fallen away when ended or unused, looked over, swept."""

import pytest

from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound
from storage.people import accounts, domains, grants
from storage.people.accounts import AccountDraft
from storage.people.grants import DAY, Grant
from storage.records import Role
from tests.unit.storage.conftest import NOW, Office, Person

HELP = {"ends_at": NOW + 30 * DAY, "ticket": "T-1"}


def give(office: Office, person: Person, role: Role, now: int = NOW, **more: object) -> Grant:
    domain = None if role in grants.WHOLE_BRIDGE else person.account.domain_id
    values: dict[str, object] = {"domain_id": domain, **(HELP if role in grants.HELPERS else {}), **more}
    domain_id = values.pop("domain_id")
    return office.store.write_now(
        grants.grant, person.account, role, domain_id, now, actor="operator", granted_by=None, **values
    )


def held(office: Office, person: Person, now: int) -> list[Role]:
    return [grant.role for grant in office.store.read_now(grants.effective, person.account, now)]


def events(office: Office, kind: str) -> list[statements.Row]:
    return office.rows("SELECT actor, subject, detail FROM audit_event WHERE kind = ?", kind)


@pytest.mark.parametrize("role", sorted({Role.OWNER, Role.AUDITOR, Role.DOMAIN_ADMIN, Role.SUPPORT, Role.RESELLER}))
def test_a_role_is_given_and_taken_away(office: Office, anna: Person, bram: Person, role: Role) -> None:
    given = give(office, anna, role)
    assert (held(office, anna, NOW), held(office, bram, NOW)) == ([role], [])
    assert given.holds(NOW)
    with pytest.raises(Conflict):
        give(office, anna, role)
    revoked = office.store.write_now(grants.revoke, given.id, NOW + 1, "operator")
    assert revoked.revoked_at == NOW + 1
    assert not revoked.holds(NOW + 2)
    assert held(office, anna, NOW + 1) == []
    with pytest.raises(NotFound):
        office.store.write_now(grants.revoke, given.id, NOW + 2, "operator")
    for kind in ("grant.added", "grant.revoked"):
        ((actor, subject, detail),) = events(office, kind)
        assert (actor, subject) == ("operator", f"account:{anna.account.id}")
        assert "T-1" not in detail
    give(office, anna, role)


@pytest.mark.parametrize(
    ("role", "more"),
    [
        (Role.SUPPORT, {"ticket": None}),
        (Role.SUPPORT, {"ticket": " "}),
        (Role.SUPPORT, {"ticket": "x" * 101}),
        (Role.SUPPORT, {"ticket": "a\nb"}),
        (Role.SUPPORT, {"ends_at": None}),
        (Role.RESELLER, {"ends_at": NOW + 30 * DAY + 1}),
        (Role.RESELLER, {"ends_at": NOW}),
        (Role.RESELLER, {"domain_id": None}),
        (Role.DOMAIN_ADMIN, {"domain_id": None}),
        (Role.DOMAIN_ADMIN, {"ends_at": NOW}),
        (Role.OWNER, {"domain_id": 1}),
        (Role.AUDITOR, {"domain_id": 1}),
        (Role.SENDER, {}),
        (Role.RECIPIENT, {}),
        (Role.SYSTEM, {}),
    ],
)
def test_a_role_outside_its_limits(office: Office, anna: Person, role: Role, more: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        give(office, anna, role, **more)
    assert held(office, anna, NOW) == []


def test_a_suspended_account_is_given_nothing(office: Office, anna: Person) -> None:
    office.store.write_now(accounts.suspend, anna.account.id, NOW)
    suspended = office.store.read_now(accounts.by_id, anna.account.id)
    with pytest.raises(Invalid):
        office.store.write_now(grants.grant, suspended, Role.AUDITOR, None, NOW, actor="operator", granted_by=None)


def test_it_ends_to_the_second(office: Office, anna: Person) -> None:
    give(office, anna, Role.SUPPORT, ends_at=NOW + 100)
    assert held(office, anna, NOW + 99) == [Role.SUPPORT]
    assert held(office, anna, NOW + 100) == []


def test_what_is_not_used_for_90_days_falls_away_and_a_use_keeps_it(office: Office, anna: Person) -> None:
    given = give(office, anna, Role.DOMAIN_ADMIN)
    assert held(office, anna, NOW + 90 * DAY - 1) == [Role.DOMAIN_ADMIN]
    assert held(office, anna, NOW + 90 * DAY) == []
    office.store.write_now(grants.note_use, given.id, NOW + 50 * DAY)
    assert held(office, anna, NOW + 140 * DAY - 1) == [Role.DOMAIN_ADMIN]
    assert held(office, anna, NOW + 140 * DAY) == []


def test_a_use_is_noted_to_the_hour(office: Office, anna: Person) -> None:
    given = give(office, anna, Role.DOMAIN_ADMIN)
    for moment in (NOW, NOW + 3599, NOW + 3600):
        office.store.write_now(grants.note_use, given.id, moment)
    assert office.store.read_now(grants.by_id, given.id).used_at == NOW + 3600


def test_the_quarterly_list(office: Office, anna: Person, bram: Person) -> None:
    first, second = give(office, anna, Role.DOMAIN_ADMIN), give(office, bram, Role.AUDITOR)
    later = NOW + 90 * DAY
    for each in (first, second):
        office.store.write_now(grants.note_use, each.id, later - DAY)

    def due(now: int, domains: frozenset[int] | None = None) -> list[int]:
        return [grant.id for grant in office.store.read_now(grants.due_for_review, now, domains=domains)]

    assert due(later - 1) == []
    assert due(later) == [first.id, second.id]
    assert due(later, frozenset({anna.account.domain_id})) == [first.id]
    assert due(later, frozenset()) == []
    office.store.write_now(grants.review, first.id, later, "operator")
    assert due(later) == [second.id]
    assert len(events(office, "grant.reviewed")) == 1


def test_a_review_does_not_keep_an_unused_right(office: Office, anna: Person) -> None:
    given = give(office, anna, Role.DOMAIN_ADMIN)
    office.store.write_now(grants.review, given.id, NOW + 80 * DAY, "operator")
    assert held(office, anna, NOW + 90 * DAY) == []


def test_the_sweep_writes_down_what_fell_away_once(office: Office, anna: Person, bram: Person) -> None:
    unused, ended = give(office, anna, Role.DOMAIN_ADMIN), give(office, bram, Role.SUPPORT, ends_at=NOW + DAY)
    kept = give(office, bram, Role.AUDITOR)
    office.store.write_now(grants.note_use, kept.id, NOW + 89 * DAY)
    later = NOW + 90 * DAY
    assert [each.id for each in office.store.write_now(grants.sweep, later)] == [unused.id, ended.id]
    assert office.store.write_now(grants.sweep, later) == []
    assert [subject for _, subject, _ in events(office, "grant.expired")] == [f"account:{anna.account.id}"]
    assert [subject for _, subject, _ in events(office, "grant.ended")] == [f"account:{bram.account.id}"]
    assert [each.id for each in office.store.read_now(grants.listing, later, domains=None)] == [kept.id]


def test_pages_of_grants(office: Office) -> None:
    made = [give(office, office.person(f"p{number}"), Role.DOMAIN_ADMIN).id for number in range(5)]
    first = office.store.read_now(grants.listing, NOW, domains=None, limit=2)
    rest = office.store.read_now(grants.listing, NOW, domains=None, after=first[-1].id)
    assert [grant.id for grant in (*first, *rest)] == made


def test_owners_are_those_by_account_and_by_grant(office: Office, anna: Person, bram: Person) -> None:
    assert office.store.read_now(grants.owners, NOW) == []
    domain_id = anna.account.domain_id
    give(office, anna, Role.OWNER)
    eva = office.person("eva")
    office.change("UPDATE account SET role = 'owner' WHERE id = ?", eva.account.id)
    assert office.store.read_now(grants.owners, NOW) == [anna.account.id, eva.account.id]
    assert office.store.read_now(grants.owners, NOW + 90 * DAY) == [eva.account.id]
    office.store.write_now(accounts.close, eva.account.id, NOW)
    assert office.store.read_now(grants.owners, NOW) == [anna.account.id]
    assert bram.account.domain_id == domain_id


def test_a_role_that_is_granted_makes_no_account(office: Office) -> None:
    domain = office.store.read_now(domains.by_name, "example.test")
    draft = AccountDraft("x@example.test", "X", Role.SUPPORT)
    with pytest.raises(Invalid):
        office.store.write_now(accounts.create, office.store.shred, draft, domain, NOW)
