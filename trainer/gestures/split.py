"""Which photos teach and which judge: whole sources where they are named, else what a table says or a burst's end.

Photos of one burst are all but the same, so that photos drawn at random would judge by what was learned by heart. The
last 15 % in the order of the names of each source and class are a block apart.
"""

from collections.abc import Collection, Sequence
from itertools import groupby

from trainer.errors import NothingToLearn
from trainer.gestures.folders import Photo

JUDGING = 0.15
TEST = "test"


def split(photos: Sequence[Photo], hold_out: Collection[str]) -> tuple[list[Photo], list[Photo]]:
    """(what teaches, what judges); raises NothingToLearn where a source is not there or nothing would teach."""
    unknown = sorted(set(hold_out) - {photo.source for photo in photos})
    if unknown:
        raise NothingToLearn(f"There is no source {', '.join(unknown)} to hold out.")
    judges = {photo for photo in photos if photo.source in hold_out} if hold_out else _blocks(photos)
    teaches = [photo for photo in photos if photo not in judges]
    if not teaches:
        raise NothingToLearn("Every photo is held out; nothing would teach.")
    return teaches, [photo for photo in photos if photo in judges]


def _blocks(photos: Sequence[Photo]) -> set[Photo]:
    found = set()
    for _, group in groupby(sorted(photos, key=_kind), key=lambda photo: _kind(photo)[:2]):
        block = list(group)
        told = {photo for photo in block if photo.split == TEST}
        last = block[len(block) - round(JUDGING * len(block)) :]
        found |= told if any(photo.split for photo in block) else set(last)
    return found


def _kind(photo: Photo) -> tuple[str, str, str]:
    return photo.source, photo.label, photo.name
