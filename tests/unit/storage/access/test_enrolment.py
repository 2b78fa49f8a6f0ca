"""Taking an account over with a one-time code, in one transaction."""

import pytest

from storage.access import devices, enrolment, passwords, recovery_codes, second_factor, sessions
from storage.errors import Invalid, SignInRefused
from storage.keys.slots import SlotKind
from storage.oversight import audit
from storage.people import accounts
from storage.records import AccountState, DomainMode, Scope
from tests.unit.storage.coming_in import PASSWORD, code_for, enrol, stretched
from tests.unit.storage.conftest import NOW, Office, Person


@pytest.fixture
def carla(office: Office) -> Person:
    return office.person("carla", state=AccountState.INVITED)


def finish(
    office: Office, email: str, code: str, totp: str, mode: DomainMode = DomainMode.MANAGED, now: int = NOW
) -> enrolment.Enrolled:
    store = office.store
    opener = (store.server_keys, store.shred, email, code)
    return store.write_now(enrolment.finish, *opener, stretched(), totp, mode, now)


def opened(office: Office, email: str, code: str, now: int = NOW) -> accounts.Account:
    store = office.store
    return store.read_now(enrolment.open_code, store.server_keys, store.shred, email, code, now)[0]


def begin(office: Office, person: Person, now: int = NOW) -> bytes:
    return office.store.write_now(second_factor.begin, person.account.id, now)


def state(office: Office, person: Person) -> list[tuple[object, ...]]:
    """All that an enrolment changes."""
    account = person.account.id
    return [
        *office.rows("SELECT state, accepted_mode, accepted_at FROM account WHERE id = ?", account),
        *office.rows("SELECT kind, public_id FROM key_slot WHERE account_id = ? ORDER BY id", account),
        *office.rows("SELECT seed, last_step FROM second_factor WHERE account_id = ?", account),
        *office.rows("SELECT position FROM audit_head"),
    ]


def test_an_enrolment_gives_password_second_factor_and_recovery_codes(office: Office, carla: Person) -> None:
    done = enrol(office, carla)
    store = office.store
    assert carla.account.state is AccountState.REGISTERED
    account, keys = store.read_now(
        passwords.sign_in, store.server_keys, store.shred, "Carla@Example.test ", stretched()
    )
    assert account == carla.account
    assert keys.same_key(carla.keys)
    assert store.write_now(second_factor.verify, account.id, done.code(), NOW)
    assert len(set(done.recovery_codes)) == recovery_codes.COUNT
    assert office.rows("SELECT accepted_mode, accepted_at FROM account WHERE id = ?", account.id) == [
        ("managed", NOW)
    ]
    assert store.read_now(audit.verify, store.server_keys) is None


def test_opening_a_code_uses_nothing_up(office: Office, carla: Person) -> None:
    code = code_for(office, carla)
    for typed in (code, code.upper().replace("-", " "), f" {code} ".replace("-", "")):
        assert opened(office, "Carla@example.test", typed) == carla.account


def test_half_an_enrolment_changes_nothing_and_can_be_begun_again(office: Office, carla: Person) -> None:
    code = code_for(office, carla)
    before = begin(office, carla)
    kept = state(office, carla)
    seed = begin(office, carla, NOW + 60)
    stale, fresh = second_factor.code_at(before, NOW + 60), second_factor.code_at(seed, NOW + 60)
    for totp, mode, wrong in (
        (stale, DomainMode.MANAGED, SignInRefused),
        ("", DomainMode.MANAGED, SignInRefused),
        (fresh, DomainMode.PRIVATE, Invalid),
    ):
        with pytest.raises(wrong):
            finish(office, carla.account.email, code, totp, mode, NOW + 60)
        assert state(office, carla) == kept
    assert finish(office, carla.account.email, code, fresh, now=NOW + 60).account.state is AccountState.REGISTERED
    with pytest.raises(SignInRefused):
        finish(office, carla.account.email, code, second_factor.code_at(seed, NOW + 90), now=NOW + 90)


def test_a_shown_seed_waits_for_an_hour(office: Office, carla: Person) -> None:
    code, seed = code_for(office, carla), begin(office, carla)
    late = NOW + second_factor.PENDING
    with pytest.raises(SignInRefused):
        finish(office, carla.account.email, code, second_factor.code_at(seed, late), now=late)
    seed = begin(office, carla, late)
    finish(office, carla.account.email, code, second_factor.code_at(seed, late), now=late)


def test_a_code_ends_after_three_days_or_with_the_next(office: Office, carla: Person, anna: Person) -> None:
    first, second, other = code_for(office, carla), code_for(office, carla), code_for(office, anna)
    assert opened(office, carla.account.email, second, NOW + enrolment.LIFETIME - 1)
    for email, code, now in (
        ("carla@example.test", first, NOW),
        ("carla@example.test", other, NOW),
        ("anna@example.test", second, NOW),
        ("nobody@example.test", second, NOW),
        ("carla@example.test", second, NOW + enrolment.LIFETIME),
        ("carla@example.test", "", NOW),
        ("carla@example.test", "é" * 26, NOW),
        ("carla@example.test", ("b" if second[0] == "a" else "a") + second[1:], NOW),
    ):
        with pytest.raises(SignInRefused):
            opened(office, email, code, now)


@pytest.mark.parametrize("end", [accounts.suspend, accounts.close])
def test_a_barred_account_is_not_taken_over(office: Office, carla: Person, end: object) -> None:
    code = code_for(office, carla)
    office.store.write_now(end, carla.account.id, NOW)  # type: ignore[arg-type]
    with pytest.raises(SignInRefused):
        opened(office, carla.account.email, code)


def test_a_full_reset_replaces_all_that_was_and_ends_sessions(office: Office, carla: Person) -> None:
    done, store = enrol(office, carla), office.store
    lock = (store.server_keys, store.shred, carla.account, carla.keys)
    token = store.write_now(sessions.start, *lock, "terminal", NOW).token
    code = store.write_now(enrolment.add_enrolment, *lock, NOW, actor="account:9", kind=SlotKind.FULL_RESET).code
    store.read_now(passwords.open_account, *lock[:3], stretched())
    seed = begin(office, carla)
    opener = (store.server_keys, store.shred, carla.account.email, code)
    new = stretched("vijf blauwe stenen op een rij")
    totp = second_factor.code_at(seed, NOW)
    again = store.write_now(enrolment.finish, *opener, new, totp, DomainMode.MANAGED, NOW)
    store.read_now(passwords.open_account, *lock[:3], new)
    with pytest.raises(SignInRefused):
        store.read_now(passwords.open_account, *lock[:3], stretched(PASSWORD))
    with pytest.raises(SignInRefused):
        store.read_now(recovery_codes.open_account, *lock[:3], done.recovery_codes[0])
    with pytest.raises(SignInRefused):
        store.read_now(sessions.open, store.server_keys, store.shred, token, NOW)
    assert not store.write_now(second_factor.verify, carla.account.id, done.code(NOW + 30), NOW + 30)
    store.read_now(recovery_codes.open_account, *lock[:3], again.recovery_codes[0])


def test_a_reset_of_the_password_takes_a_code_of_the_factor_in_use(office: Office, carla: Person) -> None:
    done, store = enrol(office, carla), office.store
    lock = (store.server_keys, store.shred, carla.account, carla.keys)
    code = store.write_now(enrolment.add_enrolment, *lock, NOW, actor="account:9", kind=SlotKind.RESET).code
    assert store.read_now(enrolment.keeps_second_factor, carla.account)
    opener = (store.server_keys, store.shred, carla.account.email, code)
    new, later = stretched("vijf blauwe stenen op een rij"), NOW + 60
    of_a_new_factor = second_factor.code_at(begin(office, carla), later)
    with pytest.raises(SignInRefused):
        store.write_now(enrolment.finish, *opener, new, of_a_new_factor, DomainMode.MANAGED, later)
    with pytest.raises(SignInRefused):
        store.write_now(enrolment.enrol, *opener, later)
    store.write_now(enrolment.finish, *opener, new, done.code(later), DomainMode.MANAGED, later)
    store.read_now(passwords.open_account, *lock[:3], new)
    assert store.write_now(second_factor.verify, carla.account.id, done.code(later + 30), later + 30)


def test_a_code_that_makes_a_device_is_used_up_and_registers_nobody(office: Office, carla: Person) -> None:
    code, store = code_for(office, carla), office.store
    opener = (store.server_keys, store.shred, carla.account.email, code)
    account, keys = store.write_now(enrolment.enrol, *opener, NOW)
    assert account.state is AccountState.INVITED
    lock = (store.server_keys, store.shred, account, keys)
    store.write_now(devices.add, *lock, "laptop", frozenset({Scope.IMAP}), NOW)
    with pytest.raises(SignInRefused):
        store.write_now(enrolment.enrol, *opener, NOW)


def test_a_device_of_the_admins_works_before_enrolment(office: Office, carla: Person) -> None:
    assert office.keys_of(carla).same_key(carla.keys)


def test_an_account_without_escrow_gets_its_slot(office: Office, carla: Person) -> None:
    office.change("DELETE FROM escrow_slot WHERE account_id = ?", carla.account.id)
    enrol(office, carla)
    held = office.rows("SELECT count(*) FROM escrow_key")[0][0]
    assert office.rows("SELECT count(*) FROM escrow_slot WHERE account_id = ?", carla.account.id) == [(held,)]
