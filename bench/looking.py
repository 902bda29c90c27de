"""`python -m bench.looking`: what it takes to look at images, and what rounds lose by it.

Rounds are asked about alone and then while images are looked at without a pause; both in one run, so that their ratio
means something on any machine.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from time import monotonic, perf_counter

from msgspec import Struct
from PIL import Image, ImageDraw

from bench import hop
from bench.process import cpu_s, resident_mb
from bench.system import System
from game.ask import Frames, frame
from game.look import MAX_LOOK_FRAME, LookRequest, response_decoder, socket_for_images
from telemetry.commandline import FAILED, Parser, above_zero, add_json, ending, finished, print_result

QUESTIONS = 4000
UNDER_WAY = 2
"""Images at once, each the frame of another camera: the next one always waits already."""
WARM = 5
CROWDS = (1, 16)
"""Rounds asked about at once."""
MOST = 200
"""Photos of one folder."""
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class Looks(Struct, frozen=True):
    """How many images were answered, how many of them with what they show, milliseconds from question to answer, and of
    the sidecar's processor time for each. With `UNDER_WAY` at once each waits for the ones before it.
    """

    count: int
    seen: int
    per_s: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float


class Looking(Struct, frozen=True):
    """Looking alone; then rounds alone and while images are looked at, with the ratio of their p99, by how many rounds
    are asked about at once. Memory is the sidecar's, before the first image and after the last.
    """

    looks: Looks
    alone: list[hop.Hop]
    meanwhile: list[hop.Hop]
    p99_ratio: list[float]
    resident_before_mb: float
    resident_mb: float


class Cameras:
    """Shows images to the sidecar, and keeps how long each took and how many were seen."""

    def __init__(self, socket: Path, images: Sequence[bytes]) -> None:
        self._socket = socket
        self._images = images
        self.warm = asyncio.Event()
        self.clear()

    def clear(self) -> None:
        self.times: list[float] = []
        self.seen = 0

    async def show(self, camera: int) -> None:
        """One camera; ends when cancelled."""
        reader, writer = await asyncio.open_unix_connection(str(self._socket))
        frames, number = Frames(MAX_LOOK_FRAME), camera
        try:
            while True:
                image = self._images[number % len(self._images)]
                began = perf_counter()
                writer.write(frame(LookRequest(number, monotonic() + 10, image, f"camera {camera}")))
                while not (bodies := frames.feed(await _some(reader))):
                    pass
                self.times.append(perf_counter() - began)
                self.seen += response_decoder.decode(bodies[0]).look is not None
                number += UNDER_WAY
                if len(self.times) == WARM:
                    self.warm.set()
        finally:
            writer.close()


def drawn() -> list[bytes]:
    """Frames of a camera that sees no hand: a few shapes that move."""
    found = []
    for step in range(8):
        image = Image.effect_noise((640, 480), 24).convert("RGB")
        ImageDraw.Draw(image).ellipse((80 + 20 * step, 100, 320 + 20 * step, 380), fill=(196, 150, 120))
        out = BytesIO()
        image.save(out, "JPEG", quality=85)
        found.append(out.getvalue())
    return found


@asynccontextmanager
async def showing(socket: Path, images: Sequence[bytes]) -> AsyncIterator[Cameras]:
    """`UNDER_WAY` cameras that run, warmed up; raises OSError where one could not."""
    cameras = Cameras(socket, images)
    tasks = [asyncio.create_task(cameras.show(number)) for number in range(UNDER_WAY)]
    warm = asyncio.create_task(cameras.warm.wait())
    await asyncio.wait([warm, *tasks], return_when=asyncio.FIRST_COMPLETED)
    cameras.clear()
    yield cameras
    for task in (warm, *tasks):
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ends:
        if isinstance(error, OSError):
            raise error


def photos(root: Path) -> list[Path]:
    """The photo, or those anywhere below the folder, `MOST` at most."""
    found = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES) if root.is_dir() else [root]
    return found[:: len(found) // MOST + 1]


async def measure(system: System, images: Sequence[bytes], seconds: float) -> Looking:
    socket, pid = system.folder / "inference.sock", system.pid("inference")
    before = resident_mb(pid)
    async with showing(socket_for_images(socket), images) as cameras:
        used = cpu_s(pid)
        await asyncio.sleep(seconds)
        looks = _looks(cameras, seconds, cpu_s(pid) - used)
    alone = [await hop.measure(socket, pid, crowd, QUESTIONS) for crowd in CROWDS]
    async with showing(socket_for_images(socket), images):
        meanwhile = [await hop.measure(socket, pid, crowd, QUESTIONS) for crowd in CROWDS]
    ratios = [both.p99_ms / one.p99_ms for both, one in zip(meanwhile, alone, strict=True)]
    return Looking(looks, alone, meanwhile, ratios, before, resident_mb(pid))


async def _some(reader: asyncio.StreamReader) -> bytes:
    data = await reader.read(65536)
    if not data:
        raise ConnectionError("The sidecar closed the images' socket.")
    return data


def _looks(cameras: Cameras, seconds: float, used: float) -> Looks:
    times = sorted(cameras.times)
    count = len(times)
    p50, p95 = times[count // 2] * 1e3, times[count * 95 // 100] * 1e3
    return Looks(count, cameras.seen, count / seconds, p50, p95, used / count * 1e3)


def table(found: Looking) -> str:
    """The figures for a person."""
    looks = found.looks
    lines = [
        f"{looks.per_s:.1f} images/s, {looks.seen} of {looks.count} seen; with {UNDER_WAY} at once p50 "
        f"{looks.p50_ms:.0f} ms, p95 {looks.p95_ms:.0f} ms; {looks.cpu_ms:.0f} ms of processor time each",
        f"sidecar resident {found.resident_before_mb:.0f} MB, after looking {found.resident_mb:.0f} MB",
        "",
        "| rounds at once | alone: p50 ms | p99 ms | while looking: p50 ms | p99 ms | p99 / p99 |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    for one, both, ratio in zip(found.alone, found.meanwhile, found.p99_ratio, strict=True):
        lines.append(
            f"| {one.in_flight} | {one.p50_ms:.2f} | {one.p99_ms:.2f} "
            f"| {both.p50_ms:.2f} | {both.p99_ms:.2f} | {ratio:.1f} |"
        )
    return "\n".join(lines)


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m bench.looking",
        description="Measure what looking at images costs, and what rounds lose by it.",
        epilog=ending(examples=["python -m bench.looking --seconds 5"]),
    )
    line.add_argument(
        "images", type=Path, nargs="*", metavar="IMAGE", help="photos, or folders of them (default: drawn frames)"
    )
    line.add_argument(
        "--seconds", type=above_zero, default=10, metavar="S", help="length of looking alone (default: %(default)s)"
    )
    add_json(line)
    return line


def main() -> int:
    given = parser().parse_args()
    try:
        images = [path.read_bytes() for root in given.images for path in photos(root)] or drawn()
        with tempfile.TemporaryDirectory() as folder, System(Path(folder)) as system:
            system.play()
            sys.stderr.write("Measuring looking, and rounds beside it …\n")
            found = asyncio.run(measure(system, images, given.seconds))
    except OSError as error:
        sys.stderr.write(f"This could not be measured: {error}\n")
        return FAILED
    print_result(given, {"looking": found}, [table(found)])
    return 0


if __name__ == "__main__":
    sys.exit(finished(main, "inference"))
