"""What can be asked of `python -m trainer gestures`; neither TensorFlow nor the networks are loaded here."""

from pathlib import Path

from telemetry.commandline import Parser, add_json, ending, whole

PHOTOS = "the folder of photos, as DIR/<class>/ or DIR/<source>/<class>/"


def add_gestures(line: Parser) -> None:
    """Give the trainer's command line `gestures` and its commands."""
    group = line.command("gestures", "Teach and judge what reads hands: `python -m trainer gestures --help` tells how.")
    for add in (_judging, _learning, _serving):
        add(group)


def _command(group: Parser, name: str, about: str, epilog: str = "") -> Parser:
    added = group.command(name, about, epilog, dest="gestures", needed=True)
    add_json(added)
    return added


def _judging(group: Parser) -> None:
    judged = _command(
        group,
        "evaluate",
        "Judge the gesture models that serve on folders of labelled photos.",
        ending(examples=["python -m trainer gestures evaluate photos --cnn-only"]),
    )
    judged.add_argument("folder", type=Path, metavar="DIR", help=PHOTOS)
    judged.add_argument("--cnn-only", action="store_true", help="without the networks that find hands")
    judged.add_argument("--models", default="", metavar="STORE", help="the store (default: that of the settings)")
    judged.add_argument(
        "--alias", choices=["Production", "B"], default="Production", help="which of them (default: %(default)s)"
    )
    fetched = _command(
        group,
        "fetch",
        "Download a public set of photos, checked by its digest, and unpack it.",
        ending(examples=["python -m trainer gestures fetch drgfreeman --out photos/drgfreeman"]),
    )
    fetched.add_argument("what", metavar="NAME|URL", help="moroney, moroney-test, drgfreeman, or an address")
    fetched.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to be made")
    fetched.add_argument(
        "--sha256", default="", metavar="DIGEST", help="of the archive (default: the known one; an address needs it)"
    )


def _learning(group: Parser) -> None:
    fitted = _command(
        group,
        "fit",
        "Train both gesture models on a folder of photos and on drawn hands.",
        ending(examples=["python -m trainer gestures fit photos --out var/fitted-gestures --hold-out moroney"]),
    )
    fitted.add_argument("folder", type=Path, metavar="DIR", help=PHOTOS)
    fitted.add_argument("--out", type=Path, required=True, metavar="OUT", help="the store to be made")
    fitted.add_argument(
        "--hold-out", nargs="*", default=[], metavar="SOURCE", help="sources that only judge (default: none)"
    )
    fitted.add_argument("--licence", default="", help="of the photos, for the models' manifests (default: not told)")
    fitted.add_argument("--epochs", type=whole(1), default=20, metavar="N", help="at most (default: %(default)s)")
    fitted.add_argument(
        "--drawn", type=whole(0), default=20000, metavar="N", help="drawn hands in an epoch (default: %(default)s)"
    )
    fitted.add_argument("--force", action="store_true", help="replace what is in the output folder")
    fitted.add_argument("--seed", type=whole(0), default=0, metavar="N", help="of all chance (default: %(default)s)")
    exported = _command(group, "export", "Export a fitted network again, as SavedModel and as ONNX.")
    exported.add_argument("out", type=Path, metavar="OUT", help="the store that `fit` has made")


def _serving(group: Parser) -> None:
    _command(
        group,
        "retrain",
        "Learn from labelled photos and donations, and publish what passes the gate.",
        ending(exits="0 something was published, 1 nothing was."),
    )
    _command(group, "rollback", "Exchange the gesture models that serve and those that served before.")
    _command(group, "ledger", "Show every decision about gesture models.")
