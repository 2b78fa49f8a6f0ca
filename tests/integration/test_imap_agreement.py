"""Sessions on one mailbox never see different truths (R12; RFC 3501 sections 5.2 and 7.4).

A state machine drives three sessions over sockets. Each has a mirror, a client's picture that follows untagged
responses alone: EXISTS grows it, EXPUNGE by number shrinks it, FETCH fills it in. A model knows what the mailbox
holds. Whatever the order of commands, a mirror that was just brought up to date equals the model, UID by UID and flag
by flag; it never has to be corrected; and UIDs only grow.
"""

import asyncio
import re
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.reading import Client, House, Library, opened, plain_message

SESSIONS = st.integers(0, 2)
PICKS = st.integers(0, 30)
FLAGS = st.sampled_from(["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "$Paid"])
MODES = st.sampled_from(["", "+", "-"])
BY_UID = st.booleans()
FETCHED = re.compile(rb"\* (\d+) FETCH \((?:UID (\d+))?.*?FLAGS \(([^)]*)\)", re.DOTALL)
COUNTED = re.compile(rb"\* (\d+) (EXISTS|EXPUNGE)")


class Mirror:
    """What one client believes."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.idling = False
        self.messages: list[tuple[int | None, frozenset[str] | None]] = []
        """(UID, flags), None where the client was not told yet."""

    def take(self, line: bytes, expunge_allowed: bool) -> None:
        if (fetched := FETCHED.match(line)) is not None:
            at = int(fetched[1]) - 1
            known, _ = self.messages[at]
            told = int(fetched[2]) if fetched[2] else known
            assert known in (None, told), "a sequence number changed its message"
            self.messages[at] = (told, frozenset(fetched[3].decode().split()) - {"\\Recent"})
        elif (counted := COUNTED.match(line)) is not None:
            self._count(int(counted[1]), counted[2], expunge_allowed)

    def _count(self, number: int, what: bytes, expunge_allowed: bool) -> None:
        if what == b"EXPUNGE":
            assert expunge_allowed, "EXPUNGE while messages are named by number"
            del self.messages[number - 1]
            return
        assert number >= len(self.messages), "EXISTS took messages away"
        self.messages += [(None, None)] * (number - len(self.messages))

    async def command(self, text: str, tagged: tuple[bytes, ...] = (b"OK",)) -> list[bytes]:
        await self.wake()
        lines = await self.client.command(text.encode())
        by_number = text.startswith(("FETCH", "STORE", "SEARCH"))
        for line in lines[:-1]:
            self.take(line, not by_number)
        assert lines[-1].startswith(tagged), (text, lines)
        return lines

    async def idle(self) -> None:
        if not self.idling:
            self.idling = True
            self.client.send(b"i IDLE\r\n")
            while not (line := await self.client.line()).startswith(b"+"):
                self.take(line, True)

    async def wake(self) -> None:
        if self.idling:
            self.idling = False
            self.client.send(b"DONE\r\n")
            for line in (await self.client.until(b"i"))[:-1]:
                self.take(line, True)

    async def refresh(self) -> dict[int, frozenset[str]]:
        """Bring the picture up to date; returns it as UID → flags."""
        await self.command("NOOP")
        if self.messages:
            await self.command("FETCH 1:* (UID FLAGS)")
            await self.command("NOOP")
        return {uid: flags for uid, flags in self.messages if uid is not None and flags is not None}


class Agreement(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.model: dict[int, frozenset[str]] = {}
        self.highest = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def open(self) -> None:
        self.run(self._open())

    async def _open(self) -> None:
        self.stop = self.loop.create_future()
        ready: asyncio.Future[House] = self.loop.create_future()
        self.serving = self.loop.create_task(self._serve(ready))
        house = await ready
        self.mirrors = [Mirror(await house.session(None)) for _ in range(3)]
        for mirror in self.mirrors:
            await mirror.command("SELECT INBOX")
            await mirror.refresh()
        self.model = dict.fromkeys(range(1, 6), frozenset())
        self.highest = 5

    async def _serve(self, ready: "asyncio.Future[House]") -> None:
        library = Library.create(Path(self.folder.name) / "data")
        library.deliver(*(plain_message(f"Factuur {number}") for number in range(1, 6)))
        async with opened(library) as house:
            ready.set_result(house)
            await self.stop

    def teardown(self) -> None:
        if hasattr(self, "serving"):
            self.stop.set_result(None)
            self.run(self.serving)
        self.loop.close()
        self.folder.cleanup()

    # --- picking messages as a client can: by what its mirror shows ---

    def chosen(self, mirror: Mirror, pick: int, by_uid: bool) -> tuple[str, int] | None:
        """(number as sent, UID) of one of the messages that the mirror has."""
        self.run(mirror.wake())
        if not mirror.messages:
            return None
        at = pick % len(mirror.messages)
        if mirror.messages[at][0] is None:
            self.run(mirror.command(f"FETCH {at + 1} (UID FLAGS)"))
        uid = mirror.messages[at][0]
        assert uid is not None
        return str(uid if by_uid else at + 1), uid

    def arrived(self, uid: int, flags: frozenset[str]) -> None:
        assert uid > self.highest, "a UID did not grow"
        self.highest = uid
        self.model[uid] = flags

    # --- rules ---

    @rule(session=SESSIONS, flags=st.sets(FLAGS, max_size=2))
    def append(self, session: int, flags: set[str]) -> None:
        text = plain_message("x").decode()
        command = f"APPEND INBOX ({' '.join(sorted(flags))}) {{{len(text)}+}}\r\n{text}"
        answer = self.run(self.mirrors[session].command(command))[-1]
        self.arrived(int(answer.split(b"]")[0].split()[-1]), frozenset(flags))

    @rule(session=SESSIONS, pick=PICKS, by_uid=BY_UID, move=st.booleans())
    def carry(self, session: int, pick: int, by_uid: bool, move: bool) -> None:
        """COPY or MOVE within the mailbox: new UIDs."""
        mirror = self.mirrors[session]
        found = self.chosen(mirror, pick, by_uid)
        if found is None:
            return
        sent, uid = found
        verb = f"{'UID ' if by_uid else ''}{'MOVE' if move else 'COPY'}"
        lines = self.run(mirror.command(f"{verb} {sent} INBOX", (b"OK", b"NO [EXPUNGEISSUED]")))
        code = re.search(rb"\[COPYUID \d+ (\d+) (\d+)\]", b"".join(lines))
        assert (code is not None) == (uid in self.model)
        if code is not None:
            assert int(code[1]) == uid
            self.arrived(int(code[2]), self.model[uid])
            if move:
                del self.model[uid]

    @rule(session=SESSIONS, pick=PICKS, by_uid=BY_UID, mode=MODES, flag=FLAGS, silent=st.booleans())
    def store(self, session: int, pick: int, by_uid: bool, mode: str, flag: str, silent: bool) -> None:
        mirror = self.mirrors[session]
        found = self.chosen(mirror, pick, by_uid)
        if found is None:
            return
        sent, uid = found
        verb = f"{'UID ' if by_uid else ''}STORE {sent} {mode}FLAGS{'.SILENT' if silent else ''} ({flag})"
        self.run(mirror.command(verb, (b"OK",) if by_uid or uid in self.model else (b"NO [EXPUNGEISSUED]",)))
        if uid in self.model:
            before = self.model[uid]
            self.model[uid] = {"": frozenset({flag}), "+": before | {flag}, "-": before - {flag}}[mode]

    @rule(session=SESSIONS, pick=PICKS, only_one=st.booleans())
    def expunge(self, session: int, pick: int, only_one: bool) -> None:
        mirror = self.mirrors[session]
        found = self.chosen(mirror, pick, by_uid=True) if only_one else None
        if only_one and found is None:
            return
        self.run(mirror.command(f"UID EXPUNGE {found[0]}" if found else "EXPUNGE"))
        doomed = {uid for uid, flags in self.model.items() if "\\Deleted" in flags}
        for uid in doomed & {found[1]} if found else doomed:
            del self.model[uid]

    @rule(session=SESSIONS, pick=PICKS, by_uid=BY_UID, peek=st.booleans())
    def fetch(self, session: int, pick: int, by_uid: bool, peek: bool) -> None:
        mirror = self.mirrors[session]
        found = self.chosen(mirror, pick, by_uid)
        if found is None:
            return
        sent, uid = found
        item = "BODY.PEEK[TEXT]" if peek else "BODY[TEXT]"
        refusable = (b"OK",) if by_uid or uid in self.model else (b"OK", b"NO [EXPUNGEISSUED]")
        lines = self.run(mirror.command(f"{'UID ' if by_uid else ''}FETCH {sent} (UID {item})", refusable))
        if uid in self.model:
            assert b"Hello" in lines[0]
            if not peek:
                self.model[uid] |= {"\\Seen"}

    @rule(session=SESSIONS)
    def idle(self, session: int) -> None:
        self.run(self.mirrors[session].idle())

    @rule(session=SESSIONS)
    def look(self, session: int) -> None:
        self.run(self.mirrors[session].command("NOOP"))

    @rule(session=SESSIONS, flag=FLAGS)
    def search(self, session: int, flag: str) -> None:
        """Flags of others count at once; messages that the session was not told of are not searched."""
        mirror = self.mirrors[session]
        self.run(mirror.wake())
        shown = {uid for uid, _ in mirror.messages if uid is not None}
        key = {"$Paid": "KEYWORD $Paid"}.get(flag, flag.removeprefix("\\").upper())
        lines = self.run(mirror.command(f"UID SEARCH {key}"))
        [answer] = [line for line in lines if line.startswith(b"* SEARCH")]
        found = set(map(int, answer.split()[2:])) & self.model.keys()
        expected = {uid for uid, flags in self.model.items() if flag in flags}
        assert expected & shown <= found <= expected

    @rule(session=SESSIONS)
    def agree(self, session: int) -> None:
        assert self.run(self.mirrors[session].refresh()) == self.model

    @rule(session=SESSIONS)
    def select_again(self, session: int) -> None:
        mirror = self.mirrors[session]
        self.run(mirror.wake())
        mirror.messages = []
        self.run(mirror.command("SELECT INBOX"))
        assert len(mirror.messages) == len(self.model)

    @invariant()
    def known_uids_ascend(self) -> None:
        for mirror in getattr(self, "mirrors", ()):
            known = [uid for uid, _ in mirror.messages if uid is not None]
            assert known == sorted(set(known))


class TestAgreement(Agreement.TestCase):
    settings = settings(
        max_examples=25,
        stateful_step_count=40,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking over sockets outlasts the time limit
        suppress_health_check=[HealthCheck.too_slow],
    )
