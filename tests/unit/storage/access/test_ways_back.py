"""Recovery codes, and the ways back that they open together with what is left."""

import pytest

from storage.access import passwords, recovery_codes, second_factor, sessions, ways_back, ways_in
from storage.access.second_factor import STEP, code_at
from storage.errors import SignInRefused, Tampered
from storage.keys.keyring import AccountKeys
from storage.oversight import audit
from storage.people import accounts
from tests.unit.storage.coming_in import Enrolled, enrol, stretched
from tests.unit.storage.conftest import NOW, Office

NEW = "vijf blauwe stenen op een rij"


@pytest.fixture
def carla(office: Office) -> Enrolled:
    return enrol(office, office.person("carla"))


@pytest.fixture
def dirk(office: Office) -> Enrolled:
    return enrol(office, office.person("dirk"))


def lock(office: Office, who: Enrolled) -> tuple[object, object, accounts.Account]:
    return office.store.server_keys, office.store.shred, who.person.account


def opened(office: Office, who: Enrolled, code: str) -> AccountKeys:
    return office.store.read_now(recovery_codes.open_account, *lock(office, who), code)  # type: ignore[arg-type]


def use(office: Office, who: Enrolled, code: str) -> AccountKeys:
    return office.store.write_now(recovery_codes.use, *lock(office, who), code, NOW)  # type: ignore[arg-type]


def left(office: Office, who: Enrolled) -> int:
    return office.store.read_now(recovery_codes.remaining, who.person.account.id)


def test_each_of_ten_opens_once(office: Office, carla: Enrolled, dirk: Enrolled) -> None:
    for number, code in enumerate(carla.recovery_codes):
        assert len(code.replace("-", "")) * 5 >= 112
        assert opened(office, carla, code).same_key(carla.person.keys)
        assert use(office, carla, f" {code.upper().replace('-', ' ')}\n").same_key(carla.person.keys)
        assert left(office, carla) == 9 - number
        with pytest.raises(SignInRefused):
            use(office, carla, code)
    assert left(office, dirk) == 10


def test_whatever_else_opens_nothing(office: Office, carla: Enrolled, dirk: Enrolled) -> None:
    code = carla.recovery_codes[0]
    for wrong in (
        "",
        "é",
        code[:-1],
        code + "a",
        ("a" if code[0] != "a" else "b") + code[1:],
        dirk.recovery_codes[0],
    ):
        with pytest.raises(SignInRefused):
            opened(office, carla, wrong)
    office.store.write_now(accounts.suspend, carla.person.account.id, NOW)
    carla.person.account = office.store.read_now(accounts.by_id, carla.person.account.id)
    with pytest.raises(SignInRefused):
        opened(office, carla, code)


def test_new_ones_replace_the_old(office: Office, carla: Enrolled) -> None:
    made = office.store.write_now(
        recovery_codes.replace,
        *lock(office, carla),
        carla.person.keys,
        NOW,
        "account:1",
    )
    assert left(office, carla) == 10
    with pytest.raises(SignInRefused):
        opened(office, carla, carla.recovery_codes[0])
    opened(office, carla, made[9])


def test_a_slot_altered_or_moved_opens_nothing_and_spoils_no_other(
    office: Office, carla: Enrolled, dirk: Enrolled
) -> None:
    sql = "SELECT id FROM key_slot WHERE account_id = ? AND kind = 'recovery' ORDER BY id"
    (own,), (second,), *_ = office.rows(sql, carla.person.account.id)
    other = office.rows(sql, dirk.person.account.id)[0][0]
    for column in ("salt", "commitment", "sealed_key"):
        for donor in (second, other):
            ((kept,),) = office.rows(f"SELECT {column} FROM key_slot WHERE id = ?", own)
            sql = f"UPDATE key_slot SET {column} = (SELECT {column} FROM key_slot WHERE id = ?) WHERE id = ?"
            office.change(sql, donor, own)
            with pytest.raises((SignInRefused, Tampered)):
                opened(office, carla, carla.recovery_codes[0])
            opened(office, carla, carla.recovery_codes[1])
            office.change(f"UPDATE key_slot SET {column} = ? WHERE id = ?", kept, own)
    office.change("UPDATE key_slot SET account_id = ? WHERE id = ?", carla.person.account.id, other)
    with pytest.raises(SignInRefused):
        opened(office, carla, dirk.recovery_codes[0])
    office.change("UPDATE key_slot SET kind = 'password' WHERE id = ?", second)
    with pytest.raises(SignInRefused):
        opened(office, carla, carla.recovery_codes[1])


def new_password(office: Office, who: Enrolled, code: str, totp: str, now: int = NOW) -> None:
    office.store.write_now(ways_back.new_password, *lock(office, who), code, totp, stretched(NEW), now)  # type: ignore[arg-type]


def new_second_factor(office: Office, who: Enrolled, code: str, password: str, totp: str) -> None:
    given = (code, stretched(password), totp, NOW)
    office.store.write_now(ways_back.new_second_factor, *lock(office, who), *given)  # type: ignore[arg-type]


def test_a_forgotten_password(office: Office, carla: Enrolled, dirk: Enrolled) -> None:
    store = office.store
    token = store.write_now(
        sessions.start,
        *lock(office, carla),
        carla.person.keys,
        "",
        NOW,
    ).token
    code = carla.recovery_codes[0]
    for wrong in ((code, "000000"), (dirk.recovery_codes[0], carla.code()), (code, dirk.code())):
        with pytest.raises(SignInRefused):
            new_password(office, carla, *wrong)
    assert left(office, carla) == 10
    new_password(office, carla, code, carla.code())
    assert left(office, carla) == 9
    store.read_now(passwords.open_account, *lock(office, carla), stretched(NEW))  # type: ignore[arg-type]
    with pytest.raises(SignInRefused):
        store.read_now(sessions.open, store.server_keys, store.shred, token, NOW)
    assert store.read_now(audit.verify, store.server_keys) is None


def test_a_lost_second_factor(office: Office, carla: Enrolled) -> None:
    code, password = carla.recovery_codes[0], "een lamp bij het raam"
    with pytest.raises(SignInRefused):
        new_second_factor(office, carla, code, password, carla.code())
    seed = office.store.write_now(second_factor.begin, carla.person.account.id, NOW)
    for wrong in ((code, NEW, code_at(seed, NOW)), (code, password, "000000"), ("", password, code_at(seed, NOW))):
        with pytest.raises(SignInRefused):
            new_second_factor(office, carla, *wrong)
    assert left(office, carla) == 10
    new_second_factor(office, carla, code, password, code_at(seed, NOW))
    assert left(office, carla) == 9
    account = carla.person.account.id
    assert not office.store.write_now(second_factor.verify, account, carla.code(NOW + STEP), NOW + STEP)
    assert office.store.write_now(second_factor.verify, account, code_at(seed, NOW + STEP), NOW + STEP)


def test_whose_code_it_is(office: Office, carla: Enrolled) -> None:
    store = office.store
    opener = (store.server_keys, store.shred)
    found = store.read_now(ways_back.account_of, *opener, "Carla@example.test", carla.recovery_codes[3])
    assert found == carla.person.account
    for email in ("dirk@example.test", ""):
        with pytest.raises(SignInRefused):
            store.read_now(ways_back.account_of, *opener, email, carla.recovery_codes[3])


def test_a_password_replaced_a_moment_ago_starts_no_session(office: Office, carla: Enrolled) -> None:
    """It was opened before the change, and the code is right: the transaction looks again."""
    old, store = stretched(), office.store
    new_password(office, carla, carla.recovery_codes[0], carla.code())
    given = (*lock(office, carla), old, carla.code(NOW + STEP))
    with pytest.raises(SignInRefused):
        store.write_now(ways_in.sign_in, *given, "", NOW + STEP)  # type: ignore[arg-type]
    assert store.read_now(sessions.listing, carla.person.account.id) == []
    given = (*lock(office, carla), stretched(NEW), carla.code(NOW + STEP))
    store.write_now(ways_in.sign_in, *given, "", NOW + STEP)  # type: ignore[arg-type]
