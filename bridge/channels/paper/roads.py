"""What the two ways to a printer have in common: the task, the letter when it is needed, and the ends."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from bridge.channels import handoff
from bridge.channels.outbox import Done, Failed, Outcome, Task
from bridge.channels.paper.letter import Composed
from storage.deliveries.terms import DAY, Channel

LONGEST_WAIT = 5 * DAY
"""For a printer that has the letter, or a folder that is away; then a person decides."""
Prepare = Callable[[], Awaitable[Composed | Outcome]]
"""The sheets, or why there are none: asks anew each time whether they may be printed. NotFound: no need any more."""


class Road(Protocol):
    async def carry(self, task: Task, prepare: Prepare) -> Outcome:
        """`prepare` is called only where the sheets are needed."""
        ...


def printed(delivery_id: int, pages: int, carrier: str | None) -> Done:
    detail = f"pages:{pages}"
    return Done(partial(handoff.done, delivery_id=delivery_id, channel=Channel.PAPER, detail=detail, carrier=carrier))


def failed(delivery_id: int, problem: str) -> Failed:
    return Failed(problem, partial(handoff.failed, delivery_id=delivery_id, channel=Channel.PAPER, problem=problem))
