"""A scripted IMAP session that knows nothing of IMAP but lines, literals and tags, so that it can send anything."""

import re
import socket
from typing import Self

from bench.servers.base import HOST, Login
from tests.integration.oracle.answers import CONDITIONS, Answer, Value, parsed, without_order, without_uid

_LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")


class Talk:
    """Signed in on entry; closes its socket on exit."""

    def __init__(self, port: int, login: Login | None) -> None:
        self._socket = socket.create_connection((HOST, port), 15)
        self._file = self._socket.makefile("rb")
        self._count = 0
        self.greeting = self.response()
        if login:
            self.do(f'LOGIN "{login.username}" "{login.password}"'.encode())

    def do(self, command: bytes) -> Answer:
        """Send one command (literals are sent after their continuation) and read up to its tagged line."""
        self._count += 1
        tag = b"t%d" % self._count
        answer = self._answer(tag, self._send(tag + b" " + command + b"\r\n", tag))
        if b"UID" in command:
            return answer
        return Answer(answer.status, answer.code, tuple(map(without_uid, answer.untagged)))

    def begin_idle(self) -> Answer:
        """IDLE up to its continuation; what came before it."""
        self._count += 1
        self._socket.sendall(b"t%d IDLE\r\n" % self._count)
        untagged = []
        while not (response := self.response()).startswith(b"+"):
            untagged.append(parsed(response[2:-2]))
        return Answer("+", None, tuple(untagged))

    def told(self) -> Value:
        """The next untagged response, waited for (IDLE)."""
        return without_uid(parsed(self.response()[2:-2]))

    def end_idle(self) -> Answer:
        self._socket.sendall(b"DONE\r\n")
        return self._answer(b"t%d" % self._count, [])

    def response(self) -> bytes:
        """One whole response with its literals; empty when the server closed."""
        response = self._file.readline()
        while match := _LITERAL.search(response):
            response += self._file.read(int(match[1])) + self._file.readline()
        return response

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, command: bytes, tag: bytes) -> list[bytes]:
        """What came before the command was whole; ends early when the server refuses a literal."""
        early = []
        for piece in _pieces(command):
            self._socket.sendall(piece)
            if not _LITERAL.search(piece):
                continue
            while not (response := self.response()).startswith(b"+"):
                early.append(response)
                if response.startswith(tag) or not response:
                    return early
        return early

    def _answer(self, tag: bytes, responses: list[bytes]) -> Answer:
        while not (responses and (responses[-1].startswith(tag + b" ") or not responses[-1])):
            responses.append(self.response())
        last = parsed(responses[-1][len(tag) + 1 : -2]) if responses[-1] else ("CLOSED", None)
        untagged = [parsed(each[2:-2]) for each in responses[:-1]]
        assert last[0] in (*CONDITIONS, "CLOSED"), f"not a tagged condition: {responses[-1]!r}"
        return Answer(str(last[0]), last[1], without_order([each for each in untagged if each != ("OK", None)]))


def _pieces(command: bytes) -> list[bytes]:
    """The command cut behind each literal's announcement."""
    pieces, at = [], 0
    while match := re.compile(rb"\{(\d+)\}\r\n").search(command, at):
        pieces.append(command[at : match.end()])
        at = match.end() + int(match[1])
        pieces.append(command[match.end() : at])
    return [*pieces, command[at:]]
