"""Processes killed on the way of a document: an external mailbox has it once, e-mail goes at least once.

At each fourth point of the way; with SOAK_CARRIER_STRIDE=1 at each.
"""

import asyncio
import imaplib
import os
import re
import ssl
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench.servers.dovecot import PASSWORD, Dovecot
from storage.deliveries.external_mailboxes import Place
from storage.deliveries.terms import Channel
from tests.integration import peers
from tests.leaving import Way
from tests.relays import relay
from tests.smtp_office import Office

STRIDE = int(os.environ.get("SOAK_CARRIER_STRIDE", "4"))
POINTS = {"external": 15, "email": 20}
"""At least so many places to die at there are."""


async def killed(office: Office, channel: str, data: Path, port: int, ca_file: Path) -> list[int]:
    """The points that processes died at, and the first at which none did; of each there is a document."""
    master = office.master.secret.hex()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.crash.carrier_driver", channel, str(data), str(port), str(ca_file), str(STRIDE)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate(master.encode() + b"\n")
    assert process.returncode == 0
    return [int(line) for line in out.splitlines() if line.isdigit()]


@pytest.mark.skipif(peers.dovecot_missing() is not None, reason=str(peers.dovecot_missing()))
async def test_an_external_mailbox_has_each_document_once(tmp_path: Path) -> None:
    with peers.dovecot(1) as server:
        assert isinstance(server, Dovecot)
        office, place = Office(tmp_path), Place("127.0.0.1", server.imaps_port, "kill@bench.test", "INBOX", "NL")
        way = Way(office)
        way.choose(office.anna, Channel.EXTERNAL)
        way.set_external(office.anna, place, PASSWORD)
        await office.store.aclose()
        numbers = await killed(office, "external", tmp_path, place.port, server.folder / "certificate.pem")
        came = Counter(await asyncio.to_thread(message_ids, place))
    assert numbers[-1] > POINTS["external"]
    assert came == Counter(f"<{each}@kill.test>" for each in numbers)


def message_ids(place: Place) -> list[str]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with imaplib.IMAP4_SSL(place.host, place.port, ssl_context=context, timeout=10) as client:
        client.login(place.username, PASSWORD)
        client.select()
        _, answer = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
    return re.findall(r"(<\d+@kill\.test>)", str(answer))


@pytest.mark.skipif(STRIDE > 1, reason="SOAK_CARRIER_STRIDE=1 sets it; cut steps are tried in test_email_channel")
async def test_e_mail_goes_at_least_once_and_the_same_each_time(tmp_path: Path) -> None:
    office = Office(tmp_path)
    way = Way(office)
    way.choose(office.anna, Channel.EMAIL)
    way.verify_contact(office.anna)
    await office.store.aclose()
    async with relay(tmp_path, {}) as (made, sessions):
        numbers = await killed(office, "email", tmp_path, made.port, tmp_path / "relay.pem")
    came = [session.message for session in sessions if session.accepted]
    assert numbers[-1] > POINTS["email"]
    found = {re.search(rb"\r\nMessage-ID: (<\d+@kill\.test>)", each)[1]: each for each in came}  # type: ignore[index]
    assert set(found) == {b"<%d@kill.test>" % each for each in numbers}
    assert set(came) == set(found.values())
    assert len(came) > len(numbers)
