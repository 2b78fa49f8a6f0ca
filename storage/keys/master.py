"""The server's master key MK, and the keys that hang on it.

MK is 32 random bytes in a file of its own (base64 and a newline, 0400), outside the database: beside it, on another
disk, or a systemd credential under $CREDENTIALS_DIRECTORY, which is a path like any other. HKDF-SHA256 gives each
server key from it under a label of its own.
"""

import binascii
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from storage.engine.durable import write_new
from storage.errors import Conflict, Invalid, NotFound
from storage.keys.access import readable_by_others
from storage.keys.context import KEY_SIZE, Label, context, derive
from storage.randomness import Rng

_MOST = 4096
"""Bytes read of a key file at most: someone may name a disk image by mistake."""


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """32 bytes each; see security.md, Keys."""

    database: bytes = field(repr=False)
    keyring_database: bytes = field(repr=False)
    pepper: bytes = field(repr=False)
    dedupe: bytes = field(repr=False)
    audit: bytes = field(repr=False)
    log_pseudonym: bytes = field(repr=False)
    signing: bytes = field(repr=False)
    """Seed of the Ed25519 key (see `signing`)."""
    canary: bytes = field(repr=False)
    """Opens the canary account of backups."""
    outbox: bytes = field(repr=False)
    """Seed of the X25519 key that waiting documents are sealed to (see `outbox`)."""
    message_tag: bytes = field(repr=False)
    """Marks Message-IDs so that a reply finds its document."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """MK in memory."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_SIZE:
            raise Invalid(f"a master key has {KEY_SIZE} bytes")

    @classmethod
    def generate(cls, rng: Rng = os.urandom) -> Self:
        return cls(rng(KEY_SIZE))

    @classmethod
    def load(cls, path: Path) -> Self:
        """From its file. NotFound or Invalid, with the file and the remedy in the text."""
        text = _read_private(path)
        try:
            return cls(b64decode(text.strip(), validate=True))
        except (binascii.Error, Invalid):
            raise Invalid(
                f"{path}: not a master key ({KEY_SIZE} bytes in base64); put the right file back, or restore it"
                " with the recovery kit"
            ) from None

    def save(self, path: Path) -> None:
        """To a new file, 0400, durable on return. Conflict if one is there: a master key is never overwritten."""
        try:
            write_new(path, b64encode(self.secret) + b"\n", 0o400)
        except FileExistsError:
            raise Conflict(f"{path}: there is a file already; move it away first") from None

    def derive(self) -> ServerKeys:
        return ServerKeys(
            database=derive(self.secret, context(Label.DATABASE)),
            keyring_database=derive(self.secret, context(Label.KEYRING_DATABASE)),
            pepper=derive(self.secret, context(Label.PEPPER)),
            dedupe=derive(self.secret, context(Label.DEDUPE)),
            audit=derive(self.secret, context(Label.AUDIT)),
            log_pseudonym=derive(self.secret, context(Label.LOG_PSEUDONYM)),
            signing=derive(self.secret, context(Label.SIGNING)),
            canary=derive(self.secret, context(Label.CANARY)),
            outbox=derive(self.secret, context(Label.OUTBOX)),
            message_tag=derive(self.secret, context(Label.MESSAGE_TAG)),
        )


def _read_private(path: Path) -> bytes:
    """The content of a file that nobody else may read."""
    try:
        with path.open("rb") as file:
            if readable_by_others(file.fileno()):
                raise Invalid(f"{path}: others than its owner may read the master key; run: chmod 0400 {path}")
            return file.read(_MOST)
    except FileNotFoundError:
        raise NotFound(
            f"{path}: no master key there; set storage.master_key_file to where it is, or restore it with the"
            " recovery kit"
        ) from None
    except OSError as error:
        raise Invalid(f"{path}: cannot read the master key ({error.strerror}); let this user own it") from None
