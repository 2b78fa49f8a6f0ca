"""What a person does with a job of the outbox: tried again, cancelled, settled. Each is asked in whole sentences."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bridge.i18n import N_
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.words.deliveries import JOB_STATES_MEAN, KINDS, whose
from postex_tui.screens.words.times import moment

Job = Mapping[str, Any]
TRIES = {
    "external": N_("The document is put into the mailbox elsewhere of {who}, now."),
    "email": N_("The document goes to {who} by e-mail, now."),
    "paper": N_("The letter for {who} goes to the printer, now."),
    "notice": N_("The notice for {who} goes out, now."),
}
CANCELS = {
    "external": N_("It is not put into the mailbox elsewhere of {who}. The document stays in the mailbox here."),
    "email": N_("It does not go to {who} by e-mail. The document stays in the mailbox here."),
    "paper": N_("The letter for {who} is not printed. The document stays in the mailbox here."),
    "notice": N_("This notice does not go to {who}. Documents stay where they are."),
}
LASTS = N_("If it has a ladder, that goes on. This cannot be taken back.")
IN_DOUBT = N_("It may have happened already: nobody knows. If it did, that stays.")
ALL_AGAIN = {
    "external": N_(
        "{count} documents that were given up are put into mailboxes elsewhere again, one after the other."
    ),
    "email": N_("{count} documents that were given up are sent by e-mail again, one after the other."),
    "paper": N_("{count} letters that were given up go to the printer again, one after the other."),
    "notice": N_("{count} notices that were given up are sent again, one after the other."),
}
DONE, NOT_DONE = "done", "not-done"
TRIED = N_("It is tried now.")


def retry(screen: DeedScreen, job: Job) -> None:
    """One that waits, or was given up."""
    happens = [screen.say(TRIES[job["kind"]], who=whose(job))]
    if job["due_at"] is not None:
        happens.append(screen.say(N_("It does not wait until {when}."), when=moment(job["due_at"])))
    asked = Confirm(screen.say(N_("Try it again?")), " ".join(happens), screen.say(N_("Try again")))
    screen.sure(asked, lambda: screen.api.post(f"/outbox/{job['id']}/retry"), screen.say(TRIED))


def retry_all(screen: DeedScreen, kind: str, count: int) -> None:
    """All dead letters of a kind."""
    asked = Confirm(
        screen.say(N_("Try {count} again?"), count=count),
        screen.say(ALL_AGAIN[kind], count=count),
        screen.say(N_("Try all again")),
    )
    screen.sure(
        asked, lambda: screen.api.post("/outbox/retries", {"kind": kind}, seconds=3600), partial(_retried, screen)
    )


def _retried(screen: DeedScreen, answer: Mapping[str, int]) -> str:
    told = screen.say(N_("{count} are tried again."), count=answer["retried"])
    gone = N_("{count} stay: their documents are not there any more. Cancel those.")
    return f"{told} {screen.say(gone, count=answer['left'])}" if answer["left"] else told


def cancel(screen: DeedScreen, job: Job) -> None:
    happens = [screen.say(CANCELS[job["kind"]], who=whose(job)), screen.say(LASTS)]
    if job["state"] == "uncertain":
        happens.insert(1, screen.say(IN_DOUBT))
    asked = Confirm(screen.say(N_("Cancel it?")), " ".join(happens), screen.say(N_("Do not send it")), grave=True)
    screen.sure(asked, lambda: screen.api.delete(f"/outbox/{job['id']}"), screen.say(N_("Cancelled.")))


def settle(screen: DeedScreen, job: Job) -> None:
    """An uncertain one: the person knows what nobody here does."""
    options = [
        (screen.say(N_("It happened: nothing more is done")), DONE),
        (screen.say(N_("It did not happen: try it again")), NOT_DONE),
    ]
    asks = [Ask("what", f"{screen.say(KINDS[job['kind']])}, {whose(job)}", options=options)]

    async def told(values: Mapping[str, str]) -> str:
        done = values["what"] == DONE
        await screen.api.post(f"/outbox/{job['id']}/settlement", {"done": done})
        return screen.say(N_("It is noted as done.")) if done else screen.say(TRIED)

    explained = screen.say(JOB_STATES_MEAN["uncertain"])
    form = Form(screen.say(N_("Did it happen?")), asks, screen.say(N_("That is so")), explained, told)
    screen.filled(form, str)
