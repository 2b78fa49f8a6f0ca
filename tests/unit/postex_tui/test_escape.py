"""Keys of a real pseudo-terminal: Escape soon, and never what another key began with, however it is split."""

import os
import pty
import tty
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Event, Thread
from time import monotonic

import pytest
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from postex_tui.terminal import escape

PATIENCE = 30.0
APART = 0.010
"""Seconds between the parts of a key that came apart on its way."""
ROUNDS = 20


class Told(escape.Attentive):
    """What it makes of what is typed."""

    def __init__(self, terminal: int) -> None:
        self.fileno, self.exit_event = terminal, Event()
        self.keys: SimpleQueue[tuple[str, float]] = SimpleQueue()

    def process_message(self, message: Message) -> None:
        if isinstance(message, Key):
            self.keys.put((message.key, monotonic()))


@pytest.fixture
def typed() -> Iterator[tuple[int, Told]]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    driver = Told(theirs)
    reading = Thread(target=driver.run_input_thread)
    reading.start()
    yield ours, driver
    driver.exit_event.set()
    reading.join()
    os.close(ours)
    os.close(theirs)


def _type_apart(terminal: int, parts: tuple[bytes, ...]) -> float:
    """Seconds of the longest gap: a busy machine may take longer than was meant."""
    longest, last = 0.0, monotonic()
    for part in parts:
        os.write(terminal, part)
        longest, last = max(longest, monotonic() - last), monotonic()
        Event().wait(APART)
    return longest


def test_escape_is_known_soon(typed: tuple[int, Told]) -> None:
    terminal, driver = typed
    took = []
    for _ in range(ROUNDS):
        started = monotonic()
        os.write(terminal, b"\x1b")
        key, at = driver.keys.get(timeout=PATIENCE)
        assert key == "escape"
        took.append(at - started)
    assert escape.DELAY <= min(took) < 0.04


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ((b"\x1b", b"[A"), "up"),
        ((b"\x1b[", b"A"), "up"),
        ((b"\x1b", b"[", b"1;5", b"F"), "ctrl+end"),
        ((b"\x1b[15", b"~"), "f5"),
        ((b"\x1bO", b"P"), "f1"),
    ],
)
def test_a_key_that_comes_apart_is_that_key(typed: tuple[int, Told], parts: tuple[bytes, ...], key: str) -> None:
    terminal, driver = typed
    while _type_apart(terminal, parts) >= escape.DELAY:
        os.write(terminal, b"\x1b[H")
        while driver.keys.get(timeout=PATIENCE)[0] != "home":
            pass
    assert driver.keys.get(timeout=PATIENCE)[0] == key
    assert driver.keys.empty()


def test_letters_of_several_octets_come_whole(typed: tuple[int, Told]) -> None:
    terminal, driver = typed
    _type_apart(terminal, ("é".encode()[:1], "é".encode()[1:]))
    assert driver.keys.get(timeout=PATIENCE)[0] == "é"


def test_what_draws_elsewhere_stays_as_it_is() -> None:
    app: App[None] = App()
    assert app.driver_class is LinuxDriver
    escape.attend(app)
    assert app.driver_class is escape.Attentive
    escape.attend(app)
    assert app.driver_class is escape.Attentive
