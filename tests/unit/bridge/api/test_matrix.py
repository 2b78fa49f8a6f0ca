"""Who may do what: every route with every role, allowed and denied, in reach and out of it (S61, S77).

`ALLOWED` repeats the table of rights on purpose: a right that changes has to be changed in two places, by somebody
who means it. The letters are the roles of `LETTERS`; o is the operator.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

from bridge.api import app
from bridge.api.access import open_to_all
from bridge.api.policy import OPERATOR, OUTRANKED, RIGHTS, STEP_UP, Action, Reach
from bridge.api.routes import ROUTERS
from storage.records import Role
from tests.control import FIRST, SECOND, Desk, Person

LETTERS = {
    "O": Role.OWNER,
    "D": Role.DOMAIN_ADMIN,
    "R": Role.RESELLER,
    "H": Role.SUPPORT,
    "A": Role.AUDITOR,
    "s": Role.SENDER,
    "r": Role.RECIPIENT,
}
ALL = "ODRHAsr"
ALLOWED = {
    Action.SESSION_USE: ALL,
    Action.SELF_READ: ALL,
    Action.SELF_CHANGE: ALL,
    Action.SELF_IDENTITY: ALL,
    Action.SELF_SECRETS: ALL,
    Action.SELF_ROTATE: ALL,
    Action.SELF_EXPORT: ALL,
    Action.LOOKS_READ: ALL,
    Action.DOCUMENT_ERASE: ALL,
    Action.FIELD_ERASE: ALL,
    Action.SENT_READ: ALL,
    Action.RECIPIENTS_READ: ALL,
    Action.DISCLOSURES_READ: ALL,
    Action.BATCH_READ: ALL,
    Action.BATCH_CHANGE: ALL,
    Action.ACCOUNT_LIST: "ODRHo",
    Action.ACCOUNT_READ: ALL + "o",
    Action.ACCOUNT_ADD: "ODo",
    Action.ACCOUNT_CHANGE: "D",
    Action.ACCOUNT_SUSPEND: "ODo",
    Action.ACCOUNT_CLOSE: ALL,
    Action.ACCOUNT_INVITE: "ODo",
    Action.ACCOUNT_RESET: "D",
    Action.ACCOUNT_ERASE: ALL,
    Action.ALIAS_READ: ALL + "o",
    Action.ALIAS_CHANGE: ALL + "o",
    Action.SENDER_CHANGE: "Do",
    Action.SENDER_TYPE: ALL + "o",
    Action.PREFERENCE_READ: ALL,
    Action.PREFERENCE_CHANGE: ALL,
    Action.DOMAIN_PREFERENCE_READ: "DRH",
    Action.DOMAIN_PREFERENCE_CHANGE: "D",
    Action.DELIVERY_EXPLAIN: ALL,
    Action.DRY_RUN: "Ds",
    Action.DEVICE_LIST: ALL + "o",
    Action.DEVICE_ADD: ALL + "o",
    Action.DEVICE_CHANGE: ALL,
    Action.DEVICE_REVOKE: ALL + "o",
    Action.CONNECTION_READ: ALL + "o",
    Action.SESSION_LIST: ALL,
    Action.SESSION_END: ALL,
    Action.DOMAIN_LIST: "ODRHAo",
    Action.DOMAIN_ADD: "Oo",
    Action.ESCROW_HAND_ON: "OD",
    Action.GRANT_LIST: "ODAo",
    Action.GRANT_ADD: "ODo",
    Action.GRANT_REVOKE: "ODo",
    Action.GRANT_REVIEW: "OD",
    Action.BREAK_GLASS_LIST: "ODA",
    Action.BREAK_GLASS_REQUEST: "D",
    Action.BREAK_GLASS_APPROVE: "OD",
    Action.BREAK_GLASS_OPEN: "D",
    Action.BREAK_GLASS_REVOKE: "OD",
    Action.HOLD_LIST: "DA",
    Action.HOLD_PLACE: "D",
    Action.HOLD_LIFT: "D",
    Action.ERASURE_LIST: ALL,
    Action.PURGE_REQUEST: "D",
    Action.PURGE_APPROVE: "OD",
    Action.OUTBOX_LIST: "ODo",
    Action.OUTBOX_CHANGE: "ODo",
    Action.DELIVERY_LIST: ALL,
    Action.PROCESSOR_LIST: "ODAo",
    Action.PROCESSOR_CHANGE: "Oo",
    Action.AUDIT_READ: ALL + "o",
    Action.AUDIT_VERIFY: "OAo",
    Action.DASHBOARD_READ: "ODRHo",
    Action.STATISTICS_READ: "ODA",
    Action.SERVICE_LOG_READ: "Oo",
    Action.BACKUP_MAKE: "Oo",
    Action.BACKUP_LIST: "Oo",
    Action.BACKUP_DRILL: "Oo",
    Action.SETTINGS_READ: "Oo",
    Action.EVENTS_WATCH: ALL,
    Action.TICKET_OWN: ALL,
    Action.TICKET_LIST: "ODo",
    Action.TICKET_CHANGE: "OD",
    Action.PAPER_RETURN: "D",
}
OWN_ONLY = "ODRHAsr"
"""Whoever is allowed by being oneself alone answers 404 for anybody else."""


def routes() -> Iterator[tuple[str, APIRoute]]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute), f"{route} is not a route of the API"
            for method in sorted(route.methods):
                yield method, route


def action_of(route: APIRoute) -> Action | None:
    """What the route's gate asks for; None if it is open to all. Fails if there is neither."""
    calls = [dependency.call for dependency in route.dependant.dependencies]
    actions = [call.action for call in calls if hasattr(call, "action")]
    if open_to_all in calls:
        assert not actions, f"{route.path} has a gate and is open"
        return None
    assert len(actions) == 1, f"{route.path} has {len(actions)} gates"
    return Action(actions[0])


GUARDED = [(method, route, action) for method, route in routes() if (action := action_of(route)) is not None]
IDS = [f"{method} {route.path}" for method, route, _ in GUARDED]


def test_every_action_is_in_the_table_and_in_this_one() -> None:
    assert set(RIGHTS) == set(Action) == set(ALLOWED)
    for action, letters in ALLOWED.items():
        expected = {LETTERS[letter] for letter in letters if letter != "o"}
        assert {role for role in RIGHTS[action] if role is not OPERATOR} == expected, action
        assert (OPERATOR in RIGHTS[action]) == ("o" in letters), action


def test_every_action_has_a_route_and_every_route_of_the_application_is_ours() -> None:
    assert {action for _, _, action in GUARDED} == set(Action)


def test_open_routes_are_these_alone() -> None:
    found = {f"{method} {route.path}" for method, route in routes() if action_of(route) is None}
    assert found == {
        "GET /v1/health",
        "GET /v1/first-run",  # asked before anybody can sign in
        "POST /v1/sign-in",
        "POST /v1/sign-in/recovery",
        "POST /v1/enrolment/begin",
        "POST /v1/enrolment/finish",
        "POST /v1/backups/by-key",  # signed with the master key
    }


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def people(desk: Desk) -> dict[str, Person]:
    """One of each role, all of the first domain."""
    made = {letter: desk.person(f"role-{letter.lower()}", LETTERS[letter]) for letter in "DRHA"}
    for letter in "Osr":
        made[letter] = desk.person(f"base-{letter}", role=LETTERS[letter])
    return made


def filled(route: APIRoute, account: str, domain: str) -> str:
    path = route.path.replace("{account}", account).replace("{domain}", domain)
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.parametrize(("method", "route", "action"), GUARDED, ids=IDS)
async def test_a_route_lets_in_only_the_roles_of_the_table(
    desk: Desk, people: dict[str, Person], method: str, route: APIRoute, action: Action
) -> None:
    if route.path == "/v1/events":
        pytest.skip("a stream without an end; tests of events ask for it")
    target = desk.person("target", domain=FIRST).account.public_id
    for letter, person in people.items():
        answer = await desk.ask(method, filled(route, target, FIRST), person, {})
        refused = answer.status_code == 403 and answer.json()["code"] == "forbidden"
        assert refused == (letter not in ALLOWED[action]), f"{letter}: {answer.status_code} {answer.text[:200]}"
        assert answer.status_code != 500, answer.text


@pytest.mark.parametrize(("method", "route", "action"), GUARDED, ids=IDS)
async def test_the_operator_reaches_only_what_the_table_says(
    tmp_path: Path, method: str, route: APIRoute, action: Action
) -> None:
    """Who works on the machine while the bridge is down, signed in as nobody."""
    async with Desk.open(tmp_path / "data", operator=True) as machine:
        target = machine.person("target").account.public_id
        answer = await machine.ask(method, filled(route, target, FIRST), None, {})
        refused = answer.status_code in (401, 403)
        assert refused == ("o" not in ALLOWED[action]), f"{answer.status_code} {answer.text[:200]}"
        assert answer.status_code != 500, answer.text


async def test_without_a_session_no_route_answers(desk: Desk) -> None:
    for method, route, _ in GUARDED:
        for header in ("", "Bearer nonsense", "Bearer ps1-aaaaaaaaaa-" + "a" * 32, "Basic eDp4"):
            headers = {"Authorization": header} if header else {}
            answer = await desk.ask(method, filled(route, "me", FIRST), None, {}, **headers)
            assert answer.status_code == 401, f"{method} {route.path} {header}: {answer.status_code}"
            assert answer.headers["content-type"] == "application/problem+json"


async def test_what_is_out_of_reach_answers_as_what_does_not_exist(desk: Desk, people: dict[str, Person]) -> None:
    """Cross-domain: of another domain's account not even its existence shows, to anyone but who reaches all."""
    stranger = desk.person("stranger", domain=SECOND).account.public_id
    named = [each for each in GUARDED if "{account}" in each[1].path or "{domain}" in each[1].path]
    for method, route, action in named:
        for letter in people.keys() & set(ALLOWED[action]):
            if RIGHTS[action][LETTERS[letter]].reach is not Reach.ALL:
                there = await desk.ask(method, filled(route, stranger, SECOND), people[letter], {})
                nowhere = await desk.ask(
                    method, filled(route, "nobody@nowhere.test", "nowhere.test"), people[letter], {}
                )
                what = f"{method} {route.path} {letter}: {there.status_code} {there.text[:200]}"
                assert there.status_code == nowhere.status_code == 404, what
                assert there.content == nowhere.content


@pytest.mark.parametrize("action", sorted(STEP_UP))
async def test_a_step_up_lasts_five_minutes(desk: Desk, people: dict[str, Person], action: Action) -> None:
    method, route = next((method, route) for method, route, its in GUARDED if its is action)
    letter = next(letter for letter in "DOAHRrs" if letter in ALLOWED[action])
    path = filled(route, "me", FIRST)
    desk.clock.turn(5 * 60)
    answer = await desk.ask(method, path, people[letter], {})
    assert answer.status_code not in (401, 500), answer.text
    assert answer.json() is None or answer.json().get("code") != "step-up-needed", answer.text
    other = desk.person("late", *((LETTERS[letter],) if letter in "DRHA" else ()), role=Role.OWNER)
    desk.clock.turn(5 * 60 + 1)
    answer = await desk.ask(method, path, other, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "step-up-needed"), answer.text


@pytest.mark.parametrize("action", sorted(OUTRANKED))
async def test_an_admin_of_a_domain_has_no_power_over_wider_rights(
    desk: Desk, people: dict[str, Person], action: Action
) -> None:
    """Else a reset of an owner's password would make an owner of every admin."""
    found = [each for each in GUARDED if each[2] is action and "{account}" in each[1].path]
    abroad = desk.person("abroad")
    desk.grant(abroad.account, Role.DOMAIN_ADMIN, SECOND)
    for method, route, _ in found:
        for target in (people["O"], abroad):
            answer = await desk.ask(method, filled(route, target.account.public_id, FIRST), people["D"], {})
            assert (answer.status_code, answer.json()["code"]) == (403, "outranked"), answer.text


def test_openapi_names_every_parameter_of_every_path(tmp_path: Path) -> None:
    desk = Desk.open(tmp_path / "data")
    described = app.create(desk.control).openapi()
    desk.store.close()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            named = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}, f"{method} {path}"
