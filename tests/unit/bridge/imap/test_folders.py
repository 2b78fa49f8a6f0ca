"""LIST, LSUB and their extensions (RFC 3501 section 6.3.8, 5258, 6154)."""

from bridge.imap.folders import Hierarchy, root_line, status_line
from bridge.imap.protocol.commands import List, Lsub
from storage.records import Mailbox, MailboxStatus, SpecialUse


def mailbox(name: str, special: SpecialUse | None = None) -> Mailbox:
    return Mailbox(len(name), 1, name, special, 1, 1, 1)


FOLDERS = Hierarchy(
    [
        mailbox("INBOX", SpecialUse.INBOX),
        mailbox("Sent", SpecialUse.SENT),
        mailbox("Bank"),
        mailbox("Bank/Rente"),
        mailbox("Zon/Café/2025"),
    ],
    ["INBOX", "Bank/Rente", "Weg/Oud"],
)


def lines(command: List) -> list[str]:
    return [entry.line(b"LIST").decode().removesuffix("\r\n") for entry in FOLDERS.listing(command)]


def listing(*patterns: str, selection: str = "", returns: str = "", reference: str = "") -> list[str]:
    return lines(List("t", reference, patterns, frozenset(selection.split()), frozenset(returns.split())))


def test_everything_with_children_and_special_use_at_all_times() -> None:
    assert listing("*") == [
        '* LIST (\\HasChildren) "/" Bank',
        '* LIST (\\HasNoChildren) "/" Bank/Rente',
        '* LIST (\\HasNoChildren) "/" INBOX',
        '* LIST (\\HasNoChildren \\Sent) "/" Sent',
        '* LIST (\\NonExistent \\Noselect \\HasChildren) "/" Zon',
        '* LIST (\\NonExistent \\Noselect \\HasChildren) "/" Zon/Caf&AOk-',
        '* LIST (\\HasNoChildren) "/" Zon/Caf&AOk-/2025',
    ]


def test_one_level() -> None:
    assert [line.rsplit(" ", 1)[1] for line in listing("%")] == ["Bank", "INBOX", "Sent", "Zon"]
    assert listing("%", reference="Bank/") == ['* LIST (\\HasNoChildren) "/" Bank/Rente']


def test_several_patterns_name_each_mailbox_once() -> None:
    assert [line.rsplit(" ", 1)[1] for line in listing("INBOX", "I*", "Sent")] == ["INBOX", "Sent"]


def test_subscribed_only_shows_what_does_not_exist() -> None:
    assert listing("*", selection="SUBSCRIBED") == [
        '* LIST (\\HasNoChildren \\Subscribed) "/" Bank/Rente',
        '* LIST (\\HasNoChildren \\Subscribed) "/" INBOX',
        '* LIST (\\NonExistent \\Noselect \\HasNoChildren \\Subscribed) "/" Weg/Oud',
    ]


def test_recursive_match_tells_of_subscribed_children() -> None:
    assert listing("%", selection="SUBSCRIBED RECURSIVEMATCH") == [
        '* LIST (\\HasChildren) "/" Bank ("CHILDINFO" ("SUBSCRIBED"))',
        '* LIST (\\HasNoChildren \\Subscribed) "/" INBOX',
        '* LIST (\\NonExistent \\Noselect \\HasNoChildren) "/" Weg ("CHILDINFO" ("SUBSCRIBED"))',
    ]


def test_special_use_only() -> None:
    assert listing("*", selection="SPECIAL-USE") == ['* LIST (\\HasNoChildren \\Sent) "/" Sent']


def test_subscribed_is_returned_when_asked_for() -> None:
    assert listing("INBOX", returns="SUBSCRIBED") == ['* LIST (\\HasNoChildren \\Subscribed) "/" INBOX']


def test_lsub_stands_in_for_children_at_a_percent_sign_only() -> None:
    def lsub(pattern: str) -> list[bytes]:
        return [entry.line(b"LSUB") for entry in FOLDERS.subscribed(Lsub("t", "", pattern))]

    assert lsub("*") == [b'* LSUB () "/" Bank/Rente\r\n', b'* LSUB () "/" INBOX\r\n', b'* LSUB () "/" Weg/Oud\r\n']
    assert lsub("%") == [
        b'* LSUB (\\Noselect) "/" Bank\r\n',
        b'* LSUB () "/" INBOX\r\n',
        b'* LSUB (\\Noselect) "/" Weg\r\n',
    ]


def test_the_root_tells_the_delimiter() -> None:
    assert root_line(b"LIST") == b'* LIST (\\Noselect) "/" ""\r\n'


def test_status_answers_in_the_order_asked() -> None:
    status = MailboxStatus(messages=3, recent=1, unseen=2, uid_next=9, uid_validity=77, highest_modseq=5)
    line = status_line("Zon/Café", ["UNSEEN", "MESSAGES", "UIDNEXT", "UIDVALIDITY", "RECENT"], status)
    assert line == b"* STATUS Zon/Caf&AOk- (UNSEEN 2 MESSAGES 3 UIDNEXT 9 UIDVALIDITY 77 RECENT 1)\r\n"
