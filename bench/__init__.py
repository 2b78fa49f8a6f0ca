"""Postex measured beside its peers, in one run, by one client.

    python -m bench [--quick] [--only ROW]… [--server NAME]… [--without-peers] [--json] [--markdown FILE]

Peers are private instances with generated settings on loopback: Postfix up to its queue; Postfix carrying on over
LMTP to Dovecot; Dovecot with Maildir, as the goals of this project were set beside it; the same with mail_crypt
(each user's own key pair, wrapped under the password); and Dovecot with sdbox, its own faster format, for honesty.
All Dovecots run with `mail_fsync = always`. All servers store under the temporary folder (TMPDIR), on one disk.
Debian packages needed: postfix dovecot-imapd dovecot-lmtpd; Postfix needs root. What cannot run is left out of the
table and says why.

`bench/servers` starts the servers, `bench/clients` are the measuring clients, `bench/rows` says what each row
counts, `bench/report.py` writes the table, and `bench/limits.py` keeps what limits each row. Figures are medians.
Ratios count, absolute figures depend on the machine.
"""
