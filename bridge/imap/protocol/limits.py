"""What one client may ask of memory and time before and after sign-in (security.md, "The network")."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask of memory and time; sizes in bytes."""

    line: int
    """Text of one command, literals not counted."""
    literal: int
    """One literal, the message of APPEND excepted."""
    literals: int
    """All literals of one command together, the message of APPEND excepted."""
    message: int
    """The message of APPEND; 0 where it is a literal like any other."""
    depth: int
    """Lists inside each other."""
    discard: int
    """What is read only to be thrown away, in one command; beyond it the connection ends."""
    bad_commands: int
    """BAD answers in a row; one more and the connection ends."""


BEFORE_SIGN_IN = Limits(
    line=8 * KIB, literal=4 * KIB, literals=8 * KIB, message=0, depth=1, discard=64 * KIB, bad_commands=10
)


def after_sign_in(message: int) -> Limits:
    """Limits of a signed-in client whose messages may have `message` bytes."""
    return Limits(
        line=MIB,
        literal=100 * KIB,
        literals=MIB,
        message=message,
        depth=32,
        discard=2 * message + MIB,
        bad_commands=20,
    )
