"""SEARCH and UID SEARCH (RFC 3501 section 6.4.4), with RETURN of RFC 4731 (ESEARCH).

A body scan that takes longer than allowed ends with `NO [LIMIT]` and no result. Damaged documents are not searched:
an untagged NO names them, beside a result that is complete for all others.
"""

import asyncio
from collections.abc import Awaitable, Sequence

from bridge.imap.answers import Answer, Refused
from bridge.imap.messages import Documents
from bridge.imap.protocol import responses, sequence
from bridge.imap.protocol.commands import Command, Search
from bridge.imap.search import Evaluation, SearchTooLong
from bridge.imap.session import Session


async def search(session: Session, command: Command) -> Answer:
    assert isinstance(command, Search)
    view, services = session.selected(), session.services
    documents = Documents(view, session.signed_in().reader)
    evaluation = Evaluation(view, documents, services.monotonic, services.search_seconds, pause)
    try:
        positions = await evaluation.run(command.key)
    except SearchTooLong:
        raise Refused("The search took too long: narrow it by date, sender or subject", "LIMIT") from None
    if documents.damaged:
        session.warn_of_damage(documents.damaged)
    found = [view.uids[at] for at in positions] if command.by_uid else [at + 1 for at in positions]
    session.send(response(command, found))
    return Answer("SEARCH completed")


def pause() -> Awaitable[None]:
    return asyncio.sleep(0)


def response(command: Search, found: Sequence[int]) -> bytes:
    """`* SEARCH 2 3` or, when RETURN was given, `* ESEARCH (TAG "a1") UID ALL 2:3`; `RETURN ()` means ALL."""
    if command.returns is None:
        return responses.search(found)
    wanted = command.returns or {"ALL"}
    return responses.esearch(
        command.tag,
        command.by_uid,
        minimum=found[0] if found and "MIN" in wanted else None,
        maximum=found[-1] if found and "MAX" in wanted else None,
        count=len(found) if "COUNT" in wanted else None,
        found=sequence.runs(found) if "ALL" in wanted else None,
    )
