"""Seals open as they were made, or not at all."""

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import Tampered
from storage.keys.seal import Seal

KEY = bytes(range(32))


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_what_is_sealed_opens(plaintext: bytes, bound_to: bytes) -> None:
    seal = Seal(KEY)
    assert seal.open(seal.seal(plaintext, bound_to), bound_to) == plaintext


def test_the_form_is_suite_nonce_ciphertext() -> None:
    sealed = Seal(KEY, lambda size: b"n" * size).seal(b"text", b"ad")
    assert sealed == b"\x01" + b"n" * 12 + AESGCM(KEY).encrypt(b"n" * 12, b"text", b"ad")


@given(st.binary(max_size=40), st.data())
def test_any_changed_bit_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    seal = Seal(KEY)
    sealed = bytearray(seal.seal(plaintext, b"ad"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Tampered):
        seal.open(bytes(sealed), b"ad")


def test_every_cut_and_extension_is_refused() -> None:
    seal = Seal(KEY)
    sealed = seal.seal(b"some text", b"ad")
    for altered in [sealed[:size] for size in range(len(sealed))] + [sealed + b"\x00"]:
        with pytest.raises(Tampered):
            seal.open(altered, b"ad")


def test_another_key_or_binding_is_refused() -> None:
    sealed = Seal(KEY).seal(b"text", b"ad")
    for key, bound_to in [(os.urandom(32), b"ad"), (KEY, b"ad2"), (KEY, b"")]:
        with pytest.raises(Tampered):
            Seal(key).open(sealed, bound_to)


def test_each_seal_draws_a_nonce() -> None:
    seal = Seal(KEY)
    assert len({seal.seal(b"", b"")[1:13] for _ in range(100)}) == 100
