"""Cases played on both servers: the same lines, and answers that must be the same.

A line is a command. `2> ` in front sends it from a second session on the same account; `IDLE`, `DONE` and `told`
(wait for one untagged response) drive RFC 2177. Where RFC 3501 leaves a choice, or Dovecot strays from it, the case
says so in `decided`: line number → (section, the answer that ours must give).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from bench.servers.base import Login, Server
from tests.integration.oracle.answers import Answer, Value
from tests.integration.oracle.conftest import Stage
from tests.integration.oracle.seeds import SEEDS
from tests.integration.oracle.talk import Talk


@dataclass(frozen=True, slots=True)
class Decided:
    """The RFC, not the oracle: what ours must answer, and the section that says so. None: any untagged responses."""

    section: str
    status: str
    untagged: tuple[Value, ...] | None = ()

    def agrees(self, answer: Answer) -> bool:
        return answer.status == self.status and self.untagged in (None, answer.untagged)


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    script: tuple[str, ...]
    seeds: int = 3
    decided: Mapping[int, Decided] = field(default_factory=dict)


def case(name: str, *script: str, seeds: int = 3, decided: Mapping[int, Decided] | None = None) -> Case:
    return Case(name, script, seeds, decided or {})


def parametrised(cases: Iterable[Case]) -> pytest.MarkDecorator:
    listed = list(cases)
    return pytest.mark.parametrize("case", listed, ids=[each.name for each in listed])


def seed(server: Server, login: Login, count: int) -> None:
    """APPEND the first `count` seeds to INBOX, so that both servers hold the same bytes, flags and dates."""
    with Talk(server.imap_port, login) as talk:
        for each in SEEDS[:count]:
            command = f'APPEND INBOX ({each.flags}) "{each.date}" {{{len(each.message)}}}\r\n'.encode()
            answer = talk.do(command + each.message)
            assert answer.status == "OK", f"{server.name} refused a seed: {answer}"


def play(server: Server, login: Login, script: Iterable[str]) -> list[Answer]:
    """What each line of the script brought."""
    with Talk(server.imap_port, login) as one, Talk(server.imap_port, login) as two:
        return [_line(two if line.startswith("2> ") else one, line.removeprefix("2> ")) for line in script]


def _line(talk: Talk, line: str) -> Answer:
    if line == "IDLE":
        return talk.begin_idle()
    if line == "DONE":
        return talk.end_idle()
    if line == "told":
        return Answer("*", None, (talk.told(),))
    return talk.do(line.encode("utf-8", "surrogateescape"))


def assert_same(stage: Stage, case: Case) -> None:
    """Ours answers as the oracle does, or as the RFC decides."""
    our_login, oracle_login = stage.account()
    for server, login in ((stage.ours, our_login), (stage.oracle, oracle_login)):
        seed(server, login, case.seeds)
    ours = play(stage.ours, our_login, case.script)
    oracle = play(stage.oracle, oracle_login, case.script)
    wrong = []
    for number, (line, our, their) in enumerate(zip(case.script, ours, oracle, strict=True)):
        if number not in case.decided:
            wrong += [] if our == their else [difference(line, our, their, "oracle")]
        elif not (rule := case.decided[number]).agrees(our):
            wanted = Answer(rule.status, None, rule.untagged or ())
            wrong.append(difference(line, our, wanted, rule.section))
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def difference(line: str, ours: Answer, wanted: Answer, section: str) -> str:
    """A transcript of one line: what ours said and what was wanted, without the lines they share."""
    mine, theirs = ours.lines(), wanted.lines()
    only_mine = [f"    ours   {each}" for each in mine if each not in theirs]
    only_theirs = [f"    {section:6} {each}" for each in theirs if each not in mine]
    order = [] if only_mine or only_theirs else [f"    other order: {mine} / {theirs}"]
    return "\n".join([f"C: {line[:300]}", *only_mine, *only_theirs, *order])
