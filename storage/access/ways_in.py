"""Coming in with password and second factor: to a new session, or again within one (step-up).

The password is opened once more inside the transaction that uses the code up: one that was replaced a moment ago,
with all sessions ended, starts no new one.
"""

from sqlmodel import Session

from storage.access import passwords, second_factor, sessions
from storage.access.passwords import Stretched
from storage.access.sessions import Token
from storage.errors import SignInRefused
from storage.keys.master import ServerKeys
from storage.records import Account
from storage.shredding import ShredSecrets


def sign_in(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    stretched: Stretched,
    code: str,
    client: str,
    now: int,
    fresh: Stretched | None = None,
) -> Token:
    """A new session; the code is used up. `fresh` is the same password at today's costs, if it had others.

    SignInRefused if one of the two is not right; Invalid for the client's name.
    """
    keys = passwords.open_account(session, server_keys, shred, account, stretched)
    if not second_factor.verify(session, account.id, code, now):
        raise SignInRefused
    if fresh is not None:
        passwords.upgrade(session, server_keys, shred, account, keys, stretched.parameters, fresh, now)
    return sessions.start(session, server_keys, shred, account, keys, client, now)


def step_up(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    stretched: Stretched,
    code: str,
    session_id: int,
    now: int,
) -> None:
    """The session was proved again; the code is used up. SignInRefused; NotFound if the session is gone."""
    passwords.open_account(session, server_keys, shred, account, stretched)
    if not second_factor.verify(session, account.id, code, now):
        raise SignInRefused
    sessions.step_up(session, session_id, now)
