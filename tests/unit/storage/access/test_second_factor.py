"""TOTP: RFC 6238, each code once, ASCII digits only."""

import asyncio

import pytest

from storage.access import second_factor
from storage.access.second_factor import PENDING, STEP, code_at
from storage.errors import NotFound, SignInRefused
from storage.oversight import audit
from tests.unit.storage.conftest import NOW, Office, Person

RFC_SEED = b"12345678901234567890"


def begin(office: Office, person: Person, now: int = NOW) -> bytes:
    return office.store.write_now(second_factor.begin, person.account.id, now)


def confirm(office: Office, person: Person, code: str, now: int = NOW) -> None:
    office.store.write_now(second_factor.confirm, person.account.id, code, now)


def verify(office: Office, person: Person, code: str, now: int = NOW) -> bool:
    return office.store.write_now(second_factor.verify, person.account.id, code, now)


@pytest.fixture
def seed(office: Office, anna: Person) -> bytes:
    """Anna's, in use since an hour."""
    made = begin(office, anna, NOW - 3000)
    confirm(office, anna, code_at(made, NOW - 3000), NOW - 3000)
    return made


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_vectors_of_rfc_6238(at: int, code: str) -> None:
    """Appendix B, SHA-1, the last six digits."""
    assert code_at(RFC_SEED, at) == code
    assert second_factor._matching(RFC_SEED, code, at) == [at // STEP]


def test_a_seed_counts_from_its_first_code(office: Office, anna: Person) -> None:
    made = begin(office, anna)
    assert len(made) == 20
    assert not office.store.read_now(second_factor.has, anna.account.id)
    assert not verify(office, anna, code_at(made, NOW))
    confirm(office, anna, code_at(made, NOW))
    assert office.store.read_now(second_factor.has, anna.account.id)
    assert not verify(office, anna, code_at(made, NOW)), "its first code is used up"
    assert verify(office, anna, code_at(made, NOW + STEP), NOW + STEP)


def test_one_step_to_either_side_and_never_back(office: Office, anna: Person, seed: bytes) -> None:
    codes = {steps: code_at(seed, NOW + steps * STEP) for steps in range(-2, 3)}
    assert not verify(office, anna, codes[-2])
    assert not verify(office, anna, codes[2])
    assert verify(office, anna, codes[-1])
    assert verify(office, anna, codes[1])
    assert not verify(office, anna, codes[0]), "a later one was taken"
    assert not verify(office, anna, codes[1])


async def test_of_sixteen_at_once_one_is_accepted(office: Office, anna: Person, seed: bytes) -> None:
    code = code_at(seed, NOW)
    taken = await asyncio.gather(
        *(office.store.write(second_factor.verify, anna.account.id, code, NOW) for _ in range(16))
    )
    assert sum(taken) == 1


@pytest.mark.parametrize(
    "written",
    ["{0} ", " {0}", "{0}\n", "0{0}", "", "abcdef", "12345", "-12345", "+12345", "12_456", "1e5000", "{1}", "{2}"],
)
def test_only_six_ascii_digits_are_a_code(office: Office, anna: Person, seed: bytes, written: str) -> None:
    code = code_at(seed, NOW)
    arabic, wide = (code.translate({48 + n: zero + n for n in range(10)}) for zero in (0x660, 0xFF10))
    assert not verify(office, anna, written.format(code, arabic, wide))
    assert verify(office, anna, code)


def test_beginning_again_keeps_the_one_in_use(office: Office, anna: Person, seed: bytes) -> None:
    first, second = begin(office, anna), begin(office, anna)
    assert first != second
    assert verify(office, anna, code_at(seed, NOW))
    for wrong in (code_at(first, NOW), code_at(seed, NOW + STEP), "nothing"):
        with pytest.raises(SignInRefused):
            confirm(office, anna, wrong)
    confirm(office, anna, code_at(second, NOW))
    assert not verify(office, anna, code_at(seed, NOW + STEP), NOW + STEP)
    assert verify(office, anna, code_at(second, NOW + STEP), NOW + STEP)
    with pytest.raises(SignInRefused):
        confirm(office, anna, code_at(second, NOW + STEP), NOW + STEP)


@pytest.mark.parametrize("late", [PENDING, -STEP])
def test_a_seed_waits_an_hour_and_not_across_a_clock_set_back(office: Office, anna: Person, late: int) -> None:
    made = begin(office, anna)
    with pytest.raises(SignInRefused):
        confirm(office, anna, code_at(made, NOW + late), NOW + late)


def test_without_one_nothing_is_a_code(office: Office, anna: Person) -> None:
    assert not verify(office, anna, "000000")
    with pytest.raises(SignInRefused):
        confirm(office, anna, "000000")


def test_removed_it_is_gone(office: Office, anna: Person, seed: bytes) -> None:
    office.store.write_now(second_factor.remove, anna.account.id, NOW, "account:9")
    assert not verify(office, anna, code_at(seed, NOW))
    with pytest.raises(NotFound):
        office.store.write_now(second_factor.remove, anna.account.id, NOW, "account:9")
    assert office.store.read_now(audit.verify, office.store.server_keys) is None


def test_a_seed_of_another_account_or_altered_makes_no_code_of_ones_own(
    office: Office, anna: Person, bram: Person, seed: bytes
) -> None:
    begin(office, bram)
    other = office.rows("SELECT pending_seed FROM second_factor WHERE account_id = ?", bram.account.id)[0][0]
    for value in (other, seed[:-1], seed + b"\0", b"", None, 7, "text", bytes([seed[0] ^ 1]) + seed[1:]):
        office.change("UPDATE second_factor SET seed = ? WHERE account_id = ?", value, anna.account.id)
        assert not verify(office, anna, code_at(seed, NOW))
    office.change("UPDATE second_factor SET seed = ? WHERE account_id = ?", seed, anna.account.id)
    assert verify(office, anna, code_at(seed, NOW))


def test_what_apps_are_shown(office: Office) -> None:
    uri = second_factor.provisioning_uri(RFC_SEED, "anna@example.test", "Postex")
    assert uri == ("otpauth://totp/Postex:anna%40example.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Postex")
