"""By IPP: exactly once, through any crash of ours and most of the printer's.

    note `creating` → Create-Job, named after ours → note `sending` → Send-Document → note `sent` → wait for its end

Nothing is printed by Create-Job, so an attempt that ended there begins anew, with the job of that name if the printer
has it. From `sending` on the printer is asked first, by number and by name. A job that waits for its document gets
it, once it was asked anew whether it may; a printer takes one document for a job and refuses a second. A job that it
knows is waited for, however long it takes. It is printed again only where the printer says both that the job was
aborted and that it completed no impression (`job-impressions-completed`, RFC 8011 section 5.3.18.2, which a printer
may leave out): all that ended otherwise may lie on paper, whole or in part, as may a job that the printer does not
know. Then a person decides.
"""

from dataclasses import dataclass
from typing import Self

from bridge.channels.outbox import Later, Outcome, Task, Uncertain
from bridge.channels.paper.ipp.client import NOT_POSSIBLE, PDF, Condition, Job, Operation, Printer, State, Trouble
from bridge.channels.paper.ipp.encoding import Given
from bridge.channels.paper.letter import Composed
from bridge.channels.paper.roads import LONGEST_WAIT, Prepare, failed, printed

CREATING, SENDING, SENT = "creating", "sending", "sent"
SOON, OFTEN, SELDOM = 10, 60, 900
"""Seconds until the printer is asked again: at first, within the first hour, later."""
NEEDED = frozenset(Operation) - {Operation.CANCEL_JOB}
_ANY = "application/octet-stream"
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Handle:
    """What is kept with the steps from `sending` on."""

    job: int
    """As the printer numbers it."""
    pages: int = 0
    octets: int = 0

    def __str__(self) -> str:
        return f"{self.job}:{self.pages}:{self.octets}"

    @classmethod
    def parse(cls, text: str | None) -> Self:
        parts = (text or "").split(":")
        return cls(*(int(part) for part in parts)) if len(parts) == 3 else cls(0)


class IppRoad:
    """A road, see `Road`. `ticket`: job attributes for every letter."""

    def __init__(self, printer: Printer, ticket: tuple[Given, ...], carrier: str | None) -> None:
        self._printer = printer
        self._ticket = ticket
        self._carrier = carrier

    async def carry(self, task: Task, prepare: Prepare) -> Outcome:
        begun = task.job.step in (SENDING, SENT)
        try:
            return await (self._resume(task, prepare) if begun else self._begin(task, prepare))
        except Trouble as trouble:
            return self._wait(task, trouble.code) if begun else Later(trouble.code)

    async def _begin(self, task: Task, prepare: Prepare) -> Outcome:
        composed = await prepare()
        if not isinstance(composed, Composed):
            return composed
        empty = await self._empty(task) if task.job.step == CREATING else None
        if empty is not None:
            return await self._send(task, empty.id, composed)
        unfit = _unfit(await self._printer.condition())
        if unfit is not None:
            return Later(unfit)
        await task.note(CREATING)
        return await self._send(task, await self._printer.create(_name(task), self._ticket), composed)

    async def _send(self, task: Task, number: int, composed: Composed) -> Outcome:
        handle = Handle(number, composed.pages, len(composed.pdf))
        await task.note(SENDING, str(handle))
        try:
            await self._printer.send(number, composed.pdf)
        except Trouble as trouble:
            if trouble.status != NOT_POSSIBLE:  # it has its document already, if it says so
                return self._wait(task, trouble.code)
        await task.note(SENT, str(handle))
        return Later("printing", after=SOON, counts=False)

    async def _resume(self, task: Task, prepare: Prepare) -> Outcome:
        handle = Handle.parse(task.job.handle)
        job = await self._job(task, handle)
        if job is None:
            return Uncertain("printer-knows-no-such-job")
        if task.job.step == SENDING and _awaits_document(job):
            return await self._handed(task, prepare, job)
        if _lost_unprinted(job):
            return await self._lost(task)
        return self._outcome(task, job, handle)

    async def _handed(self, task: Task, prepare: Prepare, job: Job) -> Outcome:
        """A job that waits for its document gets it, if it may; else the printer need not wait for it."""
        composed = await prepare()
        if isinstance(composed, Composed):
            return await self._send(task, job.id, composed)
        await self._printer.cancel(job.id)
        return composed

    async def _lost(self, task: Task) -> Outcome:
        """Nothing is on paper. On its way to the printer: once more; a document that it had whole it cannot print."""
        sent, delivery_id = task.job.step == SENT, task.job.delivery_id
        assert delivery_id is not None
        await task.note(CREATING)
        return failed(delivery_id, "printer-aborted") if sent else Later("printer-lost-document")

    async def _job(self, task: Task, handle: Handle) -> Job | None:
        """By number, unless the printer has given that to another since; else by name."""
        job = await self._printer.job(handle.job)
        return job if job is not None and job.name == _name(task) else await self._known(task)

    async def _known(self, task: Task) -> Job | None:
        """The printer's job of this name, but for those that never became anything."""
        named = await self._printer.named(_name(task))
        return next((job for job in named if not _lost_unprinted(job)), None)

    async def _empty(self, task: Task) -> Job | None:
        """The job that an earlier attempt made and sent nothing to, if the printer still waits for its document."""
        return next((job for job in await self._printer.named(_name(task)) if _awaits_document(job)), None)

    def _outcome(self, task: Task, job: Job, handle: Handle) -> Outcome:
        delivery_id = task.job.delivery_id
        assert delivery_id is not None
        match job.state:
            case State.COMPLETED:
                if "job-completed-with-errors" in job.reasons:
                    return Uncertain("printer-errors")
                if task.job.step == SENDING and _is_short(job, handle):
                    return Uncertain("printer-took-a-part")
                return printed(delivery_id, handle.pages, self._carrier)
            case State.CANCELED if job.impressions == 0:
                return failed(delivery_id, "printer-canceled")
            case State.ABORTED | State.CANCELED:
                return Uncertain(f"printer-{job.state.name.lower()}")
            case State.STOPPED:
                return self._wait(task, "printer-stopped")
            case _:
                return self._wait(task, "printing")

    def _wait(self, task: Task, problem: str) -> Outcome:
        age = task.now - task.job.created_at
        if age >= LONGEST_WAIT:
            return Uncertain(problem)
        after = SOON if age < 2 * OFTEN else OFTEN if age < _HOUR else SELDOM
        return Later(problem, after=after, counts=False)


def _name(task: Task) -> str:
    """By which the printer's job is known again; tells nothing of the letter."""
    return f"postex {task.job.key}"


def _unfit(condition: Condition) -> str | None:
    """Why the printer gets nothing now."""
    if not condition.accepts:
        return "printer-not-accepting"
    if condition.operations and not condition.operations >= NEEDED:
        return "printer-unsuitable"
    if condition.formats and not condition.formats & {PDF, _ANY}:
        return "printer-without-pdf"
    return None


def _awaits_document(job: Job) -> bool:
    """Whether it has got nothing yet."""
    if job.state not in (State.HELD, State.PENDING) or "job-incoming" in job.reasons:
        return False
    return "job-data-insufficient" in job.reasons or job.documents == 0


def _lost_unprinted(job: Job) -> bool:
    """Whether the printer gave the job up, and says that it printed nothing. No number is no zero."""
    return job.state is State.ABORTED and job.impressions == 0


def _is_short(job: Job, handle: Handle) -> bool:
    """Whether less came through than was sent, as the printer counts."""
    return job.kilobytes is not None and 0 < job.kilobytes < handle.octets // 1024
