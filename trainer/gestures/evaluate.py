"""Judges what serves: every photo goes the way that a player's image goes, one after another on one core.

From a file's bytes to a `Look` it is the sidecar's own pipeline (`models.hands`), so what is measured here is what is
served, its time included: decoding and looking.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from time import perf_counter
from typing import Protocol

from msgspec import Struct

from game.gestures import Label, Look
from game.images import BadImage
from models.hands.pictures import decoded
from models.hands.regions import Image
from trainer.cycle import Tell
from trainer.gestures.folders import Album
from trainer.gestures.rates import Rates, Seen, false_rate, macro, percentile, rates


class Sighted(Protocol):
    @property
    def look(self) -> Look: ...


class Eye(Protocol):
    """What looks at one image; `models.hands.sight.Sight`."""

    def look(self, image: Image) -> Sighted: ...


class Picture(Protocol):
    """A photo of which it is known what it shows."""

    @property
    def source(self) -> str: ...
    @property
    def label(self) -> Label: ...
    @property
    def name(self) -> str: ...
    def content(self) -> bytes: ...


class Unread(Struct, frozen=True):
    """A file that is no image that may be looked at, and why."""

    photo: str
    reason: str


class Source(Rates, frozen=True):
    """One source; what is no move was taken for one in these shares of its photos."""

    none_false_rate: float | None = None
    other_false_rate: float | None = None


class Report(Struct, frozen=True, kw_only=True):
    """`overall` pools the photos, `macro` is the mean of the sources. The rates count rock, paper and scissors."""

    sources: dict[str, Source]
    overall: Rates
    macro: Rates
    none_false_rate: float | None
    other_false_rate: float | None
    ms_p50: float | None
    ms_p95: float | None
    images: int
    versions: dict[str, str | None]
    unread: list[Unread]
    left_out: list[str]


def evaluate(eye: Eye, album: Album, versions: dict[str, str | None], tell: Tell) -> Report:
    """What the eye makes of every photo of the album."""
    seen, unread = looked(eye, album.photos, tell)
    return report(seen, versions, unread, album.left_out)


def looked(eye: Eye, photos: Sequence[Picture], tell: Tell) -> tuple[list[Seen], list[Unread]]:
    """What was seen in each photo in turn, and which files could not be read."""
    seen, unread = [], []
    for index, photo in enumerate(photos):
        tell(f"looking at {photo.source}", index / len(photos))
        began = perf_counter()
        try:
            look = eye.look(decoded(photo.content())).look
        except (BadImage, OSError) as error:
            unread.append(Unread(photo.name, str(error)))
        else:
            seen.append(Seen(photo.source, photo.label, look, 1000 * (perf_counter() - began), photo.name))
    return seen, unread


def report(seen: Sequence[Seen], versions: dict[str, str | None], unread: list[Unread], left_out: list[str]) -> Report:
    sources = {name: source(list(group)) for name, group in groupby(sorted(seen, key=_source), key=_source)}
    took = [one.ms for one in seen]
    return Report(
        sources=sources,
        overall=rates(seen),
        macro=macro(sources.values()),
        none_false_rate=false_rate(seen, Label.NONE),
        other_false_rate=false_rate(seen, Label.OTHER),
        ms_p50=percentile(took, 0.5),
        ms_p95=percentile(took, 0.95),
        images=len(seen),
        versions=versions,
        unread=unread,
        left_out=left_out,
    )


def source(seen: Sequence[Seen]) -> Source:
    """The rates of one source's photos."""
    found = rates(seen)
    told = {name: getattr(found, name) for name in Rates.__struct_fields__}
    return Source(**told, none_false_rate=false_rate(seen, Label.NONE), other_false_rate=false_rate(seen, Label.OTHER))


def lines(found: Report) -> Iterator[str]:
    """The report as a table for a person."""
    yield f"{'':<24} {'photos':>6} {'accuracy':>22} {'coverage':>9} {'of answered':>11} {'none':>6} {'other':>6}"
    for name, one in found.sources.items():
        yield f"{_line(name, one)} {_rate(one.none_false_rate):>6} {_rate(one.other_false_rate):>6}"
    ends = f"{_rate(found.none_false_rate):>6} {_rate(found.other_false_rate):>6}"
    yield f"{_line('all photos', found.overall)} {ends}"
    yield _line("mean of sources", found.macro)
    if found.ms_p50 is not None and found.ms_p95 is not None:
        yield f"{found.ms_p50:.1f} ms a photo (p50), {found.ms_p95:.1f} ms (p95), decoding included."
    yield "Judged: " + ", ".join(f"{family} {version or 'not used'}" for family, version in found.versions.items())
    yield from _troubles(found.unread, found.left_out)


def _troubles(unread: Sequence[Unread], left_out: Iterable[str]) -> Iterator[str]:
    if unread:
        yield f"{len(unread)} files could not be read, such as {unread[0].photo}: {unread[0].reason}"
    yield from (f"Left out: {text}." for text in left_out)


def _line(name: str, one: Rates) -> str:
    low, high = one.accuracy_interval or (None, None)
    within = f"({_rate(low)}-{_rate(high)})" if low is not None else ""
    return (
        f"{name:<24} {one.n:>6} {_rate(one.accuracy):>7} {within:>14} {_rate(one.coverage):>9} "
        f"{_rate(one.accuracy_answered):>11}"
    )


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _source(one: Seen) -> str:
    return one.source
