"""The card of a new device, shown once: words, a code to scan, and files of both to keep (S25)."""

from collections.abc import Mapping
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button

from bridge.i18n import N_
from postex_tui import device_card
from postex_tui.answers import Refusal
from postex_tui.screens.dialogs import ShownOnce
from postex_tui.screens.qr_shown import QrShown
from postex_tui.widgets.plain import Press

SCANS = N_("Scan with Thunderbird for Android or K-9 Mail (add account, import settings).")


class DeviceCard(ShownOnce):
    """`connection` as GET /v1/connection gives it; `device` with label, scopes, username and password."""

    def __init__(self, title: str, verb: str, words: str, device: Mapping[str, Any], code: str | None) -> None:
        super().__init__(title, words, verb)
        self._words, self._device, self._code = words, device, code

    def on_mount(self) -> None:
        self.query_one(".buttons", Horizontal).mount_all(self._further(), before="#do")

    def _further(self) -> ComposeResult:
        if self._code is not None:
            yield Press(self.say(N_("QR code")), id="qr")
        yield Press(self.say(N_("Save card")), id="keep")
        yield Press(self.say(N_("Autoconfig")), id="autoconfig")

    @on(Button.Pressed, "#qr")
    def _scan(self, event: Button.Pressed) -> None:
        event.prevent_default()
        assert self._code is not None
        self.post.push_screen(QrShown(self.say(SCANS), self._code, "postex-device.svg"))

    @on(Button.Pressed, "#keep")
    def _keep(self, event: Button.Pressed) -> None:
        event.prevent_default()
        self._kept()

    @work(group="ask")
    async def _kept(self) -> None:
        await self.post.hand_over("postex-device.txt", f"{self._words}\n".encode())

    @on(Button.Pressed, "#autoconfig")
    def _config(self, event: Button.Pressed) -> None:
        event.prevent_default()
        self._configured()

    @work(group="ask")
    async def _configured(self) -> None:
        domain = self._device["username"].rpartition("@")[2]
        try:
            found = await self.api.get("/connection/autoconfig", domain=domain)
        except Refusal as refusal:
            self.post.tell(refusal.message, wrong=True)
            return
        await self.post.hand_over("config-v1.1.xml", found["xml"].encode())


async def shown(screen: Any, device: Mapping[str, Any], name: str, title: str, verb: str) -> None:
    """Show the card of a device that was just made, in a worker of `screen`; returns once it is put away."""
    try:
        connection = await screen.api.get("/connection")
        words = device_card.words(screen.say, connection, device)
        code = device_card.scanned(connection, device, name)
    except Refusal as refusal:
        words, code = _bare(device, refusal), None
    await screen.post.push_screen_wait(DeviceCard(title, verb, words, device, code))


def _bare(device: Mapping[str, Any], refusal: Refusal) -> str:
    """What must not be lost, whatever else is not known."""
    return f"{device['username']}\n{device['password']}\n\n{refusal.message}"
