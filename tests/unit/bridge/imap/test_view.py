"""What a session is told about its mailbox, and when (RFC 3501 sections 2.3.1.2, 5.2, 7.4.1)."""

import pytest

from bridge.imap.protocol.commands import STAR, SequenceSet
from bridge.imap.view import NoSuchMessage, View
from storage.records import Copy, Flag, Mailbox, MailboxChange, Selected

MAILBOX = Mailbox(7, 1, "INBOX", None, 1700, 100, 10)


def copy(uid: int, flags: int = 0, keywords: tuple[str, ...] = (), modseq: int = 1) -> Copy:
    return Copy(uid, uid * 10, flags, keywords, modseq, 0)


def view_of(*uids: int, recent_from: int = 1000, read_only: bool = False) -> View:
    return View(Selected(MAILBOX, [copy(uid) for uid in uids], recent_from), read_only)


def change(modseq: int = 11, **what: object) -> MailboxChange:
    return MailboxChange(1, 7, modseq, **what)  # type: ignore[arg-type]


def some(*ranges: tuple[int, int]) -> SequenceSet:
    return SequenceSet(ranges)


def test_nothing_to_tell() -> None:
    assert view_of(1, 2).updates(expunge=True) == b""


def test_arrivals_are_counted_when_told_not_before() -> None:
    view = view_of(3, recent_from=4)
    view.apply(change(arrived=(copy(5), copy(9))))
    assert len(view) == 1
    assert view.updates(expunge=False) == b"* 3 EXISTS\r\n* 2 RECENT\r\n"
    assert view.uids == [3, 5, 9]


def test_expunges_wait_until_they_are_allowed_and_go_from_the_highest_down() -> None:
    view = view_of(2, 4, 6, 8)
    view.apply(change(expunged=(2, 6)))
    assert view.updates(expunge=False) == b""
    assert view.spans(some((1, 4)), by_uid=False) == [(0, 4)]
    assert view.updates(expunge=True) == b"* 3 EXPUNGE\r\n* 1 EXPUNGE\r\n"
    assert view.uids == [4, 8]
    assert [held.uid for held in view.copies] == [4, 8]
    assert len(view.rendered) == 2


def test_many_expunges_at_once() -> None:
    view = view_of(*range(1, 201))
    view.apply(change(expunged=tuple(range(1, 201, 2))))
    assert view.updates(expunge=True).count(b"EXPUNGE") == 100
    assert view.uids == list(range(2, 201, 2))
    assert len(view.copies) == len(view.rendered) == 100


def test_what_comes_and_goes_between_two_looks_is_never_told() -> None:
    view = view_of(1)
    view.apply(change(arrived=(copy(2),)))
    view.apply(change(12, expunged=(2,)))
    assert view.updates(expunge=True) == b""


def test_flags_change_at_once_and_are_told_later_with_the_uid_first() -> None:
    view = view_of(1, 5)
    view.apply(change(flagged=(copy(5, Flag.SEEN, modseq=11),)))
    assert view.rendered[1] == b"(\\Seen)"
    assert view.updates(expunge=False) == b"* 2 FETCH (UID 5 FLAGS (\\Seen))\r\n"
    assert not view.has_updates()


def test_flags_of_an_untold_arrival_come_with_it() -> None:
    view = view_of(1)
    view.apply(change(arrived=(copy(2),)))
    view.apply(change(12, flagged=(copy(2, Flag.FLAGGED),)))
    assert view.updates(expunge=True) == b"* 2 EXISTS\r\n* 0 RECENT\r\n"
    assert view.rendered[1] == b"(\\Flagged)"


def test_flags_of_an_expunged_message_are_not_told() -> None:
    view = view_of(1, 2)
    view.apply(change(flagged=(copy(2, Flag.DELETED),)))
    view.apply(change(12, expunged=(2,)))
    assert view.updates(expunge=True) == b"* 2 EXPUNGE\r\n"


def test_all_at_once_is_numbered_as_the_client_counts() -> None:
    view = view_of(1, 2, 3)
    view.apply(change(11, expunged=(1,)))
    view.apply(change(12, arrived=(copy(4),)))
    view.apply(change(13, flagged=(copy(3, Flag.SEEN),)))
    told = b"* 1 EXPUNGE\r\n* 3 EXISTS\r\n* 0 RECENT\r\n* 2 FETCH (UID 3 FLAGS (\\Seen))\r\n"
    assert view.updates(expunge=True) == told


def test_a_new_keyword_is_announced_before_it_is_used() -> None:
    view = view_of(1)
    view.apply(change(flagged=(copy(1, 0, ("$Paid",)),)))
    lines = view.updates(expunge=True).split(b"\r\n")
    assert lines[0].endswith(b"\\Draft $Paid)")
    assert lines[1].startswith(b"* OK [PERMANENTFLAGS (")
    assert lines[2] == b"* 1 FETCH (UID 1 FLAGS ($Paid))"


def test_changes_older_than_the_snapshot_are_dropped() -> None:
    view = view_of(1)
    view.apply(change(10, expunged=(1,)))
    assert not view.has_updates()


def test_own_silent_change_is_hushed_unless_another_came_between() -> None:
    view = view_of(1, 2)
    mine = (copy(1, Flag.SEEN, modseq=12), copy(2, Flag.SEEN | Flag.FLAGGED, modseq=12))
    view.apply(change(11, flagged=(copy(2, Flag.FLAGGED, modseq=11),)))
    view.apply(change(12, flagged=mine))
    view.hush(mine)
    assert view.updates(expunge=False) == b"* 2 FETCH (UID 2 FLAGS (\\Flagged \\Seen))\r\n"


def test_a_later_change_of_another_is_not_hushed() -> None:
    view = view_of(1)
    mine = (copy(1, Flag.SEEN, modseq=11),)
    view.apply(change(11, flagged=mine))
    view.apply(change(12, flagged=(copy(1, 0, modseq=12),)))
    view.hush(mine)
    assert view.updates(expunge=False) == b"* 1 FETCH (UID 1 FLAGS ())\r\n"


def test_tell_shows_flags_that_did_not_change() -> None:
    view = view_of(4, 5)
    view.tell([(1, 2)])
    assert view.updates(expunge=False) == b"* 2 FETCH (UID 5 FLAGS ())\r\n"


def test_recent_is_what_lies_above_the_line() -> None:
    view = view_of(1, 2, 3, recent_from=3)
    assert view.counts() == b"* 3 EXISTS\r\n* 1 RECENT\r\n"
    assert view.rendered == [b"()", b"()", b"(\\Recent)"]
    assert [view.is_recent(at) for at in range(3)] == [False, False, True]


@pytest.mark.parametrize(
    ("ranges", "spans"),
    [
        (((1, 1),), [(0, 1)]),
        (((3, 2),), [(1, 3)]),
        (((2, STAR),), [(1, 4)]),
        (((STAR, STAR),), [(3, 4)]),
        (((1, 1), (3, 4), (2, 2)), [(0, 4)]),
    ],
)
def test_sequence_numbers(ranges: tuple[tuple[int, int], ...], spans: list[tuple[int, int]]) -> None:
    assert view_of(10, 20, 30, 40).spans(SequenceSet(ranges), by_uid=False) == spans


@pytest.mark.parametrize("ranges", [((5, 5),), ((1, 5),), ((9, STAR),)])
def test_numbers_beyond_the_end_are_wrong(ranges: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(NoSuchMessage):
        view_of(10, 20, 30, 40).spans(SequenceSet(ranges), by_uid=False)


def test_any_number_is_wrong_in_an_empty_mailbox_but_searching_it_finds_nothing() -> None:
    view = view_of()
    with pytest.raises(NoSuchMessage):
        view.spans(some((1, STAR)), by_uid=False)
    assert view.spans(some((1, STAR)), by_uid=False, clip=True) == []
    assert view.spans(some((1, STAR)), by_uid=True) == []


def test_uids_that_are_not_there_are_passed_over() -> None:
    view = view_of(10, 20, 30)
    assert view.spans(some((11, 25), (99, 99)), by_uid=True) == [(1, 2)]
    assert view.spans(some((99, STAR)), by_uid=True) == [(2, 3)]
    assert view.uid_ranges([(0, 2)]) == [(10, 20)]


def test_gone_messages_keep_their_place_and_are_known_as_such() -> None:
    view = view_of(1, 2, 3)
    view.apply(change(expunged=(2,)))
    assert view.is_gone(1)
    assert view.any_gone([(0, 2)])
    assert not view.any_gone([(2, 3)])


def test_read_only_views_offer_no_flags() -> None:
    assert b"PERMANENTFLAGS ()" in view_of(1, read_only=True).permanent_flags_line()
    assert b"\\*)" in view_of(1).permanent_flags_line()


def test_a_deleted_mailbox_is_noticed_whatever_its_modseq() -> None:
    view = view_of(1)
    view.apply(change(1, deleted=True))
    assert view.deleted


def test_seen_at_once_is_no_news_when_it_is_committed() -> None:
    view = view_of(1, 2)
    view.see([1])
    assert view.rendered == [b"()", b"(\\Seen)"]
    assert not view.has_updates()
    view.apply(change(flagged=(copy(2, Flag.SEEN, modseq=11),)))
    assert not view.has_updates()
    assert view.copies[1].modseq == 11


def test_what_another_changed_meanwhile_is_told_with_it() -> None:
    view = view_of(1)
    view.apply(change(11, flagged=(copy(1, Flag.FLAGGED, modseq=11),)))
    view.see([0])
    view.apply(change(12, flagged=(copy(1, Flag.FLAGGED | Flag.SEEN, modseq=12),)))
    assert view.updates(expunge=False) == b"* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen))\r\n"
