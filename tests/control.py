"""The control API in this process: a real store, people with roles, a clock that the test turns."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.api import app
from bridge.api.control import Control
from bridge.connections import Connections
from bridge.settings import Settings
from bridge.throttle import Throttle
from bridge.troubles import Troubles
from storage.access import sessions
from storage.database import Store
from storage.keys.keyring import AccountKeys
from storage.people import accounts, domains, grants
from storage.people.accounts import AccountDraft
from storage.records import Account, AccountState, Domain, DomainMode, Role
from tests import stores

NOW = 1_760_000_000
FIRST, SECOND = "example.test", "other.test"


def application(control: Control, *, operator: bool = False) -> ASGIApp:
    """The one application of this process, over `control`: to describe its routes anew for each test takes longer
    than most tests. Requests to two of them must not overlap.
    """
    shared = _application()

    async def over(scope: Scope, receive: Receive, send: Send) -> None:
        shared.state.control, shared.state.operator = control, operator
        await shared(scope, receive, send)

    return over


@cache
def _application() -> FastAPI:
    return app.create(None)  # type: ignore[arg-type]


@dataclass
class Clock:
    """Epoch seconds; stands still until it is turned."""

    at: float = NOW

    def __call__(self) -> float:
        return self.at

    def turn(self, seconds: float) -> None:
        self.at += seconds


@dataclass(frozen=True)
class Person:
    """An account that has enrolled and signed in."""

    account: Account
    keys: AccountKeys = field(repr=False)
    token: str = field(repr=False)

    @property
    def path(self) -> str:
        return f"/v1/accounts/{self.account.public_id}"


@dataclass
class Desk:
    """The application, and shorthand for what tests do with it. Close it with `async with`."""

    store: Store
    data: Path
    clock: Clock
    control: Control
    http: httpx.AsyncClient
    domains: dict[str, Domain]

    @classmethod
    def open(
        cls,
        data: Path,
        *,
        operator: bool = False,
        mode: DomainMode = DomainMode.MANAGED,
        settings: Settings | None = None,
    ) -> "Desk":
        """A new store with two domains."""
        store = stores.new(data)
        made = {name: store.write_now(domains.create, name, mode, "NL", NOW) for name in (FIRST, SECOND)}
        return cls.over(store, data, made, operator=operator, settings=settings)

    @classmethod
    def over(
        cls,
        store: Store,
        data: Path,
        made: dict[str, Domain],
        *,
        operator: bool = False,
        settings: Settings | None = None,
    ) -> "Desk":
        """Of a store that is open, with these domains."""
        clock = Clock()
        control = Control(
            store,
            clock,
            settings or Settings(),
            Throttle(clock),
            data,
            Connections(clock),
            troubles=lambda _: Troubles(0, 0),  # the log is the whole process's
        )
        transport = httpx.ASGITransport(application(control, operator=operator), raise_app_exceptions=False)
        http = httpx.AsyncClient(transport=transport, base_url="http://postex", headers={"Accept-Language": "en"})
        return cls(store, data, clock, control, http, made)

    async def __aenter__(self) -> "Desk":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        await self.store.aclose()

    def person(
        self,
        name: str,
        *granted: Role,
        domain: str = FIRST,
        role: Role = Role.RECIPIENT,
        state: AccountState = AccountState.REGISTERED,
    ) -> Person:
        """A registered account of `domain` with roles granted there, signed in a moment ago."""
        draft = AccountDraft(f"{name}@{domain}", name.title(), role, state=state)
        account, keys = self.store.write_now(accounts.create, self.store.shred, draft, self.domains[domain], NOW)
        for each in granted:
            self.grant(account, each, domain)
        return Person(account, keys, self.token(account, keys))

    def grant(self, account: Account, role: Role, domain: str | None) -> None:
        """As an owner of the bridge would, with all that the role needs."""
        domain_id = None if role in grants.WHOLE_BRIDGE or domain is None else self.domains[domain].id
        helps = role in grants.HELPERS
        self.store.write_now(
            grants.grant,
            account,
            role,
            domain_id,
            int(self.clock()),
            actor="system",
            granted_by=None,
            ends_at=int(self.clock()) + 20 * 86_400 if helps else None,
            ticket="T-1" if helps else None,
        )

    def token(self, account: Account, keys: AccountKeys) -> str:
        """A bearer session, as sign-in gives it."""
        store = self.store
        started = store.write_now(
            sessions.start, store.server_keys, store.shred, account, keys, "test", int(self.clock())
        )
        return started.token

    def signed_in_again(self, person: Person) -> Person:
        """The same person, with a session of now."""
        return replace(person, token=self.token(person.account, person.keys))

    async def ask(
        self,
        method: str,
        path: str,
        who: Person | None = None,
        body: Mapping[str, Any] | None = None,
        **headers: str,
    ) -> httpx.Response:
        """One request; `path` from /v1 on."""
        bearer = {"Authorization": f"Bearer {who.token}"} if who else {}
        return await self.http.request(method, path, json=body, headers={**bearer, **headers})
