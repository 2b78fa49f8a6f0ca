"""The `postex` command: parses, hands over to one module per noun, and turns every refusal into one clear line.

Contract: exit status 0 done, 1 refused or failed, 2 wrong command line or setting. Modules of `commands` import what
takes time (pydantic, SQLAlchemy, cryptography) inside their commands: `postex version` and --help are instant.
"""

import sys
from collections.abc import Sequence

import typer

from bridge import process
from postex_tui.answers import USAGE, Refusal, refuse
from postex_tui.commands import (
    account,
    address,
    alias,
    audit,
    backup,
    break_glass,
    consent,
    copies,
    delivery,
    demo,
    device,
    domain,
    enrol,
    erase,
    escrow,
    explain,
    external,
    held,
    hold,
    identity,
    init,
    kit,
    log,
    login,
    looks,
    me,
    outbox,
    outside,
    paper,
    preference,
    preference_views,
    processor,
    purge,
    recover,
    repair,
    reset,
    restore,
    role,
    rotation,
    sender,
    sent,
    serve,
    session,
    settings,
    statistics,
    status,
    ticket,
    tui,
    version,
    web,
)
from storage.errors import StorageError

app = typer.Typer(
    name="postex",
    help="A self-hosted document post office.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.add_typer(account.app, name="account")
app.add_typer(sender.app, name="sender")
sender.app.add_typer(sent.batch, name="batch")
sender.app.command("recipients")(sent.recipients)
sender.app.command("sent")(sent.sent)
app.add_typer(device.app, name="device")
app.add_typer(session.app, name="session")
app.add_typer(alias.app, name="alias")
app.add_typer(domain.app, name="domain")
domain.app.add_typer(escrow.of_domain, name="escrow")
app.add_typer(escrow.app, name="escrow")
account.app.command("reset")(reset.reset)
app.add_typer(role.app, name="role")
app.add_typer(break_glass.app, name="break-glass")
app.add_typer(audit.app, name="audit")
app.command("statistics")(statistics.statistics)
app.command("status")(status.status)
app.command("log")(log.log)
app.command("login")(login.login)
app.command("step-up")(login.step_up)
app.command("logout")(login.logout)
app.command("enrol")(enrol.enrol)
app.add_typer(me.app, name="me")
me.app.command("show")(identity.show)
me.app.command("set")(identity.change)
me.app.command("changes")(identity.changes)
me.app.command("undo")(identity.undo)
me.app.command("held")(held.held)
me.app.command("export")(held.export)
me.app.command("looks")(looks.looks)
me.app.command("disclosures")(sent.disclosures)
me.app.command("copies")(copies.copies)
me.app.command("usage")(copies.usage)
me.app.command("transcript")(outside.transcript)
me.app.command("notices")(outside.notices)
me.app.add_typer(outside.notice_url, name="notice-url")
me.app.add_typer(outside.contact, name="contact")
me.app.add_typer(external.app, name="external")
me.app.command("rotate")(rotation.rotate)
me.app.command("reopen")(rotation.reopen)
me.app.add_typer(address.app, name="address")
preference.app.command("effects")(preference_views.effects)
preference.app.command("why")(preference_views.why)
preference.app.command("matrix")(preference_views.matrix)
preference.of_domain.command("preview")(preference_views.preview)
app.add_typer(preference.app, name="preference")
app.add_typer(consent.app, name="consent")
app.command("explain")(explain.explain)
domain.app.add_typer(preference.of_domain, name="preference")
app.add_typer(recover.app, name="recover")
app.add_typer(erase.app, name="erase")
app.add_typer(hold.app, name="hold")
app.add_typer(purge.app, name="purge")
app.add_typer(delivery.app, name="delivery")
app.add_typer(outbox.app, name="outbox")
app.add_typer(processor.app, name="processor")
app.add_typer(paper.app, name="paper")
app.add_typer(ticket.app, name="ticket")
me.app.command("tickets")(ticket.own)
app.add_typer(settings.app, name="settings")
app.command("serve")(serve.serve)
app.command("repair")(repair.repair)
app.add_typer(backup.app, name="backup")
app.command("restore")(restore.restore)
app.add_typer(kit.app, name="kit")
app.command("demo")(demo.demo)
app.command("tui")(tui.tui)
app.command("web")(web.web)
app.command("version")(version.version)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    process.forbid_core_dumps()
    given = list(sys.argv[1:] if arguments is None else arguments) or _alone()
    as_json = "--json" in given
    try:
        status = app(given, prog_name="postex", standalone_mode=False)
    except Refusal as refusal:
        return refuse(as_json, refusal)
    except StorageError as error:
        return refuse(as_json, _refused_by_storage(error))
    except typer.Abort:
        return refuse(as_json, Refusal("interrupted", "stopped before the end"))
    except typer.TyperException as error:
        return _misused(as_json, error)
    return status if isinstance(status, int) else 0


def _alone() -> list[str]:
    """What `postex` without a word does: the app for a person at a terminal, help for a script."""
    return ["tui"] if sys.stdin.isatty() and sys.stdout.isatty() else []


def _misused(as_json: bool, error: typer.TyperException) -> int:
    """A wrong command line. The bare `postex` and `postex account` are asked for help, which they print."""
    text = getattr(error, "format_message", lambda: str(error))()
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(text)
        return USAGE
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "postex"
    told = text.replace("Value error, ", "", 1)
    return refuse(as_json, Refusal("usage", f"{told} (see {command} --help)", USAGE))


def _refused_by_storage(error: StorageError) -> Refusal:
    """Commands give better words where they know more; this is what stays."""
    code = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__)
    return Refusal(code.removeprefix("-"), _words(str(error)) or code.removeprefix("-"))


def _words(rule: str) -> str:
    """What to type instead where we know it; else what storage says."""
    from bridge.api import value_words
    from bridge.i18n import text
    from postex_tui.language import language

    message, values = value_words.said(rule)
    return rule if message is value_words.OTHERWISE else text(language(), message, **values)


if __name__ == "__main__":
    sys.exit(main())
