"""A private Dovecot 2.3 on loopback: the peer for reading, the LMTP end of the peer for arrival, the oracle of tests.

Works as root (mail then belongs to the user `mail`) and as an ordinary user. Storage is Maildir, or sdbox,
Dovecot's own faster format; `mail_fsync = always` makes what it acknowledges durable, as ours is. Mailboxes in IDLE
are looked at every second as well, as the kernel's inotify instances may not suffice for hundreds of sessions. With
`encrypted`, mail_crypt seals each user's mail under a key pair of the user, whose private half is wrapped under the
password.
"""

import grp
import imaplib
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from string import Template

from bench.servers.base import Intake, Login, Server, Unavailable, await_port, descendants, end, free_ports
from bench.servers.certificate import write_certificate

PROGRAM = "/usr/sbin/dovecot"
PASSWORD = "correct-horse-battery"


def dovecot_missing() -> str | None:
    """Why no Dovecot can be started here, or None."""
    if not Path(PROGRAM).exists():
        return "dovecot-imapd is not installed"
    if not Path("/usr/lib/dovecot/lmtp").exists():
        return "dovecot-lmtpd is not installed"
    return None


class Dovecot(Server):
    """`folder` must be short: Unix socket paths in it are limited to 107 bytes."""

    def __init__(
        self, folder: Path, *, encrypted: bool = False, storage: str = "maildir", fsync: str = "always"
    ) -> None:
        """`fsync` as in mail_fsync: "never" for tests, which ask nothing of a disk."""
        self.name = f"Dovecot {storage}{' mail_crypt' if encrypted else ''}"
        self.storage = storage
        self.fsync = fsync
        self.folder = folder
        self.encrypted = encrypted
        self._process: subprocess.Popen[bytes] | None = None
        if reason := dovecot_missing():
            raise Unavailable(reason)
        self.imap_port, self.imaps_port, lmtp_port = free_ports(3)
        self.intake = Intake(lmtp_port, lmtp=True)
        self._prepare()

    def start(self) -> None:
        command = [PROGRAM, "-F", "-c", str(self.folder / "dovecot.conf")]
        with (self.folder / "console").open("ab") as console:
            self._process = subprocess.Popen(command, stdout=console, stderr=console, start_new_session=True)
        for port in (self.imap_port, self.imaps_port, self.intake.port):
            await_port(port, self._process)

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)
            self._process = None

    def login(self, number: int) -> Login:
        return Login(self.address(number), PASSWORD)

    def pids(self) -> list[int]:
        if self._process is None:
            return []
        return [self._process.pid, *descendants(self._process.pid)]

    def open(self, recipients: int) -> None:
        """With mail_crypt, a user's keys are made at the first save of a session that knows the password."""
        self.start()
        for number in range(recipients) if self.encrypted else ():
            login = self.login(number)
            with imaplib.IMAP4("127.0.0.1", self.imap_port) as session:
                session.login(login.username, login.password)
                session.append("INBOX", "(\\Deleted)", "", b"Subject: keys\r\n\r\n")
                session.select("INBOX")
                session.expunge()

    def forget_caches(self) -> None:
        """A first sync meets an index without cached headers: remove the caches, keep the mail."""
        for cache in (self.folder / "home").rglob("dovecot.index.cache*"):
            cache.unlink()

    def _prepare(self) -> None:
        (self.folder / "home").mkdir(parents=True)
        write_certificate(self.folder)
        (self.folder / "dovecot.conf").write_text(self._configuration())
        if os.geteuid() == 0:
            self.folder.chmod(0o755)
            shutil.chown(self.folder / "home", "mail", "mail")

    def _configuration(self) -> str:
        root = os.geteuid() == 0
        me = pwd.getpwuid(os.geteuid()).pw_name
        group = grp.getgrgid(os.getegid()).gr_name
        parts = [_GENERAL, _SERVICES, _MAILBOXES]
        parts += [_ENCRYPTION] if self.encrypted else []
        parts += [] if root else [_UNPRIVILEGED]
        return Template("\n".join(parts)).substitute(
            folder=self.folder,
            owner="mail" if root else me,
            group="mail" if root else group,
            me=me,
            my_group=group,
            imap=self.imap_port,
            imaps=self.imaps_port,
            lmtp=self.intake.port,
            password=PASSWORD,
            storage=self.storage,
            fsync=self.fsync,
            unwrap="userdb_mail_crypt_private_password=%w" if self.encrypted else "",
        )


_GENERAL = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
hostname = bench.test
postmaster_address = postmaster@bench.test
ssl = yes
ssl_cert = <${folder}/certificate.pem
ssl_key = <${folder}/key.pem
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login
first_valid_uid = 1
mail_location = ${storage}:~/mail
mail_fsync = ${fsync}
mail_max_userip_connections = 0
auth_failure_delay = 0
mailbox_idle_check_interval = 1 secs
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
passdb {
  driver = static
  args = password=${password} userdb_uid=${owner} userdb_gid=${group} userdb_home=${folder}/home/%n ${unwrap}
}
userdb {
  driver = prefetch
}
userdb {
  driver = static
  args = uid=${owner} gid=${group} home=${folder}/home/%n allow_all_users=yes
}
"""

_SERVICES = """
default_client_limit = 4000
default_process_limit = 2000
service imap-login {
  service_count = 0
  process_min_avail = 2
  process_limit = 4
  inet_listener imap {
    port = ${imap}
  }
  inet_listener imaps {
    port = ${imaps}
    ssl = yes
  }
}
service imap {
  process_limit = 2000
}
service lmtp {
  process_limit = 100
  unix_listener lmtp {
    mode = 0
  }
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtp}
  }
}
service stats {
  client_limit = 4000
}
"""

_MAILBOXES = """
namespace inbox {
  inbox = yes
  separator = /
  mailbox INBOX {
    auto = subscribe
  }
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
  mailbox Drafts {
    special_use = \\Drafts
    auto = subscribe
  }
  mailbox Trash {
    special_use = \\Trash
    auto = subscribe
  }
  mailbox Archive {
    special_use = \\Archive
    auto = subscribe
  }
  mailbox Junk {
    special_use = \\Junk
    auto = subscribe
  }
}
"""

_ENCRYPTION = """
mail_plugins = mail_crypt
mail_attribute_dict = file:%h/dovecot-attributes
plugin {
  mail_crypt_curve = secp521r1
  mail_crypt_save_version = 2
  mail_crypt_require_encrypted_user_key = yes
}
"""

_UNPRIVILEGED = """
default_internal_user = ${me}
default_internal_group = ${my_group}
default_login_user = ${me}
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
service stats {
  chroot =
}
"""
