"""Counting, and what is read out of it."""

from time import time_ns

import pytest
from opentelemetry.sdk.metrics.export import Histogram, Sum

from telemetry.readout import LATELY_NS, metric, scope
from telemetry.tallies import MOST, SECONDS, Reading, Tallies, always


def test_a_counter_adds_up_by_its_attributes() -> None:
    tallies = Tallies("rps.test")
    rounds = tallies.counter("rps.rounds", "{round}", "Rounds.", "outcome", "input")
    rounds.add("win", "key")
    rounds.add("win", "key", by=2)
    rounds.add("lose", "key")
    found = metric(rounds, 1, 2)
    assert found is not None and isinstance(found.data, Sum) and found.data.is_monotonic
    assert {tuple((point.attributes or {}).values()): point.value for point in found.data.data_points} == {
        ("win", "key"): 3,
        ("lose", "key"): 1,
    }
    assert all(point.start_time_unix_nano == 1 and point.time_unix_nano == 2 for point in found.data.data_points)


def test_a_histogram_fills_its_buckets_a_bound_belonging_below() -> None:
    tallies = Tallies("rps.test")
    waits = tallies.histogram("rps.wait", "s", "Waits.", bounds=(0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 2.0):
        waits.record(value)
    found = metric(waits, 1, 2)
    assert found is not None and isinstance(found.data, Histogram)
    (point,) = found.data.data_points
    assert list(point.bucket_counts) == [2, 1, 1] and list(point.explicit_bounds) == [0.1, 1.0]
    assert (point.count, point.sum, point.min, point.max) == (4, pytest.approx(2.65), 0.05, 2.0)


def test_the_last_traced_value_of_a_bucket_is_its_exemplar() -> None:
    tallies = Tallies("rps.test")
    waits = tallies.histogram("rps.wait", "s", "Waits.", bounds=(0.1,))
    waits.record(0.01, trace=(7, 8))
    waits.record(0.02, trace=(9, 10))
    waits.record(0.5)
    found = metric(waits, 1, 2)
    assert found is not None and isinstance(found.data, Histogram)
    (exemplar,) = found.data.data_points[0].exemplars
    assert (exemplar.trace_id, exemplar.span_id, exemplar.value) == (9, 10, 0.02)
    later = metric(waits, 1, time_ns() + LATELY_NS)
    assert later is not None and isinstance(later.data, Histogram)
    assert not later.data.data_points[0].exemplars, "receivers refuse old ones"


def test_gauges_are_read_when_somebody_collects_and_one_that_fails_silences_no_other() -> None:
    tallies = Tallies("rps.test")
    level = [3.0]

    def broken() -> list[Reading]:
        raise RuntimeError("gone")

    tallies.gauge("rps.broken", "{thing}", "Broken.", read=broken)
    tallies.gauge("rps.level", "{thing}", "A level.", read=always(lambda: level[0]))
    tallies.total("rps.total", "{thing}", "A total.", "kind", read=lambda: [(("a",), 5)])
    level[0] = 4.0
    found = {one.name: one.data.data_points[0] for one in scope(tallies, 2).metrics}
    assert {name: getattr(point, "value", None) for name, point in found.items()} == {"rps.level": 4.0, "rps.total": 5}
    assert found["rps.total"].attributes == {"kind": "a"}
    assert found["rps.total"].start_time_unix_nano == 0, "it is not known since when somebody else counts"


def test_series_beyond_the_limit_are_added_up_in_one() -> None:
    tallies = Tallies("rps.test")
    counter = tallies.counter("rps.many", "{thing}", "Many.", "which")
    histogram = tallies.histogram("rps.spread", "s", "Many.", "which")
    for number in range(MOST + 10):
        counter.add(str(number))
        histogram.record(1.0, str(number))
    for instrument in (counter, histogram):
        found = metric(instrument, 1, 2)
        assert found is not None and len(found.data.data_points) == MOST + 1
        (over,) = [point for point in found.data.data_points if point.attributes == {"otel.metric.overflow": True}]
        assert (getattr(over, "value", None) or getattr(over, "count", None)) == 10


def test_two_instruments_of_a_name_are_refused() -> None:
    tallies = Tallies("rps.test")
    tallies.counter("rps.rounds", "{round}", "Rounds.")
    with pytest.raises(ValueError, match=r"rps\.rounds"):
        tallies.histogram("rps.rounds", "s", "Rounds.")


def test_silenced_tallies_count_nothing() -> None:
    tallies = Tallies("rps.test")
    counter = tallies.counter("rps.rounds", "{round}", "Rounds.")
    histogram = tallies.histogram("rps.wait", "s", "Waits.")
    tallies.silence()
    counter.add()
    histogram.record(1.0, trace=(1, 2))
    assert scope(tallies, 2).metrics == []


def test_a_tenth_of_a_second_is_a_bound_of_durations() -> None:
    assert 0.1 in SECONDS and list(SECONDS) == sorted(SECONDS)
