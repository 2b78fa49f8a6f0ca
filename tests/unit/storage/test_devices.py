"""Device passwords and enrolment codes: what they open, and when they do not."""

import pytest

from storage import accounts, audit, devices, enrolment
from storage.errors import Invalid, NotFound, SignInRefused, Tampered
from storage.records import AccountState, DeviceCredentials, DeviceRevoked, Scope

from .conftest import NOW, Office, Person


def add(office: Office, person: Person, *scopes: Scope, **more: int) -> DeviceCredentials:
    store = office.store
    return store.write_now(
        devices.add,
        store.server_keys,
        store.shred,
        person.account,
        person.keys,
        "laptop",
        frozenset(scopes),
        NOW,
        **more,
    )


def sign_in(
    office: Office, username: str, password: str, scope: Scope = Scope.IMAP, now: int = NOW
) -> devices.SignIn:
    store = office.store
    return store.read_now(devices.sign_in, store.server_keys, store.shred, username, password, scope, now)


def refused(office: Office, username: str, password: str, scope: Scope = Scope.IMAP, now: int = NOW) -> None:
    with pytest.raises(SignInRefused) as refusal:
        sign_in(office, username, password, scope, now)
    assert not str(refusal.value), "the reason is not told"


def test_a_device_password_opens_the_account(office: Office, anna: Person) -> None:
    signed_in = sign_in(office, "ANNA@Example.Test ", anna.device.password)
    assert signed_in.account == anna.account
    assert signed_in.device == anna.device.device
    assert signed_in.keys is not None
    assert signed_in.keys.same_key(anna.keys)
    assert anna.device.password not in repr(anna.device) + repr(signed_in)


def test_whatever_is_wrong_is_refused_alike(office: Office, anna: Person, bram: Person) -> None:
    right = anna.device.password
    prefix, selector, secret = right.split("-")
    wrong = secret.replace(secret[0], "a" if secret[0] != "a" else "b")
    for password in ("", "x", "px1--", right[:-1], f"{prefix}-{selector}-{wrong}", f"px2-{selector}-{secret}", "é"):
        refused(office, anna.account.email, password)
    refused(office, anna.account.email, f"{prefix}-{bram.device.device.selector}-{secret}")
    refused(office, bram.account.email, right)
    refused(office, "nobody@example.test", right)
    refused(office, anna.account.email, right, Scope.SMTP_SEND)


def test_scopes(office: Office, anna: Person) -> None:
    reads = add(office, anna, Scope.IMAP_READ)
    sends = add(office, anna, Scope.SMTP_SEND)
    assert sign_in(office, reads.username, reads.password, Scope.IMAP_READ).keys is not None
    assert sign_in(office, anna.device.username, anna.device.password, Scope.IMAP_READ).keys is not None
    refused(office, reads.username, reads.password, Scope.IMAP)
    assert sign_in(office, sends.username, sends.password, Scope.SMTP_SEND).keys is None
    refused(office, sends.username, sends.password, Scope.IMAP_READ)


def test_a_device_that_only_sends_needs_and_keeps_no_key(office: Office, anna: Person) -> None:
    store = office.store
    made = store.write_now(
        devices.add, store.server_keys, store.shred, anna.account, None, "erp", frozenset({Scope.SMTP_SEND}), NOW
    )
    assert sign_in(office, made.username, made.password, Scope.SMTP_SEND).keys is None
    with pytest.raises(Invalid):
        store.write_now(
            devices.add, store.server_keys, store.shred, anna.account, None, "x", frozenset({Scope.IMAP}), NOW
        )


@pytest.mark.parametrize(
    ("label", "scopes"), [("", {Scope.IMAP}), ("a\nb", {Scope.IMAP}), ("x" * 101, {Scope.IMAP}), ("x", ())]
)
def test_bad_drafts_are_refused(office: Office, anna: Person, label: str, scopes: set[Scope]) -> None:
    store = office.store
    with pytest.raises(Invalid):
        store.write_now(
            devices.add, store.server_keys, store.shred, anna.account, anna.keys, label, frozenset(scopes), NOW
        )


def test_a_device_ends_at_its_time(office: Office, anna: Person) -> None:
    made = add(office, anna, Scope.IMAP, expires_at=NOW + 10)
    sign_in(office, made.username, made.password, now=NOW + 9)
    refused(office, made.username, made.password, now=NOW + 10)


def test_revoking_tells_live_sessions_and_deletes_the_slot(office: Office, anna: Person, bram: Person) -> None:
    told: list[object] = []
    office.store.listen(told.append)
    device = anna.device.device
    with pytest.raises(NotFound):
        office.store.write_now(devices.revoke, bram.account.id, device.id, NOW)
    office.store.write_now(devices.revoke, anna.account.id, device.id, NOW + 5)
    assert told == [DeviceRevoked(anna.account.id, device.id)]
    refused(office, anna.account.email, anna.device.password)
    assert office.rows("SELECT count(*) FROM key_slot WHERE account_id = ?", anna.account.id) == [(0,)]
    (listed,) = office.store.read_now(devices.listing, anna.account.id)
    assert listed.revoked_at == NOW + 5
    with pytest.raises(NotFound):
        office.store.write_now(devices.revoke, anna.account.id, device.id, NOW)


def test_a_suspended_account_cannot_sign_in(office: Office, anna: Person) -> None:
    office.store.write_now(accounts.suspend, anna.account.id, NOW)
    refused(office, anna.account.email, anna.device.password)
    office.store.write_now(accounts.resume, anna.account.id, NOW)
    sign_in(office, anna.account.email, anna.device.password)


def test_without_the_shred_secret_nothing_opens(office: Office, anna: Person) -> None:
    office.store.shred.delete(anna.account.public_id)
    refused(office, anna.account.email, anna.device.password)


def test_the_day_of_use_is_kept_and_never_goes_back(office: Office, anna: Person) -> None:
    for day in (86_400, 2 * 86_400, 86_400):
        office.store.write_now(devices.touch, anna.device.device.id, day)
    assert office.store.read_now(devices.listing, anna.account.id)[0].last_used_at == 2 * 86_400


def test_a_slot_moved_or_altered_opens_nothing(office: Office, anna: Person, bram: Person) -> None:
    second = add(office, anna, Scope.IMAP)
    for column in ("salt", "commitment", "sealed_key"):
        for donor in (bram.device.device.selector, second.device.selector):
            own = anna.device.device.selector
            ((kept,),) = office.rows(f"SELECT {column} FROM key_slot WHERE public_id = ?", own)
            office.change(
                f"UPDATE key_slot SET {column} = (SELECT {column} FROM key_slot WHERE public_id = ?)"
                " WHERE public_id = ?",
                donor,
                own,
            )
            with pytest.raises((SignInRefused, Tampered)):
                sign_in(office, anna.account.email, anna.device.password)
            office.change(f"UPDATE key_slot SET {column} = ? WHERE public_id = ?", kept, own)
    office.change("UPDATE key_slot SET sealed_key = NULL WHERE public_id = ?", anna.device.device.selector)
    refused(office, anna.account.email, anna.device.password)
    sign_in(office, second.username, second.password)


def test_a_whole_slot_under_another_device_opens_nothing(office: Office, anna: Person, bram: Person) -> None:
    """The device of one account pointed at the slot of another."""
    office.change(
        "UPDATE device SET slot_id = (SELECT id FROM key_slot WHERE public_id = ?) WHERE selector = ?",
        bram.device.device.selector,
        anna.device.device.selector,
    )
    refused(office, anna.account.email, anna.device.password)
    bram_secret = bram.device.password.rpartition("-")[2]
    refused(office, anna.account.email, f"px1-{anna.device.device.selector}-{bram_secret}")


def enrol(office: Office, username: str, code: str, now: int = NOW) -> accounts.Account:
    store = office.store
    return store.write_now(enrolment.enrol, store.server_keys, store.shred, username, code, now)[0]


def code_for(office: Office, person: Person) -> str:
    store = office.store
    return store.write_now(
        devices.add_enrolment, store.server_keys, store.shred, person.account, person.keys, NOW
    ).code


def test_an_enrolment_code_opens_once(office: Office) -> None:
    carla = office.person("carla", state=AccountState.INVITED)
    refused(office, carla.account.email, carla.device.password)
    code = code_for(office, carla)
    with pytest.raises(SignInRefused):
        enrol(office, "anna@example.test", code)
    with pytest.raises(SignInRefused):
        enrol(office, carla.account.email, code[:-1] + ("b" if code[-1] == "a" else "a"))
    assert enrol(office, carla.account.email, code.replace("-", " ").upper()).state is AccountState.REGISTERED
    with pytest.raises(SignInRefused):
        enrol(office, carla.account.email, code)
    sign_in(office, carla.account.email, carla.device.password)
    assert office.store.read_now(audit.verify, office.store.server_keys) is None


def test_an_enrolment_code_ends_after_three_days_or_with_the_next(office: Office, anna: Person) -> None:
    first, second = code_for(office, anna), code_for(office, anna)
    for code, now in ((first, NOW), (second, NOW + 72 * 3600), ("", NOW), ("é" * 26, NOW)):
        with pytest.raises(SignInRefused):
            enrol(office, anna.account.email, code, now)
    assert enrol(office, anna.account.email, second, NOW + 72 * 3600 - 1) == anna.account
