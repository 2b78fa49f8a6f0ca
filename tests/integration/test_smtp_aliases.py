"""Mail to aliases for one sender, and to people who have not come yet, over real sockets (D11, S9)."""

from pathlib import Path

import pytest

from storage.engine import statements
from storage.people import aliases, senders
from storage.people.accounts import AccountDraft, create
from storage.records import AccountState, Role
from tests.smtp_office import NOW, OUTSIDE, Client, Office, running

ANNA, ALIAS = "anna@example.test", "anna-energie@example.test"
LETTER = b"From: <%s>\r\nSubject: Invoice\r\n\r\nDear Anna\r\n"
REFUSED = "550 5.7.1 this address takes mail from one sender only: ask its owner for another"


async def add_alias(office: Office, only_from: str) -> None:
    await office.store.write(
        aliases.add, office.anna.account, office.domain, ALIAS, NOW, actor="operator", only_from=only_from
    )


async def offered(client: Client, sender: str, *recipients: str) -> list[str]:
    """Replies to RCPT, after which the transaction is given up."""
    assert (await client.say(f"MAIL FROM:<{sender}>")).startswith("250 ")
    replies = [await client.say(f"RCPT TO:<{recipient}>") for recipient in recipients]
    await client.say("RSET")
    return replies


async def test_the_signed_in_sender_it_is_for_and_another(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        await add_alias(office, OUTSIDE)
        other = office.person("shop@example.test", Role.SENDER)
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(other)
        assert await offered(client, "shop@example.test", ALIAS, "anna-energie+x@example.test", ANNA) == [
            REFUSED,
            REFUSED,
            "250 2.0.0 OK",
        ]
        assert (await client.hand_in(LETTER % b"shop@example.test", "shop@example.test", ANNA)).startswith("250 ")
        assert len(await office.messages(office.anna)) == 1

        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        assert (await client.hand_in(LETTER % OUTSIDE.encode(), OUTSIDE, ALIAS)).startswith("250 ")
        assert len(await office.messages(office.anna)) == 2


@pytest.mark.parametrize("sender", ["erp@example.test", "post@energie.test", ""])
async def test_a_signed_in_sender_is_known_by_all_its_identities(tmp_path: Path, sender: str) -> None:
    """Whichever of them it writes as this time, a receipt without an envelope sender too."""
    async with running(tmp_path) as office:
        await add_alias(office, OUTSIDE)
        await office.store.write(senders.add_identity, office.erp.account.id, "post@energie.test", NOW)
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        assert await offered(client, sender, ALIAS) == ["250 2.0.0 OK"]


@pytest.mark.parametrize(
    ("sender", "taken"),
    [
        ("post@shop.test", True),
        ("POST@Shop.test", True),
        ("post@evil.test", False),
        ("post@shop.test.evil.test", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("only_from", ["post@shop.test", "@shop.test"])
async def test_mail_from_elsewhere_goes_by_its_envelope(
    tmp_path: Path, only_from: str, sender: str, taken: bool
) -> None:
    async with running(tmp_path) as office:
        await add_alias(office, only_from)
        client = await Client.connect(office, "mx")
        await client.say("EHLO mail.shop.test")
        assert await offered(client, sender, ALIAS) == ["250 2.0.0 OK" if taken else REFUSED]
        assert len(REFUSED) < 512 - 2


async def test_documents_for_somebody_invited_are_kept_and_an_invited_sender_sends(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        draft = AccountDraft("eva@example.test", "Eva", Role.RECIPIENT, state=AccountState.INVITED)
        account, keys = await office.store.write(create, office.store.shred, draft, office.domain, NOW)
        sql = "UPDATE account SET state = 'invited' WHERE id = ?"
        await office.store.write(statements.run, sql, (office.erp.account.id,))
        client = await Client.connect(office, "smtp-plain")
        assert (await client.sign_in(office.erp)).startswith("235 ")
        assert (await client.hand_in(LETTER % OUTSIDE.encode(), OUTSIDE, account.email)).startswith("250 ")
        eva = type(office.anna)(account, keys, office.anna.device)
        (kept,) = await office.messages(eva)
        assert kept.endswith(LETTER % OUTSIDE.encode())
