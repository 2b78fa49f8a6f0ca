"""A first run before anybody can sign in: the data folder, the bridge, the owner's account (S75).

Contract. What was done stays done: whoever closes the app goes on at the step that is missing. A new code for the
owner and a new recovery kit are made where the old ones may be lost, as long as the bridge is down.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Footer

from bridge import process
from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.connection import Connection, Unreachable
from postex_tui.first_run import bridge_process, systemd
from postex_tui.first_run.beginning import Beginning, folder_of, may_have_low_ports
from postex_tui.first_run.commands import postex
from postex_tui.first_run.steps import Facts, Step, listed, step_of
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.door import enrol
from postex_tui.screens.first_run import kit
from postex_tui.screens.first_run.guide import Guide
from postex_tui.screens.section import LOADING, WordedScreen
from postex_tui.widgets.plain import Caption, Line, Press

WHAT = {
    Step.FOLDER: N_(
        "Welcome. No bridge is here yet. In six steps you make one, and see a first document arrive. You need: a"
        " domain for the addresses, a phone with an app that shows codes, and a printer or paper and pen."
    ),
    Step.BRIDGE: N_(
        "All is made in {data}. Now the bridge starts as a program of its own: it goes on when you close this app."
        " Its log is {log}. For every day let systemd start it (see docs/admins.md): the button gives you the unit."
    ),
    Step.OWNER: N_(
        "The bridge runs. Take over the account of its owner, with the code that init showed: choose a password and a"
        " second factor. The owner makes accounts and roles, keeps backups, and reads nobody's documents."
    ),
}
VERBS = {Step.FOLDER: N_("Begin"), Step.BRIDGE: N_("Start the bridge"), Step.OWNER: N_("Go on")}
FORM = N_("What is made: the folder with its keys, a certificate, a domain and its owner. Nothing is overwritten.")
WORKING = N_("One moment: this takes some seconds …")
KIT_LOST = N_(
    "This bridge was made, but nobody signed in yet. If the recovery kit is not on paper, make a new one now: without"
    " it no backup can be opened when the master key is lost."
)
CODE_LOST = N_("If the code is lost: stop the bridge and open this app again. It makes a new one.")


async def is_needed(connection: Connection, beginning: Beginning) -> bool:
    """Whether there is no bridge, or one without an owner; of a bridge that is down the operator is asked."""
    if not beginning.is_made:
        return True
    try:
        return not (await connection.get("/first-run"))["owned"]
    except Unreachable:
        wanted = ("account", "list", "--role", "owner", "--state", "registered")
    except Refusal:
        return False
    try:
        return not (await postex(beginning.data, connection.locale, *wanted))["accounts"]
    except Refusal:
        return False


class FirstRun(WordedScreen[None]):
    """In the place of the door until an owner is there."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f4", "app.next_language", N_("Nederlands"))]

    def __init__(self, beginning: Beginning) -> None:
        super().__init__()
        self.beginning, self._step = beginning, Step.FOLDER

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall", id="first-run"):
            yield Caption("Postex", classes="title")
            yield Line("", id="steps", lines=True)
            yield Line(self.say(LOADING), id="what", lines=True)
            yield Line("", id="wrong", lines=True)
            with Horizontal(classes="buttons"):
                yield Press(self.say(N_("Systemd unit")), id="unit")
                yield Press(self.say(N_("Sign in")), id="door")
                yield Press("…", "primary", id="do", disabled=True)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._begun()

    def reword(self) -> None:
        self._reworded()

    @work(group="act")
    async def _reworded(self) -> None:
        await self.recompose()
        await self._look()

    @work(group="act")
    async def _begun(self) -> None:
        await self._look()

    async def _look(self) -> None:
        """At which step one is."""
        made = self.beginning.is_made
        answers, owned = await self._bridge() if made else (False, False)
        self._tell(step_of(Facts(made, answers, owned)))

    async def _bridge(self) -> tuple[bool, bool]:
        try:
            return True, (await self.api.get("/first-run"))["owned"]
        except Unreachable:
            return False, False

    def _tell(self, step: Step) -> None:
        if step not in WHAT:
            self.post.leave()
            return
        self._step, data = step, self.beginning.data
        self.query_one("#steps", Line).say(listed(self.say, step))
        what = self.say(WHAT[step], data=data, log=data / process.LOG)
        is_code_away = step is Step.OWNER and not self.beginning.code
        self.query_one("#what", Line).say(f"{what} {self.say(CODE_LOST)}" if is_code_away else what)
        self.query_one("#unit").display = step is Step.BRIDGE
        self.query_one("#door").display = step is Step.OWNER
        button = self.query_one("#do", Press)
        button.say(self.say(VERBS[step]))
        button.disabled = False
        button.refresh(layout=True)
        button.focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "unit":
            self._give_unit()
        elif event.button.id == "door":
            self.post.leave()
        else:
            self._go_on()

    @work(group="ask")
    async def _give_unit(self) -> None:
        await self.post.hand_over(systemd.FILE, systemd.unit(self.beginning.data).encode())

    @work(group="ask", exclusive=True)
    async def _go_on(self) -> None:
        self.query_one("#wrong", Line).say("")
        self.query_one("#do", Press).disabled = True
        acts: dict[Step, Callable[[], Any]] = {
            Step.FOLDER: self._make,
            Step.BRIDGE: self._start,
            Step.OWNER: self._own,
        }
        try:
            await acts[self._step]()
        except Refusal as refusal:
            self._refuse(refusal.message)
        if self.is_mounted and self.post.session is None:
            await self._look()

    def _refuse(self, words: str) -> None:
        told = self.query_one("#wrong", Line)
        told.say(words)
        self.call_after_refresh(told.scroll_visible)

    # --- the data folder ---

    async def _make(self) -> None:
        form = Form(self.say(N_("A new bridge")), self._asks(), self.say(N_("Make it")), self.say(FORM), self._made)
        made = await self.post.push_screen_wait(form)
        if made is not None:
            self.beginning.owner, self.beginning.code = made["owner"]["account"], made["owner"]["enrolment_code"]
            await kit.show(self, kit.of_init(self.say, made), made["recovery_kit"])

    def _asks(self) -> list[Ask]:
        here, all_of_it = (self.say(N_("this machine alone")), ""), (self.say(N_("other machines too")), "yes")
        usual, high = (self.say(N_("usual: 993, 465, 587, 25")), ""), (self.say(N_("high: 10993, 10465, …")), "yes")
        modes = [(self.say(N_("managed: an admin can help who lost all")), "managed")]
        modes.append((self.say(N_("private: nobody holds a spare key")), "private"))
        return [
            Ask("domain", self.say(N_("Domain of the addresses")), hint="example.org"),
            Ask("owner", self.say(N_("Address of the owner (empty: postmaster@ the domain)"))),
            Ask("country", self.say(N_("Country where documents are kept, two letters")), "NL"),
            Ask("data", self.say(N_("Data folder")), str(self.beginning.data)),
            Ask("hostname", self.say(N_("Server name for mail programs (empty: the domain)"))),
            Ask("open", self.say(N_("Who can connect")), options=[here, all_of_it]),
            Ask("high", self.say(N_("Ports")), "" if may_have_low_ports() else "yes", options=[usual, high]),
            Ask("mode", self.say(N_("Spare key")), "managed", options=modes),
        ]

    async def _made(self, values: Mapping[str, str]) -> Any:
        data = folder_of(values["data"])
        wanted = [part for name in ("domain", "country", "mode") for part in (f"--{name}", values[name])]
        wanted += [part for name in ("owner", "hostname") if values[name] for part in (f"--{name}", values[name])]
        wanted += [flag for name, flag in (("open", "--open"), ("high", "--high-ports")) if values[name]]
        made = await postex(data, self.post.locale, "init", *wanted)
        self.beginning.data = data
        return made

    # --- the bridge ---

    async def _start(self) -> None:
        if not self.beginning.code:
            await self._renew()
        self._work()
        try:
            started = bridge_process.start(self.beginning.data)
        except OSError as error:
            raise Refusal("not-started", str(error)) from None
        await bridge_process.until_it_answers(self.api, started, self.say)

    async def _renew(self) -> None:
        """What was shown once, to somebody who may have closed the app too early."""
        data, locale, verb = self.beginning.data, self.post.locale, self.say(N_("Make a new kit"))
        if await self.post.push_screen_wait(Confirm(self.say(N_("Welcome back")), self.say(KIT_LOST), verb)):
            self._work()
            renewed = await postex(data, locale, "kit", "new")
            await kit.show(self, "", renewed["recovery_kit"])
        self._work()
        found = await postex(data, locale, "account", "list", "--role", "owner", "--state", "invited")
        if found["accounts"]:
            self.beginning.owner = found["accounts"][0]["email"]
            made = await postex(data, locale, "account", "invite", self.beginning.owner)
            self.beginning.code = made["enrolment_code"]

    def _work(self) -> None:
        self.query_one("#what", Line).say(self.say(WORKING))

    # --- the owner ---

    async def _own(self) -> None:
        if await enrol.enrol(self, self.beginning.owner, self.beginning.code):
            self.post.open(Guide())
