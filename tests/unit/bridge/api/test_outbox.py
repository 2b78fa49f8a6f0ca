"""The outbox, deliveries and processors over the control API: who sees and settles what, and the audit of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.deliveries import deliveries, jobs
from storage.deliveries.terms import Channel, DeliveryState, JobKind, JobState, NewJob
from storage.engine import statements
from storage.keys.outbox import OutboxKey
from storage.people import notice_urls
from storage.records import Role
from tests.control import NOW, SECOND, Desk, Person
from tests.departures import job_of, leave


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def admin(desk: Desk) -> Person:
    return desk.person("admin", Role.DOMAIN_ADMIN)


@pytest.fixture
def owner(desk: Desk) -> Person:
    return desk.person("owner", role=Role.OWNER)


def waiting(desk: Desk, person: Person, channel: Channel = Channel.PAPER) -> int:
    return job_of(desk.store, leave(desk.store, person.account, NOW, channel))


def parked(desk: Desk, job_id: int, state: JobState) -> int:
    desk.store.write_now(jobs.park, job_id, state, "printer-silent", NOW + 5)
    return job_id


def kinds(desk: Desk) -> list[str]:
    found = desk.store.read_now(statements.rows, "SELECT kind FROM audit_event WHERE kind LIKE 'outbox.%'")
    return [kind for (kind,) in found]


async def test_jobs_are_listed_in_pages_to_those_whose_domain_it_is(desk: Desk, admin: Person, owner: Person) -> None:
    anna, other = desk.person("anna"), desk.person("other", domain=SECOND)
    mine = [waiting(desk, anna) for _ in range(5)]
    foreign = waiting(desk, other)
    public = OutboxKey.of(desk.store.server_keys.outbox).public_key
    desk.store.write_now(jobs.queue, public, NewJob(JobKind.NOTICE, "nobody's", NOW), NOW)
    first = (await desk.ask("GET", "/v1/outbox?limit=3", admin)).json()
    rest = (await desk.ask("GET", f"/v1/outbox?limit=3&after={first['next']}", admin)).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == sorted(mine, reverse=True)
    assert rest["next"] is None
    assert first["items"][0]["email"] == "anna@example.test"
    everything = (await desk.ask("GET", "/v1/outbox", owner)).json()["items"]
    assert [item["id"] for item in everything] == [foreign + 1, foreign, *sorted(mine, reverse=True)]
    assert {item["email"] for item in everything} == {None, "o…@o…", "a…@e…"}
    assert "CANARY" not in (await desk.ask("GET", "/v1/outbox", owner)).text


async def test_the_list_is_filtered_by_state_and_kind(desk: Desk, admin: Person) -> None:
    anna = desk.person("anna")
    paper, mail = waiting(desk, anna), waiting(desk, anna, Channel.EMAIL)
    dead = parked(desk, waiting(desk, anna), JobState.DEAD)

    async def listed(query: str) -> list[int]:
        return [item["id"] for item in (await desk.ask("GET", f"/v1/outbox?{query}", admin)).json()["items"]]

    assert await listed("state=dead") == [dead]
    assert await listed("state=uncertain") == []
    assert await listed("kind=email") == [mail]
    assert await listed("kind=paper&state=waiting") == [paper]
    assert (await desk.ask("GET", "/v1/outbox?state=lost", admin)).status_code == 422


async def test_a_dead_letter_is_tried_again_and_the_log_says_by_whom(desk: Desk, admin: Person) -> None:
    job_id = parked(desk, waiting(desk, desk.person("anna")), JobState.DEAD)
    answer = await desk.ask("POST", f"/v1/outbox/{job_id}/retry", admin)
    assert (answer.status_code, answer.json()["state"], answer.json()["due_at"]) == (200, "waiting", NOW)
    assert kinds(desk) == ["outbox.retried"]
    assert (await desk.ask("POST", f"/v1/outbox/{job_id}/settlement", admin, {"done": True})).status_code == 409


async def test_the_uncertain_is_settled_not_retried(desk: Desk, admin: Person) -> None:
    anna = desk.person("anna")
    delivery = leave(desk.store, anna.account, NOW)
    job_id = parked(desk, job_of(desk.store, delivery), JobState.UNCERTAIN)
    refused = await desk.ask("POST", f"/v1/outbox/{job_id}/retry", admin)
    assert (refused.status_code, refused.json()["code"]) == (409, "uncertain")
    assert (await desk.ask("POST", f"/v1/outbox/{job_id}/settlement", admin, {"done": True})).status_code == 200
    assert desk.store.read_now(deliveries.get, delivery.id).state is DeliveryState.HANDED_OFF
    assert (await desk.ask("GET", "/v1/outbox", admin)).json()["items"] == []
    assert kinds(desk) == ["outbox.done"]


async def test_what_is_out_of_reach_does_not_exist(desk: Desk, admin: Person, owner: Person) -> None:
    job_id = waiting(desk, desk.person("other", domain=SECOND))
    public = OutboxKey.of(desk.store.server_keys.outbox).public_key
    desk.store.write_now(jobs.queue, public, NewJob(JobKind.NOTICE, "nobody's", NOW), NOW)
    for number in (job_id, job_id + 1, job_id + 2):
        for method, path in (("POST", "/retry"), ("POST", "/settlement"), ("DELETE", "")):
            answer = await desk.ask(method, f"/v1/outbox/{number}{path}", admin, {"done": True})
            assert answer.status_code == 404, answer.text
    assert (await desk.ask("DELETE", f"/v1/outbox/{job_id + 1}", owner)).status_code == 200


async def test_cancelling_ends_it(desk: Desk, admin: Person) -> None:
    anna = desk.person("anna")
    delivery = leave(desk.store, anna.account, NOW)
    job_id = job_of(desk.store, delivery)
    assert (await desk.ask("DELETE", f"/v1/outbox/{job_id}", admin)).status_code == 200
    assert (await desk.ask("DELETE", f"/v1/outbox/{job_id}", admin)).status_code == 404
    assert desk.store.read_now(deliveries.get, delivery.id).state is DeliveryState.FAILED
    assert kinds(desk) == ["outbox.cancelled"]


async def test_deliveries_are_metadata_of_those_in_reach(desk: Desk, admin: Person) -> None:
    anna, other = desk.person("anna"), desk.person("other", domain=SECOND)
    helper = desk.person("helper", Role.SUPPORT)
    for person in (anna, anna, other):
        leave(desk.store, person.account, NOW)
    own = (await desk.ask("GET", "/v1/deliveries", anna)).json()["items"]
    assert own == (await desk.ask("GET", "/v1/accounts/me/deliveries", anna)).json()["items"]
    assert [(each["type"], each["channel"], each["state"]) for each in own] == [("invoice", "paper", "accepted")] * 2
    for who in (admin, helper):
        found = (await desk.ask("GET", "/v1/deliveries", who)).json()["items"]
        assert {each["account"] for each in found} == {anna.account.public_id}
        answer = await desk.ask("GET", f"{other.path}/deliveries", who)
        assert answer.status_code == 404
    page = (await desk.ask("GET", f"{anna.path}/deliveries?limit=1&state=accepted&channel=paper", admin)).json()
    after = (await desk.ask("GET", f"{anna.path}/deliveries?limit=1&after={page['next']}", admin)).json()
    assert [page["items"][0]["id"], after["items"][0]["id"]] == [each["id"] for each in own]
    assert "CANARY" not in str(own)
    looks = desk.store.read_now(statements.rows, "SELECT count(*) FROM audit_event WHERE kind = 'looks.deliveries'")
    assert looks == [(1,)]


async def test_the_register_of_processors(desk: Desk, owner: Person) -> None:
    entry = {"kind": "relay", "country": "uk", "contract_date": "2026-01-31", "fields": ["document", "address"]}
    made = await desk.ask("PUT", "/v1/processors/Post%20%26%20Co", owner, entry)
    assert made.status_code == 200, made.text
    assert made.json() == {
        "name": "Post & Co",
        "kind": "relay",
        "country": "GB",
        "in_europe": True,
        "contract_date": "2026-01-31",
        "fields": ["address", "document"],
        "changed_at": NOW,
    }
    abroad = await desk.ask("PUT", "/v1/processors/abroad", owner, {"kind": "relay", "country": "US", "fields": []})
    assert not abroad.json()["in_europe"]
    wrong = [
        {"kind": "messenger", "country": "NL", "fields": ["title"]},
        {"kind": "mailbox", "country": "NL", "fields": []},
        {"kind": "relay", "country": "Holland", "fields": []},
        {"kind": "relay", "country": "NL", "fields": ["everything"]},
    ]
    for body in wrong:
        assert (await desk.ask("PUT", "/v1/processors/wrong", owner, body)).status_code == 422
    assert (await desk.ask("DELETE", "/v1/processors/abroad", owner)).status_code == 200
    assert (await desk.ask("DELETE", "/v1/processors/abroad", owner)).status_code == 404
    assert [each["name"] for each in (await desk.ask("GET", "/v1/processors", owner)).json()] == ["Post & Co"]
    found = desk.store.read_now(
        statements.rows, "SELECT kind FROM audit_event WHERE kind LIKE 'processor.%' ORDER BY position"
    )
    assert [kind for (kind,) in found] == ["processor.set", "processor.set", "processor.removed"]


async def test_deliveries_are_found_by_recipient_sender_and_time_and_one_is_shown_with_its_jobs(
    desk: Desk, admin: Person
) -> None:
    anna, bram = desk.person("anna"), desk.person("bram")
    helper = desk.person("helper", Role.SUPPORT)
    first = leave(desk.store, anna.account, NOW - 100)
    later = [leave(desk.store, each.account, NOW) for each in (bram, anna)]

    async def found(query: str, who: Person = admin) -> list[str]:
        answer = await desk.ask("GET", f"/v1/deliveries?{query}", who)
        return [each["id"] for each in answer.json()["items"]]

    assert await found("recipient=anna") == [later[1].public_id, first.public_id]
    assert await found("sender=ENERGIE") == [later[1].public_id, later[0].public_id, first.public_id]
    assert await found(f"sender=energie&recipient=anna&since={NOW}") == [later[1].public_id]
    assert await found("recipient=nobody") == await found("sender=nobody") == []
    assert await found("recipient=anna", helper) == await found("sender=energie", helper) == []
    assert len(await found("recipient=anna@example.test&sender=energie@outside.test", helper)) == 2
    page = (await desk.ask("GET", "/v1/deliveries?sender=energie&limit=2", admin)).json()
    rest = (await desk.ask("GET", f"/v1/deliveries?sender=energie&after={page['next']}", admin)).json()
    assert [each["id"] for each in rest["items"]] == [first.public_id]
    masked = (await desk.ask("GET", f"/v1/deliveries/{first.public_id}", helper)).json()
    assert (masked["email"], masked["sender"]) == ("a…@e…", "e…@o…")
    shown = (await desk.ask("GET", f"/v1/deliveries/{first.public_id}", admin)).json()
    assert (shown["email"], shown["sender"], shown["now"]) == ("anna@example.test", "energie@outside.test", NOW)
    assert [job["id"] for job in shown["jobs"]] == [job_of(desk.store, first)]
    stranger = desk.person("stranger", Role.DOMAIN_ADMIN, domain=SECOND)
    for missing in (f"/v1/deliveries/{first.public_id}", "/v1/deliveries/none"):
        assert (await desk.ask("GET", missing, stranger)).status_code == 404


async def test_who_is_looked_for_among_deliveries_can_see_it(desk: Desk, admin: Person) -> None:
    anna, bram, carla = desk.person("anna"), desk.person("bram"), desk.person("carla")
    leave(desk.store, anna.account, NOW)
    for query in ("", "recipient=anna", "recipient=bram@example.test", "recipient=example.test"):
        assert (await desk.ask("GET", f"/v1/deliveries?{query}", admin)).status_code == 200
    seen = [(await desk.ask("GET", "/v1/accounts/me/looks", each)).json()["items"] for each in (anna, bram, carla)]
    assert [[(look["what"], look["viewer_name"]) for look in looks] for looks in seen] == [
        [("deliveries", admin.account.name)],
        [("deliveries", admin.account.name)],
        [],
    ]


async def test_dead_letters_of_a_kind_are_counted_and_tried_again_together(desk: Desk, admin: Person) -> None:
    anna, other = desk.person("anna"), desk.person("other", domain=SECOND)
    dead = [parked(desk, waiting(desk, anna), JobState.DEAD) for _ in range(3)]
    parked(desk, waiting(desk, anna, Channel.EMAIL), JobState.DEAD)
    foreign = parked(desk, waiting(desk, other), JobState.DEAD)
    desk.store.write_now(statements.run, "UPDATE delivery SET needs_key = false WHERE id = 1")

    async def counted() -> dict[tuple[str, str], int]:
        answer = await desk.ask("GET", "/v1/outbox/counts", admin)
        return {(each["kind"], each["state"]): each["count"] for each in answer.json()}

    assert await counted() == {("paper", "dead"): 3, ("email", "dead"): 1}
    answer = await desk.ask("POST", "/v1/outbox/retries", admin, {"kind": "paper"})
    assert answer.json() == {"retried": 2, "left": 1}
    assert await counted() == {("paper", "dead"): 1, ("paper", "waiting"): 2, ("email", "dead"): 1}
    assert desk.store.read_now(jobs.get, foreign).state is JobState.DEAD
    assert kinds(desk) == ["outbox.retried"] * 2
    assert len(dead) == 3


async def test_paused_notice_addresses_are_listed_without_their_url(desk: Desk, admin: Person, owner: Person) -> None:
    anna = desk.person("anna")
    public = OutboxKey.of(desk.store.server_keys.outbox).public_key
    url = "ntfys://ntfy.example.org/CANARY"
    desk.store.write_now(notice_urls.put, anna.account.id, public, url, "ntfys", NOW, actor="system")
    assert (await desk.ask("GET", "/v1/outbox/paused-addresses", admin)).json()["items"] == []
    for at in (NOW, NOW + notice_urls.PATIENCE + 1):
        desk.store.write_now(notice_urls.failed, anna.account.id, at)
    (item,) = (await desk.ask("GET", "/v1/outbox/paused-addresses", admin)).json()["items"]
    assert item == {
        "account": anna.account.public_id,
        "email": "anna@example.test",
        "service": "ntfys",
        "paused_at": NOW + notice_urls.PATIENCE + 1,
    }
    (item,) = (await desk.ask("GET", "/v1/outbox/paused-addresses", owner)).json()["items"]
    assert item["email"] == "a…@e…"
