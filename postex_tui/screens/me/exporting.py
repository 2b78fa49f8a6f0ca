"""All that is held of oneself into a file (S44): where to, how far it is, and a way to stop it.

Contract. Bytes go from the connection into the file as they come. What is stopped or cut leaves no file. In a browser
it is a download, by way of a file that is sealed and has no name; where no files may be written it is said how else.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from bridge.i18n import N_, Amount
from postex_tui.answers import Refusal
from postex_tui.files import written
from postex_tui.files.sealed import SealedFile
from postex_tui.screens.dialogs import CANCEL, Ask, Dialog, Form
from postex_tui.screens.section import SectionScreen
from postex_tui.widgets.plain import Caption, Line, Press, Wrong

PATH = "/me/export"
MEGABYTE = 1_000_000
TOLD_EVERY = 500_000
"""Bytes between two words about how far it is."""
FORMS = {
    "eml": N_("a file per document, byte for byte"),
    "mbox": N_("a file per folder (mbox)"),
    "both": N_("both"),
}
EXPLAINED = N_(
    "A zip file with your {count} documents, about {size} MB, and as JSON what is held about you: choices, history,"
    " consents, disclosures, looks. Other people’s names are left out of the JSON. Keep it as safe as your post."
)
TITLE = N_("Everything about me as one file")
DONE = N_("The export is saved as {path}, readable by you alone.")
SENT = N_("The export is ready: your browser downloads it.")


class Exporting(Dialog[bool]):
    """Under way; True once all of it is in the file. `about`: bytes expected."""

    def __init__(self, form: str, about: int, file: BinaryIO) -> None:
        super().__init__()
        self._form, self._about, self._file = form, about, file
        self._told = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Caption(self.say(TITLE), classes="title")
            yield Line(self.say(N_("Beginning …")), id="far")
            yield Wrong()
            with Horizontal(classes="buttons"):
                yield Press(self.say(CANCEL), id="cancel")

    def on_mount(self) -> None:
        self._download()

    def action_leave(self) -> None:
        self._stop()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self._stop()

    def _stop(self) -> None:
        self.workers.cancel_group(self, "act")
        self.dismiss(False)

    @work(group="act", exclusive=True)
    async def _download(self) -> None:
        try:
            await self.api.download(PATH, {"form": self._form}, self._file, self._far)
        except Refusal as refusal:
            self.query_one("#wrong", Line).say(refusal.message)
            return
        self.dismiss(True)

    def _far(self, came: int) -> None:
        if came - self._told >= TOLD_EVERY:
            self._told = came
            of = Amount(max(self._about, came) / MEGABYTE, 1)
            words = self.say(N_("{came} of about {of} MB"), came=Amount(came / MEGABYTE, 1), of=of)
            self.query_one("#far", Line).say(words)


class ExportScreen(SectionScreen):
    """A section with `x`: everything about oneself."""

    @work(group="ask")
    async def action_export(self) -> None:
        post = self.post
        if post.confined and not post.is_web:
            post.tell(self.say(written.NO_FILES), wrong=True)
            return
        try:
            size = await post.proven(lambda: self.api.get(PATH))
        except Refusal as refusal:
            post.tell(refusal.message, wrong=True)
            return
        if size is not None:
            wanted = await post.push_screen_wait(self._asked(size.content))
            if wanted is not None:
                await self._written(wanted, size.content["bytes"])

    def _asked(self, size: Mapping[str, Any]) -> Form:
        options = [(self.say(words), form) for form, words in FORMS.items()]
        asks = [Ask("form", self.say(N_("Documents as")), "eml", options=options)]
        if not self.post.is_web:
            asks.append(Ask("path", self.say(N_("File")), str(Path.home() / "postex.zip")))
        explained = self.say(EXPLAINED, count=size["documents"], size=Amount(size["bytes"] / MEGABYTE, 1))
        return Form(self.say(TITLE), asks, self.say(N_("Export")), explained)

    async def _written(self, wanted: Mapping[str, str], about: int) -> None:
        try:
            if self.post.is_web:
                await self._sent(wanted["form"], about)
            else:
                await self._kept(wanted["path"], wanted["form"], about)
        except Refusal as refusal:
            self.post.tell(refusal.message, wrong=True)

    async def _kept(self, path: str, form: str, about: int) -> None:
        with written.writing(Path(path), self.post.locale) as file:
            if not await self.post.push_screen_wait(Exporting(form, about, file)):
                raise Refusal("stopped", self.say(N_("Stopped. No file is left.")))
        self.post.tell(self.say(DONE, path=path))

    async def _sent(self, form: str, about: int) -> None:
        file = SealedFile()
        binary = cast(BinaryIO, file)
        if await self.post.push_screen_wait(Exporting(form, about, binary)):
            self.post.deliver_binary(binary, save_filename="postex.zip", open_method="download")
            self.post.tell(self.say(SENT))
        else:
            file.close()
