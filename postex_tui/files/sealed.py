"""A file that waits on the disk and tells it nothing: sealed under a key that this process alone has.

Contract. Written from its begin to its end, then, after `seek(0)`, read likewise; it has no name and goes when it
is closed. AES-256 in counter mode under a key of its own: a stolen disk holds noise. The file is no message between
two who must trust it: its bytes are not authenticated.
"""

import os
from tempfile import TemporaryFile

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR


class SealedFile:
    """What `BinaryIO` needs to be filled, and to be given on piece by piece."""

    def __init__(self) -> None:
        self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - whoever has it closes it
        self._cipher = Cipher(AES(os.urandom(32)), CTR(os.urandom(16)))
        self._seal, self._open = self._cipher.encryptor(), self._cipher.decryptor()

    def write(self, data: bytes) -> int:
        """All of it. OSError."""
        sealed = memoryview(self._seal.update(data))
        while sealed:
            sealed = sealed[self._file.write(sealed) :]
        return len(data)

    def seek(self, place: int) -> int:
        """To its begin, as Textual does before it gives a file on. ValueError elsewhere."""
        if place != 0:
            raise ValueError(place)
        self._open = self._cipher.decryptor()
        return self._file.seek(0)

    def read(self, size: int = -1) -> bytes:
        return self._open.update(self._file.read(size))

    def close(self) -> None:
        self._file.close()
