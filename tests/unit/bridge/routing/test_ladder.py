"""The ladder as arithmetic: any clock, any failures, any moment of opening (D3)."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.routing import ladder
from storage.deliveries.terms import DAY, MAX_LADDER_DAYS, Ladder, Rung

START = 1_760_000_000
YEAR = 366 * DAY
rungs = st.sampled_from(Rung)
ladders = st.lists(st.integers(1, MAX_LADDER_DAYS), min_size=1, max_size=6, unique=True).flatmap(
    lambda days: st.tuples(*([rungs] * len(days))).map(
        lambda made: Ladder(tuple(zip(sorted(days), made, strict=True)))
    )
)
steps = st.one_of(st.integers(0, 40 * DAY), st.integers(-YEAR, YEAR), st.sampled_from((0, -3600, 3600, YEAR, -YEAR)))
acts = st.lists(st.tuples(st.sampled_from(("pass", "fail", "open", "correct")), steps), max_size=40)


@dataclass
class Standing:
    """What a delivery's row remembers."""

    plan: Ladder
    behind: int = 0
    due_at: int | None = START
    done: list[tuple[Rung, int]] = field(default_factory=list)

    def run(self, now: int) -> None:
        found = ladder.step(self.plan, self.behind, START, self.due_at, now)
        if found is not None:
            self.done.append((found.rung, now))
            self.behind, self.due_at = self.behind + 1, found.next_due_at

    def correct(self, now: int) -> None:
        if self.due_at is not None:
            self.due_at = ladder.corrected(self.plan, self.behind, START, self.due_at, now)


@given(ladders, acts)
def test_rungs_come_in_order_each_once_and_none_after_opening(plan: Ladder, played: list[tuple[str, int]]) -> None:
    now, standing, ended, failed = START, Standing(plan, due_at=START + plan.rungs[0][0] * DAY), None, set[int]()
    for act, seconds in played:
        now += seconds
        if act == "open" and ended is None:
            ended, standing.due_at = len(standing.done), None
        elif act == "fail" and ended is None and 0 < standing.behind < len(plan.rungs):
            standing.due_at = now
            failed.add(standing.behind)
        elif act == "correct":
            standing.correct(now)
        standing.run(now)
    assert [rung for rung, _ in standing.done] == [rung for _, rung in plan.rungs][: len(standing.done)]
    assert ended is None or len(standing.done) == ended
    for number, ((_, before), (_, after)) in enumerate(zip(standing.done, standing.done[1:], strict=False), 1):
        jumped_back = any(seconds < 0 for _, seconds in played)
        assert after - before >= ladder.GAP or number in failed or jumped_back


@given(ladders, st.integers(1, 3 * DAY))
def test_each_rung_keeps_its_day_when_the_clock_is_right(plan: Ladder, late: int) -> None:
    """Looked at every hour: each on its day, within the hour. Looked at late: never early, a day apart."""
    standing = Standing(plan, due_at=START + plan.rungs[0][0] * DAY)
    for hour in range(1, (MAX_LADDER_DAYS + 1) * 24):
        standing.run(START + hour * 3600)
    assert [at for _, at in standing.done] == [START + day * DAY for day, _ in plan.rungs]
    slow = Standing(plan, due_at=START + plan.rungs[0][0] * DAY)
    for turn in range(1, 400):
        slow.run(START + turn * late)
    for (day, _), (_, at) in zip(plan.rungs, slow.done, strict=False):
        assert at >= START + day * DAY


@pytest.mark.parametrize("away", [3600, DAY, YEAR])
def test_after_a_clock_that_was_ahead_the_last_day_holds(away: int) -> None:
    """One rung at the most was done too early; what follows comes on its own day again."""
    plan = Ladder.parse("3:remind 7:email 14:paper")
    standing = Standing(plan, due_at=START + 3 * DAY)
    for minute in range(120):
        standing.run(START + away + minute * 60)
    assert len(standing.done) <= 1
    standing.correct(START + 7200)
    for hour in range(3, 24 * 20):
        standing.run(START + hour * 3600)
    assert [rung for rung, _ in standing.done] == [Rung.REMIND, Rung.EMAIL, Rung.PAPER]
    assert standing.done[2][1] == START + 14 * DAY


def test_a_decision_made_while_the_clock_was_ahead_counts_from_when_it_is_right() -> None:
    plan = Ladder.parse("3:remind 7:paper")
    ahead = START + YEAR
    corrected = ladder.corrected(plan, 0, ahead, ahead + 3 * DAY, START)
    assert corrected == START + 3 * DAY
    assert ladder.corrected(plan, 0, ahead, corrected, START + DAY) == corrected


def test_nothing_comes_of_no_ladder() -> None:
    assert ladder.step(Ladder(), 0, START, START, START + DAY) is None
    assert ladder.step(Ladder.parse("1:remind"), 0, START, None, START + DAY) is None
    assert ladder.step(Ladder.parse("1:remind"), 1, START, START, START + DAY) is None
