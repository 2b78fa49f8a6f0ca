"""Bodies come back byte for byte from any range, and no change to what lies on disk goes unseen."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import Tampered
from storage.keys.stream import (
    CHUNK,
    SEALED_CHUNK,
    BodyShape,
    open_range,
    padded_length,
    seal_stream,
    sealed_length,
    shape_of,
)

KEY = bytes(range(32))
AD = b"this document"
LENGTHS = st.one_of(
    st.integers(0, 300),
    st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK - 1000]),
    st.integers(0, 3 * CHUNK),
)


def text(length: int) -> bytes:
    """`length` bytes, no two chunks alike."""
    return b"".join(number.to_bytes(4, "big") for number in range(-(-length // 4)))[:length]


def reader(sealed: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: sealed[offset : offset + length]


def opened(sealed: bytes, length: int, key: bytes = KEY, ad: bytes = AD) -> bytes:
    return open_range(key, ad, shape_of(length), 0, length, reader(sealed))


def chunks(sealed: bytes) -> list[bytes]:
    return [sealed[at : at + SEALED_CHUNK] for at in range(0, len(sealed), SEALED_CHUNK)]


@settings(deadline=None)
@given(LENGTHS)
def test_what_is_sealed_opens_and_has_the_promised_size(length: int) -> None:
    sealed = seal_stream(KEY, text(length), AD)
    assert opened(sealed, length) == text(length)
    assert len(sealed) == sealed_length(shape_of(length))
    assert len(chunks(sealed)) == shape_of(length).chunks >= 1


@settings(deadline=None)
@given(LENGTHS, st.data())
def test_any_range_equals_the_slice(length: int, data: st.DataObject) -> None:
    start, stop = data.draw(st.integers(0, length + 50)), data.draw(st.integers(0, length + 50))
    sealed = seal_stream(KEY, text(length), AD)
    assert open_range(KEY, AD, shape_of(length), start, stop, reader(sealed)) == text(length)[start:stop]


def test_the_form_is_pinned() -> None:
    """Two chunks, as AES-256-GCM gives them with the nonces of the module's docstring."""
    plain = text(CHUNK + 1)
    padding = bytes(padded_length(CHUNK + 1) - CHUNK - 1)
    first = AESGCM(KEY).encrypt(bytes(12), plain[:CHUNK], AD)
    last = AESGCM(KEY).encrypt(bytes(10) + b"\x01\x01", plain[CHUNK:] + padding, AD)
    assert seal_stream(KEY, plain, AD) == first + last


def test_only_the_chunks_of_the_range_are_read() -> None:
    length = 5 * CHUNK
    sealed = seal_stream(KEY, text(length), AD)
    reads: list[tuple[int, int]] = []

    def read(offset: int, size: int) -> bytes:
        reads.append((offset, size))
        return sealed[offset : offset + size]

    assert (
        open_range(KEY, AD, shape_of(length), CHUNK + 5, 2 * CHUNK + 5, read)
        == text(length)[CHUNK + 5 : 2 * CHUNK + 5]
    )
    assert open_range(KEY, AD, shape_of(length), 9, 9, read) == b""
    assert reads == [(SEALED_CHUNK, 2 * SEALED_CHUNK)]


@given(st.integers(0, 400), st.data())
def test_any_flipped_bit_is_refused(length: int, data: st.DataObject) -> None:
    sealed = bytearray(seal_stream(KEY, text(length), AD))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Tampered):
        opened(bytes(sealed), length)


@settings(deadline=None)
@given(st.data())
def test_a_flipped_bit_costs_the_ranges_on_its_chunk_only(data: st.DataObject) -> None:
    length = 3 * CHUNK
    sealed = bytearray(seal_stream(KEY, text(length), AD))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 0x10
    for number in range(3):
        start, stop = number * CHUNK, (number + 1) * CHUNK - 1
        if at // SEALED_CHUNK == number:
            with pytest.raises(Tampered):
                open_range(KEY, AD, shape_of(length), start, stop, reader(bytes(sealed)))
        else:
            got = open_range(KEY, AD, shape_of(length), start, stop, reader(bytes(sealed)))
            assert got == text(length)[start:stop]


@settings(deadline=None)
@given(LENGTHS, st.data())
def test_every_cut_is_refused(length: int, data: st.DataObject) -> None:
    sealed = seal_stream(KEY, text(length), AD)
    with pytest.raises(Tampered):
        opened(sealed[: data.draw(st.integers(0, len(sealed) - 1))], length)


def test_a_cut_at_a_chunk_border_is_refused() -> None:
    length = 3 * CHUNK
    sealed = seal_stream(KEY, text(length), AD)
    for kept in range(shape_of(length).chunks):
        with pytest.raises(Tampered):
            opened(sealed[: kept * SEALED_CHUNK], length)


@given(LENGTHS, st.binary(min_size=1, max_size=40))
@settings(deadline=None)
def test_every_extension_is_refused(length: int, extension: bytes) -> None:
    sealed = seal_stream(KEY, text(length), AD)
    for altered in (sealed + extension, sealed + chunks(sealed)[-1], extension + sealed):
        with pytest.raises(Tampered):
            opened(altered, length)


def test_a_cut_chunk_of_padding_alone_is_refused() -> None:
    """From 4 MiB on the padding can fill chunks of its own; a whole body without them is still a cut one."""
    length = 4 * 1024 * 1024 + 1
    sealed = seal_stream(KEY, text(length), AD)
    assert opened(sealed, length) == text(length)
    assert shape_of(length).chunks * CHUNK - length > CHUNK
    with pytest.raises(Tampered):
        opened(sealed[:-SEALED_CHUNK], length)
    spoilt = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with pytest.raises(Tampered):
        opened(spoilt, length)


def test_chunks_in_another_order_are_refused() -> None:
    length = 4 * CHUNK
    parts = chunks(seal_stream(KEY, text(length), AD))
    for one, other in pairwise(range(len(parts))):
        moved = parts.copy()
        moved[one], moved[other] = moved[other], moved[one]
        with pytest.raises(Tampered):
            opened(b"".join(moved), length)


def test_a_chunk_left_out_or_doubled_is_refused() -> None:
    length = 4 * CHUNK
    parts = chunks(seal_stream(KEY, text(length), AD))
    for number in range(len(parts)):
        for altered in (parts[:number] + parts[number + 1 :], parts[: number + 1] + parts[number:]):
            with pytest.raises(Tampered):
                opened(b"".join(altered), length)


def test_a_middle_chunk_passed_off_as_the_last_is_refused() -> None:
    """A shape that tells fewer chunks does not help either: the flag is in the nonce."""
    sealed = seal_stream(KEY, text(4 * CHUNK), AD)
    with pytest.raises(Tampered):
        open_range(KEY, AD, shape_of(2 * CHUNK), 0, 2 * CHUNK, reader(sealed[: 2 * SEALED_CHUNK]))


@pytest.mark.parametrize("length", [0, 1, 100, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_an_emptied_body_is_refused(length: int) -> None:
    with pytest.raises(Tampered):
        opened(b"", length)


@pytest.mark.parametrize("length", [0, 500, 2 * CHUNK])
def test_another_documents_body_is_refused(length: int) -> None:
    with pytest.raises(Tampered):
        opened(seal_stream(bytes(32), text(length), AD), length)
    with pytest.raises(Tampered):
        opened(seal_stream(KEY, text(length), b"another document"), length)


def test_a_body_of_another_length_is_refused() -> None:
    sealed = seal_stream(KEY, text(1000), AD)
    for length in (0, 900, 1100, CHUNK + 1):
        with pytest.raises(Tampered):
            opened(sealed, length)


@given(st.integers(2, 2**40))
def test_padme_tells_little_and_costs_little(length: int) -> None:
    """PURBs, section 4: at most log2(log2(L)) + 1 significant bits, at most 12 % more."""
    padded = padded_length(length)
    assert length <= padded <= length * 1.12
    exponent = math.floor(math.log2(length))
    significant = math.floor(math.log2(exponent)) + 1
    assert padded % 2 ** (exponent - significant) == 0
    assert padded_length(padded) == padded


def test_padme_of_known_lengths() -> None:
    assert [padded_length(length) for length in (0, 1, 2, 9, 17, 5120, 5121, 1_000_000)] == [
        0, 1, 2, 10, 18, 5120, 5376, 1_015_808,
    ]  # fmt: skip


@given(st.integers(0, 2**40))
def test_a_shape_survives_its_card(length: int) -> None:
    shape = shape_of(length)
    assert BodyShape.decode(shape.encode() + b"card") == shape


def test_a_card_too_short_for_a_shape_is_refused() -> None:
    with pytest.raises(Tampered):
        BodyShape.decode(bytes(11))
