"""What one SMTP connection, and all of them together, may take (security.md, The network). Seconds and bytes."""

from dataclasses import dataclass

RECEIVED_BYTES = 536_870_912


@dataclass(frozen=True, slots=True)
class Limits:
    message_bytes: int = 52_428_800
    """Largest message; announced by SIZE."""
    received_bytes: int = RECEIVED_BYTES
    """What may be in memory of all messages that are being received; beyond it a sender is asked to come again."""
    recipients: int = 1000
    command_bytes: int = 2048
    auth_bytes: int = 12_288
    """An AUTH line or an answer to a challenge (RFC 4954 section 4)."""
    command_seconds: float = 300.0
    """RFC 5321 section 4.5.3.2.7."""
    sign_in_seconds: float = 60.0
    """Where a sign-in is required: from the greeting to the sign-in, held answers not counted."""
    sign_in_commands: int = 30
    failed_sign_ins: int = 3
    """In one connection; the throttle counts across connections."""
    handshake_seconds: float = 10.0
    data_floor: float = 512.0
    """Bytes per second that DATA must bring on average once `data_grace` seconds are over."""
    data_grace: float = 60.0
    errors: int = 20
    """Commands not understood or out of order."""
    unknown_recipients: int = 100
    """Refused recipients of a client that did not sign in."""
    connections: int = 1000
    connections_per_network: int = 100
    """Per /32 or /64; loopback is this machine itself (a TLS proxy) and has no limit of its own."""
    drain_seconds: float = 10.0
    """What a hand-in under way may still take when the server goes down."""


def for_messages(size: int) -> Limits:
    """Limits where the largest message has `size` bytes: two of them always fit."""
    return Limits(message_bytes=size, received_bytes=max(RECEIVED_BYTES, 4 * size))


LINE_BYTES = 65_536
"""A longer line is discarded up to its end and refused."""
MOST_DISCARDED = 1_048_576
"""Of one line; then the connection ends."""
