"""What one does about oneself, in the palette: by what it is called."""

from collections.abc import Iterable
from functools import partial

from bridge.i18n import N_
from postex_tui.palette.finds import Find, Noun
from postex_tui.screens.me.exporting import ExportScreen
from postex_tui.screens.me.person.section import Person

ROWS = {
    "name": N_("Change my name"),
    "language": N_("Change my language"),
    "secrets": N_("Change my password"),
    "totp": N_("New second factor"),
    "recovery-codes": N_("New recovery codes"),
    "contact-email": N_("My e-mail address elsewhere"),
    "postal-address": N_("My postal address"),
    "external-mailbox": N_("My mailbox elsewhere"),
    "notice-url": N_("My service for notices"),
    "usage-switches": N_("What is counted of me"),
    "erase": N_("Erase my account"),
}


class MyData(Noun):
    """Rows of About me, and the export."""

    SECTION = "me"

    async def found(self, query: str) -> Iterable[Find]:
        finds = [Find(self.post.say(N_("Export everything about me")), self._export)]
        finds += [Find(self.post.say(words), partial(self._ask, name)) for name, words in ROWS.items()]
        return [find for find in finds if query.lower() in find.title.lower()]

    def _ask(self, name: str) -> None:
        self.post.go(self.SECTION)
        self.post.call_after_refresh(self._there, name)

    def _there(self, name: str) -> None:
        if isinstance(self.post.screen, Person):
            self.post.screen.ask(name)

    def _export(self) -> None:
        self.post.go(self.SECTION)
        self.post.call_after_refresh(self._exported)

    def _exported(self) -> None:
        if isinstance(self.post.screen, ExportScreen):
            self.post.screen.action_export()
