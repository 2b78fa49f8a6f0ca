"""The terminal app: who is signed in, in which mode and section, what the bridge tells, and how it looks.

Contract. The app sees the control API and nothing else. All calls run in workers; what they refuse is told in the
reader's language. A lost connection shows in the bar and heals by itself; a session that is over leads back to the
door.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.worker import WorkerFailed

from bridge.i18n import LOCALES, N_, text
from postex_tui import themes
from postex_tui.answers import Refusal
from postex_tui.connection import REOPENED, Connection, Event, Unreachable
from postex_tui.files import written
from postex_tui.palette import NOUNS
from postex_tui.palette.places import Places
from postex_tui.palette.window import Palette
from postex_tui.replies import STEP_UP
from postex_tui.screens.dialogs import Ask, Form, StepUp
from postex_tui.screens.door.sign_in import SignIn
from postex_tui.screens.help import Help, keys_of
from postex_tui.screens.section import DetailScreen, SectionScreen, WordedScreen, place_of
from postex_tui.screens.too_small import TooSmall
from postex_tui.sections import Mode, Section, offered
from postex_tui.signed_in import Answer, Session
from postex_tui.terminal import hangup
from postex_tui.terminal.ascii_only import AsciiOnly
from postex_tui.terminal.safe_text import safe_text

if TYPE_CHECKING:
    from postex_tui.first_run.beginning import Beginning

HEARTBEAT = 5.0
"""Seconds between looks whether a bridge that was gone is back."""
ATTENDED = 60.0
"""Seconds after a key or click in which what the app asks counts as asked by the person."""
UNUSED = 300.0
"""Seconds after which a page of the web view ends that nobody has signed in on, nor touched."""
SESSION_OVER = frozenset({"sign-in-needed", "session-ended"})
PLACES = frozenset({"menu", "next_mode", "command_palette"})
"""Acts that lead somewhere."""
ENDED = N_(
    "The app met an error of its own and ended ({where}). What you confirmed is done; nothing else is. Start it"
    " again, and tell your admin these words if it ends again."
)
BROKE = N_(
    "The app met an error of its own here ({where}). What you asked may be done or not: look before you ask it again,"
    " and tell your admin these words."
)
KEPT = N_("Saved as {path}, readable by you alone.")
LEAST_COLUMNS, LEAST_ROWS = 80, 24


class PostexApp(App[None]):
    """`connection` is opened and closed by who starts the app. `confined`: self mode alone, and no file of this
    machine is written (for recipients who come over SSH). Without `unicode` all is drawn in ASCII.
    `beginning`: the data folder, on the machine of the bridge; where nobody can sign in yet a first run opens.
    """

    TITLE = "Postex"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {Places, *NOUNS}  # noqa: RUF012 - Textual's own declaration
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012 - likewise
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", N_("Help")),
        Binding("f2", "menu", N_("Sections")),
        Binding("ctrl+p", "command_palette", N_("Commands"), priority=True),
        Binding("f3", "next_mode", N_("Mode")),
        Binding("ctrl+q", "quit", N_("Quit"), priority=True),
        Binding("f4", "next_language", N_("Nederlands"), show=False),
        Binding("f5", "next_theme", N_("Theme"), show=False, priority=True),
    ]
    online: reactive[bool] = reactive(True)
    locale: reactive[str] = reactive("en")

    def __init__(
        self,
        connection: Connection,
        *,
        email: str = "",
        confined: bool = False,
        unicode: bool = True,
        beginning: "Beginning | None" = None,
    ) -> None:
        super().__init__()
        self._dress()
        self.confined = confined
        self._beginning = beginning
        self.connection = connection
        self.connection.watch = self._answers
        self.connection.attended = self._is_attended
        self._touched = monotonic()
        self.email = email
        self.session: Session | None = None
        self.mode = Mode.ME
        self._shown: dict[str, SectionScreen] = {}
        self._places: dict[Mode, str] = {}
        self.set_reactive(PostexApp.locale, connection.locale)
        if not unicode:
            self._filters.append(AsciiOnly())

    @property
    def reach(self) -> Mapping[str, str]:
        """How far one's rights reach, by action; nowhere before one has signed in; in self mode oneself alone."""
        reach = self.session.reach if self.session else {}
        return dict.fromkeys(reach, "self") if self.confined else reach

    # --- words and looks ---

    def _dress(self) -> None:
        """In our own theme before any style is read: all would be read twice."""
        for theme in themes.ALL:
            self.register_theme(theme)
        self.set_reactive(PostexApp.theme, themes.DARK.name)
        self.stylesheet.set_variables(self.get_css_variables())

    def say(self, message: str, **values: object) -> str:
        return text(self.locale, message, **values)

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """A note at the side, for some seconds."""
        self.notify(str(Content(safe_text(words, 600))), severity="error" if wrong else "information", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What leads somewhere is for who signed in."""
        return self.session is not None or action not in PLACES

    def action_next_language(self) -> None:
        self.locale = LOCALES[(LOCALES.index(self.locale) + 1) % len(LOCALES)]

    def watch_locale(self, locale: str) -> None:
        """What is on the screen is made anew; what is not, when it is next shown."""
        self.connection.locale = locale
        if self.is_running:
            self._forget_screens(*self.screen_stack)
            for screen in self.screen_stack:
                if isinstance(screen, WordedScreen):
                    screen.reword()

    def action_next_theme(self) -> None:
        names = [theme.name for theme in themes.ALL]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    # --- life ---

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.MouseDown | events.Paste):
            self._touched = monotonic()
        if not (self.is_web and isinstance(event, events.AppBlur)):  # told late, it would lose what is pasted next
            await super().on_event(event)

    def _is_attended(self) -> bool:
        return monotonic() - self._touched < ATTENDED

    def on_mount(self) -> None:
        self.push_screen(SignIn(self.email))
        if self._beginning is not None:
            self._begin(self._beginning)
        self.set_interval(HEARTBEAT, self._look)
        if not self.is_headless:
            self.set_interval(1.0, self._leave_if_gone)
        if self.is_web:
            self.set_interval(HEARTBEAT, self._leave_if_unused)

    async def on_unmount(self) -> None:
        """However the app ends, so does the session."""
        await self.connection.sign_out()

    def on_resize(self, event: events.Resize) -> None:
        is_told = isinstance(self.screen, TooSmall)
        if event.size.width >= LEAST_COLUMNS and event.size.height >= LEAST_ROWS:
            if is_told:
                self.pop_screen()
        elif is_told:
            self.screen.refresh(recompose=True)
        else:
            self.push_screen(TooSmall(LEAST_COLUMNS, LEAST_ROWS))

    def _leave_if_gone(self) -> None:
        if hangup.is_gone(0):
            self.exit(return_code=1)

    def _leave_if_unused(self) -> None:
        """A page that nobody signs in on is another's."""
        if self.session is None and monotonic() - self._touched > UNUSED:
            self.exit()

    def _answers(self, answers: bool) -> None:
        back = answers and not self.online
        self.online = answers
        for screen in self.screen_stack if back else ():
            if isinstance(screen, SectionScreen):
                screen.reload()

    def _look(self) -> None:
        if not self.online:
            self._looked()

    @work(group="look", exclusive=True)
    async def _looked(self) -> None:
        try:
            await self.connection.get("/health")
        except Refusal:
            return

    def _handle_exception(self, error: Exception) -> None:
        """What a worker could not deal with is told and ends that act alone."""
        if isinstance(error, WorkerFailed):
            cause = error.error
            words = self.say(BROKE, where=place_of(cause))
            self.tell(cause.message if isinstance(cause, Refusal) else words, wrong=True)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Textual would print the values of all variables, and what was typed is among them (S21)."""
        self.bell()
        error = sys.exc_info()[1]
        self.panic(safe_text(self.say(ENDED, where=place_of(error) if error else "?"), 600))

    # --- signing in ---

    def signed_in(self, session: dict[str, Any], place: str | None = None) -> None:
        """Go to that section, or the first one of the widest mode."""
        self.connection.token = session.get("token", self.connection.token)
        self.session = Session(session["account"], session["email"], frozenset(session["roles"]), session["reach"])
        self.mode = self.modes[-1]
        self.go(place or self.sections[0].name)
        self._listen()

    @work(group="act")
    async def _begin(self, beginning: "Beginning") -> None:
        """A first run in the place of the door, where it is needed."""
        from postex_tui.screens.first_run.setting_up import FirstRun, is_needed

        if await is_needed(self.connection, beginning) and isinstance(self.screen, SignIn):
            self.switch_screen(FirstRun(beginning))

    @work(group="act")
    async def go_on(self) -> None:
        """With a first run, where the bridge has nobody yet who sends, or nobody who receives."""
        if self.reach.get("account.add") != "all":
            return
        from postex_tui.screens.first_run.guide import Guide

        for role in ("sender", "recipient"):
            if not (await self.connection.get("/accounts", role=role, limit=1))["items"]:
                self.open(Guide())
                return

    def heard(self, refusal: Refusal) -> None:
        """A refusal that concerns the session itself leads back to sign-in."""
        if refusal.code in SESSION_OVER and self.session is not None:
            self.leave(refusal.message)

    def leave(self, why: str = "") -> None:
        """Nobody is signed in any more."""
        self.session, self.connection.token = None, None
        self.workers.cancel_group(self, "events")
        while len(self.screen_stack) > 2:
            self.pop_screen()
        self.switch_screen(SignIn(self.email, why))
        self._forget_screens()

    async def proven(self, call: Callable[[], Awaitable[Any]]) -> Answer | None:
        """What `call` gives; where it needs a step-up, that first. None if the person went back."""
        try:
            return Answer(await call())
        except Refusal as refusal:
            if refusal.code != STEP_UP:
                raise
        if not await self.push_screen_wait(StepUp()):
            return None
        return Answer(await call())

    async def hand_over(self, name: str, content: bytes) -> bool:
        """Give a file to the person: in a browser as a download, else where they say; whether they have it."""
        if self.is_web:
            self.deliver_binary(BytesIO(content), save_filename=name, open_method="download")
            return True
        if self.confined:
            self.tell(self.say(written.NO_FILES), wrong=True)
            return False
        kept = await self.push_screen_wait(self._where(name, content))
        if kept is not None:
            self.tell(self.say(KEPT, path=kept))
        return kept is not None

    def _where(self, name: str, content: bytes) -> Form:
        async def keep(values: Mapping[str, str]) -> str:
            return await asyncio.to_thread(written.keep, Path(values["path"]), content, self.locale)

        asks = [Ask("path", self.say(N_("File")), str(Path.home() / name))]
        return Form(self.say(N_("Save to a file")), asks, self.say(N_("Save")), submit=keep)

    # --- places ---

    @property
    def offers(self) -> tuple[Section, ...]:
        if self.session is None:
            return ()
        there = offered(self.session.reach, self.session.roles)
        return tuple(each for each in there if each.mode is Mode.ME) if self.confined else there

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Those with something in them."""
        there = {section.mode for section in self.offers}
        return tuple(mode for mode in Mode if mode in there)

    @property
    def sections(self) -> tuple[Section, ...]:
        """Of the mode one is in."""
        return tuple(section for section in self.offers if section.mode is self.mode)

    @property
    def section(self) -> Section | None:
        """Where one is."""
        name = self._places.get(self.mode)
        return next((section for section in self.sections if section.name == name), None)

    def go(self, name: str) -> None:
        """Show a section; what it showed before is there at once, and asked anew."""
        section = next(section for section in self.offers if section.name == name)
        self.mode, self._places[section.mode] = section.mode, name
        while len(self.screen_stack) > 2:
            self.pop_screen()
        known = self._shown.get(name)
        if known is None:
            known = self._shown[name] = section.screen()
            self.install_screen(known, name)
        elif known.is_mounted:
            known.reload()
        self.switch_screen(name)

    def open(self, detail: DetailScreen) -> None:
        """Show one thing in front of the section; Escape leads back."""
        self.push_screen(detail)

    def enter(self, mode: Mode) -> None:
        """Go to where one was in this mode."""
        self.mode = mode
        self.go(self._places.get(mode, self.sections[0].name))

    def action_help(self) -> None:
        self.push_screen(Help(*keys_of(self.screen)))

    def action_next_mode(self) -> None:
        if self.session is not None:
            modes = self.modes
            self.enter(modes[(modes.index(self.mode) + 1) % len(modes)])

    def action_command_palette(self) -> None:
        if self.session is not None and not isinstance(self.screen, Palette):
            self.push_screen(Palette(self.say))

    def action_menu(self) -> None:
        """To the rail; on a narrow screen it comes forward."""
        for rail in self.screen.query("#rail"):
            self.screen.add_class("menu")
            rail.focus()

    def _forget_screens(self, *but: Screen[Any]) -> None:
        for name, screen in list(self._shown.items()):
            if screen not in but:
                self.uninstall_screen(name)
                del self._shown[name]

    # --- live events ---

    @work(group="events", exclusive=True)
    async def _listen(self) -> None:
        try:
            async for event in self.connection.events():
                self._spread(event)
        except Unreachable:
            return
        except Refusal as refusal:
            self.heard(refusal)

    def _spread(self, event: Event) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, SectionScreen) and (event.kind in screen.LISTENS or event.kind == REOPENED):
                screen.on_live(event)
