from typing import cast

from inference.tracks import FORGOTTEN_S, STREAMS, Tracks
from models.hands.sight import Track


def track(name: str) -> Track:
    return cast(Track, name)


def test_a_track_is_there_once_and_for_its_stream() -> None:
    tracks = Tracks()
    tracks.keep("a", track("one"), 0)
    assert tracks.take("b", 1) is None
    assert tracks.take("a", 1) == "one"
    assert tracks.take("a", 1) is None


def test_the_latest_track_counts() -> None:
    tracks = Tracks()
    tracks.keep("a", track("one"), 0)
    tracks.keep("a", track("two"), 1)
    assert tracks.take("a", 1) == "two"


def test_an_old_track_is_forgotten() -> None:
    tracks = Tracks()
    tracks.keep("a", track("one"), 0)
    assert tracks.take("a", FORGOTTEN_S + 0.1) is None
    tracks.keep("a", track("one"), 0)
    assert tracks.take("a", FORGOTTEN_S) == "one"


def test_tracks_that_nobody_asks_for_go() -> None:
    tracks = Tracks()
    tracks.keep("a", track("one"), 0)
    tracks.keep("b", track("two"), FORGOTTEN_S + 0.1)
    assert len(tracks) == 1


def test_a_stream_that_is_followed_outlives_those_that_are_not() -> None:
    tracks = Tracks()
    tracks.keep("a", track("a"), 0)
    tracks.keep("b", track("b"), 0)
    assert tracks.take("a", 2) == "a"
    tracks.keep("a", track("a"), 2)
    tracks.keep("c", track("c"), 3)
    assert tracks.take("a", 3) == "a"
    assert tracks.take("b", 3) is None


def test_so_many_streams_are_followed_and_no_more() -> None:
    tracks = Tracks()
    for number in range(STREAMS + 10):
        tracks.keep(number, track(str(number)), 1)
    assert len(tracks) == STREAMS
    assert tracks.take(9, 1) is None
    assert tracks.take(10, 1) == "10"
