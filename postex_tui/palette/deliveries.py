"""Deliveries of a recipient, dead letters of the outbox, and one's own batches, in the palette."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from bridge.i18n import N_
from postex_tui.palette.finds import MOST, Find, Noun
from postex_tui.screens.office.deliveries.detail import DeliveryDetail
from postex_tui.screens.office.deliveries.outbox import Outbox
from postex_tui.screens.sending.batches import STATES as BATCH_STATES
from postex_tui.screens.sending.batches import Batches
from postex_tui.screens.sending.dry_run import DryRun
from postex_tui.screens.words.choices import CHANNELS, TYPES
from postex_tui.screens.words.deliveries import JOB_STATES, KINDS, STATES, problem_words, whose
from postex_tui.screens.words.times import moment

LEAST = 3
"""Letters before people are looked for."""
DEAD = N_("Dead letters")
TRY = N_("Try a list of documents")


class DeliveryFinds(Noun):
    """By recipient; by the id of a delivery."""

    SECTION = "deliveries"

    async def found(self, query: str) -> Iterable[Find]:
        if len(query) < LEAST:
            return ()
        page = await self.post.connection.get("/deliveries", recipient=query, limit=MOST)
        return [self._find(item) for item in page["items"]]

    def _find(self, item: Mapping[str, Any]) -> Find:
        words = (TYPES[item["type"]], CHANNELS[item["channel"]], STATES[item["state"]])
        told = ", ".join([moment(item["decided_at"]) or "", *map(self.post.say, words)])
        return Find(f"{whose(item)} ← {item['sender'] or ''}", partial(self._open, item["id"]), told)

    def _open(self, delivery: str) -> None:
        self.post.open(DeliveryDetail(delivery))


class OutboxFinds(Noun):
    """What was given up."""

    SECTION = "outbox"

    async def begin(self) -> Iterable[Find]:
        return [Find(self.post.say(DEAD), partial(self._show, {"state": "dead"}))]

    async def found(self, query: str) -> Iterable[Find]:
        page = await self.post.connection.get("/outbox", state="dead", limit=MOST)
        finds = [*await self.begin(), *(self._find(item) for item in page["items"])]
        return [find for find in finds if query.lower() in f"{find.title} {find.help}".lower()]

    def _find(self, item: Mapping[str, Any]) -> Find:
        say = self.post.say
        title = f"{item['id']}: {say(KINDS[item['kind']])}, {whose(item)}"
        wanted = {"state": "dead", "kind": item["kind"]}
        told = f"{say(JOB_STATES[item['state']])}, {problem_words(item['problem'], say)}"
        return Find(title, partial(self._show, wanted), told)

    def _show(self, wanted: Mapping[str, str]) -> None:
        self.post.go(self.SECTION)
        self.post.call_after_refresh(self._narrow, wanted)

    def _narrow(self, wanted: Mapping[str, str]) -> None:
        if isinstance(self.post.screen, Outbox):
            self.post.screen.narrow(wanted)


class BatchFinds(Noun):
    """Those that are held, and what is done with lists."""

    SECTION = "batches"

    async def begin(self) -> Iterable[Find]:
        return [Find(self.post.say(TRY), self._rehearse)]

    async def found(self, query: str) -> Iterable[Find]:
        page = await self.post.connection.get("/accounts/me/batches", limit=500)
        finds = [*await self.begin(), *(self._find(item) for item in page["items"])]
        return [find for find in finds if query.lower() in find.title.lower()]

    def _find(self, item: Mapping[str, Any]) -> Find:
        return Find(item["name"], partial(self._go, item["name"]), self.post.say(BATCH_STATES[item["state"]]))

    def _rehearse(self) -> None:
        self.post.open(DryRun(""))

    def _go(self, name: str) -> None:
        self.post.go(self.SECTION)
        self.post.call_after_refresh(self._there, name)

    def _there(self, name: str) -> None:
        if isinstance(self.post.screen, Batches):
            self.post.screen.go_to(name)
