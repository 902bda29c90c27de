"""The small contracts at the edges: codes, settings, and frames to the sidecar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from game import ask
from game.assignment import Alias
from game.codes import MEANING, Code
from game.errors import GameError
from game.records import Prediction
from game.settings import SettingsError, load


class Sample(Struct, frozen=True):
    port: int = 8000
    host: str = "127.0.0.1"


def test_every_code_has_its_sentence() -> None:
    assert set(MEANING) == set(Code)
    assert {error.code for error in GameError.__subclasses__()} <= set(Code)


def test_settings_come_from_their_variables() -> None:
    assert load(Sample, {"RPS_PORT": "9", "PATH": "/bin", "RPS_STREAM_URL": "nats:"}) == Sample(port=9)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"RPS_PROT": "9"}, "did you mean RPS_PORT"),
        ({"RPS_ZZZZZZZZ": "9"}, "RPS_ZZZZZZZZ is not a setting."),
        ({"RPS_PORT": "nine"}, "RPS_PORT"),
    ],
)
def test_what_cannot_be_used_is_said(variables: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load(Sample, variables)


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=6), st.data())
def test_frames_are_cut_wherever_the_stream_breaks(features: list[bytes], data: st.DataObject) -> None:
    requests = [ask.Request(id, "brian", 0.5, given) for id, given in enumerate(features)]
    stream = b"".join(ask.frame(request) for request in requests)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    frames, bodies = ask.Frames(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        bodies += frames.feed(stream[start:end])
    assert [ask.request_decoder.decode(body) for body in bodies] == requests


def test_a_frame_over_the_limit_is_refused() -> None:
    with pytest.raises(ask.FrameError):
        ask.Frames().feed((ask.MAX_FRAME + 1).to_bytes(4))


def test_responses_carry_all_aliases() -> None:
    response = ask.Response(7, {Alias.SHADOW1: Prediction("v", (0.2, 0.3, 0.5))}, None)
    (body,) = ask.Frames().feed(ask.frame(response))
    assert ask.response_decoder.decode(body) == response
