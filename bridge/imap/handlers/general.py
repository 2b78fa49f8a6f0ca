"""CAPABILITY, NOOP, LOGOUT, ID, ENABLE, NAMESPACE, IDLE, CHECK: small commands with nothing to look up.

Of what a client tells about itself with ID (RFC 2971) its name and main version are kept with the device, if the
account allows that (S16, S22: off by default); nothing of it is logged.
"""

import re
from collections.abc import Iterable

from bridge.imap.answers import Answer
from bridge.imap.handlers.authentication import note_use
from bridge.imap.protocol import responses
from bridge.imap.protocol.commands import Command, Id, Idle
from bridge.imap.session import Session

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}")
_VERSION = re.compile(r"[0-9]{1,5}")


async def capability(session: Session, command: Command) -> Answer:
    session.send(responses.capability(session.capability_names()))
    return Answer("CAPABILITY completed")


async def noop(session: Session, command: Command) -> Answer:
    return Answer("Done")


async def logout(session: Session, command: Command) -> Answer:
    session.send(responses.bye("Signing out"))
    return Answer("LOGOUT completed")


async def identify(session: Session, command: Command) -> Answer:
    assert isinstance(command, Id)
    told, session.client = session.client, program(command.fields or ())
    if session.user is not None and session.client != told:
        note_use(session, int(session.services.clock()))
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


def program(fields: Iterable[tuple[str, str | None]]) -> str | None:
    """Name and main version, such as `Thunderbird 128`: nothing finer, and nothing that a person may have typed."""
    told = {name.lower(): value or "" for name, value in fields}
    name, version = _NAME.fullmatch(told.get("name", "")), _VERSION.match(told.get("version", ""))
    if name is None:
        return None
    return f"{name[0]} {version[0]}" if version else name[0]
