"""`postex restore`: a bridge from its backup, with the recovery kit alone."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.options import AsJson

if TYPE_CHECKING:
    from storage.backups.restore import Restored
    from storage.keys.master import MasterKey
    from storage.keys.recovery import RecoveryKit
    from storage.oversight.audit_heads import SignedHead

NewData = Annotated[Path, typer.Option("--data", envvar="POSTEX_DATA", help="New folder, which must be empty.")]
Keyring = Annotated[Path, typer.Option("--keyring", help="A keyring backup, or the folder it was made in.")]
Kit = Annotated[
    str, typer.Option("--kit", help="- reads the recovery kit from standard input; else it is asked for.")
]
HeadFile = Annotated[
    Path | None,
    typer.Option("--head", help="A signed head of the audit log, kept elsewhere, to compare.", show_default=False),
]


def restore(
    backup: Annotated[Path, typer.Argument(help="A backup, or the folder it was made in: then its newest.")],
    keyring: Keyring,
    data: NewData,
    kit: Kit = "",
    head: HeadFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a data folder from a backup. Nothing is used before every hash was checked."""
    from bridge import tls
    from postex_tui.commands.backup_refusals import refused
    from postex_tui.data_folder import locked_words, now, settings_of
    from storage.backups import restore as restoring

    opened, known = _kit(kit), _head(head)
    target = data.absolute()
    with refused(), locked_words(target):
        done = restoring.restore(backup.absolute(), keyring.absolute(), target, opened, _place, now(), known)
    certificate = target / settings_of(target).tls.certificate_file
    mark = tls.fingerprint(certificate) if certificate.exists() else None
    answer(as_json, _content(target, done, mark), _words(target, done, mark))


def _kit(given: str) -> "RecoveryKit":
    """Never from the command line itself, which others on the machine can see."""
    from postex_tui import asking
    from storage.errors import Invalid
    from storage.keys.recovery import RecoveryKit

    if given not in ("", "-"):
        raise Refusal("usage", "--kit takes only - (standard input); without it the kit is asked for", USAGE)
    text = sys.stdin.read() if given == "-" else asking.given(None, "Recovery kit", "with --kit - on standard input")
    try:
        return RecoveryKit.parse(text)
    except Invalid as error:
        raise Refusal("invalid-kit", f"{error}; type it as it is printed, fourteen groups of four") from None


def _head(path: Path | None) -> "SignedHead | None":
    from storage.errors import Invalid
    from storage.oversight import audit_heads

    if path is None:
        return None
    try:
        return audit_heads.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, Invalid) as error:
        raise Refusal("invalid-head", f"{path}: no head of an audit log ({type(error).__name__})") from None


def _place(data: Path, master: "MasterKey") -> None:
    """The master key where the settings say, and a new certificate: keys of TLS are in no backup."""
    from bridge import tls
    from postex_tui.data_folder import now, settings_of
    from storage.errors import BackupReason, BackupRefused
    from storage.keys.master import MasterKey

    settings = settings_of(data)
    key_file = data / settings.storage.master_key_file
    if not key_file.exists():
        master.save(key_file)
    elif MasterKey.load(key_file) != master:
        raise BackupRefused(BackupReason.OTHER_MASTER_KEY, str(key_file))
    files = (data / settings.tls.certificate_file, data / settings.tls.key_file)
    if all(file.resolve().is_relative_to(data.resolve()) for file in files):
        tls.create_self_signed(*files, settings.hostname, now())


def _content(data: Path, done: "Restored", mark: str | None) -> dict[str, object]:
    return {
        "data": str(data),
        "backup": done.manifest.id,
        "made_at": done.manifest.made_at,
        "accounts": done.manifest.accounts,
        "documents": done.manifest.documents,
        "copies": done.manifest.copies,
        "unreadable_bodies": len(done.manifest.missing_bodies),
        "erased": list(done.erased),
        "made_after_backup": list(done.unknown),
        "uncertain_jobs": done.uncertain,
        "roles_to_review": done.roles,
        "head": done.head,
        "signing_key": done.manifest.signing_key,
        "tls_fingerprint": mark,
    }


def _words(data: Path, done: "Restored", mark: str | None) -> str:
    from datetime import UTC, datetime

    from storage.oversight.audit_heads import Standing

    manifest = done.manifest
    when = datetime.fromtimestamp(manifest.made_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        f"Restored {data} as it was on {when}: {manifest.documents} documents of {manifest.accounts} accounts.",
        "All hashes, the audit log and the canary agree. What came in after that time is not in it.",
    ]
    lines.append(
        "Signing key, which must be the one that init printed; else somebody else made this backup, and knows its"
        f" master key:\n  {manifest.signing_key}"
    )
    if manifest.missing_bodies:
        lines.append(f"{len(manifest.missing_bodies)} body files could not be read when the backup was made.")
    if done.erased:
        lines.append(f"{len(done.erased)} accounts were erased since, and are erased here too.")
    if done.unknown:
        lines.append(f"{len(done.unknown)} accounts were made after the backup and are missing: add them again.")
    if done.uncertain:
        lines.append(
            f"{done.uncertain} jobs waited in the outbox and may have been carried out after the backup: nothing is"
            " sent or printed by itself. See `postex outbox list --state uncertain`, look in the logs of printer and"
            " relay, then `postex outbox settle NUMBER --done` or `--not-done` for each."
        )
    if done.head is Standing.CUT:
        lines.append("ROLLED BACK: the head you gave is newer than this backup; what happened in between is lost.")
    lines.append(
        f"TLS: a NEW self-signed certificate; people must accept it again. SHA-256:\n  {mark}"
        if mark
        else "TLS: postex.toml names a certificate elsewhere that is not here: put it there before you serve."
    )
    return "\n".join([*lines, *_undone(when, done.roles)])


def _undone(when: str, roles: int) -> list[str]:
    """What was taken away after the backup is back, and nobody can list it: its log is lost too."""
    return [
        f"TAKEN BACK: whatever was changed after {when} is as before, and the log of those changes is lost with them."
        " Devices that were revoked open mailboxes again; passwords, second factors, roles, preferences, consents and"
        " legal holds are those of that time. Sessions and codes that waited have ended: everybody signs in anew."
        " Do first:",
        f"  1. Roles: `postex role review`; {roles} wait there. `postex role revoke NUMBER` what was taken away.",
        "  2. Devices of whoever lost one or left since: `postex device list EMAIL`, then `postex device revoke EMAIL"
        " LABEL`; if in doubt revoke. Accounts closed since: `postex account close EMAIL`.",
        "  3. Tell everybody the day and hour: look at your devices and choices, and change again what you"
        " changed since, the password first.",
    ]
