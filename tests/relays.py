"""A relay that says what a test wants at each step, over TLS on loopback."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bridge import tls
from bridge.channels.authorities import verifying
from bridge.channels.email.relay import Patience, Relay

QUICK = Patience(connect=1.5, step=0.4, data=0.4, goodbye=0.2)
EHLO = "250-relay\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250 SMTPUTF8"
FINE = {"greeting": "220 relay", "EHLO": EHLO, "AUTH": "235 2.7.0 ok", "DATA": "354 go", "QUIT": "221 bye"}


class Session:
    """A relay's end of one connection, with answers to each step; `None` hangs, `""` breaks the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: dict[str, str | None]):
        self.reader, self.writer, self.answers = reader, writer, FINE | answers
        self.heard: list[bytes] = []
        self.message = b""
        self.accepted = False

    async def run(self) -> None:
        if not await self.answer("greeting"):
            return
        while line := await self.reader.readline():
            self.heard.append(line)
            word = line.decode().split()[0].upper()
            if not await self.answer(word):
                return
            if word == "DATA" and (self.answers["DATA"] or "").startswith("354"):
                self.message = await self.reader.readuntil(b"\r\n.\r\n")
                self.accepted = (self.answers.get(".", "2") or "").startswith("2")
                if not await self.answer("."):
                    return

    async def answer(self, step: str) -> bool:
        text = self.answers.get(step, "250 2.0.0 ok")
        if text is None:
            await self.reader.read(-1)
        if not text:
            return False
        self.writer.write(text.encode("latin-1") + b"\r\n")
        await self.writer.drain()
        return True


@asynccontextmanager
async def relay(
    folder: Path, answers: dict[str, str | None], *, implicit: bool = True
) -> AsyncIterator[tuple[Relay, list[Session]]]:
    cert, key = folder / "relay.pem", folder / "relay.key"
    if not cert.exists():
        tls.create_self_signed(cert, key, "localhost", time.time())
    sessions: list[Session] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(reader, writer, answers)
        sessions.append(session)
        try:
            await session.run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            return
        finally:
            writer.transport.abort()

    context = tls.ServerTls(cert, key).context if implicit else None
    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        made = Relay(
            "localhost", port, "implicit" if implicit else "starttls", verifying(cert, "ca_file"), "mail.example.test"
        )
        yield replace(made, username="postex", password="secret", patience=QUICK), sessions
