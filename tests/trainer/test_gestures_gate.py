"""The gate refuses what is shown to be worse on any source, and nothing that chance alone could explain."""

from itertools import product

import pytest

from game.gestures import Label, Look
from trainer.gestures.gate import ALPHA, coin, compared, judge
from trainer.gestures.rates import Seen, confusion, false_rate, macro, percentile, rates


def seen(label: Label, said: Label | None, source: str = "one") -> Seen:
    """A photo of `label` that was read as `said`, or as nothing clear."""
    look = Look(said or label, 0.9, {}, said is not None, None, [], "v")
    return Seen(source, label, look, 1.0)


RIGHT, WRONG, UNCLEAR = (
    seen(Label.ROCK, Label.ROCK), seen(Label.ROCK, Label.PAPER), seen(Label.ROCK, None),
)  # fmt: skip


def test_right_is_the_move_where_there_is_one_and_no_move_where_there_is_none() -> None:
    assert RIGHT.right and not WRONG.right and not UNCLEAR.right
    assert seen(Label.NONE, None).right and not seen(Label.NONE, Label.ROCK).right
    assert seen(Label.OTHER, None).right and not seen(Label.OTHER, Label.PAPER).right


def test_what_is_unanswered_counts_as_wrong_and_what_is_no_move_does_not_count() -> None:
    found = rates([RIGHT] * 6 + [WRONG] * 2 + [UNCLEAR] * 2 + [seen(Label.NONE, Label.ROCK)])
    assert (found.n, found.accuracy, found.coverage, found.accuracy_answered) == (10, 0.6, 0.8, 0.75)
    assert rates([]).accuracy is None and rates([UNCLEAR]).accuracy_answered is None
    both = [seen(Label.NONE, None)] * 3 + [seen(Label.NONE, Label.ROCK), seen(Label.OTHER, Label.PAPER)]
    assert false_rate(both, Label.NONE) == 0.25 and false_rate(both, Label.OTHER) == 1.0
    assert false_rate([RIGHT], Label.NONE) is None


def test_every_source_counts_once_in_the_mean() -> None:
    found = macro([rates([RIGHT] * 100), rates([WRONG]), rates([])])
    assert (found.n, found.accuracy, found.coverage, found.accuracy_answered) == (101, 0.5, 1.0, 0.5)


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.95), percentile([7.0], 0.95)) == (50, 95, 7)
    assert percentile([], 0.5) is None


def test_the_confusion_has_a_row_for_each_label_and_a_column_for_what_is_unclear() -> None:
    found = confusion([RIGHT, WRONG, UNCLEAR, UNCLEAR, seen(Label.NONE, Label.ROCK)], [Label.ROCK, Label.NONE])
    assert found == [[1, 1, 0, 2], [1, 0, 0, 0]]


@pytest.mark.parametrize("of", range(9))
def test_the_coin_is_exact(of: int) -> None:
    throws = [sum(sides) for sides in product((0, 1), repeat=of)]
    for lost in range(of + 1):
        assert coin(lost, of) == sum(count >= lost for count in throws) / 2**of


def test_only_photos_that_one_of_the_two_gets_wrong_count() -> None:
    check = compared("one", [RIGHT, RIGHT, WRONG, WRONG, UNCLEAR], [RIGHT, WRONG, RIGHT, WRONG, RIGHT])
    assert (check.photos, check.won, check.lost) == (5, 1, 2) and check.chance == 0.5


@pytest.mark.parametrize(("lost", "passed"), [(0, True), (4, True), (5, False)])
def test_few_losses_pass_and_one_more_is_refused(lost: int, passed: bool) -> None:
    verdict = judge({"one": [WRONG] * lost + [RIGHT] * 50}, {"one": [RIGHT] * (lost + 50)})
    assert verdict.passed is passed and (coin(lost, lost) >= ALPHA) is passed
    assert verdict.reason.startswith("not worse" if passed else "worse on one: 0 won and 5 lost of 55")


def test_worse_on_one_source_is_refused_however_good_the_others_are() -> None:
    good, bad = [RIGHT] * 100, [WRONG] * 10
    verdict = judge({"many": good, "few": bad}, {"many": [WRONG] * 100, "few": [RIGHT] * 10})
    assert not verdict.passed and verdict.reason.startswith("worse on few")


def test_a_little_worse_everywhere_is_refused_on_all_photos_together() -> None:
    names = ["a", "b", "c"]
    verdict = judge({name: [WRONG] * 3 for name in names}, {name: [RIGHT] * 3 for name in names})
    assert not verdict.passed and verdict.reason.startswith("worse on all photos")
