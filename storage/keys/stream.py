"""Bodies: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM in chunks of 64 KiB.

The nonce of a chunk is seven zero bytes ‖ its number (4 bytes) ‖ 1 for the last chunk, else 0. Nonces therefore
repeat from body to body: a key seals one body, ever. There is always at least one chunk.

The plaintext is padded with zeros to its Padmé length (PURBs, Nikitin et al. 2019, section 4) before it is cut in
chunks: the size on disk tells the true length to within 12 % at worst, 3 % at a megabyte. The true length stands in
the `BodyShape` inside the sealed card, and with the number of chunks it says exactly what must lie on disk.
"""

from collections.abc import Callable, Iterator
from itertools import count
from struct import Struct
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import Tampered
from storage.keys.seal import TAG_SIZE

CHUNK = 65536
"""Bytes of plaintext in each chunk but the last."""
SEALED_CHUNK = CHUNK + TAG_SIZE
_SHAPE = Struct(">QI")


class BodyShape(NamedTuple):
    """What must lie on disk. A tuple, as one is made for each card of a listing."""

    length: int
    """Bytes of plaintext, without padding."""
    chunks: int

    def encode(self) -> bytes:
        """`SHAPE_SIZE` bytes, for the front of a card."""
        return _SHAPE.pack(self.length, self.chunks)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """From the front of a card; Tampered if it is too short for one."""
        if len(data) < SHAPE_SIZE:
            raise Tampered("a card is too short to hold a shape")
        return cls._make(_SHAPE.unpack_from(data))


SHAPE_SIZE = _SHAPE.size


def padded_length(length: int) -> int:
    """Padmé: rounded up so that only log2(log2(length)) + 1 leading bits of the length are told."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


def shape_of(length: int) -> BodyShape:
    """The shape of a body of `length` bytes of plaintext."""
    return BodyShape(length, max(1, -(-padded_length(length) // CHUNK)))


def sealed_length(shape: BodyShape) -> int:
    """Bytes on disk of a body of this shape."""
    return padded_length(shape.length) + shape.chunks * TAG_SIZE


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _padded_chunks(plaintext: bytes, chunks: int) -> Iterator[bytes | memoryview]:
    """Whole chunks are views; only those that hold padding are copied."""
    view, padded = memoryview(plaintext), padded_length(len(plaintext))
    for start in range(0, chunks * CHUNK, CHUNK):
        chunk = view[start : start + CHUNK]
        wanted = min(CHUNK, padded - start)
        yield chunk if len(chunk) == wanted else bytes(chunk) + bytes(wanted - len(chunk))


def seal_stream(key: bytes, plaintext: bytes, ad: bytes) -> bytes:
    """What lies on disk for `plaintext`. `key` must never have sealed a stream before."""
    aead, last = AESGCM(key), shape_of(len(plaintext)).chunks - 1
    return b"".join(
        aead.encrypt(_nonce(number, number == last), chunk, ad)
        for number, chunk in enumerate(_padded_chunks(plaintext, last + 1))
    )


def open_range(
    key: bytes, ad: bytes, shape: BodyShape, start: int, stop: int, read: Callable[[int, int], bytes]
) -> bytes:
    """Bytes `start` (0 or more) to `stop` of the plaintext, cut to its length as a slice would be.

    `read(offset, length)` gives bytes of the sealed body, fewer only at its end. Chunks outside the range are not
    read; a range up to the end covers the padding too, and asks for one byte more than there may be: so a cut and
    an extended body show even if all that is wanted is intact. Raises Tampered.
    """
    stop = min(stop, shape.length)
    if start >= stop and shape.length:
        return b""
    first = start // CHUNK
    after = shape.chunks if stop == shape.length else -(-stop // CHUNK)
    chunks = _opened(AESGCM(key), ad, shape, first, _read_chunks(shape, first, after, read))
    places = count(first * CHUNK, CHUNK)
    return b"".join(chunk[max(start - at, 0) : max(stop - at, 0)] for at, chunk in zip(places, chunks, strict=False))


def _read_chunks(shape: BodyShape, first: int, after: int, read: Callable[[int, int], bytes]) -> memoryview:
    """The sealed chunks `first` to before `after`, in one read; Tampered if the body is shorter or longer."""
    start, whole = first * SEALED_CHUNK, sealed_length(shape)
    stop = min(after * SEALED_CHUNK, whole)
    sealed = read(start, stop - start + (stop == whole))
    if len(sealed) != stop - start:
        raise Tampered("a body is not as long as its card says")
    return memoryview(sealed)


def _opened(aead: AESGCM, ad: bytes, shape: BodyShape, first: int, sealed: memoryview) -> Iterator[bytes]:
    """The plaintext of sealed chunks that follow one another from number `first`; Tampered at the first bad one."""
    for number, at in enumerate(range(0, len(sealed), SEALED_CHUNK), first):
        try:
            yield aead.decrypt(_nonce(number, number == shape.chunks - 1), sealed[at : at + SEALED_CHUNK], ad)
        except InvalidTag:
            raise Tampered("a chunk of a body does not open") from None
