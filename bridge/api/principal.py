"""Who asks: an account behind a bearer session with its grants, or the operator of the machine.

The token opens the session's key slot at each request; keys live as long as the request does.
"""

from dataclasses import dataclass, field

from fastapi import Request

from bridge.api.control import Control
from bridge.api.policy import OPERATOR, RIGHTS, Action, Operator, Right
from bridge.api.problems import Problem
from bridge.i18n import N_
from bridge.ways import SIGN_IN
from storage.access import sessions
from storage.access.sessions import ApiSession
from storage.errors import SignInRefused
from storage.keys.keyring import AccountKeys
from storage.people import grants
from storage.people.grants import Grant
from storage.records import Account, Role

USE_NOTED_AFTER = 30
"""Seconds: the idle time of a session is known to no more than this."""
DAY = 86_400
UNATTENDED = "Postex-Unattended"
"""Header of what a program asks by itself, such as to keep a screen up to date: it does not keep a session alive."""


@dataclass(frozen=True, slots=True)
class Held:
    """One right of a principal, the domain it is confined to (None: not confined), the grant it comes from."""

    right: Right
    domain_id: int | None
    grant: Grant | None


@dataclass(frozen=True, slots=True)
class Principal:
    """Without an account it is the operator."""

    account: Account | None = None
    session: ApiSession | None = None
    keys: AccountKeys | None = field(default=None, repr=False)
    grants: tuple[Grant, ...] = ()

    @property
    def is_operator(self) -> bool:
        return self.account is None

    @property
    def actor(self) -> str:
        """As the audit log names it."""
        return "operator" if self.account is None else f"account:{self.account.id}"

    @property
    def roles(self) -> frozenset[Role | Operator]:
        """All at the moment, in whatever domain."""
        if self.account is None:
            return frozenset({OPERATOR})
        return frozenset({self.account.role, *(grant.role for grant in self.grants)})

    def holds(self, action: Action) -> list[Held]:
        """Its rights to `action`."""
        rights = RIGHTS[action]
        own = OPERATOR if self.account is None else self.account.role
        held = [Held(rights[own], None, None)] if own in rights else []
        return held + [
            Held(rights[grant.role], grant.domain_id, grant) for grant in self.grants if grant.role in rights
        ]


def of(request: Request) -> Principal:
    """The principal of a request. Problem 401 if it is nobody."""
    control: Control = request.app.state.control
    header = request.headers.get("authorization", "")
    if not header and request.app.state.operator:
        return Principal()
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem("sign-in-needed", 401, N_("You are not signed in. Sign in: {way}"), way=SIGN_IN)
    principal = _signed_in(control, token.strip(), UNATTENDED not in request.headers)
    assert principal.account is not None
    request.state.locale = principal.account.locale
    return principal


def _signed_in(control: Control, token: str, is_use: bool) -> Principal:
    store, now = control.store, control.now()
    try:
        opened = store.look_up(sessions.open, store.server_keys, store.shred, token, now)
    except SignInRefused:
        message = N_(
            "Your session has ended: it was idle for 15 minutes, 8 hours old, or ended from elsewhere. Sign in again:"
            " {way}"
        )
        raise Problem("session-ended", 401, message, way=SIGN_IN) from None
    if is_use and now - opened.api_session.used_at >= USE_NOTED_AFTER:
        store.post(sessions.note_use, opened.api_session.id, now)
    held = store.look_up(grants.effective, opened.account, now)
    return Principal(opened.account, opened.api_session, opened.keys, tuple(held))
