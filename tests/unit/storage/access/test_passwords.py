"""Account passwords: which are taken, how they are stretched, what they open."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.access import passwords, sessions
from storage.access.passwords import Stretched, Weakness
from storage.errors import Invalid, SignInRefused, Tampered
from storage.keys.keyring import AccountKeys
from storage.oversight import audit
from storage.people import accounts
from tests.unit.storage.coming_in import CHEAP, PASSWORD, stretched
from tests.unit.storage.conftest import NOW, Office, Person

OTHER = "vijf blauwe stenen op een rij"


def set_password(office: Office, person: Person, new: Stretched, keep: int | None = None) -> None:
    store = office.store
    lock = (store.server_keys, store.shred, person.account, person.keys)
    store.write_now(passwords.set_password, *lock, new, NOW, f"account:{person.account.id}", keep)


def opened(office: Office, person: Person, given: Stretched) -> AccountKeys:
    store = office.store
    return store.read_now(passwords.open_account, store.server_keys, store.shred, person.account, given)


def refused(office: Office, person: Person, given: Stretched) -> None:
    with pytest.raises(SignInRefused):
        opened(office, person, given)


# --- stretching ---


def test_todays_costs_are_those_decided() -> None:
    made = passwords.stretch(PASSWORD)
    assert made.parameters.startswith("argon2id$v=19$m=65536,t=3,p=4$")
    assert len(made.secret) == 32
    assert not passwords.is_outdated(made.parameters)
    assert passwords.is_outdated(CHEAP)
    assert PASSWORD not in repr(made)
    assert made.secret.hex() not in repr(made)


def test_against_a_vector_of_another_implementation() -> None:
    """Of argon2-cffi's high-level interface, which parses its own encoding."""
    from argon2 import PasswordHasher
    from argon2.low_level import Type

    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
    encoded = hasher.hash(PASSWORD, salt=bytes(range(16)))
    _, kind, version, costs, salt, expected = encoded.split("$")
    assert (kind, version, costs) == ("argon2id", "v=19", "m=64,t=1,p=1")
    made = passwords.stretch(PASSWORD, f"argon2id$v=19${costs}${salt}==")
    from base64 import b64encode

    assert b64encode(made.secret).decode().rstrip("=") == expected


def test_salts_differ_and_parameters_repeat() -> None:
    first = passwords.stretch(PASSWORD, CHEAP)
    assert passwords.stretch(PASSWORD, CHEAP) == first
    assert passwords.new_parameters() != passwords.new_parameters()
    assert passwords.stretch(OTHER, CHEAP).secret != first.secret


def test_the_same_password_from_another_keyboard() -> None:
    composed, apart = "\u00e9\u00e9n lamp bij het raam", "e\u0301e\u0301n lamp bij het raam"
    assert composed != apart
    assert stretched(composed) == stretched(apart)
    assert stretched("een lamp\u00a0bij\u2003het raam") == stretched("een lamp bij het raam")
    assert stretched("Een lamp bij het raam") != stretched("een lamp bij het raam")
    assert stretched("\ud800 een halve letter").secret


@pytest.mark.parametrize(
    "altered",
    [
        "",
        "argon2id",
        CHEAP.replace("m=64", "m=99999999"),
        CHEAP.replace("t=1", "t=999"),
        CHEAP.replace("t=1", "t=0"),
        CHEAP.replace("p=1", "p=99"),
        CHEAP.replace("argon2id", "argon2d"),
        CHEAP.replace("v=19", "v=16"),
        CHEAP[:-4] + "====",
        CHEAP.replace("m=64", "m=٦٤"),
        CHEAP + "\n",
    ],
)
def test_altered_parameters_are_refused_before_they_cost_anything(altered: str) -> None:
    with pytest.raises(Tampered):
        passwords.stretch(PASSWORD, altered)


# --- which are taken ---


@pytest.mark.parametrize(
    "password",
    [
        "Password1234",
        "P@ssw0rd2024!",
        "Wachtwoord2024!",
        "welkom01welkom01",
        "Welkom01!Welkom01!",
        "zomervakantie2024",
        "ikhouvanjou123",
        "Feyenoord1908!",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "123456789012",
        "qwertyuiop123",
        "azertyuiop456",
        "1q2w3e4r5t6y7u",
        "zyxwvutsrqpo",
        "correcthorsebatterystaple",
        "Sinterklaas1!",
        "letmeinletmein",
        "amsterdam2025!",
    ],
)
def test_what_everybody_tries_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.check(password)
    assert str(refusal.value) == Weakness.COMMON


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        OTHER,
        "Xk9qLm2vTz4w",
        "postbode fietst langs de gracht",
        "koffie-lamp-raam-boekenkast",
        "correct paard batterij nietje",
        "雨が降る日に本を読む人たち",
        "        een     spatie    ",
        "q8#Lw!2zR^vP",
        "x" + "Qk7!vB2@mN5#" * 10,
    ],
)
def test_what_few_would_guess_is_taken(password: str) -> None:
    passwords.check(password, ("Anna de Vries", "anna@example.test", "postex"))


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("annadevries!!", ("Anna de Vries",)),
        ("Anna.DeVries99", ("Anna de Vries", "example.test")),
        ("4nn4d3vr13s99", ("Anna de Vries",)),
        ("renée-bäcker-9", ("Renée Bäcker",)),
        ("energiebedrijf1", ("energiebedrijf.nl",)),
        ("postex-postex-1", ("postex",)),
    ],
)
def test_what_is_known_of_the_account_is_refused(password: str, words: tuple[str, ...]) -> None:
    passwords.check("een heel ander verhaal", words)
    with pytest.raises(Invalid):
        passwords.check(password, words)


@pytest.mark.parametrize(("password", "taken"), [("q8#Lw!2zR^v", False), ("q8#Lw!2zR^vP", True)])
def test_twelve_characters_at_least(password: str, taken: bool) -> None:
    if taken:
        passwords.check(password)
        return
    with pytest.raises(Invalid, match="12 to 128"):
        passwords.check(password)


def test_128_characters_at_most() -> None:
    long = "".join(chr(0x4E00 + number) for number in range(129))
    passwords.check(long[:128])
    with pytest.raises(Invalid, match="12 to 128"):
        passwords.check(long)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=5))
def test_any_text_is_judged(password: str, words: list[str]) -> None:
    judged = passwords.strength(password, passwords.context_words(words))
    assert 0 <= judged <= passwords.strength(password)
    if judged < passwords.LEAST_STRENGTH:
        with pytest.raises(Invalid):
            passwords.check(password, words)
    elif 12 <= len(passwords.normal(password)) <= 128:
        passwords.check(password, words)


def test_the_list_is_as_the_module_reads_it() -> None:
    lines = passwords.COMMON.read_text("utf-8").splitlines()
    entries = [line for line in lines if not line.startswith("#")]
    assert len(entries) > 1000
    assert entries == sorted(set(entries))
    assert all(entry == passwords._folded(entry) and 4 <= len(entry) <= passwords._LONGEST_PIECE for entry in entries)


# --- the slot ---


def test_a_password_opens_the_accounts_keys(office: Office, anna: Person, bram: Person) -> None:
    refused(office, anna, stretched())
    set_password(office, anna, stretched())
    assert opened(office, anna, stretched()).same_key(anna.keys)
    refused(office, anna, stretched(OTHER))
    refused(office, bram, stretched())
    assert office.store.read_now(passwords.parameters, " Anna@Example.test") == CHEAP
    assert office.store.read_now(passwords.parameters, bram.account.email) is None
    assert office.store.read_now(passwords.parameters, "no@where.test") is None
    assert office.store.read_now(audit.verify, office.store.server_keys) is None


def test_a_new_one_replaces_it_and_ends_other_sessions(office: Office, anna: Person) -> None:
    store = office.store
    set_password(office, anna, stretched())
    lock = (store.server_keys, store.shred, anna.account, anna.keys)
    kept, other = (store.write_now(sessions.start, *lock, "", NOW) for _ in range(2))
    set_password(office, anna, stretched(OTHER), kept.session.id)
    refused(office, anna, stretched())
    opened(office, anna, stretched(OTHER))
    assert store.read_now(sessions.listing, anna.account.id) == [kept.session]
    assert office.rows("SELECT count(*) FROM key_slot WHERE kind = 'password'") == [(1,)]
    with pytest.raises(SignInRefused):
        store.read_now(sessions.open, store.server_keys, store.shred, other.token, NOW)


def test_only_a_registered_account_opens(office: Office, anna: Person) -> None:
    set_password(office, anna, stretched())
    office.store.write_now(accounts.suspend, anna.account.id, NOW)
    anna.account = office.store.read_now(accounts.by_id, anna.account.id)
    refused(office, anna, stretched())
    store = office.store
    for email in (anna.account.email, "no@where.test"):
        with pytest.raises(SignInRefused):
            store.read_now(passwords.sign_in, store.server_keys, store.shred, email, stretched())


def test_without_the_shred_secret_it_opens_nothing(office: Office, anna: Person) -> None:
    set_password(office, anna, stretched())
    office.store.shred.delete(anna.account.public_id)
    refused(office, anna, stretched())


def test_an_upgrade_keeps_sessions_and_gives_way_to_a_change(office: Office, anna: Person) -> None:
    store = office.store
    set_password(office, anna, stretched())
    lock = (store.server_keys, store.shred, anna.account, anna.keys)
    store.write_now(sessions.start, *lock, "", NOW)
    stronger = stretched(PASSWORD, CHEAP.replace("t=1", "t=2"))
    assert store.write_now(passwords.upgrade, *lock, CHEAP, stronger, NOW)
    assert opened(office, anna, stronger).same_key(anna.keys)
    refused(office, anna, stretched())
    assert len(store.read_now(sessions.listing, anna.account.id)) == 1
    assert not store.write_now(passwords.upgrade, *lock, CHEAP, stretched(OTHER), NOW)
    opened(office, anna, stronger)


def test_salt_and_costs_are_part_of_the_secret(office: Office, anna: Person) -> None:
    """Weakened in the database, they open nothing: what they give is another secret."""
    strong = stretched(PASSWORD, CHEAP.replace("t=1", "t=3"))
    set_password(office, anna, strong)
    office.change("UPDATE key_slot SET parameters = ? WHERE kind = 'password'", CHEAP)
    weakened = office.store.read_now(passwords.parameters, anna.account.email)
    refused(office, anna, stretched(PASSWORD, weakened))
