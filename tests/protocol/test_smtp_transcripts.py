"""SMTP as transcripts. `C:` is sent, `S:` is the whole reply or, with … at its end, how it begins.

`C+` is sent together with the line before it, in one packet. `{auth}` is the sender's PLAIN answer. `S: (closed)`
says that the server ends the connection, which it does only after a reply.
"""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.records import Role
from tests.smtp_office import Client, Office, running

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    data: Path = tmp_path_factory.mktemp("transcripts")
    async with running(data) as office:
        office.person("full@example.test", Role.RECIPIENT, quota=0)
        yield office


async def play(client: Client, transcript: str, office: Office) -> None:
    device = office.erp.device
    auth = b64encode(f"\0{device.username}\0{device.password}".encode()).decode()
    steps = re.findall(r"^ *(C:|C\+|S:) ?(.*)$", transcript, re.MULTILINE)
    outgoing = b""
    for index, (side, text) in enumerate(steps):
        if side != "S:":
            line = text.replace("{auth}", auth).encode().decode("unicode_escape").encode("latin-1")
            outgoing += line + b"\r\n"
            if index + 1 == len(steps) or steps[index + 1][0] != "C+":
                client.send(outgoing)
                outgoing = b""
            continue
        said = await client.reply()
        if text == "(closed)":
            assert said == ""
        elif text.endswith("…"):
            assert said.startswith(text[:-1]), f"{text!r} expected, {said!r} came"
        else:
            assert said == text


SIGN_IN = """
    C: EHLO erp.energie.test
    S: 250-mail.example.test…
    C: AUTH PLAIN {auth}
    S: 235 2.7.0 signed in
"""

REFUSALS = {
    "commands out of order": """
        C: MAIL FROM:<facturen@energie.test>
        S: 503 5.5.1 send EHLO first
        C: AUTH PLAIN {auth}
        S: 503 5.5.1…
        C: EHLO x
        S: 250-…
        C: MAIL FROM:<facturen@energie.test>
        S: 530 5.7.0 sign in first (AUTH)
        C: RCPT TO:<anna@example.test>
        S: 530 5.7.0…
        C: DATA
        S: 530 5.7.0…
        C: AUTH PLAIN {auth}
        S: 235 2.7.0…
        C: RCPT TO:<anna@example.test>
        S: 503 5.5.1 send MAIL first
        C: DATA
        S: 503 5.5.1 send MAIL first
        C: MAIL FROM:<facturen@energie.test>
        S: 250 2.0.0…
        C: MAIL FROM:<facturen@energie.test>
        S: 503 5.5.1 MAIL was given already
    """,
    "not understood": """
        C: EHLO
        S: 501 5.5.4…
        C: HELO
        S: 501 5.5.4…
        C: FOO
        S: 500 5.5.2 command not understood
        C:
        S: 500 5.5.2…
        C: \\xff\\xfe
        S: 500 5.5.2 commands are ASCII…
        C: NOOP \\x00
        S: 500 5.5.2 commands are ASCII…
        C: NOOP a\\rb
        S: 500 5.5.2 commands are ASCII…
        C: EHLO \\xc3\\xa9
        S: 500 5.5.2 commands are ASCII…
        C: EXPN staff
        S: 502 5.5.1…
        C: VRFY anna
        S: 252 2.5.0…
        C: HELP
        S: 250 2.0.0…
        C: NOOP
        S: 250 2.0.0 OK
        C: RSET
        S: 250 2.0.0 OK
        C: STARTTLS
        S: 502 5.5.1 TLS is not offered here
        C: QUIT
        S: 221 2.0.0 bye
        S: (closed)
    """,
    "a web browser": """
        C: GET / HTTP/1.1
        S: 421 4.7.0 this is SMTP, closing
        S: (closed)
    """,
    "sign-in that fails": """
        C: EHLO x
        S: 250-…
        C: AUTH
        S: 501 5.5.4…
        C: AUTH CRAM-MD5
        S: 504 5.5.4…
        C: AUTH plain
        S: 334…
        C: *
        S: 501 5.7.0 sign-in given up
        C: AUTH PLAIN ****
        S: 501 5.5.2…
        C: AUTH PLAIN AAAA
        S: 501 5.5.2…
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: ZXJwQGV4YW1wbGUudGVzdA==
        S: 334 UGFzc3dvcmQ6
        C: d3Jvbmc=
        S: 535 5.7.8 user name or device password not accepted
        C: AUTH LOGIN ZXJwQGV4YW1wbGUudGVzdA==
        S: 334 UGFzc3dvcmQ6
        C: d3Jvbmc=
        S: 535 5.7.8 user name or device password not accepted
        C: AUTH PLAIN AGVycABhYWE=
        S: 535 5.7.8 user name or device password not accepted
        S: 421 4.7.0 too many errors, closing
        S: (closed)
    """,
}

SIGNED_IN = {
    "senders": """
        C: AUTH PLAIN {auth}
        S: 503…
        C: MAIL FROM:<anna@example.test>
        S: 550 5.7.1 you may not send as this address…
        C: MAIL FROM:<nobody>
        S: 553 5.1.7…
        C: MAIL facturen@energie.test
        S: 501 5.5.4…
        C: MAIL FROM:<>
        S: 250 2.0.0 OK
        C: RSET
        S: 250 2.0.0 OK
        C: MAIL FROM:<Facturen@Energie.Test> SIZE=100 BODY=8BITMIME SMTPUTF8 AUTH=<>
        S: 250 2.0.0 OK
        C: AUTH PLAIN {auth}
        S: 503 5.5.1 AUTH is not possible within a mail transaction
    """,
    "parameters": """
        C: MAIL FROM:<erp@example.test> SIZE=99999999999
        S: 552 5.3.4 message exceeds the size limit of 52428800 bytes
        C: MAIL FROM:<erp@example.test> SIZE=x
        S: 501 5.5.4…
        C: MAIL FROM:<erp@example.test> BODY=BINARYMIME
        S: 501 5.5.4…
        C: MAIL FROM:<erp@example.test> FUTURE=1
        S: 555 5.5.4…
        C: MAIL FROM:<erp@example.test> SMTPUTF8=1
        S: 501 5.5.4…
        C: MAIL FROM:<\\xc3\\xa9@example.test>
        S: 553 5.6.7…
        C: MAIL FROM:<erp@example.test>
        S: 250 2.0.0 OK
        C: RCPT TO:<anna@example.test> FUTURE=1
        S: 555 5.5.4…
        C: RCPT TO:<\\xc3\\xa9@example.test>
        S: 553 5.6.7…
    """,
    "delivery status parameters": """
        C: MAIL FROM:<erp@example.test> RET=BODY
        S: 501 5.5.4 RET is…
        C: MAIL FROM:<erp@example.test> RET
        S: 501 5.5.4…
        C: MAIL FROM:<erp@example.test> ENVID=
        S: 501 5.5.4…
        C: MAIL FROM:<erp@example.test> ENVID=a+0Ab
        S: 501 5.5.4…
        C: MAIL FROM:<erp@example.test> ENVID=a+0ab
        S: 501 5.5.4…
        C: MAIL FROM:<erp@example.test> ENVID=a ENVID=b
        S: 501 5.5.4…
        C: MAIL FROM:<erp@example.test> RET=hdrs ENVID=QQ+2B314159
        S: 250 2.0.0 OK
        C: RCPT TO:<anna@example.test> NOTIFY=NEVER,SUCCESS
        S: 501 5.5.4 NOTIFY is…
        C: RCPT TO:<anna@example.test> NOTIFY=SOON
        S: 501 5.5.4…
        C: RCPT TO:<anna@example.test> NOTIFY=
        S: 501 5.5.4…
        C: RCPT TO:<anna@example.test> ORCPT=anna@example.test
        S: 501 5.5.4…
        C: RCPT TO:<anna@example.test> ORCPT=rfc822;
        S: 501 5.5.4…
        C: RCPT TO:<anna@example.test> NOTIFY=success,DELAY ORCPT=rfc822;anna+2Bx@example.test
        S: 250 2.0.0 OK
        C: RCPT TO:<bram@example.test> NOTIFY=NEVER
        S: 250 2.0.0 OK
    """,
    "recipients": """
        C: MAIL FROM:<erp@example.test>
        S: 250 2.0.0 OK
        C: RCPT TO:<nobody@example.test>
        S: 550 5.1.1 no such mailbox here
        C: RCPT TO:<someone@elsewhere.test>
        S: 550 5.7.1 only recipients of this server…
        C: RCPT TO:<full@example.test>
        S: 452 4.2.2 this mailbox is full
        C: RCPT TO:<>
        S: 553 5.1.3…
        C: RCPT TO:<a b@example.test>
        S: 553 5.1.3…
        C: RCPT anna@example.test
        S: 501 5.5.4…
        C: DATA
        S: 503 5.5.1 no valid recipient yet
        C: RCPT TO:<Anna+invoices@Example.Test>
        S: 250 2.0.0 OK
        C: RCPT TO:<anna@example.test>
        S: 250 2.0.0 OK
        C: DATA now
        S: 501 5.5.4…
    """,
    "content": """
        C: MAIL FROM:<erp@example.test>
        S: 250 2.0.0 OK
        C: RCPT TO:<anna@example.test>
        S: 250 2.0.0 OK
        C: DATA
        S: 354 …
        C: From: anna@example.test
        C: \\r\\n.
        S: 550 5.7.1 the header From names an address that is not yours
        C: MAIL FROM:<erp@example.test>
        C+ RCPT TO:<anna@example.test>
        C+ DATA
        S: 250 2.0.0 OK
        S: 250 2.0.0 OK
        S: 354 …
        C: a\\rb\\r\\n.
        S: 554 5.6.0 the message holds a CR…
        C: MAIL FROM:<erp@example.test>
        C+ RCPT TO:<anna@example.test>
        C+ DATA
        S: 250 2.0.0 OK
        S: 250 2.0.0 OK
        S: 354 …
        C: a\\0b\\r\\n.
        S: 554 5.6.0 the message holds a NUL…
        C: MAIL FROM:<erp@example.test>
        C+ RCPT TO:<anna@example.test>
        C+ DATA
        S: 250 2.0.0 OK
        S: 250 2.0.0 OK
        S: 354 …
        C: From: erp@example.test\\r\\n\\r\\nMAIL FROM:<x>\\nQUIT\\n.\\nDATA\\r\\n.
        C+ MAIL FROM:<erp@example.test>
        C+ NOOP
        S: 250 2.0.0 stored as …
        S: 250 2.0.0 OK
        S: 250 2.0.0 OK
    """,
    "data sent without a 354": """
        C: DATA
        C+ MAIL FROM:<erp@example.test>
        S: 503 5.5.1 send MAIL first
        S: 421 4.5.0 data was sent without a 354, closing
        S: (closed)
    """,
}

MX = {
    "outsiders": """
        C: EHLO mx.elsewhere.test
        S: 250-…
        C: AUTH PLAIN {auth}
        S: 538 5.7.11 start TLS before AUTH
        C: MAIL FROM:<anna@example.test>
        S: 550 5.7.1 this address sends from here only after a sign-in
        C: MAIL FROM:<facturen@energie.test>
        S: 550 5.7.1 this address sends from here only after a sign-in
        C: MAIL FROM:<x@sub.example.test>
        S: 250 2.0.0 OK
        C: RCPT TO:<someone@elsewhere.test>
        S: 550 5.7.1 only recipients of this server…
        C: RCPT TO:<anna@example.test>
        S: 250 2.0.0 OK
        C: RSET
        S: 250 2.0.0 OK
        C: MAIL FROM:<>
        S: 250 2.0.0 OK
        C: RCPT TO:<anna@example.test>
        S: 250 2.0.0 OK
        C: DATA
        S: 354 …
        C: From: anna@example.test\\r\\n\\r\\nbounce\\r\\n.
        S: 250 2.0.0 stored as …
    """,
    "an old client": """
        C: HELO mx.elsewhere.test
        S: 250 mail.example.test
        C: MAIL FROM:<x@elsewhere.test> SIZE=1
        S: 555 5.5.4…
        C: MAIL FROM:<x@elsewhere.test>
        S: 250 2.0.0 OK
        C: RCPT TO:<anna@example.test> NOTIFY=NEVER
        S: 555 5.5.4…
    """,
}

SUBMISSION = {
    "TLS comes first": """
        C: EHLO x
        S: 250-…
        C: MAIL FROM:<erp@example.test>
        S: 530 5.7.0 start TLS first (STARTTLS)
        C: AUTH PLAIN {auth}
        S: 530 5.7.0 start TLS first (STARTTLS)
        C: VRFY x
        S: 530 5.7.0…
        C: STARTTLS now
        S: 501 5.5.4…
        C: STARTTLS
        C+ RSET
        S: 421 4.7.0 nothing may follow STARTTLS before the handshake, closing
        S: (closed)
    """,
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusals(office: Office, name: str) -> None:
    client = await Client.connect(office, "smtp-plain")
    await play(client, REFUSALS[name], office)
    await client.close()


@pytest.mark.parametrize("name", SIGNED_IN)
async def test_signed_in(office: Office, name: str) -> None:
    client = await Client.connect(office, "smtp-plain")
    await play(client, SIGN_IN + SIGNED_IN[name], office)
    await client.close()


@pytest.mark.parametrize("name", MX)
async def test_mx(office: Office, name: str) -> None:
    client = await Client.connect(office, "mx")
    await play(client, MX[name], office)
    await client.close()


@pytest.mark.parametrize("name", SUBMISSION)
async def test_submission(office: Office, name: str) -> None:
    client = await Client.connect(office, "submission")
    await play(client, SUBMISSION[name], office)
    await client.close()


@pytest.mark.parametrize(
    ("door", "starttls", "auth"),
    [("smtp-plain", False, True), ("smtps", False, True), ("submission", True, False), ("mx", True, False)],
)
async def test_what_is_announced(office: Office, door: str, starttls: bool, auth: bool) -> None:
    client = await Client.connect(office, door)
    lines = (await client.say("EHLO x")).split("\n")
    words = {line[4:] for line in lines[1:]}
    assert lines[0] == "250-mail.example.test"
    assert words >= {"PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "SIZE 52428800"}
    assert ("STARTTLS" in words) == starttls
    assert ("AUTH PLAIN LOGIN" in words) == auth
    await client.close()


async def test_a_long_line_is_read_to_its_end_and_refused(office: Office) -> None:
    client = await Client.connect(office, "mx")
    for length in (3_000, 70_000, 300_000):
        assert await client.say("NOOP " + "x" * length) == "500 5.5.2 command line too long"
    assert await client.say("NOOP") == "250 2.0.0 OK"
    client.send(b"x" * 3_000_000)
    assert (await client.reply()).startswith("421 ")
    await client.close()


async def test_too_many_errors(office: Office) -> None:
    client = await Client.connect(office, "mx")
    replies = [await client.say("BOGUS") for _ in range(21)]
    assert set(replies) == {"500 5.5.2 command not understood"}
    assert await client.reply() == "421 4.7.0 too many errors, closing"
    assert await client.reply() == ""
    await client.close()


async def test_too_many_commands_without_a_sign_in(office: Office) -> None:
    client = await Client.connect(office, "smtp-plain")
    for _ in range(30):
        assert await client.say("NOOP") == "250 2.0.0 OK"
    assert (await client.say("NOOP")).startswith("421 4.7.0 ")
    await client.close()
