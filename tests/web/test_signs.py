"""A match by hand with nothing replaced but the hand: the camera shows colours, which the served model tells apart."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from shutil import which

import pytest
from msgspec import json
from PIL import Image
from playwright.async_api import Page, expect
from support.fake_camera import filmed, pressed, pressed_to_the_end
from support.photos import photo
from support.seeing import seeing

from bench.system import System
from game.gestures import Label

CHROMIUM = which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the chromium browser on the path")

SIGNS = (Label.ROCK, Label.PAPER, Label.SCISSORS)


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with seeing(tmp_path_factory.mktemp("eyes")) as system:
        yield system


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A page whose camera shows the three signs in turn, two seconds each."""
    pictures = [Image.open(BytesIO(photo(sign))) for sign in SIGNS]
    async with filmed(CHROMIUM, pictures, tmp_path) as page:
        yield page


async def sit_down(page: Page, eyes: System) -> None:
    await page.goto(eyes.url)
    await page.locator('[data-opponent="logan"] button').click()
    await open_round(page, 1)


async def open_round(page: Page, number: int) -> None:
    await page.locator(f'#moves[data-ready="yes"][data-round="{number}"]').wait_for()


async def show_hand(page: Page, countdown: int = 0) -> None:
    """Turn the camera on, and wait until something is seen."""
    await page.locator("#hand-switch").click()
    await page.locator("#consent-yes").click()
    await page.locator("#countdown").select_option(str(countdown))
    await page.locator('#hand[data-clear="yes"]').wait_for()


def played(eyes: System, address: str) -> list[str]:
    """How the moves of the match were made, as the round log has them."""
    with closing(sqlite3.connect(eyes.folder / "rps.db")) as log:
        sql = "SELECT body FROM log WHERE match = ? AND kind = 'played' ORDER BY round"
        return [json.decode(body)["input"] for (body,) in log.execute(sql, [address.rpartition("/")[2]])]


async def test_a_whole_match_is_played_by_signs(page: Page, eyes: System) -> None:
    await sit_down(page, eyes)
    await show_hand(page)
    number = await pressed_to_the_end(page)
    inputs = played(eyes, await page.locator("#transcript").get_attribute("href") or "")
    assert inputs == ["camera"] * number
    await expect(page.locator('#checks > [data-holds="yes"]')).to_have_count(4)
    await expect(page.locator("#hand")).to_be_hidden()


async def test_the_countdown_plays_round_after_round_by_itself(page: Page, eyes: System) -> None:
    await sit_down(page, eyes)
    await show_hand(page, countdown=1)
    await page.locator("#hand-go").click()
    await open_round(page, 3)
    await page.locator("#hand-go").click()
    await expect(page.locator("#hand-go")).to_have_text("Count down")


async def test_the_sign_of_a_photo_is_thrown(page: Page, eyes: System) -> None:
    await sit_down(page, eyes)
    file = {"name": "hand.jpg", "mimeType": "image/jpeg", "buffer": photo(Label.SCISSORS)}
    await page.locator("#photo-file").set_input_files([file])  # type: ignore[list-item]
    await page.locator("#consent-yes").click()
    await open_round(page, 2)
    await expect(page.locator('.throw[data-side="player"]')).to_have_attribute("data-thrown", "scissors")


async def test_what_is_given_is_counted_and_deleted_when_asked(page: Page, eyes: System) -> None:
    await sit_down(page, eyes)
    await show_hand(page)
    await pressed(page, 1)
    await open_round(page, 2)
    await page.locator("#gifts summary").click()
    await page.locator("#donate").check()
    await pressed(page, 2)
    await open_round(page, 3)
    await page.locator("#forget").click()
    await expect(page.locator("#forgotten")).to_have_text("One picture is deleted.")
    await page.locator("#forget").click()
    await expect(page.locator("#forgotten")).to_have_text("There was nothing of yours.")
