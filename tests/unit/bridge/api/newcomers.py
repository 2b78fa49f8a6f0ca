"""People who come in by the API's own routes, with cheap Argon2 parameters where a test may have them."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from storage.access import enrolment, second_factor
from storage.people import accounts
from storage.people.accounts import AccountDraft
from storage.records import Account, AccountState, Role
from tests.control import FIRST, Desk, Person

PASSWORD = "een lamp bij het raam"


@dataclass
class Newcomer:
    """Somebody with an enrolment code, and after `enrol` with all that it gives."""

    desk: Desk
    account: Account
    enrolment_code: str
    secret: str = ""
    password: str = PASSWORD
    recovery_codes: list[str] = field(default_factory=list)

    @property
    def email(self) -> str:
        return self.account.email

    def code(self, steps: int = 0) -> str:
        """What the app shows now, or some steps from now."""
        return code_of(self.secret, int(self.desk.clock()) + steps * second_factor.STEP)

    async def begin(self) -> httpx.Response:
        return await self.desk.ask(
            "POST", "/v1/enrolment/begin", body={"email": self.email, "code": self.enrolment_code}
        )

    async def finish(self, totp: str, mode: str = "managed", password: str | None = None) -> httpx.Response:
        body = {"email": self.email, "code": self.enrolment_code, "totp": totp, "accepted_mode": mode}
        return await self.desk.ask(
            "POST", "/v1/enrolment/finish", body={**body, "password": password or self.password}
        )

    async def enrol(self) -> "Newcomer":
        """All of it; the clock stands one step later, so that the next code is a new one."""
        begun = await self.begin()
        assert begun.status_code == 200, begun.text
        self.secret = begun.json()["secret"]
        done = await self.finish(self.code())
        assert done.status_code == 200, done.text
        self.recovery_codes = done.json()["recovery_codes"]
        self.desk.clock.turn(second_factor.STEP)
        return self

    async def sign_in(self, password: str | None = None, code: str | None = None, **more: Any) -> httpx.Response:
        body = {"email": self.email, "password": self.password if password is None else password}
        body |= {"code": self.code() if code is None else code, **more}
        return await self.desk.ask("POST", "/v1/sign-in", body=body)

    async def signed_in(self) -> Person:
        answer = await self.sign_in()
        assert answer.status_code == 200, answer.text
        self.desk.clock.turn(second_factor.STEP)
        return Person(self.account, None, answer.json()["token"])  # type: ignore[arg-type]


def code_of(secret: str, at: int) -> str:
    import pyotp

    return str(pyotp.TOTP(secret).at(at))


def newcomer(desk: Desk, name: str = "carla", domain: str = FIRST) -> Newcomer:
    store, now = desk.store, int(desk.clock())
    draft = AccountDraft(f"{name}@{domain}", "Carla Vink", Role.RECIPIENT, state=AccountState.INVITED)
    account, keys = store.write_now(accounts.create, store.shred, draft, desk.domains[domain], now)
    lock = (store.server_keys, store.shred, account, keys)
    return Newcomer(desk, account, store.write_now(enrolment.add_enrolment, *lock, now).code)
