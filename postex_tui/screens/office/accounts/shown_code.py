"""Codes that are shown this once: for reading out, or for keeping in a file."""

from collections.abc import Mapping
from typing import Any

from textual import on, work
from textual.widgets import Button

from bridge.i18n import N_
from postex_tui.language import Say
from postex_tui.screens.dialogs import ShownOnce
from postex_tui.screens.words.accounts import who
from postex_tui.screens.words.times import moment
from postex_tui.widgets.plain import Press

ENROLS = N_(
    "Give it to them yourself, in a way that nobody else reads. With it they choose a password and a second factor:"
    " with F6 at the sign-in of this app, or by"
)
RESETS = N_(
    "Give it to them yourself, in a way that nobody else reads. With it they choose a new password. Until then"
    " everything works as before. They use it with F6 at the sign-in of this app, or by"
)


class ShownCode(ShownOnce):
    """`file`: the name under which it can be kept."""

    def __init__(self, title: str, content: str, verb: str, file: str) -> None:
        super().__init__(title, content, verb)
        self._told, self._file = content, file

    def on_mount(self) -> None:
        self.query_one(".buttons").mount(Press(self.say(N_("Save to a file")), id="keep"), before="#do")

    @on(Button.Pressed, "#keep")
    def _kept(self, event: Button.Pressed) -> None:
        event.prevent_default()
        self._keep()

    @work(group="ask")
    async def _keep(self) -> None:
        await self.post.hand_over(self._file, self._told.encode())


def enrolment(say: Say, account: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """What a person needs to take the account over; of a first device what a program needs."""
    lines = _head(say, account, made["enrolment_code"], made["enrolment_expires_at"], ENROLS)
    device = made.get("device")
    if device:
        lines += ["", say(N_("The device {label} works at once:"), label=device["label"])]
        lines += [f"  {say(N_('user'))}      {device['username']}", f"  {say(N_('password'))}  {device['password']}"]
    return "\n".join(lines)


def reset(say: Say, account: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    lines = _head(say, account, made["code"], made["expires_at"], RESETS)
    if made["closes"] is not None:
        closes = N_("Its use closes {count} documents of now; a recovery code from before opens them again.")
        lines += ["", say(closes, count=made["closes"])]
    return "\n".join(lines)


def _head(say: Say, account: Mapping[str, Any], code: str, until: int, use: str) -> list[str]:
    return [
        who(account),
        "",
        f"  {code}",
        "",
        say(N_("It works once, until {until} UTC, and is not shown again."), until=moment(until)),
        say(use),
        f"  postex enrol {account['email'] or ''}".rstrip(),
    ]
