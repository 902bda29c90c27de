from pathlib import Path

import pytest
from msgspec import json

from trainer.registry.runs import Bin, Outbox, Run


def run(name: str = "cycle-00001-logan-styles", **changes: object) -> Run:
    told: dict[str, object] = {
        "family": "logan",
        "version": "logan-0123456789ab",
        "digest": "",
        "parameters": {"inverse_penalty": 0.01, "products": "styles"},
        "metrics": {"held_out_accuracy": 0.5},
        "snapshot": "ab" * 32,
        "code": "0.1.0+abc",
        "started": 1_700_000_000_000,
        "ended": 1_700_000_005_000,
        "curve": (1.0, 0.9),
        "confusion": ((1, 2, 3), (4, 5, 6), (7, 8, 9)),
        "calibration": (Bin(0.4, 0.5, 10),),
        "gain": {"rock_pts": 2.0},
        "permutation": {"rock_pts": 0.01},
    }
    return Run(name=name, **{**told, **changes})  # type: ignore[arg-type]


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def test_a_run_that_was_put_is_read_again_until_it_is_done(outbox: Outbox) -> None:
    outbox.put(run())
    (path,) = outbox.waiting()
    assert outbox.read(path) == run()
    assert outbox.waiting() == [path]
    outbox.done(path)
    outbox.done(path)
    assert outbox.waiting() == []


def test_runs_wait_in_the_order_of_their_names_and_a_name_waits_once(outbox: Outbox) -> None:
    for name in ("cycle-00002-logan-a", "cycle-00001-logan-b", "cycle-00002-logan-a"):
        outbox.put(run(name))
    assert [path.stem for path in outbox.waiting()] == ["cycle-00001-logan-b", "cycle-00002-logan-a"]
    outbox.put(run("cycle-00001-logan-b", chosen=True))
    again = outbox.read(outbox.waiting()[0])
    assert again is not None
    assert again.chosen


def test_an_outbox_that_was_never_written_is_empty(outbox: Outbox) -> None:
    assert outbox.waiting() == []


def test_numbers_that_are_not_finite_are_read_as_none(outbox: Outbox) -> None:
    outbox.put(run(metrics={"brier": float("nan"), "log_loss": 1.0}, curve=(float("inf"), 0.5)))
    again = outbox.read(outbox.waiting()[0])
    assert again is not None
    assert again.metrics == {"brier": None, "log_loss": 1.0}
    assert again.curve == (None, 0.5)


@pytest.mark.parametrize(
    "changes",
    [{"name": "../escape"}, {"name": "it's"}, {"name": ""}, {"version": "a'b"}, {"family": ""}, {"started": "soon"}],
)
def test_a_run_with_an_impossible_field_is_not_read(changes: dict[str, object], outbox: Outbox, tmp_path: Path) -> None:
    outbox.put(run())
    (path,) = outbox.waiting()
    path.write_bytes(json.encode({**json.decode(path.read_bytes()), **changes}))
    assert outbox.read(path) is None


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"[]", b'{"name":"x"}', b"\xff\xfe"])
def test_a_file_that_is_no_run_is_not_read_and_can_be_set_aside(text: bytes, outbox: Outbox) -> None:
    outbox.put(run())
    (path,) = outbox.waiting()
    path.write_bytes(text)
    assert outbox.read(path) is None
    aside = outbox.set_aside(path)
    assert aside.read_bytes() == text
    assert aside.name == "cycle-00001-logan-styles.json.bad"
    assert outbox.waiting() == []


def test_a_file_that_is_gone_is_not_read(outbox: Outbox, tmp_path: Path) -> None:
    assert outbox.read(tmp_path / "outbox/none.json") is None
