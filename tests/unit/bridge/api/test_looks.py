"""Who looked, over the API and in one's own mailbox (D7, S57); statistics over the API (S27, S63)."""

import email
import email.policy
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.mail.card import Card
from storage.mail import mailboxes
from storage.mail.reading import Reader
from storage.oversight import audit, looks
from storage.records import Role
from tests.control import NOW, SECOND, Desk, Person


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


def look(desk: Desk, viewer: Person, target: Person, what: str = "account", now: int = NOW) -> None:
    actor = f"account:{viewer.account.id}"
    desk.store.write_now(looks.note, viewer.account.id, [target.account.id], what, now, actor)


async def inbox(desk: Desk, person: Person) -> list[str]:
    """Whole messages, in the order of arrival."""
    store = desk.store
    box = next(
        each for each in store.read_now(mailboxes.listing, person.account.id, person.keys) if each.name == "INBOX"
    )
    selected = store.read_now(mailboxes.select, box.id, person.keys, False)
    reader = Reader(store, person.account, person.keys, Card.decode)
    bodies = await reader.bodies([copy.document_id for copy in selected.copies])
    made = []
    for body in bodies.values():
        assert isinstance(body, bytes)
        message = email.message_from_bytes(body, policy=email.policy.default)
        made.append(f"{message['Subject']}\n{message.get_content()}")
    return made


async def test_one_reads_who_looked_page_by_page(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("dora", Role.DOMAIN_ADMIN)
    for hour in range(5):
        look(desk, admin, anna, now=NOW + 3600 * hour)
    found, after = [], ""
    while after is not None:
        page = (await desk.ask("GET", f"/v1/accounts/me/looks?limit=2{after}", anna)).json()
        found += [item["at"] for item in page["items"]]
        after = page["next"] and f"&after={page['next']}"
    assert found == [NOW + 3600 * hour for hour in reversed(range(5))]
    item = (await desk.ask("GET", f"{anna.path}/looks", anna)).json()["items"][0]
    assert (item["what"], item["viewer_role"], item["viewer_name"]) == ("account", "domain-admin", "Dora")


async def test_nobody_reads_who_looked_at_somebody_else(desk: Desk) -> None:
    anna = desk.person("anna")
    for who in (
        desk.person("d", Role.DOMAIN_ADMIN),
        desk.person("a", Role.AUDITOR),
        desk.person("o", role=Role.OWNER),
    ):
        for method, path in (("GET", "looks"), ("POST", "looks/mail")):
            assert (await desk.ask(method, f"{anna.path}/{path}", who)).status_code == 404


async def test_the_list_comes_as_a_message_in_ones_language(desk: Desk) -> None:
    anna, admin, ziggy = desk.person("anna"), desk.person("dora", Role.DOMAIN_ADMIN), desk.person("z", domain=SECOND)
    before = len(await inbox(desk, anna))
    look(desk, admin, anna)
    look(desk, ziggy, anna, "devices")
    actor, subject = f"account:{admin.account.id}", f"account:{anna.account.id}"
    desk.store.write_now(audit.append, "break-glass.opened", actor, subject, {"break_glass": 1}, NOW)
    desk.store.write_now(audit.append, "break-glass.used-for-reset", actor, subject, {"break_glass": 1}, NOW)
    answer = await desk.ask("POST", "/v1/accounts/me/looks/mail", anna)
    assert (answer.status_code, answer.json()) == (201, {"looks": 4})
    messages = await inbox(desk, anna)
    assert len(messages) == before + 1
    text = " ".join(messages[-1].split())
    assert text.startswith("Wie uw gegevens heeft bekeken")
    for expected in (
        "uw account, door: Dora (domeinbeheerder)",
        "uw apparaten, door: ontvanger",
        "uw postvak is geopend, door: Dora (domeinbeheerder)",
        "er is een herstel van uw account mee gemaakt, door: Dora (domeinbeheerder)",
    ):
        assert expected in text, text
    assert "Z (" not in text


async def test_without_looks_the_message_says_so(desk: Desk) -> None:
    anna = desk.person("anna")
    assert (await desk.ask("POST", "/v1/accounts/me/looks/mail", anna)).json() == {"looks": 0}
    assert "Niemand anders dan uzelf." in (await inbox(desk, anna))[-1]


@pytest.mark.parametrize("after", ["x", "WyJ4Il0", "W3RydWVd", "WzFdWzFd"])
async def test_a_cursor_of_others_is_refused(desk: Desk, after: str) -> None:
    answer = await desk.ask("GET", f"/v1/accounts/me/looks?after={after}", desk.person("anna"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")


async def test_statistics_of_the_domains_in_reach_and_of_few_people_nothing(desk: Desk) -> None:
    for number in range(3):
        desk.person(f"p{number}")
        desk.person(f"q{number}", domain=SECOND)
    admin, owner = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("olga", role=Role.OWNER)
    found = (await desk.ask("GET", "/v1/statistics", admin)).json()
    assert (found["threshold"], [each["domain"] for each in found["domains"]]) == (5, ["example.test"])
    assert found["domains"][0]["accounts"] == 5
    everywhere = (await desk.ask("GET", "/v1/statistics", owner)).json()
    assert {each["domain"]: each["accounts"] for each in everywhere["domains"]} == {"example.test": 5, SECOND: None}
    assert (await desk.ask("GET", "/v1/statistics", desk.person("anna"))).status_code == 403
