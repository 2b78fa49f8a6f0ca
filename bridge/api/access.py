"""The gate before every route: who asks, may they, whom or what does it reach (security.md; S61).

Contract. A route takes `Annotated[Access, Depends(gate(Action.X))]`. The gate resolves the path's `{account}` (public
id, address, `me`; a pseudonym where no more is seen) and `{domain}`, and lets through only what `policy.RIGHTS`
allows. What is out of reach answers as what does not exist (404), whoever asks; an action that none of one's roles
allows is 403 `forbidden`; one that needs a fresh proof of identity is 403 `step-up-needed`. A route for a thing with
a number of its own (a hold, a grant) passes the thing's account or domain through `access.require`. An erased account
is only read: nothing of a person must come back into it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from fastapi import Request

from bridge.api import principal as principals
from bridge.api.control import Control
from bridge.api.policy import OUTRANKED, STEP_UP, STEP_UP_SECONDS, Action, Reach, View
from bridge.api.principal import Held, Principal
from bridge.api.problems import ROAD, Problem, not_found
from bridge.i18n import N_
from bridge.ways import Way
from storage.deliveries.terms import Road
from storage.errors import NotFound
from storage.oversight import pseudonyms
from storage.people import accounts, domains, grants
from storage.records import Account, AccountState, Domain, Role

ME = "me"
PSEUDONYM_LENGTH = 18
PROGRAMS = frozenset({Road.CLI, Road.TUI})
"""What `ROAD` may say."""


@dataclass(frozen=True, slots=True)
class Access:
    """What the gate let through."""

    control: Control
    principal: Principal
    action: Action
    held: tuple[Held, ...] = field(repr=False)
    account: Account | None = None
    """The one that the path names."""
    domain: Domain | None = None
    road: Road = Road.API
    """The program that asks, as it says itself (`ROAD`); for what a person reads later, and of no other weight."""

    @property
    def actor(self) -> str:
        return self.principal.actor

    @property
    def domains(self) -> frozenset[int] | None:
        """Domains that the action reaches; None: all. Empty for those who reach only themselves."""
        if any(_is_everywhere(held) for held in self.held):
            return None
        return frozenset(
            held.domain_id for held in self.held if held.right.reach is Reach.DOMAIN and held.domain_id is not None
        )

    @property
    def is_everywhere(self) -> bool:
        """Whether it reaches the bridge itself, not domains alone."""
        return any(held.right.reach is Reach.ALL for held in self.held)

    @property
    def reaches_others(self) -> bool:
        return any(held.right.reach is not Reach.SELF for held in self.held)

    @property
    def sees_all(self) -> bool:
        """Whether nobody is masked for who asks: others find people by their whole address alone."""
        return all(held.right.view is View.FULL for held in self.held)

    @property
    def target(self) -> Account:
        """The account that the path names; a route without one must not ask."""
        assert self.account is not None, "the path names no account"
        return self.account

    @property
    def signed_in(self) -> Account:
        """The account that asks; a route that the operator reaches must not ask."""
        assert self.principal.account is not None, "the operator has no account"
        return self.principal.account

    @property
    def is_self(self) -> bool:
        return self.account is not None and self.account == self.principal.account

    def view(self, account_id: int | None, domain_id: int) -> View:
        """What of an account may be shown; Problem 404 if it is out of reach."""
        views = [held.right.view for held in self.held if _reaches(held, self.principal, account_id, domain_id)]
        if not views:
            raise not_found()
        return max(views)

    async def find(self, reference: str) -> Account:
        """The account with this address or public id. Problem 404 if it is out of reach.

        Whoever sees only pseudonyms names it by its pseudonym: the answer must not tell whose that is.
        """
        store, by_pseudonym = self.control.store, reference.startswith("a-") and len(reference) == PSEUDONYM_LENGTH
        if by_pseudonym and any(held.right.view is View.PSEUDONYMS for held in self.held):
            number = await store.read(pseudonyms.account_of, store.server_keys, reference)
            found = store.look_up(accounts.by_id, number)
        else:
            by_pseudonym, found = False, store.look_up(accounts.find, reference)
        if (self.view(found.id, found.domain_id) is View.PSEUDONYMS) is not by_pseudonym:
            raise not_found()
        return found

    def require(self, account: Account) -> Account:
        """`account`, found by another way than the path, if it is in reach; else Problem 404, or 403 `outranked`."""
        self.view(account.id, account.domain_id)
        if account != self.principal.account:
            _refuse_outranked(replace(self, account=account))
        return account

    def require_domain(self, domain_id: int) -> None:
        """Problem 404 unless the action reaches the whole domain."""
        self.view(None, domain_id)

    def require_step_up(self) -> None:
        """For a route where what is asked decides. Problem 403 without a fresh proof of identity."""
        _require_step_up(self)


Gate = Callable[[Request], Awaitable[Access]]


def gate(action: Action) -> Gate:
    """The dependency that guards a route with `action`."""

    async def enforce(request: Request) -> Access:
        return await _enforced(request, action)

    enforce.action = action  # type: ignore[attr-defined]  # tests walk the routes and ask
    return enforce


async def open_to_all(request: Request) -> Control:
    """The mark of a route that needs no session: signing in, enrolling, the state of the bridge."""
    control: Control = request.app.state.control
    return control


async def _enforced(request: Request, action: Action) -> Access:
    principal = principals.of(request)
    control: Control = request.app.state.control
    held = tuple(principal.holds(action))
    if not held:
        raise Problem("forbidden", 403, N_("Your roles do not allow this. Ask an owner of the bridge for the role."))
    access = await _aimed(Access(control, principal, action, held, road=_road(request)), request)
    if access.account is not None and not access.is_self:
        _refuse_outranked(access)
    if access.account is not None and access.account.state is AccountState.ERASED and request.method != "GET":
        message = N_("The account was erased. Nothing was changed.")
        raise Problem("wrong-state", 409, message, extra={"state": AccountState.ERASED})
    if action in STEP_UP:
        _require_step_up(access)
    _note_use(access)
    return access


async def _aimed(access: Access, request: Request) -> Access:
    """With the account and the domain of the path, both in reach."""
    store, path = access.control.store, request.path_params
    account, domain = None, None
    if "account" in path:
        account = await _account(access, path["account"])
    if "domain" in path:
        domain = store.look_up(domains.by_name, path["domain"])
        access.view(None, domain.id)
    return replace(access, account=account, domain=domain)


def _road(request: Request) -> Road:
    said = request.headers.get(ROAD, "")
    return Road(said) if said in PROGRAMS else Road.API


async def _account(access: Access, reference: str) -> Account:
    if reference != ME:
        return await access.find(reference) if access.reaches_others else await _own(access, reference)
    if access.principal.account is None:
        raise not_found()
    access.view(access.principal.account.id, access.principal.account.domain_id)
    return access.principal.account


async def _own(access: Access, reference: str) -> Account:
    """Where one reaches oneself alone: the same answer for accounts of others as for what is none."""
    try:
        return await access.find(reference)
    except (NotFound, Problem):
        message = N_(
            "There is no such account, or it is another's: this only its owner can do, who signs in for it, in the"
            " app or at the command line. If it is yours, check the address."
        )
        raise Problem("not-found", 404, message) from None


def _reaches(held: Held, principal: Principal, account_id: int | None, domain_id: int) -> bool:
    if held.right.reach is Reach.SELF:
        return account_id is not None and principal.account is not None and principal.account.id == account_id
    return _is_everywhere(held) or held.domain_id == domain_id


def _is_everywhere(held: Held) -> bool:
    """A role granted for no domain in particular reaches all of them."""
    return held.right.reach is Reach.ALL or (held.right.reach is Reach.DOMAIN and held.domain_id is None)


def _refuse_outranked(access: Access) -> None:
    """An admin of one domain must not take over an account that may do more than the admin: by a reset, say.

    An admin who is an owner as well may do it: nobody may do more.
    """
    if access.action not in OUTRANKED or access.domains is None or Role.OWNER in access.principal.roles:
        return
    now, target = access.control.now(), access.target
    found = access.control.store.look_up(grants.effective, target, now)
    wider = any(grant.domain_id is None or grant.domain_id not in access.domains for grant in found)
    if target.role is Role.OWNER or wider:
        message = N_("This account has rights that reach further than yours. Ask an owner of the bridge.")
        raise Problem("outranked", 403, message)


def _require_step_up(access: Access) -> None:
    session = access.principal.session
    if session is None:
        return
    if session.stepped_up_at is None or access.control.now() - session.stepped_up_at > STEP_UP_SECONDS:
        message = N_("This needs your password and a code, given within the last five minutes. Give them: {way}")
        raise Problem("step-up-needed", 403, message, way=Way("step-up", (N_("when the app asks for them"),)))


def _note_use(access: Access) -> None:
    """A granted right that is used stays; noted once a day."""
    now = access.control.now()
    for held in access.held:
        if held.grant is not None and now - (held.grant.used_at or 0) >= principals.DAY:
            access.control.store.post(grants.note_use, held.grant.id, now)
