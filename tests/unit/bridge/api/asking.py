"""What tests of the control API ask, and what lies in an inbox afterwards."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

from storage.mail import documents
from storage.mail.reading import Reader
from storage.people import accounts
from tests.control import Desk, Person


async def asked(desk: Desk, method: str, path: str, who: Person | None, body: Any = None, status: int = 200) -> Any:
    answer = await desk.ask(method, path, who, body)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


async def refused(desk: Desk, method: str, path: str, who: Person | None, body: Any = None) -> tuple[int, str]:
    """Status and code; the text is there in both languages, and differs."""
    english = await desk.ask(method, path, who, body)
    dutch = await desk.ask(method, path, who, body, **{"Accept-Language": "nl"})
    assert english.json()["code"] == dutch.json()["code"]
    assert english.json()["detail"] != dutch.json()["detail"]
    assert "{" not in english.json()["detail"]
    return english.status_code, english.json()["code"]


async def notices(desk: Desk, person: Person) -> list[EmailMessage]:
    """What lies in the inbox, opened with the reader's own keys."""
    account = desk.store.read_now(accounts.by_id, person.account.id)
    found = desk.store.read_now(accounts.recipient, account.email)
    assert found is not None
    reader = Reader(desk.store, account, person.keys, bytes)
    bodies = [
        await reader.body(each.document_id) for each in desk.store.read_now(documents.copies_of, found.inbox_id)
    ]
    return [email.message_from_bytes(body, policy=email.policy.default) for body in bodies]


def subjects(messages: list[EmailMessage]) -> list[str]:
    return [message["Subject"] for message in messages]
