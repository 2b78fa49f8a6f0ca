"""Sessions of `sessions/*.txt` played over a socket to the whole server with a store of three documents.

    #   remark
    C:  a line from the client, CRLF added; `$login` stands for a LOGIN with a device password of scope imap
    S:  the next line of the server, exactly; `*` in `{*}` stands for anything within the line
Whatever the server says must be in the transcript.
"""

import re
from pathlib import Path

import pytest

from tests.reading import Client, Library, opened, plain_message

TRANSCRIPTS = sorted((Path(__file__).parent / "sessions").glob("*.txt"))


def matches(expected: str, line: str) -> bool:
    pattern = ".*".join(map(re.escape, expected.split("{*}")))
    return re.fullmatch(pattern, line) is not None


async def play(client: Client, library: Library, transcript: str) -> None:
    for row in transcript.splitlines():
        kind, _, text = row.partition(": ")
        if kind == "C":
            login = f"LOGIN {library.device.username} {library.device.password}"
            client.send(text.replace("$login", login).encode() + b"\r\n")
        elif kind == "S":
            line = (await client.reader.readline()).decode()
            assert line.endswith("\r\n"), (text, line)
            assert matches(text, line.removesuffix("\r\n")), f"expected {text!r}, heard {line!r}"
        else:
            assert not row or row.startswith("#"), row


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_transcript(path: Path, tmp_path: Path) -> None:
    transcript = path.read_text(encoding="utf-8")  # noqa: ASYNC240 nothing else runs yet
    library = Library.create(tmp_path / "data")
    library.deliver(*(plain_message(f"Factuur {number}", f"Body {number}\r\n") for number in (1, 2, 3)))
    async with opened(library) as house:
        client = await house.connect()
        await play(client, library, transcript)
        client.send(b"end LOGOUT\r\n")
        assert await client.line() == b"* BYE Signing out\r\n"
        assert await client.line() == b"end OK LOGOUT completed\r\n"
        assert await client.line() == b""
