"""Selection and look-up of header fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mail.headers import decoded_words, select_fields, value, values, values_by_name

HEADER = (
    b"Received: from a\r\n\tby b\r\nSubject: one\r\n two\r\nSubject : three\r\nX-Subject: no\r\n"
    b"no colon here\r\nFrom:a@b\r\nTo: \xff\r\n\r\n"
)


def test_fields_come_as_stored_in_the_order_of_the_message():
    chosen = select_fields(HEADER, ["from", "SUBJECT"])
    assert chosen == b"Subject: one\r\n two\r\nSubject : three\r\nFrom:a@b\r\n\r\n"


def test_inverted_the_others_come():
    others = select_fields(HEADER, ["from", "SUBJECT", "to"], invert=True)
    assert others == b"Received: from a\r\n\tby b\r\nX-Subject: no\r\nno colon here\r\n\r\n"


def test_very_many_names_select_the_same():
    many = [f"x-{number}" for number in range(1000)] + ["no colon here"]
    assert select_fields(HEADER, [*many, "from", "SUBJECT"]) == select_fields(HEADER, ["from", "SUBJECT"])
    inverted = select_fields(HEADER, [*many, "from", "SUBJECT"], invert=True)
    assert inverted == select_fields(HEADER, ["from", "SUBJECT"], invert=True)
    assert value(HEADER, "x" * 100_000) is None


@pytest.mark.parametrize("names", [["nothing"], [""], [], ["Subjec"], ["Sub.ect"], ["no colon here"]])
def test_names_that_are_not_there_give_the_blank_line(names):
    assert select_fields(HEADER, names) == b"\r\n"
    assert select_fields(HEADER, names, invert=True) == HEADER


@pytest.mark.parametrize("header", [b"A: 1", b"A: 1\r\n", b"A: 1\r\n\r\n"])
def test_a_header_cut_short_gets_its_ends(header):
    assert select_fields(header, ["a"]) == b"A: 1\r\n\r\n"
    assert select_fields(header, ["b"], invert=True) == b"A: 1\r\n\r\n"


def test_values_are_unfolded_but_keep_their_inner_white_space():
    """RFC 5322 section 2.2.3 removes the line end only. Dovecot shrinks the white space after it to one space."""
    header = b"Subject:  one\r\n  two \r\nSubject: 3\r\n\r\n"
    assert value(header, "SUBJECT") == "one  two"
    assert values(header, "subject") == ["one  two", "3"]
    assert value(header, "date") is None
    assert values(header, "date") == []


@given(st.binary(max_size=100), st.text(max_size=5))
def test_no_input_raises(header, name):
    assert select_fields(header, [name]).endswith(b"\r\n")
    assert isinstance(value(header, name), str | None)


@given(
    st.lists(st.tuples(st.sampled_from(["A", "B", "c-d"]), st.sampled_from(["", "x", "x\r\n y", ":"])), max_size=8)
)
def test_selection_and_its_inverse_share_the_header_out(fields):
    lines = [(name, f"{name}: {text}\r\n".encode()) for name, text in fields]
    header = b"".join(line for _, line in lines) + b"\r\n"
    assert select_fields(header, ["a", "B"]) == b"".join(line for name, line in lines if name in "AB") + b"\r\n"
    assert (
        select_fields(header, ["a", "B"], True) == b"".join(line for name, line in lines if name == "c-d") + b"\r\n"
    )


def test_decoded_words_is_offered_beside_the_headers():
    assert decoded_words("=?utf-8?q?caf=C3=A9?=") == "café"


@given(header=st.lists(st.sampled_from([b"From: a@b", b"X: c", b"from : d", b"To:", b" folded", b"x", b""])))
def test_several_names_in_one_pass_give_what_each_gives_alone(header):
    block, names = b"\r\n".join([*header, b""]), ("From", "X", "To", "Absent")
    alone = {name.lower(): values(block, name) for name in names}
    assert values_by_name(block, names) == {name: found for name, found in alone.items() if found}
