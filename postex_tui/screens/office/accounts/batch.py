"""The same done with several accounts: asked once, carried out one by one, what failed told one by one."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.screens.dialogs import Ask, Confirm, Form, ShownOnce
from postex_tui.screens.office.accounts import shown_code
from postex_tui.screens.office.accounts.acts import ACTS, Act, carried_out
from postex_tui.screens.words.accounts import who

if TYPE_CHECKING:
    from postex_tui.screens.office.accounts.listed import AccountList

Item = Mapping[str, Any]
NAMED = 8
"""Of more than these the rest is counted."""


class Batch:
    """Of one list; knows what it did last, to take it back."""

    def __init__(self, screen: "AccountList") -> None:
        self._screen = screen
        self._last: tuple[Act, list[Item]] | None = None

    @property
    def can_undo(self) -> bool:
        return self._last is not None

    def ask(self, chosen: Sequence[Item]) -> None:
        """Which act, and whether it is meant."""
        self._screen.run_worker(self._asked(list(chosen)), group="ask")

    def undo(self) -> None:
        if self._last is not None:
            act, done = self._last
            self._last = None
            self._begin(act, done)

    async def _asked(self, chosen: list[Item]) -> None:
        screen, say = self._screen, self._screen.say
        offered = [
            (say(act.verb), act.name) for act in ACTS.values() if screen.post.reach.get(act.action, "self") != "self"
        ]
        title = say(N_("With {count} accounts"), count=len(chosen))
        form = Form(title, [Ask("act", say(N_("What is to be done?")), options=offered)], say(N_("Go on")))
        values = await screen.post.push_screen_wait(form) if offered else None
        if values is not None:
            act = ACTS[values["act"]]
            if await screen.post.push_screen_wait(self._confirm(act, chosen)):
                self._begin(act, chosen)

    def _confirm(self, act: Act, chosen: Sequence[Item]) -> Confirm:
        say = self._screen.say
        named = [f"  {who(each)}" for each in chosen[:NAMED]]
        if len(chosen) > NAMED:
            named.append(f"  {say(N_('and {count} more'), count=len(chosen) - NAMED)}")
        title = say(N_("{verb}: {count} accounts"), verb=say(act.verb), count=len(chosen))
        return Confirm(title, "\n".join([say(act.several), "", *named]), say(act.verb), grave=act.grave)

    def _begin(self, act: Act, chosen: Sequence[Item]) -> None:
        self._screen.run_worker(self._carried_out(act, chosen), group="act")

    async def _carried_out(self, act: Act, chosen: Sequence[Item]) -> None:
        """One after the other; whoever does not prove who they are stops here."""
        done: list[tuple[Item, Any]] = []
        failed: list[tuple[Item, str]] = []
        for each in chosen:
            try:
                answer = await self._screen.post.proven(partial(carried_out, self._screen.api, act, each))
            except Refusal as refusal:
                failed.append((each, refusal.message))
                continue
            if answer is None:
                break
            done.append((each, answer.content))
        self._last = (ACTS[act.back], [each for each, _ in done]) if act.back and done else None
        self._screen.batch_over()
        self._tell(act, done, failed)

    def _tell(self, act: Act, done: list[tuple[Item, Any]], failed: list[tuple[Item, str]]) -> None:
        say, post = self._screen.say, self._screen.post
        if done:
            words = say(N_("{verb}: done with {count}."), verb=say(act.verb), count=len(done))
            post.tell(f"{words} {say(N_('Press u to undo.'))}" if self._last else words)
        if failed:
            lines = [f"{who(each)}\n  {why}" for each, why in failed]
            title = say(N_("Not done with {count} of {all}"), count=len(failed), all=len(done) + len(failed))
            post.push_screen(ShownOnce(title, "\n".join(lines), say(N_("Read"))))
        if act.name == "invite" and done:
            shown = "\n\n".join(shown_code.enrolment(say, each, made) for each, made in done)
            title = say(N_("Codes of {count} accounts"), count=len(done))
            post.push_screen(shown_code.ShownCode(title, shown, say(N_("I have passed them on")), "postex-codes.txt"))
