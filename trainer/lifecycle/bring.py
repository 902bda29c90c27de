"""A bundle that somebody brings: checked as the gate checks, then in the store, and at shadow2 like any candidate."""

from pathlib import Path

from models.bundle import read
from models.places import store_at
from trainer.lifecycle import book
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.ledger import Entry
from trainer.lifecycle.orders import enter
from trainer.settings import Settings


def bring(settings: Settings, folder: Path) -> Entry:
    """Let it in; raises BundleError or Unwanted where it may not serve."""
    from trainer.fitting.gate import conforms  # ONNX Runtime stays out of the daemon

    bundle = read(folder)
    conforms(bundle.model, bundle.manifest.reads)
    store = store_at(settings.store, settings.data_dir, settings.bundle_key)
    with book.opened(settings.address) as opened:
        pin = store.put(bundle.manifest, bundle.model)
        return enter(Lifecycle(opened, store), bundle.manifest.family, pin, opened.position(), "command line")
