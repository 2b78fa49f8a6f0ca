"""The control API asked what its OpenAPI description allows, and what it does not: no answer is a fault of ours, and
every refusal is a problem of the described form (R12). The requests are schemathesis's.
"""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings

from bridge.api import app
from bridge.api.routes import ROUTERS
from storage.records import Role
from tests.control import FIRST, Desk, Person

ENDLESS = {"/v1/events"}
"""A stream without an end; tests of events ask for it."""
EXAMPLES = int(os.environ.get("SOAK_API_EXAMPLES", "6"))
"""For each operation, allowed and not; a soak asks more."""


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner) -> Iterator[Desk]:
    opened = Desk.open(tmp_path_factory.mktemp("fuzz") / "data")
    yield opened
    runner.run(opened.__aexit__())


@pytest.fixture
def admin(desk: Desk) -> Person:
    """May do nearly everything; a new one for each operation, as some of them end the session or the account."""
    number = len(list(desk.store.shred.names()))
    return desk.person(f"admin-{number}", Role.DOMAIN_ADMIN, Role.AUDITOR, Role.SUPPORT, role=Role.OWNER)


LABELS = sorted(
    f"{method} {route.path}"
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and route.path not in ENDLESS
    for method in route.methods
)
"""Of all operations. The description itself takes seconds to read: it is left to the worker that asks."""


@pytest.fixture(scope="module")
def operations() -> dict[str, Any]:
    """By their labels."""
    import schemathesis

    described = schemathesis.openapi.from_dict(app.create(None).openapi())  # type: ignore[arg-type]
    return {found.ok().label: found.ok() for found in described.get_all_operations()}


def test_all_that_is_described_is_asked(operations: dict[str, Any]) -> None:
    assert {label for label, operation in operations.items() if operation.path not in ENDLESS} == set(LABELS)


@pytest.mark.parametrize("label", LABELS)
def test_no_request_breaks_it(
    desk: Desk, admin: Person, runner: asyncio.Runner, operations: dict[str, Any], label: str
) -> None:
    operation = operations[label]
    assert _asked(desk, admin, runner, operation, allowed=True)
    if _bounds(operation):
        assert _asked(desk, admin, runner, operation, allowed=False)


_NAMED = {"title": ""}


def _bounds(operation: Any) -> bool:
    """Whether there is anything that is not allowed: schemathesis seeks for long where there is not."""
    raw = operation.definition.raw
    named = raw.get("parameters", ())
    free = all(each["in"] == "path" and each["schema"] | _NAMED == {"type": "string"} | _NAMED for each in named)
    return "requestBody" in raw or not free


def _asked(desk: Desk, admin: Person, runner: asyncio.Runner, operation: Any, *, allowed: bool) -> int:
    """How many requests were made."""
    from schemathesis import Case, GenerationMode

    asked, mode = 0, GenerationMode.POSITIVE if allowed else GenerationMode.NEGATIVE

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        nonlocal asked
        asked += 1
        if allowed and asked % 2:
            case.path_parameters = {**case.path_parameters, **_there(case)}
        response = runner.run(_answer(desk, admin, case))
        assert response.status_code < 500 or response.json()["code"] != "internal", (case.body, response.text)
        if response.status_code >= 400:
            assert response.headers["content-type"] == "application/problem+json", response.text
            assert {"type", "title", "status", "detail", "code"} <= response.json().keys()

    ask()
    return asked


def _there(case: Any) -> dict[str, str]:
    """An account and a domain that are there: beyond the gate more can break."""
    there = {"account": "me", "domain": FIRST}
    return {name: value for name, value in there.items() if name in case.path_parameters}


async def _answer(desk: Desk, who: Person, case: Any) -> Any:
    sent = case.as_transport_kwargs(base_url="http://postex")
    headers = {**(sent.get("headers") or {}), "Authorization": f"Bearer {who.token}", "Accept-Language": "nl"}
    known = {name: sent[name] for name in ("params", "json", "data", "files") if sent.get(name) is not None}
    if "data" in known:
        known["content"] = known.pop("data")
    return await desk.http.request(sent["method"], sent["url"], headers=headers, **known)
