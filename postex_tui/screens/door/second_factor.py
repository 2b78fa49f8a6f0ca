"""Setting up a second factor: the code to scan, then a form with the letters of the secret and its first code."""

from collections.abc import Mapping, Sequence
from typing import Any

from textual import on
from textual.widgets import Button

from bridge.i18n import N_
from postex_tui.screens.dialogs import Ask, Form, Submit
from postex_tui.screens.qr_shown import QrShown
from postex_tui.terminal import qr
from postex_tui.widgets.plain import Press

SCAN = N_("Scan this with an app that shows codes (any TOTP app). Then press Escape.")
TYPED = N_("Or type this secret into the app:\n{secret}")


class FactorForm(Form):
    """`begun` has `otpauth_uri` and `secret`, null where the factor in use stays."""

    def __init__(
        self, title: str, asks: Sequence[Ask], verb: str, explained: str, submit: Submit, begun: Mapping[str, Any]
    ) -> None:
        super().__init__(title, asks, verb, explained, submit)
        self._uri: str | None = begun["otpauth_uri"]

    def on_mount(self) -> None:
        if self._uri is not None:
            self.query_one(".buttons").mount(Press(self.say(N_("QR code")), id="qr"), before="#do")
            self._scan()

    @on(Button.Pressed, "#qr")
    def _again(self, event: Button.Pressed) -> None:
        event.prevent_default()
        self._scan()

    def _scan(self) -> None:
        assert self._uri is not None
        self.post.push_screen(QrShown(self.say(SCAN), self._uri, "postex-second-factor.svg"))


def letters(begun: Mapping[str, Any]) -> str:
    """The secret for typing."""
    return qr.in_groups(begun["secret"] or "")
