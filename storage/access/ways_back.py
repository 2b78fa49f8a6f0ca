"""Ways back in for whoever lost one of two things: a recovery code and what is left make the other one anew.

    forgotten password      recovery code + second factor → a new password
    lost second factor      recovery code + password      → a new second factor, by its first code
    both lost               a recovery code alone is not enough: an admin resets the account (`resets`)

Each is one transaction: the code is used up only if the whole is done. All sessions end.
"""

from sqlmodel import Session

from storage.access import passwords, recovery_codes, second_factor, sessions
from storage.access.passwords import Stretched
from storage.errors import NotFound, SignInRefused
from storage.keys.master import ServerKeys
from storage.people import accounts
from storage.records import Account
from storage.shredding import ShredSecrets


def account_of(
    session: Session, server_keys: ServerKeys, shred: ShredSecrets, email: str, recovery_code: str
) -> Account:
    """Whose code this is; it is not used up. SignInRefused."""
    try:
        account = accounts.by_sign_in_name(session, email)
    except NotFound:
        raise SignInRefused from None
    recovery_codes.open_account(session, server_keys, shred, account, recovery_code)
    return account


def new_password(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    recovery_code: str,
    totp_code: str,
    stretched: Stretched,
    now: int,
) -> Account:
    """A forgotten password is replaced. SignInRefused if one of the codes is not right: neither is used up then."""
    keys = recovery_codes.use(session, server_keys, shred, account, recovery_code, now)
    if not second_factor.verify(session, account.id, totp_code, now):
        raise SignInRefused
    passwords.set_password(session, server_keys, shred, account, keys, stretched, now, f"account:{account.id}")
    return account


def new_second_factor(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    account: Account,
    recovery_code: str,
    stretched: Stretched,
    totp_code: str,
    now: int,
) -> Account:
    """A lost second factor is replaced by the seed that waits (`second_factor.begin`), of which this is a code.

    SignInRefused if password or one of the codes is not right: the recovery code is not used up then.
    """
    recovery_codes.use(session, server_keys, shred, account, recovery_code, now)
    passwords.open_account(session, server_keys, shred, account, stretched)
    second_factor.confirm(session, account.id, totp_code, now)
    sessions.end_all(session, account.id, now, actor=f"account:{account.id}")
    return account
