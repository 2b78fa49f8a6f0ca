"""A TLS proxy as docs/admins.md puts one in front of `postex web`: under a host name and a path of its own."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

HEAD = 64 * 1024


@asynccontextmanager
async def serving(inside: str, path: str, tls: Path) -> AsyncIterator[str]:
    """Where browsers find what is served at `inside`. On loopback; it takes `path` off, tells whose request it is,
    and passes one request a connection on, both ways. `tls`: a folder with certificate and key.
    """
    to, path_before = urlsplit(inside), f" {path}/".encode()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "cert.pem", tls / "key.pem")

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).replace(path_before, b" /", 1)
            told = b"X-Forwarded-For: 198.51.100.7\r\n"
            if b"\r\nupgrade:" not in head.lower():
                told += b"Connection: close\r\n"
                head = head.replace(b"Connection: keep-alive\r\n", b"")
            inside, outside = await asyncio.open_connection(to.hostname, to.port)
            outside.write(head[:-2] + told + b"\r\n")
            await asyncio.gather(_passed(reader, outside), _passed(inside, writer))
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=context, limit=HEAD)
    try:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}{path}"
    finally:
        server.close()


async def _passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(HEAD):
        writer.write(piece)
        await writer.drain()
    writer.close()
