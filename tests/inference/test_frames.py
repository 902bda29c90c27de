from hypothesis import given
from hypothesis import strategies as st
from pytest import raises

from game.ask import HEADER, MAX_FRAME, FrameError, Frames, Request, frame, request_decoder

requests = st.builds(
    Request,
    id=st.integers(0, 2**63 - 1),
    family=st.text(max_size=20),
    deadline=st.floats(allow_nan=False),
    features=st.binary(max_size=300),
)


@given(st.lists(requests, max_size=8), st.lists(st.integers(1, 64), min_size=1))
def test_frames_come_out_whole_however_the_stream_is_cut(sent: list[Request], cuts: list[int]) -> None:
    stream = b"".join(map(frame, sent))
    frames, got, start = Frames(), [], 0
    while start < len(stream):
        size = cuts[start % len(cuts)]
        got += frames.feed(stream[start : start + size])
        start += size
    assert [request_decoder.decode(body) for body in got] == sent


@given(st.integers(MAX_FRAME + 1, 2 ** (8 * HEADER) - 1), st.integers(0, 3))
def test_a_frame_over_the_limit_is_refused_before_it_comes(size: int, cut: int) -> None:
    frames = Frames()
    header = size.to_bytes(HEADER)
    frames.feed(header[:cut])
    with raises(FrameError, match=str(size)):
        frames.feed(header[cut:])


def test_the_largest_frame_passes() -> None:
    body = bytes(MAX_FRAME)
    assert Frames().feed(MAX_FRAME.to_bytes(HEADER) + body) == [body]
