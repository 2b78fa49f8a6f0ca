"""The recovery kit: shown once, and asked for by its last group, so that it is on paper before one goes on."""

from collections.abc import Callable, Mapping
from typing import Any

from textual import on
from textual.widgets import Button

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.screens.dialogs import Ask, Form, ShownOnce
from postex_tui.screens.qr_shown import QrShown
from postex_tui.screens.section import WordedScreen
from postex_tui.widgets.plain import Press

KIT = N_(
    "RECOVERY KIT. Write it down or print it, and keep it away from this machine. Without it no backup can be opened"
    " when the master key is lost. Nobody can show it again."
)
SIGNER = N_("Signing key, to write on the kit (by it a restore shows that a backup is yours):")
CODE = N_("Code of the owner {owner} (72 hours, once). The app goes on with it by itself; note it if you stop here:")
MARK = N_("Certificate, SHA-256:")
WRONG = N_("That is not its last group. Look at your paper; Cancel shows the kit again.")
ASKED = N_("So that you know it is readable: which four characters are the last group on your paper?")


class Kit(ShownOnce):
    """With its code, one press away."""

    def __init__(self, title: str, content: str, verb: str, kit: str) -> None:
        super().__init__(title, content, verb)
        self._kit = kit

    def on_mount(self) -> None:
        self.query_one(".buttons").mount(Press(self.say(N_("QR code")), id="qr"), before="#do")

    @on(Button.Pressed, "#qr")
    def _scan(self, event: Button.Pressed) -> None:
        event.prevent_default()
        what, code = self.say(N_("The recovery kit. Escape leads back.")), self._kit.replace(" ", "")
        self.post.push_screen(QrShown(what, code, "postex-recovery-kit.svg", "m"))


def of_init(say: Callable[..., str], made: Mapping[str, Any]) -> str:
    """What else `postex init` shows this once."""
    owner, key, mark = made["owner"], made["signing_key"], made["tls_fingerprint"]
    lines = [say(SIGNER), f"  {key[:32]}", f"  {key[32:]}", ""]
    lines += [say(MARK), f"  {mark[:47]}", f"  {mark[48:]}", ""]
    return "\n".join([*lines, say(CODE, owner=owner["account"]), f"  {owner['enrolment_code']}"])


async def show(screen: WordedScreen[Any], further: str, kit: str) -> None:
    """Until its last group was typed back; in a worker of `screen`."""
    groups = kit.split()
    halves = "\n".join(f"  {' '.join(groups[at : at + 7])}" for at in range(0, len(groups), 7))
    words = f"{screen.say(KIT)}\n\n{halves}\n\n{further}"
    title, verb = screen.say(N_("Shown this once")), screen.say(N_("It is on paper"))

    async def agrees(values: Mapping[str, str]) -> bool:
        if values["group"].upper() != groups[-1].upper():
            raise Refusal("wrong-group", screen.say(WRONG))
        return True

    asks = [Ask("group", screen.say(N_("Last group")))]
    while True:
        await screen.post.push_screen_wait(Kit(title, words, verb, kit))
        form = Form(screen.say(N_("The recovery kit")), asks, screen.say(N_("Go on")), screen.say(ASKED), agrees)
        if await screen.post.push_screen_wait(form):
            return
