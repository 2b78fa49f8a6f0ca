"""Two post offices whose readers have each other as contact address: what they tell each other comes to an end."""

from pathlib import Path

import pytest

from bridge.channels.outside import words
from bridge.routing.decision import Places
from storage.choices import changes
from storage.deliveries.terms import Choice, Ladder, Notify, Road
from storage.engine import statements
from tests.smtp_office import NOW, Client, Office, running

NOTICE = "SELECT count(*) FROM job WHERE kind = 'notice'"
MOST = 10


def wants_notices(office: Office, contact: str) -> None:
    """Anna is told of all that comes, at once, and reminded of it."""
    number = office.anna.account.id
    proven = "UPDATE account SET contact_email = ?, contact_email_verified_at = 1 WHERE id = ?"
    office.store.write_now(statements.run, proven, (contact, number))
    choice = Choice(notify=Notify.AT_ONCE, ladder=Ladder.parse("3:remind"))
    given = {"road": Road.API, "actor": "operator", "changed_by": None, "now": NOW}
    office.store.write_now(changes.change, number, [None], None, choice, **given)
    office.server.office.places = Places(notices_by_email=True)


async def hand_in(office: Office, message: bytes) -> str:
    client = await Client.connect(office, "mx")
    await client.say("EHLO mx.other.test")
    answer = await client.hand_in(message, "bounce+x@other.test", "anna@example.test")
    await client.close()
    return answer


def waiting(office: Office) -> int:
    return int(office.store.read_now(statements.rows, NOTICE)[0][0])


@pytest.mark.parametrize("kind", [words.Trial, words.ContactProven])
async def test_notices_of_notices_come_to_an_end(tmp_path: Path, kind: type[words.Outside]) -> None:
    """Each office hands what it would send to the other, as long as either has something to send."""
    async with running(tmp_path / "a") as here, running(tmp_path / "b") as there:
        for office in (here, there):
            wants_notices(office, "anna@example.test")
        message = b"From: <person@outside.test>\r\nMessage-ID: <1@outside.test>\r\n\r\nDag Anna\r\n"
        offices, passed = (here, there), 0
        while passed < MOST:
            office = offices[passed % 2]
            before = waiting(office)
            assert (await hand_in(office, message)).startswith("250 ")
            passed += 1
            if waiting(office) == before:
                break
            notice = kind("other.test")
            message = words.letter(notice, "nl", "anna@example.test", NOW, f"notice {passed}")
        assert (passed, waiting(here), waiting(there)) == (2, 1, 0)
        ladders = there.store.read_now(statements.rows, "SELECT ladder FROM delivery")
        assert ladders == [(None,)], "nor is anybody reminded of a notice"
