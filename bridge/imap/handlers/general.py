"""CAPABILITY, NOOP, LOGOUT, ID, ENABLE, NAMESPACE, IDLE, CHECK: small commands with nothing to look up.

What a client tells about itself with ID (RFC 2971) is neither kept nor logged (S16: off by default).
"""

from bridge.imap.answers import Answer
from bridge.imap.protocol import responses
from bridge.imap.protocol.commands import Command, Idle
from bridge.imap.session import Session


async def capability(session: Session, command: Command) -> Answer:
    session.send(responses.capability(session.capability_names()))
    return Answer("CAPABILITY completed")


async def noop(session: Session, command: Command) -> Answer:
    return Answer("Done")


async def logout(session: Session, command: Command) -> Answer:
    session.send(responses.bye("Signing out"))
    return Answer("LOGOUT completed")


async def identify(session: Session, command: Command) -> Answer:
    session.send(responses.identification([("name", "Postex")]))
    return Answer("ID completed")


async def enable(session: Session, command: Command) -> Answer:
    """RFC 5161: nothing here needs enabling, so the list of what was enabled is empty."""
    session.send(responses.enabled(()))
    return Answer("ENABLE completed")


async def namespace(session: Session, command: Command) -> Answer:
    """RFC 2342: one personal namespace without prefix."""
    session.send(responses.namespace())
    return Answer("NAMESPACE completed")


async def idle(session: Session, command: Command) -> Answer | None:
    """Answered when the client says DONE."""
    assert isinstance(command, Idle)
    session.begin_idle(command)
    return None
