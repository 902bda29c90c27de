import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from game.assignment import Alias
from inference.follow import Follower
from inference.shelf import Window
from models.bundle import MODEL
from models.store import TABLE, FolderStore, Pin, Table

Put = Callable[..., Pin]

P, B, S1, S2 = Alias


def promote(store: FolderStore, pin: Pin) -> None:
    """Make it the Production of Brian."""
    table = store.table()
    store.swap(table.generation, {**table.aliases, "brian": {**table.aliases["brian"], P: pin}})


async def test_an_empty_store_is_an_empty_shelf(store: FolderStore, window: Window) -> None:
    await Follower(store, window).look()
    assert window.shelf.families == {}


async def test_a_promotion_is_served_after_the_next_look(
    follower: Follower, stocked: FolderStore, window: Window, put: Put, caplog: pytest.LogCaptureFixture
) -> None:
    before, pin = window.shelf, put(99)
    promote(stocked, pin)
    caplog.set_level(logging.INFO)
    await follower.look()
    assert window.shelf is not before
    assert window.shelf.families["brian"][P].version == pin.version
    was = before.families["brian"][P].version
    assert caplog.messages == [
        f"brian.Production: {was} -> {pin.version}",
        "Serving 12 models of 3 families (generation 2).",
    ]


async def test_a_look_at_an_unchanged_store_changes_and_says_nothing(
    follower: Follower, window: Window, caplog: pytest.LogCaptureFixture
) -> None:
    before = window.shelf
    caplog.set_level(logging.DEBUG, "inference")
    await follower.look()
    assert window.shelf is before
    assert not caplog.messages


async def test_a_bad_bundle_is_told_once_and_tried_again_when_its_files_change(
    follower: Follower,
    stocked: FolderStore,
    window: Window,
    put: Put,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    served, pin = window.shelf.families["brian"][P], put(99)
    file = tmp_path / "store/bundles" / pin.version / MODEL
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    promote(stocked, pin)
    await follower.look()
    await follower.look()
    assert window.shelf.families["brian"][P] is served
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert caplog.messages[0].startswith(f"brian.Production is refused. Bundle {pin.version}: ")
    file.write_bytes(whole)
    await follower.look()
    assert window.shelf.families["brian"][P].version == pin.version


async def test_a_bad_bundle_is_tried_again_when_the_table_changes(
    follower: Follower, stocked: FolderStore, window: Window, put: Put, tmp_path: Path
) -> None:
    bad, good = put(98), put(99)
    (tmp_path / "store/bundles" / bad.version / MODEL).unlink()
    promote(stocked, bad)
    await follower.look()
    promote(stocked, good)
    await follower.look()
    assert window.shelf.families["brian"][P].version == good.version


async def test_a_table_that_cannot_be_read_leaves_what_served(
    follower: Follower, window: Window, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before, table = window.shelf, tmp_path / "store" / TABLE
    whole = table.read_bytes()
    table.write_bytes(whole[:-9])
    await follower.look()
    await follower.look()
    assert window.shelf is before
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith("What served before goes on.")
    table.write_bytes(whole)
    await follower.look()
    assert window.shelf.generation == 1
    assert window.shelf.families["brian"][P] is before.families["brian"][P]


async def test_a_table_without_a_family_takes_it_off_the_shelf(
    follower: Follower, stocked: FolderStore, window: Window
) -> None:
    stocked.swap(1, {"logan": stocked.table().aliases["logan"]})
    await follower.look()
    assert list(window.shelf.families) == ["logan"]


async def test_what_a_look_found_is_told(follower: Follower, stocked: FolderStore, put: Put, tmp_path: Path) -> None:
    bad = put(98)
    (tmp_path / "store/bundles" / bad.version / MODEL).unlink()
    promote(stocked, bad)
    seen = await follower.look()
    assert seen is follower.seen
    assert seen.table == stocked.table()
    assert [(refusal.family, refusal.alias, refusal.pin) for refusal in seen.refused] == [("brian", P, bad)]
    assert not seen.fault
    (tmp_path / "store" / TABLE).write_bytes(b"{")
    fault = await follower.look()
    assert (fault.table, fault.refused) == (seen.table, seen.refused)
    assert "cannot be read" in fault.fault


async def test_two_looks_never_load_at_once(
    stocked: FolderStore, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower, table, inside, most, both = Follower(stocked, window), stocked.table, 0, 0, asyncio.Event()
    loop, go = asyncio.get_running_loop(), threading.Event()

    def slow() -> Table:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        loop.call_soon_threadsafe(both.set)
        assert go.wait(10)
        inside -= 1
        return table()

    monkeypatch.setattr(stocked, "table", slow)
    looks = [asyncio.create_task(follower.look()) for _ in range(2)]
    await both.wait()
    assert not any(look.done() for look in looks)  # the loop goes on while a look takes its time
    go.set()
    first, second = await asyncio.gather(*looks)
    assert most == 1
    assert first is second


async def test_a_fault_that_nobody_foresaw_is_looked_at_again(
    stocked: FolderStore, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> Table:
        raise MemoryError

    follower = Follower(stocked, window)
    with monkeypatch.context() as patched, pytest.raises(MemoryError):
        patched.setattr(stocked, "table", full)
        await follower.look()
    await follower.look()
    assert len(window.shelf.families) == 3


async def test_an_unforeseen_fault_does_not_end_the_following(
    stocked: FolderStore, window: Window, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    follower = Follower(stocked, window)
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        raise MemoryError if looks == 1 else KeyboardInterrupt

    monkeypatch.setattr(follower, "look", look)
    monkeypatch.setattr("inference.follow.EVERY", 0)
    with pytest.raises(KeyboardInterrupt):
        await follower.follow()
    assert looks == 2
    assert "could not be followed" in caplog.text
