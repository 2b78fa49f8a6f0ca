"""Postal addresses by the control API, and letters that came back (S48, I1)."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.channels import handoff
from bridge.channels.paper import reference
from storage.choices import preferences
from storage.deliveries import arrivals, deliveries, transcript
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import Channel, Decided, DeliveryState, DocumentType
from storage.keys.envelope import seal_document
from storage.mail.documents import DeliveryDraft
from storage.oversight import audit
from storage.people import accounts
from storage.records import Role
from tests.control import NOW, SECOND, Desk, Person

from .asking import asked

LINES = ["Stadhouderskade 123", "1071 AA  Amsterdam"]
HOME = {"lines": LINES, "country": "NL"}
PATH = "/v1/me/postal-address"


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


def printed(desk: Desk, person: Person) -> Delivery:
    """A letter that went by paper."""
    store, anna = desk.store, person.account.id
    reader = store.read_now(accounts.recipient, person.account.email)
    assert reader is not None
    sealed = seal_document(b"Subject: x\r\n\r\nx\r\n", b"card", (reader,))
    decided = Decided(anna, DocumentType.INVOICE, Channel.PAPER, DeliveryState.LEAVING, "nl", "[]")
    draft = DeliveryDraft(sealed, (reader,), (reader.inbox_id,), NOW, 99)
    accepted = store.write_now(arrivals.accept, Acceptance(draft, {anna: decided}, "a@outside.test", b""), NOW)
    found = store.read_now(deliveries.of_document, anna, accepted.document_public_id)
    store.write_now(partial(handoff.done, delivery_id=found.id, channel=Channel.PAPER), int(desk.clock()))
    return found


def may_be_printed_for(desk: Desk, person: Person) -> bool:
    reader = desk.store.read_now(preferences.applying, [person.account.id], None)[person.account.id].reader
    return reader.has_postal_address and not reader.paper_returned


async def test_an_address_is_set_told_and_taken_back(desk: Desk) -> None:
    anna = desk.person("anna")
    assert await asked(desk, "GET", PATH, anna) == {"lines": [], "country": None, "returned_at": None}
    made = await asked(desk, "PUT", PATH, anna, {"lines": LINES, "country": "nl"})
    assert made["address"] == {**HOME, "returned_at": None}
    assert may_be_printed_for(desk, anna)
    (change,) = made["changes"]
    assert (change["field"], change["new_value"]) == ("postal_address", "\n".join((*LINES, "NL")))
    assert (await asked(desk, "GET", "/v1/me", anna))["postal_address"] == change["new_value"]
    await asked(desk, "POST", f"/v1/me/changes/{change['id']}/undo", anna)
    assert not may_be_printed_for(desk, anna)
    assert len(await asked(desk, "GET", "/v1/accounts/me/changes", anna)) == 1


async def test_it_is_removed_and_forgotten(desk: Desk) -> None:
    anna = desk.person("anna")
    await asked(desk, "PUT", PATH, anna, HOME)
    assert (await asked(desk, "DELETE", PATH, anna))["address"]["lines"] == []
    await asked(desk, "PUT", PATH, anna, HOME)
    await asked(desk, "POST", "/v1/me/fields/postal-address/erasure", anna, status=201)
    assert (await asked(desk, "GET", PATH, anna))["lines"] == []
    assert await asked(desk, "GET", "/v1/accounts/me/changes", anna) == []


@pytest.mark.parametrize(
    ("lines", "country", "code"),
    [
        (["one"], "NL", "invalid"),
        (["a"] * 6, "NL", "invalid"),
        (["a", "b" * 41], "NL", "invalid"),
        (["a", ""], "NL", "invalid"),
        (["a", "b\nc"], "NL", "invalid"),
        (["a", "b\x1b[0m"], "NL", "invalid"),
        (["a", "b"], "Nederland", "invalid"),
        (["W" * 40, "b"], "NL", "postal-address-too-wide"),
        (["東京都", "b"], "JP", "postal-address-characters"),
    ],
)
async def test_an_address_that_would_not_arrive_is_not_taken(
    desk: Desk, lines: list[str], country: str, code: str
) -> None:
    anna = desk.person("anna")
    body = {"lines": lines, "country": country}
    assert (await asked(desk, "PUT", PATH, anna, body, status=422))["code"] == code
    dutch = await desk.ask("PUT", PATH, anna, body, **{"Accept-Language": "nl"})
    assert dutch.json()["detail"] != (await desk.ask("PUT", PATH, anna, body)).json()["detail"]


async def test_others_see_it_as_their_role_allows(desk: Desk) -> None:
    anna, admin, support = desk.person("anna"), desk.person("a", Role.DOMAIN_ADMIN), desk.person("s", Role.SUPPORT)
    await asked(desk, "PUT", PATH, anna, HOME)
    assert (await asked(desk, "GET", anna.path, admin))["postal_address"].startswith(LINES[0])
    assert (await asked(desk, "GET", anna.path, support))["postal_address"] is None


@pytest.mark.parametrize("by_reference", [True, False])
async def test_a_letter_came_back(desk: Desk, by_reference: bool) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    await asked(desk, "PUT", PATH, anna, HOME)
    delivery = printed(desk, anna)
    named = reference.printed(delivery.public_id).lower() if by_reference else delivery.public_id
    path = f"/v1/deliveries/{named}/return"
    made = await asked(desk, "POST", path, admin, {"cause": "moved"})
    assert made == {"delivery": delivery.public_id, "address_in_doubt": True}
    assert not may_be_printed_for(desk, anna)
    assert (await asked(desk, "GET", PATH, anna))["returned_at"] == NOW
    assert desk.store.read_now(deliveries.get, delivery.id).state is DeliveryState.FAILED
    events = [(each.kind, each.detail) for each in desk.store.read_now(transcript.of_delivery, delivery.id)]
    assert events[1:] == [("paper.returned", "moved"), ("paper.failed", "returned-moved")]
    assert (await asked(desk, "POST", path, admin, {"cause": "moved"}, status=409))["code"] == "returned-already"
    assert (await asked(desk, "POST", f"{PATH}/confirm", anna))["returned_at"] is None
    assert may_be_printed_for(desk, anna)
    assert desk.store.read_now(audit.verify, desk.store.server_keys) is None


async def test_a_change_is_as_good_as_a_confirmation_and_its_undo_is_not(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    await asked(desk, "PUT", PATH, anna, HOME)
    delivery = printed(desk, anna)
    await asked(desk, "POST", f"/v1/deliveries/{delivery.public_id}/return", admin, {"cause": "unknown"})
    moved = await asked(desk, "PUT", PATH, anna, {"lines": ["Nieuwe Gracht 1", "2011 NC  Haarlem"], "country": "NL"})
    assert may_be_printed_for(desk, anna)
    await asked(desk, "POST", f"/v1/me/changes/{moved['changes'][0]['id']}/undo", anna)
    assert not may_be_printed_for(desk, anna)
    await asked(desk, "PUT", PATH, anna, HOME)
    assert may_be_printed_for(desk, anna)


async def test_an_address_that_was_changed_in_time_is_not_doubted(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    await asked(desk, "PUT", PATH, anna, HOME)
    delivery = printed(desk, anna)
    desk.clock.turn(60)
    await asked(desk, "PUT", PATH, anna, {"lines": ["Nieuwe Gracht 1", "2011 NC  Haarlem"], "country": "NL"})
    path = f"/v1/deliveries/{delivery.public_id}/return"
    assert not (await asked(desk, "POST", path, admin, {"cause": "moved"}))["address_in_doubt"]
    assert may_be_printed_for(desk, anna)


async def test_only_an_admin_of_the_domain_records_it_and_only_of_what_was_printed(desk: Desk) -> None:
    anna, admin = desk.person("anna"), desk.person("admin", Role.DOMAIN_ADMIN)
    stranger = desk.person("stranger", Role.DOMAIN_ADMIN, domain=SECOND)
    await asked(desk, "PUT", PATH, anna, HOME)
    delivery = printed(desk, anna)
    path = f"/v1/deliveries/{delivery.public_id}/return"
    assert (await asked(desk, "POST", path, stranger, {"cause": "moved"}, status=404))["code"] == "not-found"
    await asked(desk, "POST", path, anna, {"cause": "moved"}, status=403)
    desk.store.write_now(transcript.statements.run, "DELETE FROM delivery_event", ())
    assert (await asked(desk, "POST", path, admin, {"cause": "moved"}, status=409))["code"] == "not-printed"
