"""Senders without a sign-in: by network, by DKIM signature; and the line that says what was checked (D11)."""

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import dkim
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bridge.mail import headers
from bridge.smtp.key_records import Resolver
from storage.engine import statements
from storage.errors import Invalid
from storage.people import sender_trust
from storage.people.sender_trust import Trust
from tests.smtp_office import NOW, OUTSIDE, Client, Office, running

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
)
RECORD = b"v=DKIM1; k=rsa; p=" + PUBLIC
NAME = "s1._domainkey.energie.test"
MESSAGE = (
    f"From: Energie <{OUTSIDE}>\r\nTo: anna@example.test\r\nSubject: factuur\r\nMessage-ID: <1@energie.test>\r\n"
    "\r\nBeste Anna, bijgaand uw factuur.\r\n"
).encode()


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with running(tmp_path) as opened:
        opened.server.office.resolver = resolver({NAME: RECORD})
        yield opened


def resolver(records: dict[str, bytes | None]) -> Resolver:
    async def resolve(name: str) -> bytes | None:
        return records[name]

    return resolve


def trust(office: Office, *, networks: tuple[str, ...] = (), domains: tuple[str, ...] = ()) -> None:
    account = office.erp.account.id
    office.store.write_now(sender_trust.put, account, Trust(networks, domains), NOW, "operator")


def signed(message: bytes = MESSAGE, *, domain: bytes = b"energie.test", length: bool = False) -> bytes:
    made: bytes = dkim.sign(
        message, b"s1", domain, PEM, include_headers=[b"from", b"subject", b"message-id"], length=length
    )
    return made + message


async def hand_in(office: Office, message: bytes, sender: str = OUTSIDE) -> str:
    client = await Client.connect(office, "mx")
    await client.say("EHLO scanner.example")
    return await client.hand_in(message, sender, "anna@example.test")


async def stored(office: Office) -> bytes:
    (message,) = await office.messages(office.anna)
    return message


def results(message: bytes) -> list[str]:
    return headers.values(message.partition(b"\r\n\r\n")[0] + b"\r\n", "Authentication-Results")


async def test_a_scanner_in_its_network_hands_in_as_the_sender(office: Office) -> None:
    trust(office, networks=("127.0.0.0/8",))
    assert (await hand_in(office, MESSAGE)).startswith("250 2.0.0 stored")
    message = await stored(office)
    assert message.endswith(MESSAGE)
    assert results(message) == [f"mail.example.test;\tx-network=pass smtp.mailfrom={OUTSIDE}"]
    ((sender,),) = office.store.read_now(statements.rows, "SELECT sender_account_id FROM document")
    assert sender == office.erp.account.id


async def test_from_another_network_it_must_sign_in(office: Office) -> None:
    trust(office, networks=("10.0.0.0/8",))
    client = await Client.connect(office, "mx")
    await client.say("EHLO scanner.example")
    assert (await client.say(f"MAIL FROM:<{OUTSIDE}>")).startswith("550 5.7.1")


async def test_the_network_lets_it_write_as_itself_alone(office: Office) -> None:
    trust(office, networks=("127.0.0.0/8",))
    forged = MESSAGE.replace(OUTSIDE.encode(), b"bram@example.test")
    assert (await hand_in(office, forged)).startswith("550 5.7.1 the header From")
    assert await office.messages(office.anna) == []


async def test_a_valid_signature_of_its_domain_makes_it_the_sender(office: Office) -> None:
    trust(office, domains=("energie.test",))
    assert (await hand_in(office, signed())).startswith("250 2.0.0 stored")
    (line,) = results(await stored(office))
    assert line.startswith("mail.example.test;\tdkim=pass header.d=energie.test header.s=s1 header.b=")


async def test_a_domain_that_tries_its_key_out_makes_nobody_the_sender(office: Office) -> None:
    """RFC 6376 section 3.6.1, t=y: as if there were no signature."""
    trust(office, domains=("energie.test",))
    office.server.office.resolver = resolver({NAME: RECORD + b"; t=y"})
    assert (await hand_in(office, signed())).startswith("550 5.7.20 ")


async def test_each_signature_of_a_stranger_is_told_of(office: Office) -> None:
    office.server.office.resolver = resolver({NAME: RECORD, "s1._domainkey.evil.test": None})
    message = signed(signed(MESSAGE.replace(OUTSIDE.encode(), b"x@evil.test"), domain=b"evil.test"))
    assert (await hand_in(office, message, "x@evil.test")).startswith("250 ")
    told = results(await stored(office))[0].split(";\t")[1:]
    assert [each.partition(" header.b=")[0] for each in told] == [
        "dkim=pass header.d=energie.test header.s=s1",
        "dkim=permerror header.d=evil.test header.s=s1",
    ]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(MESSAGE, id="none"),
        pytest.param(signed().replace(b"bijgaand", b"hierbij"), id="another body"),
        pytest.param(signed().replace(b"Subject: factuur", b"Subject: boete"), id="another subject"),
        pytest.param(signed(domain=b"evil.test"), id="another domain"),
        pytest.param(signed(length=True), id="of a part of the body"),
        pytest.param(b"DKIM-Signature: v=1; d=energie.test; s=s1\r\n" + MESSAGE, id="without content"),
        pytest.param(b"DKIM-Signature: \xff;;=;d=\r\n" * 9 + MESSAGE, id="nonsense"),
    ],
)
async def test_without_one_it_is_refused(office: Office, message: bytes) -> None:
    trust(office, domains=("energie.test",))
    office.server.office.resolver = resolver({NAME: RECORD, "s1._domainkey.evil.test": RECORD})
    assert (await hand_in(office, message)).startswith("550 5.7.20 ")
    assert await office.messages(office.anna) == []


async def test_a_second_author_under_a_valid_signature_is_refused(office: Office) -> None:
    """Signers sign one From; a second one, added on top, is what many programs show."""
    trust(office, domains=("energie.test",))
    assert (await hand_in(office, b"From: <ceo@bank.test>\r\n" + signed())).startswith("550 5.7.1 the header From")


async def test_when_nobody_answers_for_the_key_the_sender_tries_again(office: Office) -> None:
    trust(office, domains=("energie.test",))
    office.server.office.resolver = resolver({})
    assert (await hand_in(office, signed())).startswith("451 4.7.5 ")
    office.server.office.resolver = resolver({NAME: None})
    assert (await hand_in(office, signed())).startswith("550 5.7.20 ")


async def test_what_others_claim_to_have_checked_is_taken_out(office: Office) -> None:
    claims = (
        b"Authentication-Results: mail.example.test; dkim=pass header.d=bank.test\r\n"
        b"authentication-results: elsewhere.test;\r\n\tspf=pass\r\n"
    )
    message = b"From: <x@outside.test>\r\n" + claims + b"Subject: y\r\n\r\nAuthentication-Results: in the body\r\n"
    assert (await hand_in(office, message, "x@outside.test")).startswith("250 ")
    kept = await stored(office)
    assert results(kept) == ["mail.example.test;\tnone"]
    assert kept.endswith(b"From: <x@outside.test>\r\nSubject: y\r\n\r\nAuthentication-Results: in the body\r\n")


async def test_a_signed_in_sender_keeps_what_does_not_claim_to_be_ours(office: Office) -> None:
    client = await Client.connect(office, "smtps")
    await client.sign_in(office.erp)
    theirs = b"Authentication-Results: elsewhere.test; spf=pass\r\n"
    message = theirs + b"Authentication-Results: MAIL.example.test; dkim=pass\r\n" + MESSAGE
    assert (await client.hand_in(message, OUTSIDE, "anna@example.test")).startswith("250 ")
    kept = await stored(office)
    assert results(kept) == [f"mail.example.test;\tauth=pass smtp.mailfrom={OUTSIDE}", "elsewhere.test; spf=pass"]
    assert kept.endswith(theirs + MESSAGE)


async def test_a_suspended_sender_is_refused_whoever_vouches(office: Office) -> None:
    trust(office, networks=("127.0.0.0/8",))
    office.store.write_now(statements.run, "UPDATE account SET state = 'suspended' WHERE role = 'sender'")
    client = await Client.connect(office, "mx")
    await client.say("EHLO scanner.example")
    assert (await client.say(f"MAIL FROM:<{OUTSIDE}>")).startswith("550 5.7.1 your account")


def test_what_vouches_is_checked_when_it_is_set(tmp_path: Path) -> None:
    office = Office(tmp_path)
    try:
        for wrong in (
            Trust(("10.0.0.1/8",)),
            Trust((), ("no domain",)),
            Trust((), tuple(f"d{n}.test" for n in range(30))),
        ):
            with pytest.raises(Invalid):
                office.store.write_now(sender_trust.put, office.erp.account.id, wrong, NOW, "operator")
    finally:
        office.store.close()
