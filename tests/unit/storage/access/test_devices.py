"""Device passwords: what they open, and when they do not."""

import pytest

from storage.access import devices
from storage.errors import Invalid, NotFound, SignInRefused, Tampered
from storage.people import accounts
from storage.records import AccountState, DeviceCredentials, DeviceRevoked, Origin, Scope
from tests.unit.storage.conftest import NOW, Office, Person

DAY = devices.DAY


def add(office: Office, person: Person, *scopes: Scope, **more: object) -> DeviceCredentials:
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
        **more,  # type: ignore[arg-type]
    )


def sign_in(
    office: Office, username: str, password: str, scope: Scope = Scope.IMAP, now: int = NOW, ip: str | None = None
) -> devices.SignIn:
    store = office.store
    return store.read_now(devices.sign_in, store.server_keys, store.shred, username, password, scope, now, ip)


def refused(
    office: Office, username: str, password: str, scope: Scope = Scope.IMAP, now: int = NOW, ip: str | None = None
) -> None:
    with pytest.raises(SignInRefused) as refusal:
        sign_in(office, username, password, scope, now, ip)
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
    assert [each for each in told if isinstance(each, DeviceRevoked)] == [DeviceRevoked(anna.account.id, device.id)]
    refused(office, anna.account.email, anna.device.password)
    assert office.rows("SELECT count(*) FROM key_slot WHERE account_id = ?", anna.account.id) == [(0,)]
    (listed,) = office.store.read_now(devices.listing, anna.account.id)
    assert listed.revoked_at == NOW + 5
    with pytest.raises(NotFound):
        office.store.write_now(devices.revoke, anna.account.id, device.id, NOW)


@pytest.mark.parametrize(
    ("state", "comes_in"),
    [(state, state in (AccountState.INVITED, AccountState.REGISTERED)) for state in AccountState],
)
def test_which_accounts_may_sign_in(office: Office, anna: Person, state: AccountState, comes_in: bool) -> None:
    """What an admin handed out works before its owner has enrolled; nothing works once the account is barred."""
    office.change("UPDATE account SET state = ? WHERE id = ?", state, anna.account.id)
    if comes_in:
        assert sign_in(office, anna.account.email, anna.device.password).account.state is state
    else:
        refused(office, anna.account.email, anna.device.password)


def test_a_device_with_networks_works_from_there_alone(office: Office, anna: Person) -> None:
    made = add(office, anna, Scope.IMAP, networks=("10.1.0.0/16", "2001:db8::/32", " 10.1.0.0/16"))
    assert made.device.networks == ("10.1.0.0/16", "2001:db8::/32")
    for ip in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8:1::1%eth0"):
        assert sign_in(office, made.username, made.password, ip=ip).device == made.device
    for elsewhere in ("10.2.0.1", "2001:db9::1", "", "unix", None):
        refused(office, made.username, made.password, ip=elsewhere)
    assert sign_in(office, anna.device.username, anna.device.password, ip=None).device.networks == ()


@pytest.mark.parametrize(
    "networks", [("10.1.0.1/16",), ("x",), ("",), ("10.0.0.0/33",), tuple(f"10.{n}.0.0/16" for n in range(21))]
)
def test_wrong_networks_are_refused(office: Office, anna: Person, networks: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="networks"):
        add(office, anna, Scope.IMAP, networks=networks)


def test_an_end_in_the_past_is_refused(office: Office, anna: Person) -> None:
    with pytest.raises(Invalid, match="expires_at"):
        add(office, anna, Scope.IMAP, expires_at=NOW)


def test_a_change_is_kept_and_ends_sessions_where_it_narrows(office: Office, anna: Person, bram: Person) -> None:
    told: list[object] = []
    device, store = anna.device.device, office.store
    store.listen(told.append)
    wanted = {"label": "old phone", "networks": (), "expires_at": None}
    changed = store.write_now(devices.change, anna.account.id, device.id, NOW, **wanted)
    assert (changed.label, changed.scopes) == ("old phone", device.scopes)
    assert not any(isinstance(each, DeviceRevoked) for each in told), "a label ends no session"
    narrowed = wanted | {"networks": ("10.0.0.0/8",), "expires_at": NOW + 9}
    changed = store.write_now(devices.change, anna.account.id, device.id, NOW, **narrowed)
    assert DeviceRevoked(anna.account.id, device.id) in told
    assert store.read_now(devices.get, anna.account.id, device.id) == changed
    refused(office, anna.account.email, anna.device.password, ip="192.0.2.1")
    sign_in(office, anna.account.email, anna.device.password, ip="10.0.0.1")
    for owner, wrong in ((bram, wanted), (anna, wanted | {"label": ""}), (anna, wanted | {"networks": ("x",)})):
        with pytest.raises((NotFound, Invalid)):
            store.write_now(devices.change, owner.account.id, device.id, NOW, **wrong)


def test_every_change_names_who_made_it(office: Office, anna: Person) -> None:
    store, account = office.store, anna.account
    made = add(office, anna, Scope.IMAP, origin=Origin.ADMIN, actor="account:99")
    number = made.device.id
    changed = {"label": "x", "networks": (), "expires_at": None}
    store.write_now(devices.change, account.id, number, NOW, **changed, actor="operator")
    store.write_now(devices.revoke, account.id, number, NOW)
    found = office.rows(
        "SELECT kind, actor, subject, detail FROM audit_event WHERE kind LIKE 'device.%'"
        " ORDER BY position DESC LIMIT 3"
    )
    owner = f"account:{account.id}"
    assert found == [
        ("device.revoked", owner, owner, f'{{"device":{number}}}'),
        ("device.changed", "operator", owner, f'{{"device":{number},"fields":["label"]}}'),
        ("device.added", "account:99", owner, f'{{"device":{number},"origin":"admin","scopes":["imap"]}}'),
    ]


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


def test_of_its_use_day_network_and_allowed_program_are_kept(office: Office, anna: Person) -> None:
    number = anna.device.device.id

    def used(*more: object) -> tuple[object, ...]:
        office.store.write_now(devices.touch, number, *more)
        device = office.store.read_now(devices.get, anna.account.id, number)
        return device.last_used_at, device.last_network, device.last_client

    assert used(DAY, "10.1.2.0/24", "Thunderbird 128") == (DAY, "10.1.2.0/24", None), "off unless allowed"
    office.change("UPDATE account SET client_noted = 1 WHERE id = ?", anna.account.id)
    assert sign_in(office, anna.device.username, anna.device.password).client_noted
    assert used(DAY, None, "Thunderbird 128") == (DAY, "10.1.2.0/24", "Thunderbird 128")
    assert used(2 * DAY, "2001:db8::/48") == (2 * DAY, "2001:db8::/48", "Thunderbird 128")
    office.change("UPDATE account SET client_noted = 0 WHERE id = ?", anna.account.id)
    assert used(2 * DAY)[2] is None, "what was kept goes once it may not be"
    device = office.store.read_now(devices.get, anna.account.id, number)
    assert not devices.is_news(device, 2 * DAY, "2001:db8::/48", None)
    assert devices.is_news(device, 3 * DAY, None, None)
    assert devices.is_news(device, DAY, "10.0.0.0/24", None)
    assert devices.is_news(device, DAY, None, "mutt")


def test_the_program_of_a_device_long_unused_is_forgotten(office: Office, anna: Person) -> None:
    office.change("UPDATE account SET client_noted = 1")
    office.store.write_now(devices.touch, anna.device.device.id, DAY, "10.1.2.0/24", "mutt")
    assert office.store.write_now(devices.forget_clients, DAY + devices.CLIENT_KEPT) == 0
    assert office.store.write_now(devices.forget_clients, DAY + devices.CLIENT_KEPT + 1) == 1
    kept = office.store.read_now(devices.get, anna.account.id, anna.device.device.id)
    assert (kept.last_used_at, kept.last_client) == (DAY, None)


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
