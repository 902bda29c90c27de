from collections.abc import Callable

import numpy as np
import pytest

from inference.model import Model, distributions
from models.bundle import Bundle
from models.errors import BundleError

Onnx = Callable[..., bytes]
Wrap = Callable[..., Bundle]


def test_a_model_knows_what_it_is(onnx: Onnx, bundle: Wrap) -> None:
    whole = bundle(onnx(1), "logan")
    model = Model(whole)
    assert (model.family, model.version, model.digest) == ("logan", whole.manifest.version, whole.digest)


def test_a_batch_answers_as_each_row_alone(onnx: Onnx, bundle: Wrap) -> None:
    model = Model(bundle(onnx(1)))
    rows = np.random.default_rng(5).random((32, 50), np.float32)
    together, _ = distributions([model.run(rows)])
    alone, _ = distributions([np.concatenate([model.run(row[None]) for row in rows])])
    assert np.allclose(together, alone, atol=2e-6)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"given": "x"}, "inputs are"),
        ({"width": 49}, "inputs are"),
        ({"double": True}, "inputs are"),
        ({"told": "labels"}, "outputs are"),
        ({"classes": 4}, "no probabilities"),
        ({"last": "Identity"}, "no probabilities"),
        ({"last": "Log"}, "no probabilities"),
        ({"axis": 0}, "no probabilities"),
        ({"crowd": True}, "otherwise for rows in a batch"),
    ],
)
def test_a_model_that_breaks_the_contract_is_refused(
    options: dict[str, object], fault: str, onnx: Onnx, bundle: Wrap
) -> None:
    with pytest.raises(BundleError, match=fault) as caught:
        Model(bundle(onnx(1, **options)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", [b"", b"not onnx", b"\x08\x09" * 50])
def test_a_corrupt_model_is_refused_in_one_line(damage: bytes, bundle: Wrap) -> None:
    with pytest.raises(BundleError, match="cannot be loaded") as caught:
        Model(bundle(damage))
    assert "\n" not in str(caught.value)


def test_a_truncated_model_is_refused(onnx: Onnx, bundle: Wrap) -> None:
    with pytest.raises(BundleError):
        Model(bundle(onnx(1)[:-200]))


def test_a_model_that_fails_at_work_says_nan(onnx: Onnx, bundle: Wrap) -> None:
    said = Model(bundle(onnx(1))).run(np.zeros((2, 49), np.float32))
    assert said.shape == (2, 3)
    assert np.isnan(said).all()


def test_probabilities_are_clipped_and_sum_to_one() -> None:
    said = np.array([[-0.001, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3], [0.2, 0.3, 0.505]], np.float32)
    shares, sound = distributions([said])
    assert sound.all()
    assert shares[0, 0].tolist() == [0.0, 0.5, 0.5]
    assert shares[0, 1].tolist() == [0.333333] * 3
    assert shares[0].sum(axis=1) == pytest.approx([1, 1, 1], abs=2e-6)


@pytest.mark.parametrize(
    "row", [[np.nan, 0.5, 0.5], [np.inf, 0, 0], [-np.inf, 0.2, 0.2], [0, 0, 0], [2, 3, 4], [-1, -1, -1]]
)
def test_what_is_no_distribution_is_unsound_and_disturbs_no_other(row: list[float]) -> None:
    fine = [0.25, 0.25, 0.5]
    shares, sound = distributions([np.array([fine, row], np.float32), np.array([fine, fine], np.float32)])
    assert sound.tolist() == [[True, False], [True, True]]
    assert np.isfinite(shares).all()
    assert shares[0, 0].tolist() == fine
