"""Escrow seals open for who they are for, and for nobody else, nowhere else, never twice."""

import os
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from storage.errors import Tampered
from storage.keys.escrow import EscrowKey, Holder, open_for_holder, open_with_kit, seal_slot
from storage.keys.recovery import RecoveryKit

AK, SS = bytes(range(32)), bytes(range(32, 64))
KEY = EscrowKey.generate(7, 2)
BOUND = {"domain": 7, "generation": 2, "account": "anna"}


def sealed_slot(**bound: object) -> bytes:
    return seal_slot(AK, SS, KEY.public_key, **(BOUND | bound))  # type: ignore[arg-type]


def test_a_slot_opens_with_the_private_half_and_the_shred_secret() -> None:
    assert KEY.open_slot(sealed_slot(), SS, account="anna") == AK
    assert sealed_slot() != sealed_slot(), "every seal is new"
    assert AK not in sealed_slot()


@pytest.mark.parametrize("other", [{"domain": 8}, {"generation": 3}, {"account": "bram"}], ids=str)
def test_a_slot_of_elsewhere_is_refused(other: dict[str, object]) -> None:
    with pytest.raises(Tampered):
        KEY.open_slot(sealed_slot(**other), SS, account="anna")


def test_a_slot_needs_both_halves_of_what_locks_it() -> None:
    with pytest.raises(Tampered):
        KEY.open_slot(sealed_slot(), os.urandom(32), account="anna")
    with pytest.raises(Tampered):
        EscrowKey.generate(7, 2).open_slot(sealed_slot(), SS, account="anna")


def test_any_bit_of_a_slot_counts() -> None:
    sealed = sealed_slot()
    for at in range(len(sealed)):
        with pytest.raises(Tampered):
            KEY.open_slot(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], SS, account="anna")
    for cut in (b"", sealed[:1], sealed[:-1], sealed + b"\0", None, 7):
        with pytest.raises(Tampered):
            KEY.open_slot(cut, SS, account="anna")  # type: ignore[arg-type]


def test_a_slot_moves_to_the_next_key_unopened() -> None:
    following = EscrowKey.generate(7, 3)
    moved = KEY.move_slot(sealed_slot(), following.public_key, 3, account="anna")
    assert following.open_slot(moved, SS, account="anna") == AK
    with pytest.raises(Tampered):
        KEY.open_slot(moved, SS, account="anna")
    with pytest.raises(Tampered):
        KEY.move_slot(sealed_slot(account="bram"), following.public_key, 3, account="anna")


def test_a_holder_opens_the_private_half() -> None:
    identity, holder = X25519PrivateKey.generate(), Holder("admin", 4)
    sealed = KEY.seal_for_holder(holder, identity.public_key().public_bytes_raw())
    bound = {"domain": 7, "generation": 2, "holder": holder}
    assert open_for_holder(sealed, identity, KEY.public_key, **bound) == KEY  # type: ignore[arg-type]
    wrong: list[dict[str, object]] = [
        {"domain": 8},
        {"generation": 1},
        {"holder": replace(holder, account="other")},
        {"holder": replace(holder, generation=5)},
    ]
    for each in wrong:
        with pytest.raises(Tampered):
            open_for_holder(sealed, identity, KEY.public_key, **(bound | each))  # type: ignore[arg-type]
    with pytest.raises(Tampered):
        open_for_holder(sealed, X25519PrivateKey.generate(), KEY.public_key, **bound)  # type: ignore[arg-type]
    with pytest.raises(Tampered, match="halves"):
        open_for_holder(sealed, identity, EscrowKey.generate(7, 2).public_key, **bound)  # type: ignore[arg-type]


def test_the_kit_opens_the_private_half() -> None:
    kit = RecoveryKit.generate()
    sealed = KEY.seal_for_kit(kit.public_key)
    assert open_with_kit(sealed, kit, KEY.public_key, domain=7, generation=2) == KEY
    for other, domain, generation in ((RecoveryKit.generate(), 7, 2), (kit, 8, 2), (kit, 7, 1)):
        with pytest.raises(Tampered):
            open_with_kit(sealed, other, KEY.public_key, domain=domain, generation=generation)


def test_what_is_no_public_key_is_refused() -> None:
    for wrong in (b"", b"short", bytes(32), None):
        with pytest.raises(Tampered):
            seal_slot(AK, SS, wrong, **BOUND)  # type: ignore[arg-type]


def test_secrets_are_not_shown() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert "secret" not in repr(KEY)
