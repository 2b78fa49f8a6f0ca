"""What `connection` makes of bytes; what a server does with each stands there."""

from dataclasses import dataclass, field

from bridge.imap.protocol import responses
from bridge.imap.protocol.commands import Command
from bridge.imap.protocol.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Continue:
    """The client waits to be asked for its literal."""

    wire: bytes = responses.continuation("Go ahead")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that cannot be taken, with its answer; `tag` is `*` where none could be read."""

    tag: str
    error: ProtocolError

    @property
    def wire(self) -> bytes:
        return responses.refusal(self.tag, self.error)


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The connection ends here."""

    text: str

    @property
    def wire(self) -> bytes:
        return responses.bye(self.text)


@dataclass(frozen=True, slots=True)
class SaslResponse:
    """The client's answer to `challenge`, base64 undone."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SaslAborted:
    """The client cancelled with `*`, or its answer was none; `text` goes into the tagged BAD."""

    text: str


@dataclass(frozen=True, slots=True)
class IdleEnded:
    """`done`: the client said DONE."""

    done: bool


Event = Command | Continue | Refusal | Goodbye | SaslResponse | SaslAborted | IdleEnded
