"""A slot opens for its secret, pepper and shred secret together, in its own place, and for nothing else."""

import hmac
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import Invalid, SignInRefused, Tampered
from storage.keys import slots
from storage.keys.slots import SealedSlot, SlotKind, open_slot, seal_slot

SECRET, PEPPER, SHRED, KEY = b"s" * 20, b"p" * 32, b"h" * 32, b"k" * 32


def sealed_slot(account_key: bytes | None = KEY, kind: SlotKind = SlotKind.DEVICE) -> SealedSlot:
    return seal_slot(SECRET, PEPPER, SHRED, account="anna", slot="phone", kind=kind, account_key=account_key)


def opened(
    sealed: SealedSlot,
    secret: bytes = SECRET,
    pepper: bytes = PEPPER,
    shred_secret: bytes = SHRED,
    account: str = "anna",
    slot: str = "phone",
    kind: SlotKind = SlotKind.DEVICE,
) -> bytes | None:
    return open_slot(secret, pepper, shred_secret, sealed, account=account, slot=slot, kind=kind)


def flipped(data: bytes) -> list[bytes]:
    """`data` with each byte changed in turn."""
    return [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(len(data))]


@pytest.mark.parametrize("kind", SlotKind)
def test_the_secret_opens_the_key(kind: SlotKind) -> None:
    assert opened(sealed_slot(kind=kind), kind=kind) == KEY


def test_the_form_is_pinned() -> None:
    """The derivation of the module's docstring, written out (RFC 5869 section 2)."""
    info = b"".join(
        len(part).to_bytes(4, "big") + part + suite
        for part, suite in [
            (b"postex slot", b"\x01"),
            (b"anna", b""),
            (b"phone", b""),
            (b"device", b""),
            ((1).to_bytes(8, "big"), b""),
        ]
    )
    sealed = sealed_slot()
    pseudorandom = hmac.digest(sealed.salt, SECRET + PEPPER + SHRED, "sha256")
    key = hmac.digest(pseudorandom, info + b"\x01", "sha256")
    assert sealed.commitment == hmac.digest(pseudorandom, key + info + b"\x02", "sha256")
    assert sealed.sealed_key is not None
    bound_to = info.replace(b"\x00\x00\x00\x0bpostex slot", b"\x00\x00\x00\x17postex slot account key", 1)
    assert AESGCM(key).decrypt(bytes(12), sealed.sealed_key[1:], bound_to) == KEY


def test_a_slot_without_a_key_proves_the_secret_only() -> None:
    sealed = sealed_slot(account_key=None)
    assert sealed.sealed_key is None
    assert opened(sealed) is None
    with pytest.raises(SignInRefused):
        opened(sealed, secret=b"t" * 20)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": b"t" * 20},
        {"secret": SECRET + b"p"},
        {"secret": b""},
        {"pepper": b"q" * 32},
        {"shred_secret": b"i" * 32},
        {"account": "bram"},
        {"slot": "tablet"},
        {"kind": SlotKind.ENROLMENT},
    ],
)
def test_anything_else_is_refused(wrong: dict[str, bytes | str | SlotKind]) -> None:
    with pytest.raises(SignInRefused):
        opened(sealed_slot(), **wrong)  # type: ignore[arg-type]


def test_every_byte_of_salt_and_commitment_counts() -> None:
    sealed = sealed_slot()
    for altered in [replace(sealed, salt=salt) for salt in flipped(sealed.salt)] + [
        replace(sealed, commitment=commitment) for commitment in [*flipped(sealed.commitment), b""]
    ]:
        with pytest.raises(SignInRefused):
            opened(altered)


def test_an_altered_or_foreign_key_under_the_right_secret_is_tampering() -> None:
    sealed, other = sealed_slot(), sealed_slot()
    assert sealed.sealed_key is not None
    for key in [*flipped(sealed.sealed_key), sealed.sealed_key[:-1], b"", other.sealed_key]:
        with pytest.raises(Tampered):
            opened(replace(sealed, sealed_key=key))


def test_a_key_taken_out_of_or_put_into_a_slot_is_refused() -> None:
    sealed, empty = sealed_slot(), sealed_slot(account_key=None)
    with pytest.raises(SignInRefused):
        opened(replace(sealed, sealed_key=None))
    with pytest.raises(SignInRefused):
        opened(replace(empty, sealed_key=sealed.sealed_key))


def test_sealing_twice_shares_nothing() -> None:
    one, other = sealed_slot(), sealed_slot()
    assert one.salt != other.salt
    assert one.commitment != other.commitment
    assert one.sealed_key != other.sealed_key


def test_the_commitment_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(mine: bytes, stored: bytes) -> bool:
        compared.append(stored)
        return mine == stored

    monkeypatch.setattr(slots, "compare_digest", compare)
    sealed = sealed_slot()
    opened(sealed)
    assert compared == [sealed.commitment]


def test_short_secrets_and_keys_of_another_size_are_refused_when_sealing() -> None:
    where = {"account": "anna", "slot": "phone", "kind": SlotKind.DEVICE}
    for secret, pepper, shred_secret, key in [
        (b"s" * 13, PEPPER, SHRED, KEY),
        (SECRET, b"p" * 31, SHRED, KEY),
        (SECRET, PEPPER, b"", KEY),
        (SECRET, PEPPER, SHRED, b"k" * 31),
    ]:
        with pytest.raises(Invalid):
            seal_slot(secret, pepper, shred_secret, account_key=key, **where)  # type: ignore[arg-type]


def test_a_slot_shows_nothing_of_itself() -> None:
    assert repr(sealed_slot()) == "SealedSlot()"
