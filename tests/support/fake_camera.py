"""Video for the camera that Chromium pretends to have: still pictures, one after the other, again and again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from playwright.async_api import Page, async_playwright, expect

PATIENCE_MS = 20_000


@asynccontextmanager
async def filmed(chromium: str | None, images: Sequence[Image.Image], folder: Path) -> AsyncIterator[Page]:
    """A page whose camera shows these pictures in turn, two seconds each."""
    video = y4m(images, folder / "camera.y4m", seconds_each=2)
    async with async_playwright() as playwright:
        arguments = [
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={video.resolve()}",
        ]
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = await browser.new_page(permissions=["camera"], viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield page
        await browser.close()


async def pressed(page: Page, number: int) -> None:
    """Press until the sign of round `number` is taken: one that changes just then is rightly not clear."""
    played = page.locator(f'#rounds > [data-round="{number}"]')
    unclear = page.locator('#hand[data-phase="told"]')
    while not await played.count():
        await page.locator("#hand-go").click()
        await played.or_(unclear).first.wait_for()
        if await page.locator("#hand-no").is_visible():
            await page.locator("#hand-no").click()


async def pressed_to_the_end(page: Page, signs: int = 1) -> int:
    """Play every round of the match so, waiting for new signs until `signs` of them are thrown; how many rounds."""
    number = 0
    thrown: set[str] = set()
    while await page.locator('body[data-screen="match"]').count():
        number += 1
        if len(thrown) < signs:
            known = "".join(f':not([data-label="{sign}"])' for sign in thrown)
            await page.locator(f'#hand[data-clear="yes"]{known}').wait_for()
        await pressed(page, number)
        thrown.add(await page.locator('.throw[data-side="player"]').get_attribute("data-thrown") or "")
        goes_on = page.locator(f'#moves[data-ready="yes"][data-round="{number + 1}"]')
        await goes_on.or_(page.locator('body[data-screen="over"]')).first.wait_for()
    return number


def y4m(
    images: Sequence[Image.Image],
    path: Path,
    size: tuple[int, int] = (640, 480),
    fps: int = 10,
    seconds_each: float = 1,
) -> Path:
    """Write the pictures, scaled and cropped to `size` (even), as uncompressed YUV4MPEG2 4:2:0 and return `path`.

    The colours are those of BT.601 in limited range, as the browser reads them; it starts anew at the end of the file.
    For `--use-file-for-fake-video-capture`, which needs the absolute path.
    """
    width, height = size
    times = max(1, round(fps * seconds_each))
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for image in images:
            out.write((b"FRAME\n" + planes(ImageOps.fit(image.convert("RGB"), size))) * times)
    return path


def planes(image: Image.Image) -> bytes:
    """The picture as planes Y, U and V, with one of each chroma for four pixels."""
    red, green, blue = np.moveaxis(np.asarray(image, dtype=np.float32), 2, 0)
    luma = 16 + 0.257 * red + 0.504 * green + 0.098 * blue
    chroma_blue = 128 - 0.148 * red - 0.291 * green + 0.439 * blue
    chroma_red = 128 + 0.439 * red - 0.368 * green - 0.071 * blue
    parts = (luma, quartered(chroma_blue), quartered(chroma_red))
    return b"".join(np.round(part).astype(np.uint8).tobytes() for part in parts)


def quartered(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """The means over squares of two by two."""
    height, width = plane.shape
    means: NDArray[np.float32] = plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return means
