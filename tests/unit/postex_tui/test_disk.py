"""The demonstration's search finds what it looks for: a search that cannot fail would prove nothing."""

from pathlib import Path

import pytest

from postex_tui.demo import DemoFailed
from postex_tui.demo.disk import check_locked
from postex_tui.demo.documents import Document, pdf
from postex_tui.demo.office import Person
from postex_tui.demo.traffic import HandIn, check_same, compose

SENDER = Person("Energie BV", "erp@example.test", "secret", "facturen@energie.test", "code")
ANNA = Person("Anna", "anna@example.test", "secret", "anna@example.test", "code")
TRACE = b"Received: from x by y;\r\n Mon, 2 Mar 2026 09:00:00 +0100\r\n"


@pytest.fixture
def hand_in() -> HandIn:
    return compose(SENDER, [ANNA], "Uw factuur 2026-0117", "Bijgaand.", Document("factuur.pdf", pdf(["Factuur"])))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data" / "bodies" / "ab").mkdir(parents=True)
    (tmp_path / "data" / "bodies" / "ab" / "abcd").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "data.log").write_text('{"event": "ready"}\n')
    return tmp_path / "data"


def test_a_locked_folder_passes(data: Path, hand_in: HandIn) -> None:
    files, size, sought = check_locked(data, data.parent / "data.log", [hand_in])
    assert (files, size) == (2, 10_240 + 19)
    assert sought == 6


@pytest.mark.parametrize(
    "leak",
    [b"Uw factuur 2026-0117", b"anna@example.test", b"facturen@energie.test", b"factuur.pdf", b"%PDF-1", b"JVBERi0x"],
)
@pytest.mark.parametrize("place", ["data/bodies/ab/abcd", "data/new", "data.log"])
def test_a_leak_anywhere_is_told(data: Path, hand_in: HandIn, leak: bytes, place: str) -> None:
    path = data.parent / place
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\x00" + leak + b"\x00")
    with pytest.raises(DemoFailed, match="in clear"):
        check_locked(data, data.parent / "data.log", [hand_in])


def test_a_blind_search_is_told(data: Path, hand_in: HandIn) -> None:
    other = HandIn(hand_in.sender, hand_in.recipients, "Another subject", hand_in.document, hand_in.sent)
    with pytest.raises(DemoFailed, match="blind"):
        check_locked(data, data.parent / "data.log", [other])


def test_the_same_bytes_after_a_trace_header_pass(hand_in: HandIn) -> None:
    check_same(hand_in, ANNA, [b"Received: other\r\n\r\n", TRACE + hand_in.sent])


@pytest.mark.parametrize(
    "stored",
    [
        [],
        [TRACE + b"x"],
        ["twice"],
        ["flipped"],
        ["with a body before it"],
        ["with another header"],
    ],
)
def test_anything_else_is_told(hand_in: HandIn, stored: list[bytes | str]) -> None:
    sent = hand_in.sent
    made = {
        "twice": [TRACE + sent, TRACE + sent],
        "flipped": [TRACE + sent[:-9] + bytes([sent[-9] ^ 1]) + sent[-8:]],
        "with a body before it": [TRACE + b"\r\n\r\n" + sent],
        "with another header": [b"Subject: x\r\n" + sent],
    }
    messages = [each for part in stored for each in (made[part] if isinstance(part, str) else [part])]
    with pytest.raises(DemoFailed):
        check_same(hand_in, ANNA, messages)
