"""Reports about what has left the house, on port 25: taken, acted on, never stored (see `channels.email.bounces`)."""

from typing import TYPE_CHECKING

from bridge.channels.email import bounces
from bridge.channels.marks import Mark
from bridge.smtp import replies
from bridge.smtp.data import DataReceiver, DataRefused
from storage.errors import Conflict, StorageError

if TYPE_CHECKING:
    from bridge.smtp.office import Office


async def taken(office: "Office", mark: Mark, receiver: DataReceiver) -> str:
    """The answer to the whole transaction."""
    try:
        await bounces.take(office.store, mark, receiver.received(), int(office.clock()))
    except DataRefused as refused:
        return refused.reply
    except Conflict:
        return replies.REPORT_TOO_EARLY
    except StorageError as error:
        return replies.of_storage(error)
    return replies.REPORT_TAKEN
