"""Break-glass: never by one person alone, never in secret without a law that says so, never for longer than said."""

import json

import pytest

from storage.access import break_glass, devices, lapsed, rotation
from storage.access.break_glass import HOUR, LIFETIME, Bar, BreakGlass
from storage.errors import Conflict, Invalid, NotFound, SignInRefused
from storage.records import DeviceCredentials, DeviceRevoked, Origin, Scope
from tests.unit.storage.conftest import NOW, Office, Person
from tests.unit.storage.managed import Managed

from .test_rotation import put

DAY = 24 * HOUR


class House:
    """Two admins who hold the key, and somebody."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.managed = Managed.found(office)
        self.one, self.two = self.managed.admin("one"), self.managed.admin("two")
        self.anna = office.person("anna")

    def request(self, by: Person | None = None, bar: Bar | None = None, hours: int = 4) -> BreakGlass:
        requester = (by or self.one).account
        reason = "court order 12/34"
        return self.office.store.write_now(break_glass.request, requester, self.anna.account, reason, hours, NOW, bar)

    def approve(self, asked: BreakGlass, by: Person | None = None, now: int = NOW) -> BreakGlass:
        return self.office.store.write_now(break_glass.approve, asked.id, (by or self.two).account, now)

    def open(self, asked: BreakGlass, by: Person | None = None, now: int = NOW) -> DeviceCredentials:
        store, who = self.office.store, by or self.one
        lock = (store.server_keys, store.shred, asked.id, who.account, who.keys, now)
        return store.write_now(break_glass.open_mailbox, *lock)[1]

    def sign_in(self, made: DeviceCredentials, scope: Scope = Scope.IMAP_READ, now: int = NOW) -> devices.SignIn:
        store = self.office.store
        opener = (store.server_keys, store.shred, made.username, made.password)
        return store.read_now(devices.sign_in, *opener, scope, now)

    def events(self) -> list[tuple[str, str]]:
        found = self.office.rows(
            "SELECT kind, actor FROM audit_event WHERE kind LIKE 'break-glass.%' AND subject = ? ORDER BY position",
            f"account:{self.anna.account.id}",
        )
        return [(kind.partition(".")[2], actor) for kind, actor in found]


@pytest.fixture
def house(office: Office) -> House:
    return House(office)


def actor(person: Person) -> str:
    return f"account:{person.account.id}"


def test_two_people_open_a_mailbox_for_reading_and_for_hours(house: House) -> None:
    asked = house.request()
    assert (asked.approved_at, asked.told_at) == (None, None)
    approved = house.approve(asked)
    assert approved.told_at == NOW
    made = house.open(asked)
    assert made.device.scopes == {Scope.IMAP_READ}
    assert made.device.origin is Origin.BREAK_GLASS
    assert made.device.expires_at == NOW + 4 * HOUR
    signed_in = house.sign_in(made)
    assert signed_in.keys is not None
    assert signed_in.keys.same_key(house.anna.keys)
    for scope in (Scope.IMAP, Scope.SMTP_SEND):
        with pytest.raises(SignInRefused):
            house.sign_in(made, scope)
    house.sign_in(made, now=NOW + 4 * HOUR - 1)
    with pytest.raises(SignInRefused):
        house.sign_in(made, now=NOW + 4 * HOUR)
    house.office.store.write_now(break_glass.note_sign_in, made.device.id, NOW)
    one, two = actor(house.one), actor(house.two)
    assert house.events() == [("requested", one), ("approved", two), ("opened", one), ("signed-in", one)]
    found = house.office.rows("SELECT detail FROM audit_event WHERE kind LIKE 'break-glass.%'")
    assert all(json.loads(detail)["break_glass"] == asked.id for (detail,) in found)
    assert not any("court" in detail for (detail,) in found), "reasons stay out of the log"


def test_once_it_is_over_its_key_slot_goes(house: House) -> None:
    asked = house.request()
    house.approve(asked)
    made = house.open(asked)
    count = "SELECT count(*) FROM key_slot JOIN device ON slot_id = key_slot.id WHERE device.id = ?"
    store, end = house.office.store, NOW + 4 * HOUR
    assert store.write_now(lapsed.remove_codes, end - 1) == 0
    house.sign_in(made)
    assert store.write_now(lapsed.remove_codes, end) == 1
    assert house.office.rows(count, made.device.id) == [(0,)]
    with pytest.raises(SignInRefused):
        house.sign_in(made)
    assert store.read_now(devices.get, house.anna.account.id, made.device.id).expires_at == end


def test_nobody_approves_what_they_asked_for(house: House) -> None:
    asked = house.request()
    with pytest.raises(Conflict):
        house.approve(asked, house.one)
    with pytest.raises(Conflict):
        house.open(asked)
    assert house.events() == [("requested", actor(house.one))]


def test_only_who_asked_opens_once_and_with_the_key(house: House) -> None:
    asked = house.request()
    house.approve(asked)
    with pytest.raises(NotFound):
        house.open(asked, house.two)
    house.open(asked)
    with pytest.raises(Conflict):
        house.open(asked)
    keyless = house.managed.admin("keyless", holder=False)
    other = house.request(keyless)
    house.approve(other)
    with pytest.raises(NotFound):
        house.open(other, keyless)


def test_a_request_lapses(house: House) -> None:
    late = house.request()
    with pytest.raises(Conflict):
        house.approve(late, now=NOW + LIFETIME)
    house.approve(late, now=NOW + LIFETIME - 1)
    with pytest.raises(Conflict):
        house.open(late, now=NOW + LIFETIME)
    with pytest.raises(Conflict):
        house.approve(late)


@pytest.mark.parametrize("who", ["one", "two"])
def test_either_admin_ends_it_at_once(house: House, who: str) -> None:
    asked, told = house.request(), []
    house.approve(asked)
    made = house.open(asked)
    house.office.store.listen(told.append)
    by: Person = getattr(house, who)
    revoked = house.office.store.write_now(break_glass.revoke, asked.id, by.account, NOW + 9)
    assert (revoked.revoked_by, revoked.revoked_at) == (by.account.id, NOW + 9)
    assert DeviceRevoked(house.anna.account.id, made.device.id) in told
    with pytest.raises(SignInRefused):
        house.sign_in(made)
    with pytest.raises(Conflict):
        house.office.store.write_now(break_glass.revoke, asked.id, by.account, NOW + 9)
    assert house.events()[-1] == ("revoked", actor(by))


def test_what_is_revoked_is_neither_approved_nor_opened(house: House) -> None:
    asked, approved = house.request(), house.request()
    house.approve(approved)
    for each in (asked, approved):
        house.office.store.write_now(break_glass.revoke, each.id, house.two.account, NOW)
    with pytest.raises(Conflict):
        house.approve(asked)
    with pytest.raises(Conflict):
        house.open(approved)


def test_the_recipient_can_end_the_device_too(house: House) -> None:
    asked = house.request()
    house.approve(asked)
    made = house.open(asked)
    house.office.store.write_now(devices.revoke, house.anna.account.id, made.device.id, NOW)
    with pytest.raises(SignInRefused):
        house.sign_in(made)
    house.office.store.write_now(break_glass.revoke, asked.id, house.two.account, NOW)


def test_a_new_account_key_ends_it(house: House) -> None:
    asked = house.request()
    house.approve(asked)
    made, office = house.open(asked), house.office
    keys = office.keys_of(house.anna)
    put(office, house.anna, keys, office.store.read_now(rotation.prepare, house.anna.account, keys))
    with pytest.raises(SignInRefused):
        house.sign_in(made)
    (event,) = office.rows("SELECT detail FROM audit_event WHERE kind = 'account.key-rotated'")
    assert json.loads(event[0])["devices"] == 1, "her own: of the other she might not know yet"


def test_an_admin_who_is_none_any_more_loses_it(house: House) -> None:
    asked, waiting = house.request(), house.request()
    house.approve(asked)
    made = house.open(asked)
    revoke_of = (break_glass.revoke_of, house.one.account.id, house.anna.account.domain_id, NOW, "operator")
    assert house.office.store.write_now(*revoke_of) == 2
    assert house.office.store.write_now(*revoke_of) == 0
    with pytest.raises(SignInRefused):
        house.sign_in(made)
    with pytest.raises(Conflict):
        house.approve(waiting)


def test_a_bar_is_dated_and_the_recipient_is_told_when_it_ends(house: House) -> None:
    store = house.office.store
    asked = house.request(bar=Bar("art. 126nc Sv", NOW + 30 * DAY))
    assert store.read_now(break_glass.due, NOW + 40 * DAY) == [], "who never approved has nothing to tell"
    approved = house.approve(asked)
    assert approved.told_at is None
    made = house.open(asked)
    account_id = house.anna.account.id
    assert store.read_now(break_glass.hidden_devices, account_id, NOW + DAY) == {made.device.id}
    assert store.read_now(break_glass.due, NOW + 30 * DAY - 1) == []
    (due,) = store.read_now(break_glass.due, NOW + 30 * DAY)
    assert due.id == asked.id
    assert store.read_now(break_glass.hidden_devices, account_id, NOW + 30 * DAY) == frozenset()
    assert store.write_now(break_glass.told, due.id, NOW + 30 * DAY)
    assert not store.write_now(break_glass.told, due.id, NOW + 30 * DAY)
    assert store.read_now(break_glass.due, NOW + 99 * DAY) == []
    assert house.events()[-1] == ("told", "system")


@pytest.mark.parametrize(
    ("reason", "hours", "bar"),
    [
        ("", 4, None),
        ("   ", 4, None),
        ("two\nlines", 4, None),
        ("x" * 501, 4, None),
        ("reason", 0, None),
        ("reason", 73, None),
        ("reason", 4, Bar("", NOW + DAY)),
        ("reason", 4, Bar("law", NOW)),
        ("reason", 4, Bar("law", NOW + 367 * DAY)),
    ],
)
def test_what_is_not_asked_properly_is_refused(house: House, reason: str, hours: int, bar: Bar | None) -> None:
    with pytest.raises(Invalid):
        house.office.store.write_now(
            break_glass.request, house.one.account, house.anna.account, reason, hours, NOW, bar
        )


def test_nobody_breaks_their_own_glass(house: House) -> None:
    with pytest.raises(Invalid):
        house.office.store.write_now(
            break_glass.request, house.one.account, house.one.account, "reason", 4, NOW, None
        )


def test_without_escrow_there_is_nothing_to_ask_for(house: House) -> None:
    house.office.change("DELETE FROM escrow_slot WHERE account_id = ?", house.anna.account.id)
    with pytest.raises(NotFound):
        house.request()


def test_lists_are_confined_to_domains(house: House) -> None:
    store = house.office.store
    first, second = house.request(), house.request(house.two)
    domain_id = house.anna.account.domain_id
    for domains in (None, frozenset({domain_id})):
        found = store.read_now(break_glass.listing, domains=domains)
        assert [each.id for each in found] == [second.id, first.id]
    assert [each.id for each in store.read_now(break_glass.listing, domains=None, before=second.id)] == [first.id]
    assert store.read_now(break_glass.listing, domains=frozenset({domain_id + 1})) == []
    assert store.read_now(break_glass.listing, domains=frozenset()) == []
    with pytest.raises(NotFound):
        store.read_now(break_glass.by_id, 99)
