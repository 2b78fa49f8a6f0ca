"""Contexts are unambiguous, and keys for different purposes have nothing in common."""

import hmac
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from storage.keys.context import SUITE, Label, context, derive, field

VALUES = st.lists(st.text(max_size=5) | st.integers(0, 2**63), max_size=4)


def hkdf_sha256(secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    """RFC 5869 section 2, written out."""
    pseudorandom = hmac.digest(salt or bytes(32), secret, "sha256")
    block, output = b"", b""
    for number in range(1, -(-size // 32) + 1):
        block = hmac.digest(pseudorandom, block + info + bytes([number]), "sha256")
        output += block
    return output[:size]


def test_the_cross_check_gives_the_first_vector_of_rfc_5869() -> None:
    secret, salt, info = b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA))
    expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    assert hkdf_sha256(secret, salt, info, 42).hex() == expected
    assert derive(secret, info, salt, 42).hex() == expected


@given(st.binary(min_size=1, max_size=80), st.binary(max_size=40), st.sampled_from(Label), st.sampled_from([32, 64]))
def test_derivation_is_hkdf(secret: bytes, salt: bytes, label: Label, size: int) -> None:
    info = context(label, "account", 7)
    assert derive(secret, info, salt, size) == hkdf_sha256(secret, salt, info, size)


def test_a_context_is_pinned_byte_for_byte() -> None:
    """Data sealed by an earlier release must open: these bytes may never change."""
    assert context(Label.WRAP, "ann", b"\x00", 3).hex() == (
        "0000000b" + b"postex wrap".hex() + "01" + "00000003616e6e" + "0000000100" + "000000080000000000000003"
    )


def test_labels_and_their_keys_are_distinct() -> None:
    keys = {derive(bytes(32), context(label)) for label in Label}
    assert len(keys) == len(Label.__members__)


def test_no_label_begins_another_context() -> None:
    for one, other in combinations(Label, 2):
        assert not context(one).startswith(context(other))
        assert not context(other).startswith(context(one))


@given(VALUES, VALUES)
def test_two_lists_of_values_never_give_the_same_bytes(one: list[str | int], other: list[str | int]) -> None:
    as_bytes = [[field(value) for value in values] for values in (one, other)]
    assert (context(Label.NAME, *one) == context(Label.NAME, *other)) == (as_bytes[0] == as_bytes[1])


def test_a_boundary_between_values_matters() -> None:
    assert context(Label.NAME, "ab", "c") != context(Label.NAME, "a", "bc")
    assert context(Label.NAME, "ab") != context(Label.NAME, "ab", "")


def test_the_suite_is_part_of_every_context() -> None:
    assert context(Label.CARD) == field("postex card") + SUITE
