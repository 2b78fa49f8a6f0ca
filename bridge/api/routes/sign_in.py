"""Coming in: sign-in, step-up, sign-out; enrolment; the ways back for who lost password or second factor."""

from functools import partial
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Depends, Request
from sqlmodel import Session

from bridge import notices
from bridge.api.access import Access, gate, open_to_all
from bridge.api.control import Control
from bridge.api.policy import STEP_UP_SECONDS, Action, Reach
from bridge.api.principal import Principal
from bridge.api.problems import Problem, locale_of
from bridge.api.proofs import Knock, chosen, code_refused
from bridge.api.schemas.sign_in import (
    EnrolmentBeginIn,
    EnrolmentBeginOut,
    EnrolmentFinishIn,
    EnrolmentFinishOut,
    RecoveryIn,
    RecoveryOut,
    SessionOut,
    SignedInOut,
    SignInIn,
    StepUpIn,
)
from bridge.channels import notice
from bridge.i18n import N_, text
from storage.access import enrolment, passwords, recovery_codes, second_factor, sessions, ways_back, ways_in
from storage.access.enrolment import Enrolled
from storage.access.passwords import Stretched
from storage.access.sessions import ApiSession
from storage.errors import SignInRefused
from storage.keys.master import ServerKeys
from storage.oversight.usage import Category
from storage.people import grants
from storage.records import Account, AccountState, DomainMode, Role
from storage.shredding import ShredSecrets

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/v1", tags=["sign-in"])
Open = Annotated[Control, Depends(open_to_all)]
Use = Annotated[Access, Depends(gate(Action.SESSION_USE))]

ISSUER = "Postex"
REACHES: dict[Reach, Literal["self", "domain", "all"]] = {
    Reach.SELF: "self",
    Reach.DOMAIN: "domain",
    Reach.ALL: "all",
}
MODES = {
    DomainMode.MANAGED: N_(
        "Your documents are locked with your own keys. Your domain keeps a spare key: an admin can give you a way"
        " back after you lost everything, and two people together can open your mailbox for a stated reason. You are"
        " told in your mailbox when that happens, unless a law forbids it for a time."
    ),
    DomainMode.PRIVATE: N_(
        "Your documents are locked with your own keys, and nobody keeps a spare key. If you lose your password and"
        " all recovery codes, an admin can let you in again, but what came before stays locked for good."
    ),
}
CLOSES = N_(
    "This code brings new keys: {count} documents of the account would be closed, and only a recovery code from"
    " before opens them again. If you still know your password or have a recovery code, do not use it. To go on,"
    " accept that they are closed."
)


@router.post("/sign-in")
async def sign_in(request: Request, control: Open, body: SignInIn) -> SignedInOut:
    """A bearer session for password and second factor."""
    knock, store = Knock(control, request, body.email), control.store
    account, stretched = await knock.password(body.password)
    guess = knock.code(body.code)
    fresh = await control.stretch(body.password) if passwords.is_outdated(stretched.parameters) else None
    lock = (store.server_keys, store.shred, account)
    try:
        started = await store.write(ways_in.sign_in, *lock, stretched, body.code, body.client, control.now(), fresh)
    except SignInRefused:
        raise knock.refused(body.code) from None
    guess.was_right()
    store.usage.note(account.id, Category.SIGN_IN)
    log.info("api.signed_in", session_id=started.session.id)
    found = await store.read(grants.effective, account, control.now())
    shown = _session(Principal(account, started.session, grants=tuple(found)), started.session)
    return SignedInOut(**shown.model_dump(), token=started.token)


@router.post("/session/step-up")
async def step_up(request: Request, access: Use, body: StepUpIn) -> SessionOut:
    """Password and second factor again: for five minutes the session may do what needs it."""
    control, current = access.control, _current(access)
    knock, store = Knock(control, request, access.signed_in.email), control.store
    account, stretched = await knock.password(body.password)
    guess = knock.code(body.code)
    lock = (store.server_keys, store.shred, account)
    try:
        await store.write(ways_in.step_up, *lock, stretched, body.code, current.id, control.now())
    except SignInRefused:
        raise knock.refused(body.code) from None
    guess.was_right()
    return _session(access.principal, await _reread(access))


@router.get("/session")
async def session(access: Use) -> SessionOut:
    """The session of this token."""
    return _session(access.principal, _current(access))


@router.delete("/session", status_code=204)
async def sign_out(access: Use) -> None:
    """End it: the token opens nothing any more."""
    current, control = _current(access), access.control
    await control.store.write(sessions.end, current.id, access.signed_in.id, control.now(), access.actor)


@router.post("/enrolment/begin")
async def begin_enrolment(request: Request, control: Open, body: EnrolmentBeginIn) -> EnrolmentBeginOut:
    """A new second factor to scan, and what there is to accept. May be repeated; the code is not used up."""
    account = await _invited(control, request, body.email, body.code)
    now = control.now()
    keeps = await control.store.read(enrolment.keeps_second_factor, account)
    seed = None if keeps else await control.store.write(second_factor.begin, account.id, now)
    mode = await control.store.read(enrolment.mode_of, account)
    closing = await _closing(control, account)
    return EnrolmentBeginOut(
        email=account.email,
        name=account.name,
        otpauth_uri=None if seed is None else second_factor.provisioning_uri(seed, account.email, ISSUER),
        secret=None if seed is None else second_factor.secret_text(seed),
        domain_mode=mode,
        mode_text=text(locale_of(request), MODES[mode]),
        expires_at=now + second_factor.PENDING,
        closes=closing,
        closes_text=None if closing is None else text(locale_of(request), CLOSES, count=closing),
    )


@router.post("/enrolment/finish")
async def finish_enrolment(request: Request, control: Open, body: EnrolmentFinishIn) -> EnrolmentFinishOut:
    """Use the code up: password, second factor and recovery codes are set, the domain's mode is accepted."""
    store, account = control.store, await _invited(control, request, body.email, body.code)
    if await store.read(enrolment.mode_of, account) is not body.accepted_mode:
        message = N_("Who can open the accounts of this domain is not what you accepted. Begin again and read it.")
        raise Problem("mode-changed", 409, message)
    closing = await _closing(control, account)
    if closing is not None and not body.accepts_closing:
        raise Problem("documents-would-close", 409, CLOSES, extra={"closes": closing}, count=closing)
    stretched = await chosen(control, body.password, account)
    opener = (store.server_keys, store.shred, body.email, body.code)
    keeps = await store.read(enrolment.keeps_second_factor, account)
    # A code of the factor in use is a guess at it; one of a new factor, which was just shown, is none.
    guess = Knock(control, request, body.email).code(body.totp) if keeps else None
    try:
        done = await store.write(_finish, *opener, stretched, body.totp, body.accepted_mode, control.now())
    except SignInRefused:
        raise code_refused(control) from None
    if guess is not None:
        guess.was_right()
    return EnrolmentFinishOut(
        account=done.account.public_id,
        email=done.account.email,
        recovery_codes=list(done.recovery_codes),
        closed=done.closed,
    )


def _finish(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    email: str,
    code: str,
    stretched: Stretched,
    totp: str,
    mode: DomainMode,
    now: int,
) -> Enrolled:
    """`enrolment.finish`; whoever had the account before finds out, and who has new keys what they do not open."""
    before, _ = enrolment.open_code(session, server_keys, shred, email, code, now)
    done = enrolment.finish(session, server_keys, shred, email, code, stretched, totp, mode, now)
    told: list[notices.Notice] = []
    if before.state is not AccountState.INVITED:
        told += [notices.PasswordChanged(now), notices.SecondFactorChanged(now)]
    if done.closed:
        told.append(notices.DocumentsClosed(now, done.closed))
    for each in told:
        notice.tell(session, done.account, each, now)
    return done


async def _closing(control: Control, account: Account) -> int | None:
    """How many documents the account's code closes; None if it closes none."""
    return await control.store.read(enrolment.closes, account) or None


@router.post("/sign-in/recovery")
async def recover(request: Request, control: Open, body: RecoveryIn) -> RecoveryOut:
    """A recovery code together with what is left makes the other secret anew; one alone is not enough."""
    knock = Knock(control, request, body.email)
    account = await knock.recovery_code(body.recovery_code)
    if body.code is not None and body.new_password is not None:
        return await _new_password(control, knock, account, body.recovery_code, body.code, body.new_password)
    if body.password is not None:
        return await _new_second_factor(control, knock, account, body.recovery_code, body.password, body.new_code)
    message = N_(
        "A recovery code alone is not enough. Give the password to set a new second factor, or a code of the second"
        " factor to set a new password. If both are lost, ask your admin for a reset."
    )
    raise Problem("recovery-incomplete", 422, message)


async def _new_password(
    control: Control, knock: Knock, account: Account, recovery_code: str, code: str, password: str
) -> RecoveryOut:
    stretched, guess = await chosen(control, password, account), knock.code(code)
    now, store = control.now(), control.store
    left = await _left(control, account) - 1
    told = (notices.RecoveryCodeUsed(now, left), notices.PasswordChanged(now))
    drafts = [await notice.draft(store, account, each, now) for each in told]
    change = partial(
        ways_back.new_password,
        server_keys=store.server_keys,
        shred=store.shred,
        account=account,
        recovery_code=recovery_code,
        totp_code=code,
        stretched=stretched,
        now=now,
    )
    try:
        await store.write(notice.together, drafts, now, change)
    except SignInRefused:
        raise knock.refused(code) from None
    guess.was_right()
    return RecoveryOut(done="password", recovery_codes_left=left)


async def _new_second_factor(
    control: Control, knock: Knock, account: Account, recovery_code: str, password: str, new_code: str | None
) -> RecoveryOut:
    _, stretched = await knock.password(password)
    now, store, left = control.now(), control.store, await _left(control, account)
    if new_code is None:
        seed = await store.write(second_factor.begin, account.id, now)
        return RecoveryOut(
            done="begun",
            otpauth_uri=second_factor.provisioning_uri(seed, account.email, ISSUER),
            secret=second_factor.secret_text(seed),
            recovery_codes_left=left,
        )
    told = (notices.RecoveryCodeUsed(now, left - 1), notices.SecondFactorChanged(now))
    drafts = [await notice.draft(store, account, each, now) for each in told]
    change = partial(
        ways_back.new_second_factor,
        server_keys=store.server_keys,
        shred=store.shred,
        account=account,
        recovery_code=recovery_code,
        stretched=stretched,
        totp_code=new_code,
        now=now,
    )
    try:
        await store.write(notice.together, drafts, now, change)
    except SignInRefused:
        raise code_refused(control) from None
    return RecoveryOut(done="second-factor", recovery_codes_left=left - 1)


async def _left(control: Control, account: Account) -> int:
    return await control.store.read(recovery_codes.remaining, account.id)


async def _invited(control: Control, request: Request, email: str, code: str) -> Account:
    """Whose enrolment or reset code it is."""
    knock, store = Knock(control, request, email), control.store
    try:
        opened = await store.read(enrolment.open_code, store.server_keys, store.shred, email, code, control.now())
    except SignInRefused:
        raise knock.refused(code) from None
    return opened[0]


def _current(access: Access) -> ApiSession:
    assert access.principal.session is not None, "the operator has no right to SESSION_USE"
    return access.principal.session


async def _reread(access: Access) -> ApiSession:
    found = await access.control.store.read(sessions.listing, access.signed_in.id)
    return next(each for each in found if each.id == _current(access).id)


def _session(principal: Principal, found: ApiSession) -> SessionOut:
    account = principal.account
    assert account is not None, "a session has an account"
    return SessionOut(
        id=found.id,
        account=account.public_id,
        email=account.email,
        roles=sorted(role for role in principal.roles if isinstance(role, Role)),
        reach={action: REACHES[max(held)] for action in Action if (held := _reaches(principal, action))},
        client=found.client,
        started_at=found.started_at,
        used_at=found.used_at,
        stepped_up_until=(found.stepped_up_at or 0) + STEP_UP_SECONDS,
        expires_at=found.started_at + sessions.ABSOLUTE,
        idle_seconds=sessions.IDLE,
    )


def _reaches(principal: Principal, action: Action) -> list[Reach]:
    return [held.right.reach for held in principal.holds(action)]
