"""What people are told when a backup cannot be made or used: by the control API and by the command line."""

from collections.abc import Mapping

from bridge.i18n import N_
from storage.errors import BackupReason

WORDS: Mapping[BackupReason, str] = {
    BackupReason.NOT_A_FOLDER: N_("{what} is no place for backups. Give the whole path of a folder, from / on."),
    BackupReason.FOREIGN: N_(
        "{what} holds other things, or backups of another bridge or kind; nothing there was touched. Give an empty"
        " folder."
    ),
    BackupReason.INSIDE: N_(
        "One of these folders lies in the other: {what}. Data, backups and keyring backups each need a place apart,"
        " or an erasure would not reach the backups."
    ),
    BackupReason.RUNNING: N_("Another backup to {what} is under way. Wait for its end."),
    BackupReason.STOPPED: N_(
        "The backup to {what} was stopped before its end. Start it again; it goes on where it was."
    ),
    BackupReason.FULL: N_(
        "The disk of {what} is full; nothing half-done was left there, and the bridge goes on. Make room, or give"
        " another folder."
    ),
    BackupReason.UNWRITABLE: N_("{what} cannot be written. Check that it is there, and who may write to it."),
    BackupReason.NO_BACKUP: N_("There is no backup in {what}. Give its folder, or the folder it was made in."),
    BackupReason.INCOMPLETE: N_("{what} was never completed: it has no manifest. Use another backup."),
    BackupReason.NEWER: N_("{what} was made by a newer version of Postex. Install that one, then try again."),
    BackupReason.WRONG_KIT: N_(
        "The recovery kit does not open {what}. Use the kit that was valid when this backup was made."
    ),
    BackupReason.ALTERED: N_("{what} is not as it was when the backup was made. Use another backup."),
    BackupReason.WRONG_KEYRING: N_(
        "{what} does not belong to this backup. Give a keyring backup of the same bridge."
    ),
    BackupReason.OLDER_KEYRING: N_(
        "{what} is older than the backup: accounts made since would be lost. Give a keyring backup of the same day or"
        " later, or restore an older backup."
    ),
    BackupReason.NOT_EMPTY: N_("{what} is not empty. Restore into a new folder; nothing is ever overwritten."),
    BackupReason.WRONG_HEAD: N_(
        "The audit log of this backup does not go together with the head that was given: it is of another bridge,"
        " or one of them was altered. {what} was left empty."
    ),
    BackupReason.OTHER_MASTER_KEY: N_("{what} holds another master key. Move it away, then try again."),
}
"""{what} is the file or folder that it is about."""
