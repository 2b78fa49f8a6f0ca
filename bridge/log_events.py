"""What events of the service log mean: the words of docs/logs.md, for whoever reads the log in the app or by the API.

Contract. Every event that the product writes is here (tests/unit/bridge/test_logs.py holds the two together).
"""

from bridge.i18n import N_

MEANINGS = {
    "bridge.ready": N_("all listeners accept; `listeners` names them"),
    "bridge.draining": N_("SIGTERM or SIGINT came"),
    "bridge.stopped": N_("the end; all is on disk"),
    "bridge.storage_failed": N_("the disk under the database failed: the bridge ends"),
    "tls.certificate_loaded": N_("renewed files serve the next handshake"),
    "tls.certificate_unusable": N_("changed files do not fit together; the old ones stay in use"),
    "smtp.listening": N_("a listener is open, on `port`"),
    "imap_listening": N_("a listener is open, on `port`"),
    "smtp.signed_in": N_("at a `door`"),
    "smtp.sign_in_refused": N_("at a `door`"),
    "imap_sign_in_refused": N_("IMAP refused a user name or device password"),
    "smtp.stored": N_("a hand-in is durable; `document` is the id in the text of the 250"),
    "smtp.not_stored": N_("a hand-in was refused for now, because of `kind`"),
    "smtp.command": N_(
        "mail of a reader to the control address; whether it was `understood`, and whether it was"
        " `automatic` and so left alone"
    ),
    "smtp.question": N_("a question to a `desk` became a ticket; `signed_in`: by somebody of ours"),
    "smtp.worker_lost": N_("a worker process died; `count` hand-ins were asked to come again"),
    "smtp.worker_stuck": N_("a worker process gave no answer for 30 seconds and was killed; `count` as above"),
    "smtp.timeout": N_("a client was too slow, spoke no TLS, went away"),
    "smtp.handshake_failed": N_("a client was too slow, spoke no TLS, went away"),
    "smtp.gone": N_("a client was too slow, spoke no TLS, went away"),
    "smtp.fault": N_("a fault of ours, answered with a temporary error"),
    "imap_fault": N_("a fault of ours, answered with a temporary error"),
    "imap_connection_fault": N_("a fault of ours, answered with a temporary error"),
    "imap_memory_short": N_(
        "all that is being received takes too much: the connection that was silent for longest ends"
    ),
    "imap_refused": N_("a `command` was answered NO because of `reason`"),
    "imap_damaged": N_("`documents_count` damaged documents were asked for and not served"),
    "imap_not_noted": N_("the database could not be read: that `documents` were opened or downloaded was not noted"),
    "api.loaded": N_("somebody used the control socket for the first time since the start"),
    "api.stream_failed": N_("a stream of live events ended because of `kind`"),
    "api.signed_in": N_("at the control API; with the number of the session"),
    "api.sign_in_refused": N_("at the control API; with the number of the session"),
    "api.sign_in_braked": N_("too many wrong secrets of one account or network: heard again after `wait_seconds`"),
    "api.failed": N_("a fault of ours in a request, of this `kind`; stored data did not open"),
    "api.tampered": N_("a fault of ours in a request, of this `kind`; stored data did not open"),
    "paper.composed": N_(
        "sheets were made for a `delivery`: `pages_count`, and `problems`, codes of what is wrong with the letter"
    ),
    "paper.press_failed": N_("the process that makes sheets ended without any, or took too long: `problem`"),
    "email.sent": N_(
        "a relay took or refused a document of a `delivery`: `fate` accepted, later or refused, with its `code`"
    ),
    "email.returned": N_(
        "mail came to a bounce address, about something of this `job_kind`; `outcome` of the report, none"
        " for another message"
    ),
    "external.put": N_("a document of a `delivery` is in its recipient's mailbox elsewhere"),
    "external.trouble": N_("it could not be put there, because of `problem`"),
    "notice.mailed": N_(
        "a relay took or refused a notice for an `account`: `fate` accepted, later or refused, with its `code`"
    ),
    "notice.pushed": N_("the same of a notice URL, with the `verdict`"),
    "outbox.done": N_("a `job` of this `job_kind` was handed off, after so many `attempts`"),
    "outbox.later": N_("it is tried again in so many `seconds`, because of `problem`"),
    "outbox.dropped": N_("what it was about is gone: nothing is left to do"),
    "outbox.dead": N_("it was given up because of `problem`: `postex outbox list --state dead`"),
    "outbox.uncertain": N_("it may have happened; only a person may say so: `postex outbox settle`"),
    "outbox.recalled": N_("so many `jobs` waited for a time that only a wrong clock can have set: they are due now"),
    "outbox.fault": N_("a fault of ours in an attempt, of this `kind`; something sealed for it did not open"),
    "outbox.tampered": N_("a fault of ours in an attempt, of this `kind`; something sealed for it did not open"),
    "outbox.not_noted": N_("the database took no writes: what came of a job is written as soon as it does"),
    "outbox.settle_fault": N_(
        "what came of a job could not be written, because of a fault of ours of this `kind`: it is uncertain"
    ),
    "outbox.unread": N_("the outbox could not be read, because of `kind`; again within a minute"),
    "orphans_swept": N_("at the start: body files that a crash had left behind are gone"),
    "body_left_behind": N_("a body file could not be deleted; the next start tries again"),
    "backup.accounts_without_secret": N_(
        "so many `accounts` have no shred secret in keyring.db: nobody signs in to them, and a restore of"
        " this backup would erase them; was an older keyring.db put back?"
    ),
    "backup.body_unreadable": N_("a body file could not be read for a backup; the others are in it"),
    "backup.bodies_removed": N_("body files that no backup has any more are gone from a destination"),
    "backup.not_expired": N_("old backups of a destination stay until the next run, because of `reason`"),
    "batch_lost": N_("a commit failed; its `jobs` were told so, nothing of them was kept"),
    "database_failed": N_("the disk under the database failed: the process ends"),
    "posted_write_failed": N_("a fault inside, of this `kind`"),
    "listener_failed": N_("a fault inside, of this `kind`"),
    "writer_close": N_("a fault inside, of this `kind`"),
    "listener_without_loop": N_("for developers"),
    "loop_closed": N_("for developers"),
    "mailbox.refused": N_("the sealed name of a folder was altered; the others are listed"),
    "subscription.refused": N_("the sealed name of a folder was altered; the others are listed"),
    "audit.head": N_(
        "at the start, daily and at the end: where the audit log stands, signed; keep these lines elsewhere"
    ),
    "audit.broken": N_("a verification found the log altered at `position`, or a `head` kept outside gone"),
    "audit.no_head": N_("the head of the audit log could not be read, because of `kind`"),
    "erasure.done": N_("an erasure of this `kind` is finished; its receipt is kept"),
    "erasure.waits": N_(
        "a hold or a backup under way, of this `kind`, keeps an erasure from its end; it is tried again"
    ),
    "erasure.regrown": N_("a request under way had written into an account as it was erased; it was taken out"),
    "ladder.rung": N_(
        "a `rung` (remind, email, paper) of an unread document was done, its `number` in the ladder; not"
        " which document"
    ),
    "retention.clock_jumped": N_(
        "the clock moved by `seconds` more than the machine's own: nothing is erased by retention for a day"
    ),
    "chore.done": N_("the housekeeping `chore` removed or ended `count` things"),
    "chore.failed": N_("it failed and is tried again in five minutes"),
    "chore.item_failed": N_("one of the things that it does failed and is due again; the others were done"),
    "foreign_record": N_("a library's log record: `written_at` says where, its text is dropped"),
    "uncaught": N_("an exception that nobody expected"),
}
