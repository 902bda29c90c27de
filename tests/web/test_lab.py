"""The Lab page in a real browser: visitors at the match server, operators at the trainer's admin port."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from shutil import which
from threading import Event

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from support.database import made
from support.photos import photo
from support.seeing import seeing

from bench.system import System, free_port
from game.gestures import Label
from trainer.lifecycle.admin import Admin
from trainer.settings import Settings

CHROMIUM = which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the chromium browser on the path")

PATIENCE_MS = 20_000
TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with seeing(tmp_path_factory.mktemp("eyes")) as system:
        yield system


@pytest.fixture
def admin(eyes: System, tmp_path: Path) -> Iterator[Settings]:
    """An open admin port that asks the sidecar which has two models; its own store is that sidecar's."""
    made(tmp_path)
    settings = Settings(
        data_dir=str(tmp_path),
        store_url=str(eyes.folder / "store"),
        admin_token=TOKEN,
        admin_port=free_port(),
        inference_port=int(eyes.environment["RPS_INFERENCE_PORT"]),
    )
    port = Admin(settings)
    port.open()
    until_listening(settings.admin_port)
    yield settings
    port.close()


def until_listening(port: int) -> None:
    for _ in range(1000):
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        Event().wait(0.01)
    raise TimeoutError(f"nothing listens at {port}")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> Page:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    await page.add_init_script(
        "window.violations = []; document.addEventListener('securitypolicyviolation', (e) => violations.push(e))"
    )
    return page


async def show(page: Page, data: bytes) -> None:
    await page.locator("#lab-file").set_input_files([{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": data}])


async def add(page: Page, label: str, files: dict[str, bytes]) -> None:
    await page.locator(f'#shelves [data-label="{label}"] button').click()
    chosen = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files.items()]
    await page.locator("#add-files").set_input_files(chosen)  # type: ignore[arg-type]


async def enter(page: Page, settings: Settings, token: str = TOKEN) -> None:
    await page.goto(f"http://127.0.0.1:{settings.admin_port}/lab")
    await page.locator("#token").fill(token)
    await page.locator("#token-form button").click()


async def test_a_visitor_sees_what_the_model_sees(page: Page, eyes: System) -> None:
    await page.goto(f"{eyes.url}/lab")
    await expect(page.locator("body")).to_have_attribute("data-mode", "visitor")
    await expect(page.locator("#operator")).to_be_hidden()
    await show(page, photo(Label.PAPER))
    look = page.locator("#looks > article")
    await expect(look).to_have_attribute("data-guess", "paper")
    await expect(look).to_have_attribute("data-accepted", "yes")
    await expect(page.locator("#lab-stage")).to_have_attribute("data-has", "picture")
    await show(page, photo(Label.NONE))
    await expect(look).to_have_attribute("data-accepted", "no")
    assert await page.evaluate("violations.length") == 0


async def test_a_file_that_is_no_picture_is_told_of(page: Page, eyes: System) -> None:
    await page.goto(f"{eyes.url}/lab")
    await show(page, b"<html>")
    await expect(page.locator("#lab-alarm")).to_contain_text("could not be read")


async def test_a_picture_may_be_taken_with_the_camera(page: Page, eyes: System) -> None:
    await page.goto(f"{eyes.url}/lab")
    await page.locator("#lab-switch").click()
    await page.locator("#lab-shoot").click()
    await expect(page.locator("#looks > article")).to_be_visible()
    await expect(page.locator("#lab-stage")).to_have_attribute("data-has", "picture")
    assert await page.evaluate("document.querySelector('#lab-camera').srcObject === null")


async def test_operators_show_their_token(page: Page, admin: Settings) -> None:
    await enter(page, admin, "a-wrong-token-altogether")
    await expect(page.locator("#token-wrong")).to_be_visible()
    await page.locator("#token").fill(TOKEN)
    await page.locator("#token-form button").click()
    await expect(page.locator("body")).to_have_attribute("data-mode", "operator")
    await page.reload()
    await expect(page.locator("body")).to_have_attribute("data-mode", "operator")
    assert await page.evaluate("localStorage.length") == 0


async def test_operators_compare_production_with_what_was_before(page: Page, admin: Settings) -> None:
    await enter(page, admin)
    await expect(page.locator("#operator")).to_be_visible()
    await show(page, photo(Label.SCISSORS))
    looks = page.locator('#looks > article[data-guess="scissors"][data-accepted="yes"]')
    await expect(looks).to_have_count(2)
    names = await page.locator("#versions code").all_inner_texts()
    said = await looks.locator("code").all_inner_texts()
    assert len(set(said)) == 2
    assert set(said) <= set(names)


async def test_operators_add_pictures_and_order_a_training(page: Page, admin: Settings) -> None:
    await enter(page, admin)
    files = {"one.jpg": photo(Label.ROCK), "two.jpg": photo(Label.ROCK, 1), "page.jpg": b"<html>"}
    await add(page, "rock", files)
    await expect(page.locator("#added")).to_contain_text("2 pictures were added to rock. Not added: page.jpg")
    await expect(page.locator('#shelves [data-label="rock"]')).to_contain_text("2 pictures")
    assert len(list((Path(admin.data_dir) / "retrain_data" / "rock").iterdir())) == 2
    await page.locator("#retrain").click()
    await expect(page.locator("#ordered")).to_have_text("The training was ordered.")
    await expect(page.locator("#job-bar")).to_be_visible()
    await expect(page.locator("#retrain")).to_have_attribute("aria-disabled", "true")


async def test_operators_roll_back_after_being_asked(page: Page, admin: Settings) -> None:
    await enter(page, admin)
    before = await page.locator('#versions [data-side="B"] td').nth(1).inner_text()
    await page.locator("#rollback").click()
    await expect(page.locator("#rollback-text")).to_contain_text(before)
    await page.locator("#rollback-yes").click()
    await expect(page.locator("#ordered")).to_have_text("Rolled back.")
    await expect(page.locator('#versions [data-side="Production"] td').nth(1)).to_have_text(before)
