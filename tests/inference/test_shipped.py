from pathlib import Path

from game.assignment import Alias
from inference.shelf import Shelf, stock
from models.store import FolderStore


def test_everything_that_is_shipped_can_be_served(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "empty")
    shelf, refused = stock(store, store.table(), Shelf())
    assert not refused
    assert {"brian", "forrest", "logan"} <= shelf.families.keys()
    assert all(models.keys() == set(Alias) for models in shelf.families.values())
