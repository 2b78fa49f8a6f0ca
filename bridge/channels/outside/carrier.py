"""Notices that leave the bridge, by the road that the recipient has at that moment.

    who and what, now → nothing left to tell? done → the notice URL, if there is one → the verified contact address

A road that is closed for good, and a notice URL that fails `PUSHES` times, makes the next one be tried at once; what
comes of it stands in the transcript. Quiet hours hold when the notice goes, too, after a relay that was away all day.
At least once, as mail goes: if the bridge ends behind the final dot, the same goes again under the same Message-ID.
One daily notice a day, whatever the clock does: the transcript knows the day.
"""

from dataclasses import dataclass
from functools import partial

import structlog
from sqlmodel import Session

from bridge.channels.email import relay
from bridge.channels.email.relay import Fate, Relay
from bridge.channels.handover import Destination, Gate, Handover, HandoverRefused
from bridge.channels.marks import Mark, Marks
from bridge.channels.outbox import Done, Failed, Later, Outcome, Task
from bridge.channels.outside import composing, outcomes, words
from bridge.channels.outside.composing import Message
from bridge.channels.outside.messenger import Verdict
from bridge.channels.outside.outcomes import EMAIL, URL
from bridge.channels.outside.targets import Targets
from bridge.routing import orders
from bridge.routing.hours import Hours, notice_job
from bridge.routing.orders import About, Order
from storage.deliveries import jobs, transcript
from storage.deliveries.processors import Field, ProcessorKind
from storage.deliveries.terms import JobKind, Notify
from storage.people import notice_urls

log = structlog.get_logger(__name__)
PUSHES = 3
NO_ADDRESS = "no-address"
NO_RELAY = "no-relay"
GIVEN = frozenset({Field.ADDRESS, Field.TYPE, Field.REFERENCE})
"""All that others see of a notice; the sender's domain only where the recipient lets it be named."""
MESSENGER = Destination(ProcessorKind.MESSENGER, "")
"""The recipient's own choice."""


@dataclass(frozen=True, slots=True)
class Post:
    """By which notices go by e-mail."""

    relay: Relay
    destination: Destination
    marks: Marks


class NoticeCarrier:
    """See the module."""

    kind = JobKind.NOTICE

    def __init__(self, hours: Hours, gate: Gate, targets: Targets, post: Post | None) -> None:
        self._hours = hours
        self._gate = gate
        self._targets = targets
        self._post = post

    async def carry(self, task: Task) -> Outcome:
        order = orders.parse(task.payload())
        wait = self._hours.after_quiet(order.hours(), task.now) - task.now
        if wait > 0:
            return Later("quiet-hours", wait, counts=False)
        day = _day(task, order)
        told = await task.store.read(_was_told, task.job.account_id or 0, day)
        if told:
            return Done(partial(self._again_tomorrow, task=task, order=order, day=day))
        message = await task.store.read(composing.compose, task.job, order, task.now)
        return Done() if message is None else await self._tell(task, message, day)

    async def _tell(self, task: Task, message: Message, day: str) -> Outcome:
        if message.order.address is None and message.reader.sealed_url is not None:
            verdict = await self._push(task, message, message.reader.sealed_url)
            log.info("notice.pushed", account=message.reader.account_id, verdict=verdict.name)
            if verdict is Verdict.FINE:
                return Done(partial(outcomes.sent, message=message, road=URL, mark=day))
            if verdict is Verdict.NOT_NOW and task.job.attempts + 1 < PUSHES:
                return Later("target")
            if self._has_mail(message):
                return outcomes.after_url(await self._mail(task, message, day), message)
            return outcomes.after_url(self._closed(message, URL, verdict.name.lower().replace("_", "-")), message)
        return await self._mail(task, message, day)

    async def _push(self, task: Task, message: Message, sealed_url: bytes) -> Verdict:
        await self._gate.check(_handover(message, MESSENGER))
        url = notice_urls.opened(task.outbox, message.reader.account_id, sealed_url)
        await task.note(URL)
        return await self._targets.push(url, *words.push(message.notice, message.reader.locale))

    def _has_mail(self, message: Message) -> bool:
        return self._post is not None and bool(message.order.address or message.reader.contact)

    async def _mail(self, task: Task, message: Message, day: str) -> Outcome:
        reader, post = message.reader, self._post
        address = message.order.address or reader.contact
        if address is None or post is None:
            return self._closed(message, EMAIL, NO_ADDRESS if address is None else NO_RELAY)
        try:
            await self._gate.check(_handover(message, post.destination))
            reference = f"{task.job.key} {task.job.created_at} {message.untold.delivery_ids}"
            letter = words.letter(message.notice, reader.locale, address, task.now, reference)
        except HandoverRefused as refused:
            settle = partial(outcomes.failed, message=message, road=EMAIL, problem=refused.problem)
            return refused.outcome(settle, task)
        except ValueError:
            return self._closed(message, EMAIL, "5.1.3")
        await task.note(EMAIL)
        mark = Mark(JobKind.NOTICE, outcomes.marked(message))
        envelope_from = post.marks.bounce_address(mark, reader.domain)
        sent = await relay.send(post.relay, envelope_from, address, letter)
        log.info("notice.mailed", account=reader.account_id, fate=sent.fate, code=sent.code)
        return _outcome(sent, message, day)

    def _closed(self, message: Message, road: str, problem: str) -> Failed:
        return Failed(problem, partial(outcomes.failed, message=message, road=road, problem=problem))

    def _again_tomorrow(self, session: Session, now: int, *, task: Task, order: Order, day: str) -> None:
        """What came after this day's notice waits for the one of another day."""
        due = self._hours.next_at(self._hours.digest, now)
        after = due if self._hours.day(due) == day else now
        job = notice_job(task.job.account_id or 0, order.mode, order.hours(), after, self._hours, bytes(order))
        jobs.queue(session, task.outbox.public_key, job, now, account_id=task.job.account_id)


def _outcome(sent: relay.Sent, message: Message, day: str) -> Outcome:
    if sent.fate is Fate.ACCEPTED:
        return Done(partial(outcomes.sent, message=message, road=EMAIL, mark=day))
    if sent.fate is Fate.LATER:
        return Later(sent.code)
    return Failed(sent.code, partial(outcomes.refused, message=message, problem=sent.code))


def _handover(message: Message, to: Destination) -> Handover:
    named = {Field.SENDER} if message.reader.names_senders else set()
    return Handover(to, GIVEN | named)


def _day(task: Task, order: Order) -> str:
    """Of a daily notice, as its key says; empty for others."""
    is_daily = order.about is About.ARRIVALS and order.mode is Notify.DAILY
    return task.job.key.rpartition(":")[2] if is_daily else ""


def _was_told(session: Session, account_id: int, day: str) -> bool:
    return bool(day) and transcript.has(session, account_id, outcomes.SENT, f"{Notify.DAILY} {day} ")
