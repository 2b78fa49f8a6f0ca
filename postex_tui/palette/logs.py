"""Kinds of events of the audit log, levels of the service log, and the verification."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from bridge.i18n import N_
from postex_tui.palette.finds import Find, Noun
from postex_tui.screens.office.audit.words import GROUPS, KINDS
from postex_tui.screens.office.service_log import LEAST, LEVELS

if TYPE_CHECKING:
    from postex_tui.screens.office.audit.section import Audit
    from postex_tui.screens.office.service_log import ServiceLog

AUDIT = N_("Audit log: {kind}")
SERVICE = N_("Service log: {level}")
WHOLE_GROUP = N_("{group}: all")


class AuditFinds(Noun):
    """Events of one kind, by the words that people have for it."""

    SECTION = "audit"

    async def begin(self) -> Iterable[Find]:
        if "audit.verify" not in self.post.reach:
            return ()
        return [Find(self.post.say(N_("Verify the audit log")), self._verify)]

    async def found(self, query: str) -> Iterable[Find]:
        say, wanted = self.post.say, query.casefold()
        groups = {group: say(WHOLE_GROUP, group=say(title)) for group, title in GROUPS.items()}
        named = groups | {kind: say(words) for kind, words in KINDS.items()}
        offered = [Find(say(AUDIT, kind=words), partial(self._show, name)) for name, words in named.items()]
        return [each for each in [*await self.begin(), *offered] if wanted in each.title.casefold()]

    def _show(self, kind: str) -> None:
        self._section().narrow({"kind": kind})

    def _verify(self) -> None:
        self._section().action_verify()

    def _section(self) -> "Audit":
        self.post.go(self.SECTION)
        return cast("Audit", self.post.screen)


class ServiceLogFinds(Noun):
    """Lines of one level at least."""

    SECTION = "service-log"

    async def begin(self) -> Iterable[Find]:
        say = self.post.say
        words: Mapping[str, str] = {level: say(LEAST, level=say(LEVELS[level])) for level in ("warning", "error")}
        return [Find(say(SERVICE, level=told), partial(self._show, level)) for level, told in words.items()]

    async def found(self, query: str) -> Iterable[Find]:
        return [each for each in await self.begin() if query.casefold() in each.title.casefold()]

    def _show(self, level: str) -> None:
        self.post.go(self.SECTION)
        cast("ServiceLog", self.post.screen).narrow({"level": level})
