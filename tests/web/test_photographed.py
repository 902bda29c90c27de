"""A match by hand with nothing replaced: photographed hands before the camera, the shipped models, the real system."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from shutil import which

import pytest
from msgspec import json
from PIL import Image
from playwright.async_api import Page, expect
from support.fake_camera import filmed, pressed_to_the_end

from bench.system import System
from models.hands import fetch

CHROMIUM = which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs the chromium browser on the path"),
    pytest.mark.skipif(not fetch.complete(), reason="needs the hand networks: python -m models.hands.fetch"),
]

SIGNS = ("rock", "paper", "scissors")
REFERENCE = Path(fetch.__file__).parent / "reference" / "drgfreeman"


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A page whose camera shows a photo of each sign in turn, two seconds each."""
    photos = [Image.open(REFERENCE / sign / "00.jpg") for sign in SIGNS]
    async with filmed(CHROMIUM, [fitted(photo) for photo in photos], tmp_path) as page:
        yield page


def fitted(photo: Image.Image) -> Image.Image:
    """The whole photo on a green ground of the camera's shape: nothing of the hand is cut off."""
    ground = Image.new("RGB", (640, 480), photo.convert("RGB").getpixel((2, 2)))
    photo.thumbnail((600, 440))
    ground.paste(photo, ((640 - photo.width) // 2, (480 - photo.height) // 2))
    return ground


async def test_a_whole_match_is_played_by_photographed_hands(page: Page, system: System) -> None:
    await page.goto(system.url)
    await page.locator('[data-opponent="logan"] button').click()
    await page.locator('#moves[data-ready="yes"][data-round="1"]').wait_for()
    await page.locator("#hand-switch").click()
    await page.locator("#consent-yes").click()
    await page.locator("#countdown").select_option("0")
    await page.locator('#hand[data-clear="yes"]').wait_for()
    number = await pressed_to_the_end(page, signs=3)
    address = await page.locator("#transcript").get_attribute("href")
    played = in_the_log(system, address or "")
    assert len(played) == number and {told["input"] for told in played} == {"camera"}
    assert len({told["player_move"] for told in played}) == 3, "the camera showed every sign"
    await expect(page.locator('#checks > [data-holds="yes"]')).to_have_count(4)


def in_the_log(system: System, address: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(system.folder / "rps.db")) as log:
        sql = "SELECT body FROM log WHERE match = ? AND kind = 'played' ORDER BY round"
        return [json.decode(body) for (body,) in log.execute(sql, [address.rpartition("/")[2]])]
