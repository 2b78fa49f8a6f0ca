"""The decision: one truth for everybody (S29), each field from the most specific level that says it, and why (D4)."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.routing import decision as decisions
from bridge.routing.decision import FIELDS, OWN_FIELDS, Code, Decision, Document, Level, Places, Sender
from storage.deliveries.terms import (
    LEAVES,
    Channel,
    Choice,
    DocumentType,
    Ladder,
    Notify,
    Preference,
    Quiet,
    ReaderFacts,
    Rung,
)

READER, DOMAIN, SENDER, OTHER = 7, 3, 11, 12
EVERYWHERE = Places(
    dict.fromkeys((Channel.EMAIL, Channel.PAPER), "NL"), frozenset({"NL", "DE"}), notices_by_email=True
)
ABLE = ReaderFacts(READER, DOMAIN, False, "nl", True, True, "DE", has_notice_url=True)
LETTER = Document(DocumentType.LETTER)
LEVELS = (Level.SENDER_TYPE, Level.SENDER, Level.RECIPIENT, Level.DOMAIN_TYPE, Level.DOMAIN)
OF_DOMAINS = (Level.DOMAIN_TYPE, Level.DOMAIN)

ladders = st.lists(st.integers(1, 89), unique=True, max_size=4).flatmap(
    lambda days: st.tuples(*(st.sampled_from(Rung) for _ in days)).map(
        lambda rungs: Ladder(tuple(zip(sorted(days), rungs, strict=True)))
    )
)
choices = st.builds(
    Choice,
    channel=st.none() | st.sampled_from(Channel),
    mailbox_id=st.none() | st.integers(1, 9),
    notify=st.none() | st.sampled_from(Notify),
    quiet=st.none() | st.builds(Quiet, st.integers(0, 1439), st.integers(0, 1439)),
    ladder=st.none() | ladders,
    retention_days=st.none() | st.integers(0, 200),
    receipts=st.none() | st.booleans(),
    language=st.none() | st.sampled_from(("nl", "en")),
)
kinds = st.sampled_from(DocumentType)
facts = st.builds(
    ReaderFacts,
    account_id=st.just(READER),
    domain_id=st.just(DOMAIN),
    invited=st.booleans(),
    language=st.sampled_from(("nl", "en")),
    contact_verified=st.booleans(),
    has_postal_address=st.booleans(),
    external_country=st.sampled_from((None, "NL", "DE", "US")),
    paper_returned=st.booleans(),
    has_notice_url=st.booleans(),
    declined=st.frozensets(st.sampled_from(sorted(LEAVES))),
)
places = st.builds(
    Places,
    countries=st.dictionaries(st.sampled_from((Channel.EMAIL, Channel.PAPER)), st.sampled_from(("NL", "US"))),
    europe=st.just(frozenset({"NL", "DE"})),
    notices_by_email=st.booleans(),
)
senders = st.builds(Sender, correspondent_id=st.sampled_from((None, SENDER, OTHER)), verified=st.booleans())


def at(level: Level, choice: Choice, kind: DocumentType = DocumentType.LETTER) -> Preference:
    """`choice` at a level that concerns a letter of SENDER to READER."""
    if level in OF_DOMAINS:
        return Preference(choice, None, DOMAIN, None, kind if level is Level.DOMAIN_TYPE else None)
    own = Preference(choice, READER)
    if level is Level.RECIPIENT:
        return own
    own = replace(own, correspondent_id=SENDER)
    return own if level is Level.SENDER else replace(own, document_type=kind)


def mandatory(kind: DocumentType) -> Preference:
    return Preference(Choice(), None, DOMAIN, None, kind, mandatory=True)


@st.composite
def rows(draw: st.DrawFn) -> list[Preference]:
    """What the database can hold: a row for each level, of this and of other senders, types, accounts, domains."""
    made = [at(level, draw(choices), draw(kinds)) for level in LEVELS if draw(st.booleans())]
    taken = {each.document_type for each in made if each.account_id is None}
    made += [mandatory(kind) for kind in draw(st.sets(kinds, max_size=3)) if kind not in taken]
    if draw(st.booleans()):
        made.append(Preference(draw(choices), READER, None, OTHER))
    if draw(st.booleans()):
        made.append(Preference(draw(choices), READER + 1, None, SENDER))
    if draw(st.booleans()):
        made.append(Preference(draw(choices), None, DOMAIN + 1))
    return made


def decide(preferences: list[Preference], reader: ReaderFacts = ABLE, document: Document = LETTER) -> Decision:
    return decisions.decide(reader, preferences, Sender(SENDER, True), document, EVERYWHERE)


def said(decision: Decision, field: str) -> tuple[Level | None, str]:
    """Who chose a field, and what."""
    (reason,) = [each for each in decision.reasons if each.code is Code.CHOSEN and each.field == field]
    return reason.level, reason.value


@given(st.fixed_dictionaries(dict.fromkeys(LEVELS, choices)))
def test_the_most_specific_level_that_says_something_wins_for_each_field_by_itself(
    by_level: dict[Level, Choice],
) -> None:
    decision = decide([at(level, choice) for level, choice in by_level.items()])
    for field in FIELDS:
        speaking = [
            level
            for level in LEVELS
            if getattr(by_level[level], field) is not None and not (level in OF_DOMAINS and field in OWN_FIELDS)
        ]
        level, value = said(decision, field)
        assert level is (speaking[0] if speaking else Level.DEFAULT)
        if speaking:
            assert value == str(getattr(by_level[speaking[0]], field))


@given(st.data())
def test_a_less_specific_level_never_changes_what_a_more_specific_one_says(data: st.DataObject) -> None:
    split = data.draw(st.integers(1, len(LEVELS)))
    first = [at(level, data.draw(choices)) for level in LEVELS[:split]]
    before, after = decide(first), decide([*first, *(at(level, data.draw(choices)) for level in LEVELS[split:])])
    for field in FIELDS:
        if any(getattr(each.choice, field) is not None for each in first):
            assert said(before, field) == said(after, field)


@given(rows(), facts, senders, kinds, places, st.randoms())
def test_the_order_of_preferences_and_who_else_has_some_does_not_matter(
    preferences: list[Preference],
    reader: ReaderFacts,
    sender: Sender,
    kind: DocumentType,
    where: Places,
    rng: object,
) -> None:
    """S29: the same question has the same answer, whoever asks and however often."""
    document = Document(kind)
    before = decisions.decide(reader, preferences, sender, document, where)
    shuffled = list(preferences)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decisions.decide(reader, shuffled, sender, document, where) == before
    own = [each for each in preferences if each.account_id in (None, READER) and each.domain_id in (None, DOMAIN)]
    assert decisions.decide(reader, own, sender, document, where) == before


@settings(max_examples=300)
@given(rows(), facts, senders, kinds, places)
def test_whatever_was_chosen_the_decision_can_be_carried_out(
    preferences: list[Preference], reader: ReaderFacts, sender: Sender, kind: DocumentType, where: Places
) -> None:
    decision = decisions.decide(reader, preferences, sender, Document(kind), where)
    leaving = {decision.channel} | {Channel(rung) for _, rung in decision.ladder.rungs if rung is not Rung.REMIND}
    for channel in leaving & LEAVES:
        assert sender.verified
        assert decisions.obstacle(channel, reader, where) is None
        assert channel not in reader.declined
    if Channel.EMAIL in leaving:
        assert reader.contact_verified
        assert where.countries[Channel.EMAIL] == "NL"
    if Channel.EXTERNAL in leaving:
        assert reader.external_country in ("NL", "DE")
    if decision.ladder:
        assert decision.channel is Channel.MAILBOX
        assert not decision.retention_days or decision.retention_days > decision.ladder.rungs[-1][0]
    is_mandatory = any(each.mandatory and each.document_type is kind for each in preferences)
    assert not (decision.channel is Channel.REFUSE and is_mandatory and sender.verified)
    if decision.notify is not Notify.NONE and decision.channel is not Channel.REFUSE:
        assert reader.has_notice_url or (reader.contact_verified and where.notices_by_email)


@given(rows(), facts, senders, kinds, places)
def test_the_last_reason_of_each_field_says_what_was_decided(
    preferences: list[Preference], reader: ReaderFacts, sender: Sender, kind: DocumentType, where: Places
) -> None:
    """Nothing is decided without a reason. Rungs have a reason each; the ladder is what they leave."""
    decision = decisions.decide(reader, preferences, sender, Document(kind), where)
    for field in FIELDS:
        *_, last = [each for each in decision.reasons if each.field == field]
        value = getattr(decision, field)
        if last.is_rung_left_out:
            assert last.value not in str(value).split()
        else:
            assert last.value == ("" if value is None else str(value))


@pytest.mark.parametrize("level", LEVELS)
def test_a_mandatory_type_overrules_a_refusal_and_the_reason_is_shown(level: Level) -> None:
    refusal = at(level, Choice(channel=Channel.REFUSE))
    assert decide([refusal]).channel is Channel.REFUSE
    both = (
        [replace(refusal, mandatory=True)]
        if level is Level.DOMAIN_TYPE
        else [refusal, mandatory(DocumentType.LETTER)]
    )
    overruled = decide(both)
    assert overruled.channel is Channel.MAILBOX
    assert [each.code for each in overruled.reasons if each.field == "channel"] == [Code.CHOSEN, Code.MANDATORY]
    assert decide([refusal, mandatory(DocumentType.PAYSLIP)]).channel is Channel.REFUSE
    stranger = decisions.decide(ABLE, both, Sender(SENDER, False), LETTER, EVERYWHERE)
    assert stranger.channel is Channel.REFUSE, "whose header says what it likes"


def test_where_nobody_chose_anything_it_lies_in_the_inbox_and_nothing_is_shared() -> None:
    decision = decide([])
    assert replace(decision, reasons=()) == Decision(
        Channel.MAILBOX, None, Notify.NONE, None, Ladder(), 0, False, "nl", ()
    )
    assert {each.level for each in decision.reasons} == {Level.DEFAULT}


@pytest.mark.parametrize(
    ("reader", "channel", "code"),
    [
        (replace(ABLE, contact_verified=False), Channel.EMAIL, Code.NOT_VERIFIED),
        (replace(ABLE, has_postal_address=False), Channel.PAPER, Code.NO_POSTAL_ADDRESS),
        (replace(ABLE, paper_returned=True), Channel.PAPER, Code.PAPER_RETURNED),
        (replace(ABLE, external_country=None), Channel.EXTERNAL, Code.NO_EXTERNAL_MAILBOX),
        (replace(ABLE, external_country="US"), Channel.EXTERNAL, Code.OUTSIDE_EUROPE),
        (replace(ABLE, declined=frozenset({Channel.EXTERNAL})), Channel.EXTERNAL, Code.CARRIERS_DECLINED),
        (replace(ABLE, declined=frozenset({Channel.PAPER})), Channel.PAPER, Code.CARRIERS_DECLINED),
    ],
)
def test_what_cannot_be_had_falls_back_to_the_mailbox_with_its_reason(
    reader: ReaderFacts, channel: Channel, code: Code
) -> None:
    decision = decide([at(Level.SENDER, Choice(channel=channel))], reader)
    assert decision.channel is Channel.MAILBOX
    assert (code, "channel", "mailbox") in [(each.code, each.field, each.value) for each in decision.reasons]


def test_the_places_of_carriers_count_too() -> None:
    chosen = [at(Level.SENDER, Choice(channel=Channel.EMAIL))]
    for where, code in (
        (Places({}, frozenset({"NL"})), Code.NO_CARRIER),
        (Places({Channel.EMAIL: "US"}, frozenset({"NL"})), Code.OUTSIDE_EUROPE),
    ):
        decision = decisions.decide(ABLE, chosen, Sender(SENDER, True), LETTER, where)
        assert (decision.channel, decision.reasons[len(FIELDS)].code) == (Channel.MAILBOX, code)
    stranger = decisions.decide(ABLE, chosen, Sender(SENDER, False), LETTER, EVERYWHERE)
    assert stranger.reasons[len(FIELDS)].code is Code.UNVERIFIED_SENDER


def test_a_document_is_kept_until_its_ladder_is_climbed() -> None:
    decision = decide([at(Level.RECIPIENT, Choice(ladder=Ladder.parse("3:remind 14:paper"), retention_days=5))])
    assert (decision.retention_days, decision.reasons[-1].code) == (15, Code.KEPT_FOR_LADDER)
    decision = decide([at(Level.RECIPIENT, Choice(ladder=Ladder.parse("3:remind"), retention_days=5))])
    assert decision.retention_days == 5


@pytest.mark.parametrize(
    ("channel", "comes_as", "ladder"),
    [
        (Channel.REFUSE, Channel.REFUSE, ""),
        (Channel.PAPER, Channel.MAILBOX, "14:paper"),
        (Channel.MAILBOX, Channel.MAILBOX, ""),
    ],
)
def test_what_a_domain_chose_for_those_who_have_not_registered(
    channel: Channel, comes_as: Channel, ladder: str
) -> None:
    decision = decide([at(Level.DOMAIN, Choice(channel=channel))], replace(ABLE, invited=True))
    assert (decision.channel, str(decision.ladder)) == (comes_as, ladder)
    waits = any(each.code is Code.NOT_REGISTERED for each in decision.reasons)
    assert waits is (comes_as is Channel.MAILBOX)


def test_a_notice_goes_in_the_place_of_a_document_that_may_not_leave_europe() -> None:
    abroad = replace(ABLE, external_country="US")
    silent, daily = Choice(channel=Channel.EXTERNAL), Choice(channel=Channel.EXTERNAL, notify=Notify.DAILY)
    assert decide([at(Level.SENDER, silent)], abroad).notify is Notify.AT_ONCE
    assert decide([at(Level.SENDER, daily)], abroad).notify is Notify.DAILY, "as it was chosen"
    where = Places({Channel.PAPER: "US"}, frozenset({"NL"}), notices_by_email=True)
    ladder = [at(Level.SENDER, Choice(ladder=Ladder.parse("3:remind 7:paper")))]
    decision = decisions.decide(ABLE, ladder, Sender(SENDER, True), LETTER, where)
    assert (str(decision.ladder), decision.notify) == ("3:remind", Notify.NONE), "only a later step may not"


@pytest.mark.parametrize(
    ("verified", "by_email", "code"),
    [
        (True, False, Code.NO_NOTICE_RELAY),
        (False, True, Code.NO_NOTICE_ADDRESS),
        (False, False, Code.NO_NOTICE_ADDRESS),
    ],
)
def test_a_notice_that_can_reach_nobody_says_what_is_missing(verified: bool, by_email: bool, code: Code) -> None:
    reader = replace(ABLE, contact_verified=verified, has_notice_url=False)
    where = replace(EVERYWHERE, notices_by_email=by_email)
    chosen = [at(Level.RECIPIENT, Choice(notify=Notify.DAILY))]
    decision = decisions.decide(reader, chosen, Sender(SENDER, True), LETTER, where)
    assert (decision.notify, decision.reasons[-1].code) == (Notify.NONE, code)


def test_a_type_at_no_sender_is_no_level() -> None:
    assert decide([Preference(Choice(channel=Channel.REFUSE), READER, None, None, DocumentType.LETTER)]) == decide([])


@pytest.mark.parametrize(("generated", "verified", "told"), [(1, 1, True), (0, 0, True), (1, 0, False)])
def test_nothing_is_sent_because_of_a_strangers_program(generated: int, verified: int, told: bool) -> None:
    """RFC 3834: two post offices whose readers have each other as contact address would never come to an end."""
    chosen = [Preference(Choice(notify=Notify.AT_ONCE, ladder=Ladder.parse("3:remind")), READER)]
    document = replace(LETTER, generated=bool(generated))
    decision = decisions.decide(ABLE, chosen, Sender(SENDER, bool(verified)), document, EVERYWHERE)
    assert (decision.notify is not Notify.NONE, bool(decision.ladder)) == (told, told)
    because = [each.field for each in decision.reasons if each.code is Code.AUTOMATIC]
    assert because == ([] if told else ["ladder", "notify"])
