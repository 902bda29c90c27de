"""A bundle: everything a served model is, as a folder of two files that anybody can check and nothing can execute.

`model.onnx` maps float32 `features` [n, 50] to float32 `probabilities` [n, 3]: P(player's next move) in the order of
`game.moves.MOVES`. `manifest.json` says what it is and carries the model's SHA-256. A bundle is named by its version,
which ends in the first digits of that digest, and pinned by its `digest`, the SHA-256 of the manifest's bytes.

A bundle may be a *reader*: it follows a player from round to round, and `model.onnx` is then a gate over the bank of
count experts that `reads` names (`models.experts`). It is asked like any other, with the player's past besides.

Where publisher and readers share a key there is a third file: `signature.txt`, the HMAC-SHA256 of the manifest's bytes
in hex. Who holds a key reads nothing that was not signed with it.
"""

import hmac
import os
from hashlib import sha256
from pathlib import Path
from typing import Annotated, TypeVar

from msgspec import DecodeError, Meta, Struct, ValidationError, json

from game.features import CONTRACT
from game.opponents import Opponent
from models.errors import BundleError
from models.experts import specs
from models.kinds import AnyManifest

FORMAT = 1
MODEL = "model.onnx"
MANIFEST = "manifest.json"
SIGNATURE = "signature.txt"
INPUT = "features"
OUTPUT = "probabilities"
UNMET = "players it never met"
MAX_MODEL = 64 * 1024 * 1024
"""Bytes; a larger file is refused unread."""

Version = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9.-]*\Z", max_length=64)]
"""A version is also a folder's name: nothing in it leads elsewhere."""


Interval = tuple[float, float]

Told = TypeVar("Told", bound=Struct)
"""What a kind of bundle tells in its manifest."""


class Scores(Struct, frozen=True):
    """How a predictor did on one set of rounds; each rate with its 95 % interval over whole players.

    What older bundles do not tell is None. `points_over_equilibrium` is what the bot would have won per round against
    these throws by playing on the predictions, beyond what it would have won without any.
    """

    rounds: int
    accuracy: float
    log_loss: float
    accuracy_interval: Interval
    log_loss_interval: Interval
    brier: float | None = None
    brier_interval: Interval | None = None
    calibration_error: float | None = None
    points_over_equilibrium: float | None = None
    points_over_equilibrium_interval: Interval | None = None


class Training(Struct, frozen=True):
    """What the model learned from, and under which licence that data stands."""

    datasets: list[str]
    rounds: int
    players: int
    licence: str
    judged_on: str = UNMET
    """Which rounds the metrics are on; the model has learned from none of them."""


class Manifest(Struct, frozen=True):
    """`metrics` are on what `training.judged_on` says; `baselines` are other predictors on the same rounds. `reads` is
    the contract of the bank that a reader weighs, and empty for any other model. `opponent` is who the family is to
    players; without it nobody can choose the family, unless it is one that is shipped (`game.opponents`).
    """

    format: int
    family: str
    version: Version
    created: str
    contract: str
    input: str
    output: str
    model_sha256: str
    training: Training
    configuration: dict[str, float | int | str | list[int]]
    metrics: Scores
    baselines: dict[str, Scores]
    reads: str = ""
    opponent: Opponent | None = None


class Bundle(Struct, frozen=True):
    """A bundle that was read and found whole."""

    manifest: Manifest
    digest: str
    model: bytes


def version_of(family: str, model: bytes) -> str:
    """The version's name: content-addressed, so that equal models are one version."""
    return f"{family}-{sha256(model).hexdigest()[:12]}"


def write(folder: Path, manifest: AnyManifest, model: bytes, key: bytes = b"") -> str:
    """Fill `folder` with the bundle, signed if there is a key; returns its digest."""
    text = json.format(json.encode(manifest), indent=2)
    files = {MODEL: model, **({SIGNATURE: _sign(text, key)} if key else {}), MANIFEST: text}
    folder.mkdir(parents=True)
    for name, content in files.items():
        with (folder / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a table that outlives a power cut must not name a bundle that did not
    return sha256(text).hexdigest()


def read(folder: Path, digest: str | None = None, key: bytes = b"") -> Bundle:
    """The bundle in `folder`, verified; raises BundleError with one clear line where it may not be served.

    With a key, a bundle that is unsigned, or whose manifest is not the one that was signed, is refused.
    """
    manifest, found = told_in(folder, Manifest, digest, key)
    if manifest.format != FORMAT:
        raise BundleError(f"Bundle {folder.name}: format {manifest.format} is not {FORMAT}.")
    if manifest.contract != CONTRACT:
        raise BundleError(
            f"Bundle {folder.name}: trained for features {manifest.contract}, this system serves {CONTRACT}."
        )
    if manifest.reads not in ("", specs.CONTRACT):
        raise BundleError(
            f"Bundle {folder.name}: trained on the bank {manifest.reads[:12]}, this system has {specs.CONTRACT[:12]}."
        )
    if (manifest.input, manifest.output) != (INPUT, OUTPUT):
        raise BundleError(
            f"Bundle {folder.name}: it maps {manifest.input} to {manifest.output}, not {INPUT} to {OUTPUT}."
        )
    return Bundle(manifest, found, model_in(folder, manifest.model_sha256))


def told_in(folder: Path, kind: type[Told], digest: str | None, key: bytes) -> tuple[Told, str]:
    """The manifest in `folder`, its digest and signature verified, and its digest; raises BundleError."""
    text = _bytes(folder, MANIFEST)
    if key:
        _check_signature(folder, text, key)
    found = sha256(text).hexdigest()
    if digest is not None and found != digest:
        raise BundleError(f"Bundle {folder.name}: the manifest's digest is {found[:12]}, not {digest[:12]}.")
    try:
        return json.decode(text, type=kind), found
    except (DecodeError, ValidationError) as error:
        raise BundleError(f"Bundle {folder.name}: the manifest cannot be read: {error}") from error


def model_in(folder: Path, digest: str) -> bytes:
    """The model in `folder`, which must have this digest; raises BundleError."""
    model = _bytes(folder, MODEL)
    if sha256(model).hexdigest() != digest:
        raise BundleError(f"Bundle {folder.name}: {MODEL} does not match the digest in its manifest.")
    return model


def _sign(text: bytes, key: bytes) -> bytes:
    return hmac.digest(key, text, "sha256").hex().encode()


def _check_signature(folder: Path, text: bytes, key: bytes) -> None:
    if not (folder / SIGNATURE).exists():
        raise BundleError(f"Bundle {folder.name}: it is not signed, and only signed bundles are served here.")
    if not hmac.compare_digest(_bytes(folder, SIGNATURE).strip(), _sign(text, key)):
        raise BundleError(f"Bundle {folder.name}: the signature is not of this manifest and key.")


def _bytes(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        if path.stat().st_size > MAX_MODEL:
            raise BundleError(f"Bundle {folder.name}: {name} is larger than {MAX_MODEL} bytes.")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"Bundle {folder.name}: {name} cannot be read: {error.strerror}.") from error
