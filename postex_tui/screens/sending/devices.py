"""Devices of a sender: what its programs hand in with. The same as one's own devices, within reach of this mode."""

from postex_tui.screens.me.devices import Devices


class SendingDevices(Devices):
    """A new one may send alone, unless one says otherwise."""

    NAME = "sending-devices"
