"""Who somebody says to be, proved: passwords and codes at the control API, with their brakes (security.md, Sign-in).

Contract. Every secret that a route takes passes here. Whoever guesses too often is answered 429 `try-later` with
Retry-After; whatever is wrong is 401 `sign-in-refused`, the same in every case. An address that is nobody's takes the
same work as one that is somebody's. The second secret is looked at only when the first was right.
"""

import math
from datetime import UTC, datetime

import structlog
from fastapi import Request

from bridge.api.control import Control
from bridge.api.problems import Problem
from bridge.i18n import N_
from bridge.throttle import CODE, PASSWORD, Guess, Limit
from storage.access import passwords, ways_back
from storage.access.passwords import Stretched, Weakness
from storage.errors import Invalid, NotFound, SignInRefused
from storage.people import accounts
from storage.records import Account

log = structlog.get_logger(__name__)


class Knock:
    """Somebody at the door, from some address, in the name of some account."""

    def __init__(self, control: Control, request: Request, email: str) -> None:
        """Problem 429 if this network failed too often."""
        self._control = control
        self._email = email.strip().lower()
        self._ip = request.client.host if request.client is not None else ""
        """None on the Unix socket: whoever may open it is one person."""
        wait = control.throttle.check(self._ip) if self._ip else 0.0
        if wait > 0:
            raise try_later(wait)

    async def password(self, password: str) -> tuple[Account, Stretched]:
        """Whose password it is. Problem 401, 429."""
        guess = self._guess(PASSWORD, password)
        store = self._control.store
        known = store.look_up(passwords.parameters, self._email)
        stretched = await self._control.stretch(password, known or passwords.new_parameters())
        try:
            account, _ = await store.read(passwords.sign_in, store.server_keys, store.shred, self._email, stretched)
        except SignInRefused:
            raise self.refused(password) from None
        guess.was_right()
        return account, stretched

    async def recovery_code(self, code: str) -> Account:
        """Whose code it is; it is not used up. Problem 401, 429."""
        guess = self._guess(PASSWORD, code)
        store = self._control.store
        try:
            account = await store.read(ways_back.account_of, store.server_keys, store.shred, self._email, code)
        except SignInRefused:
            raise self.refused(code) from None
        guess.was_right()
        return account

    def code(self, code: str) -> Guess:
        """Of the second factor, about to be tried; call `was_right` if it is. Problem 429."""
        return self._guess(CODE, code)

    def refused(self, secret: str) -> Problem:
        """Count it against the network, and say so."""
        log.info("api.sign_in_refused")
        throttle = self._control.throttle
        if self._ip:
            throttle.failed(self._ip, self._email, throttle.digest(_bytes(secret)))
        now = self._control.now()
        message = N_(
            "That does not open the account. Check the address and what you typed. If a code is refused again and"
            " again, compare your phone's clock with the bridge's: {time} UTC."
        )
        time = datetime.fromtimestamp(now, UTC).strftime("%H:%M:%S")
        return Problem("sign-in-refused", 401, message, extra={"server_time": now}, time=time)

    def _guess(self, limit: Limit, secret: str) -> Guess:
        name, is_known = self._name()
        guess = self._control.throttle.guess(name, limit, _bytes(secret), is_known=is_known)
        if guess.wait > 0:
            raise try_later(guess.wait)
        return guess

    def _name(self) -> tuple[str, bool]:
        """The account's own id: its other addresses are no further tries. What was typed, where there is none."""
        try:
            return f"account:{self._control.store.look_up(accounts.by_sign_in_name, self._email).id}", True
        except NotFound:
            return self._email, False


def try_later(wait: float) -> Problem:
    seconds = max(math.ceil(wait), 1)
    log.info("api.sign_in_braked", wait_seconds=seconds)
    message = N_("Too many wrong attempts. Try again in {seconds} seconds; nothing is locked.")
    return Problem("try-later", 429, message, extra={"retry_after": seconds}, seconds=seconds)


def code_refused(control: Control) -> Problem:
    """The first code of a new second factor is not right: the person is at the right place already."""
    message = N_(
        "That is not a code of the second factor that was just shown. Wait for the next one; if that is refused too,"
        " compare your phone's clock with the bridge's: {time} UTC. You can also begin again."
    )
    now = control.now()
    time = datetime.fromtimestamp(now, UTC).strftime("%H:%M:%S")
    return Problem("code-refused", 422, message, extra={"server_time": now}, time=time)


async def chosen(control: Control, password: str, account: Account) -> Stretched:
    """A new password, fit to be set. Problem 422 if it is not taken."""
    local, _, domain = account.email.partition("@")
    try:
        passwords.check(password, (account.name, local, domain, control.settings.hostname, "postex"))
    except Invalid as error:
        raise _weak(str(error)) from None
    return await control.stretch(password)


def _weak(reason: str) -> Problem:
    if reason == Weakness.LENGTH:
        message = N_("A password has {shortest} to {longest} characters. A few unrelated words are easy to keep.")
        return Problem("password-length", 422, message, shortest=passwords.SHORTEST, longest=passwords.LONGEST)
    if reason == Weakness.PERSONAL:
        message = N_(
            "That password is made of your name, your address or the name of this service. Choose unrelated words."
        )
        return Problem("password-personal", 422, message)
    message = N_("That password is made of what everybody tries first. Choose a few unrelated words.")
    return Problem("password-common", 422, message)


def _bytes(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogatepass")
