"""Confidence is brought in line with what comes true, and answers begin where enough of them are right."""

import numpy as np
import pytest

from trainer.gestures.calibrate import LEAST, MOST, bins, error, log_loss, softmax, temperature, threshold


def drawn(count: int, heat: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `heat` times too sure, and labels that come true as the calm ones say."""
    rng = np.random.default_rng(5)
    calm = rng.normal(0, 2, (count, 4))
    labels = np.array([rng.choice(4, p=row) for row in softmax(calm)])
    return calm * heat, labels


@pytest.mark.parametrize("heat", [0.6, 1.0, 4.0])
def test_the_temperature_undoes_what_was_too_sure(heat: float) -> None:
    logits, labels = drawn(20_000, heat)
    found = temperature(logits, labels)
    assert found == pytest.approx(heat, rel=0.05)
    before, after = (softmax(logits / one) for one in (1.0, found))
    assert log_loss(after, labels) <= log_loss(before, labels)
    right = after.argmax(axis=1) == labels
    assert error(bins(after.max(axis=1), right)) < 0.02
    assert (after.argmax(axis=1) == before.argmax(axis=1)).all()


def test_without_any_photo_nothing_is_changed() -> None:
    assert temperature(np.zeros((0, 4)), np.zeros(0, int)) == 1.0
    assert threshold(np.zeros(0), np.zeros(0, bool)) == LEAST and bins(np.zeros(0), np.zeros(0, bool)) == []


def test_answers_begin_where_enough_of_them_are_right() -> None:
    confidence = np.linspace(0.01, 1, 100)
    right = confidence > 0.7
    found = threshold(confidence, right, wanted=0.9)
    answered = confidence >= found
    assert right[answered].mean() >= 0.9 and LEAST < found < 0.7
    assert right[confidence >= found - 0.02].mean() < 0.9


def test_a_threshold_stays_within_its_bounds() -> None:
    sure = np.full(10, 0.99)
    assert threshold(sure, np.ones(10, bool)) == MOST
    assert threshold(sure / 10, np.ones(10, bool)) == LEAST
    assert threshold(sure, np.zeros(10, bool)) == MOST


def test_bins_hold_every_answer_once() -> None:
    confidence = np.array([0.05, 0.15, 0.151, 0.99, 1.0])
    found = bins(confidence, np.array([True, False, True, True, False]))
    assert [one.count for one in found] == [1, 2, 2]
    assert found[1].came_true == 0.5 and found[2].expected == pytest.approx(0.995)
