"""On what basis something is kept, how long, who sees it, where it is changed: in words, said the same everywhere."""

from bridge.i18n import N_

CONTRACT = N_("the service that you or your organisation asked for")
CONSENT = N_("your consent")
DUTY = N_("a legal duty")
INTEREST = N_("the legitimate interest in a safe and accountable service")

ACCOUNT = N_("as long as your account")
A_DAY = N_("the old value for 24 hours, to be undone; the fact as long as your account")
THREE_MONTHS = N_("90 days; of a document that is still there, as long as that")
CLEARED = N_("until you clear it, at most as long as your account")
LEDGER = N_("as long as your account; what was agreed must be provable")
LOG = N_("as long as the bridge, without your name once you are erased")
THE_LOG_SETTING = N_("as many days as your bridge is set to, then deleted")

SELF = N_("you")
ADMINS = N_("you, and admins of your domain, who leave a trace when they look")
SENDERS_TOO = N_("you, admins of your domain, and senders, whose documents are addressed with it")
NOBODY = N_("nobody: it is kept in a form that cannot be read")

AT_PERSON = N_("Change it under About me.")
AT_CHOICES = N_("Change it under How I receive.")
AT_DEVICES = N_("Change it under Devices.")
BY_ITSELF = N_("It follows from what you do and cannot be written by hand.")
BY_ADMIN = N_("Your admin looks after it. Ask there if it is wrong.")
LOGGED = N_("A log that could be changed would prove nothing, to you either.")
