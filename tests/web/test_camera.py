"""Playing by hand in a real browser: consent, a camera that works and all the ways in which one does not, photos."""

import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any, Protocol

import pytest
from msgspec import json
from PIL import Image, ImageDraw
from playwright.async_api import Browser, BrowserContext, Page, WebSocketRoute, async_playwright, expect
from support.fake_camera import y4m

from game.wire import MAX_IMAGE

CHROMIUM = which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the chromium browser on the path")

PATIENCE_MS = 20_000
SMALL = {"width": 360, "height": 740}
LARGE = {"width": 1280, "height": 800}
ELSEWHERE = "play.test"
"""A name of this machine that is not `localhost`, so that plain http counts as insecure."""
REFUSING = """
window.asked = 0;
navigator.mediaDevices.getUserMedia = () => {{
  window.asked += 1;
  return Promise.reject(new DOMException('not here', '{name}'));
}};
"""
KEEPING_TRACKS = """
window.tracks = [];
const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (open) navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await open(wish);
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
PROBABILITIES = {"rock": 0.6, "paper": 0.3, "scissors": 0.05, "other": 0.03, "none": 0.02}


class System(Protocol):
    url: str


def scene(size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A wall, a table and something of the colour of a hand."""
    width, height = size
    image = Image.new("RGB", size, (107, 127, 143))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 0.6, width, height), fill=(138, 109, 82))
    draw.ellipse((width * 0.36, height * 0.3, width * 0.64, height * 0.75), fill=(217, 169, 138))
    return image


def photo(size: tuple[int, int] = (2400, 1800), turned: bool = False) -> bytes:
    """A photo with a note of where it was taken, perhaps to be shown a quarter turn to the right."""
    notes = Image.Exif()
    notes[0x010E] = "taken at home"
    if turned:
        notes[0x0112] = 6
    out = BytesIO()
    scene(size).save(out, "JPEG", exif=notes)
    return out.getvalue()


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    video = y4m([scene()], tmp_path / "camera.y4m")
    arguments = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video.resolve()}",
        f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        await browser.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport=LARGE, permissions=["camera"])  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    await context.add_init_script(VIOLATIONS + KEEPING_TRACKS)
    yield context
    await context.close()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


class Between:
    """Stands between page and server: notes what leaves, and answers gestures itself where `answer` says how."""

    def __init__(self) -> None:
        self.gestures: list[dict[str, Any]] = []
        self.pictures: list[bytes] = []
        self.moves: list[dict[str, Any]] = []
        self.answer: dict[str, Any] | None = None

    async def watch(self, page: Page) -> None:
        await page.route_web_socket("**/ws", self._between)

    def _between(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def carry(frame: str | bytes) -> None:
            self._note(frame)
            about_hands = isinstance(frame, bytes) or '"gesture"' in frame
            if self.answer is None or not about_hands:
                server.send(frame)
            elif isinstance(frame, bytes):
                of = {name: self.gestures[-1][name] for name in ("match", "round")}
                browser.send(json.encode(of | self.answer).decode())

        browser.on_message(carry)

    def _note(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self.pictures.append(frame)
            return
        message = json.decode(frame)
        if message["type"] == "gesture":
            self.gestures.append(message)
        if message["type"] == "move":
            self.moves.append(message)

    @property
    def plays(self) -> list[dict[str, Any]]:
        return [gesture for gesture in self.gestures if gesture["intent"] == "play"]


def seen(label: str, reason: str) -> dict[str, Any]:
    told = {"type": "seen", "label": label, "confidence": 0.6, "probabilities": PROBABILITIES}
    return told | {"accepted": False, "reason": reason, "landmarks": [[0.5, 0.02 * point] for point in range(21)]}


@pytest.fixture
async def between(page: Page) -> Between:
    between = Between()
    await between.watch(page)
    return between


async def sit_down(page: Page, url: str) -> None:
    await page.goto(url)
    await page.locator('[data-opponent="logan"] button').click()
    await open_round(page, 1)


async def open_round(page: Page, number: int) -> None:
    await page.locator(f'#moves[data-ready="yes"][data-round="{number}"]').wait_for()


async def turn_on(page: Page) -> None:
    await page.locator("#hand-switch").click()
    await page.locator("#consent-yes").click()


async def camera_is(page: Page, how: str) -> None:
    await expect(page.locator("#hand")).to_have_attribute("data-camera", how)


async def plays_by_button_and_key(page: Page) -> None:
    await page.locator('[data-move="rock"]').click()
    await open_round(page, 2)
    await page.keyboard.press("p")
    await open_round(page, 3)


async def choose(page: Page, data: bytes, name: str = "hand.jpg", kind: str = "image/jpeg") -> None:
    await page.locator("#photo-file").set_input_files([{"name": name, "mimeType": kind, "buffer": data}])


def small_jpeg(data: bytes, side: int) -> Image.Image:
    assert len(data) <= MAX_IMAGE
    image = Image.open(BytesIO(data))
    assert image.format == "JPEG"
    assert max(image.size) <= side
    assert not image.getexif()
    return image


async def test_the_browser_is_asked_for_a_camera_only_after_the_player_agrees(page: Page, system: System) -> None:
    await page.add_init_script(REFUSING.format(name="NotAllowedError"))
    await sit_down(page, system.url)
    await page.locator("#hand-switch").click()
    await expect(page.locator("#consent")).to_contain_text("nothing is stored")
    await page.keyboard.press("Escape")
    await expect(page.locator("#consent")).to_be_hidden()
    await expect(page.locator("#hand-switch")).to_have_attribute("aria-checked", "false")
    await page.locator("#hand-switch").click()
    assert await page.evaluate("window.asked") == 0
    await page.locator("#consent-yes").click()
    await camera_is(page, "denied")
    assert await page.evaluate("window.asked") == 1


TROUBLES = {
    "NotAllowedError": ("denied", "Allow it"),
    "NotFoundError": ("none", "No camera was found"),
    "NotReadableError": ("busy", "in use"),
}


@pytest.mark.parametrize("name", TROUBLES)
async def test_a_camera_that_cannot_be_used_is_told_of_and_the_game_goes_on(
    page: Page, system: System, name: str
) -> None:
    trouble, words = TROUBLES[name]
    await page.add_init_script(REFUSING.format(name=name))
    await sit_down(page, system.url)
    await turn_on(page)
    await camera_is(page, trouble)
    await expect(page.locator("#hand-text")).to_contain_text(words)
    await expect(page.locator("#hand-text")).to_contain_text("Buttons and keys work")
    await expect(page.locator("#hand-say")).to_contain_text(words)
    await page.locator("#hand-retry").click()
    await camera_is(page, trouble)
    assert await page.evaluate("window.asked") == 2
    await plays_by_button_and_key(page)


async def test_an_insecure_page_says_why_it_has_no_camera(page: Page, system: System) -> None:
    await sit_down(page, system.url.replace("127.0.0.1", ELSEWHERE))
    assert await page.evaluate("isSecureContext") is False
    await page.locator("#hand-switch").click()
    await camera_is(page, "insecure")
    await expect(page.locator("#consent")).to_be_hidden()
    await expect(page.locator("#hand-text")).to_contain_text("https")
    await plays_by_button_and_key(page)


async def test_a_server_that_sees_no_hands_is_told_of_and_the_camera_goes_off(
    page: Page, system: System, between: Between
) -> None:
    between.answer = {"type": "refused", "code": "gestures-off", "message": "no models"}
    await sit_down(page, system.url)
    await turn_on(page)
    await expect(page.locator("#hand-text")).to_contain_text("cannot see hands")
    await expect(page.locator("#stage")).to_be_hidden()
    assert await page.evaluate("tracks.map((track) => track.readyState)") == ["ended"]
    await expect(page.locator("#notice")).to_be_hidden()
    await plays_by_button_and_key(page)


async def test_a_camera_that_is_unplugged_is_told_of_and_comes_back(
    page: Page, system: System, between: Between
) -> None:
    between.answer = seen("none", "no-hand")
    await sit_down(page, system.url)
    await turn_on(page)
    await camera_is(page, "on")
    await page.evaluate("tracks[0].stop(), tracks[0].dispatchEvent(new Event('ended')), 0")
    await camera_is(page, "unplugged")
    await page.locator("#hand-retry").click()
    await camera_is(page, "on")
    await plays_by_button_and_key(page)


async def test_previews_are_small_jpegs_and_stop_with_the_switch(page: Page, system: System, between: Between) -> None:
    between.answer = seen("rock", "unsure")
    await sit_down(page, system.url)
    await turn_on(page)
    await expect(page.locator("#hand")).to_have_attribute("data-label", "rock")
    await expect(page.locator("#sight")).to_have_text("Rock 60 %")
    await expect(page.locator("#landmarks .bones")).to_have_attribute("d", re.compile("^M"))
    assert between.plays == []
    assert small_jpeg(between.pictures[0], 480).size == (480, 360)
    await page.locator("#hand-switch").click()
    await expect(page.locator("#hand")).to_be_hidden()
    assert await page.evaluate("tracks.map((track) => track.readyState)") == ["ended"]
    assert await page.evaluate("window.violations") == []


async def test_the_camera_is_off_after_a_refresh_and_consent_is_not_asked_for_twice(page: Page, system: System) -> None:
    await sit_down(page, system.url)
    await turn_on(page)
    await expect(page.locator("#hand")).to_be_visible()
    await page.locator("#gifts summary").click()
    await page.locator("#donate").check()
    await page.reload()
    await open_round(page, 1)
    await expect(page.locator("#hand-switch")).to_have_attribute("aria-checked", "false")
    assert await page.evaluate("tracks.length") == 0
    await expect(page.locator("#donate")).not_to_be_checked()
    await page.locator("#hand-switch").click()
    await expect(page.locator("#hand")).to_be_visible()
    await expect(page.locator("#consent")).to_be_hidden()


async def test_a_sign_is_thrown_by_the_space_key_and_an_unclear_one_is_asked_about(
    page: Page, system: System, between: Between
) -> None:
    between.answer = seen("paper", "unsure")
    await sit_down(page, system.url)
    await turn_on(page)
    await camera_is(page, "on")
    await page.locator("#countdown").select_option("0")
    await page.locator("#table-title").focus()
    await page.keyboard.press(" ")
    await expect(page.locator("#hand-text")).to_contain_text("Did we see paper?")
    small_jpeg(between.pictures[len(between.gestures) - 1], 640)
    await page.locator("#hand-no").click()
    await expect(page.locator("#hand")).to_have_attribute("data-phase", "idle")
    await page.locator("#hand-go").click()
    await page.locator("#hand-yes").click()
    await open_round(page, 2)
    assert [gesture["round"] for gesture in between.plays] == [1, 1]
    assert between.moves == [
        {"type": "move", "match": between.plays[0]["match"], "round": 1, "move": "paper", "input": "camera"}
    ]


async def test_the_count_ends_in_a_throw_and_can_be_stopped(page: Page, system: System, between: Between) -> None:
    between.answer = seen("none", "no-hand")
    await sit_down(page, system.url)
    await turn_on(page)
    await camera_is(page, "on")
    await page.locator("#countdown").select_option("1")
    await page.locator("#hand-go").click()
    await expect(page.locator("#count")).to_have_text("1")
    await expect(page.locator("#hand")).to_have_attribute("data-phase", "told")
    await expect(page.locator("#hand-text")).to_contain_text("No hand was found")
    await expect(page.locator("#hand-yes")).to_be_hidden()
    await expect(page.locator("#hand")).to_have_attribute("data-phase", "counting")
    await page.locator("#hand-go").click()
    await expect(page.locator("#hand")).to_have_attribute("data-phase", "idle")
    await page.reload()
    await open_round(page, 1)
    await page.locator("#hand-switch").click()
    await expect(page.locator("#countdown")).to_have_value("1")


async def test_a_photo_is_made_small_and_upright_and_thrown_as_an_upload(
    page: Page, system: System, between: Between
) -> None:
    between.answer = seen("rock", "unsure")
    await sit_down(page, system.url)
    await choose(page, photo(turned=True))
    await expect(page.locator("#consent-title")).to_contain_text("photo")
    assert between.pictures == []
    await page.locator("#consent-yes").click()
    await expect(page.locator("#hand-text")).to_contain_text("Did we see rock?")
    assert small_jpeg(between.pictures[0], 1024).size == (768, 1024)
    assert [(each["intent"], each["input"]) for each in between.gestures] == [("play", "upload")]
    assert await page.evaluate("tracks.length") == 0
    await page.locator("#hand-yes").click()
    await open_round(page, 2)
    assert [(move["move"], move["input"]) for move in between.moves] == [("rock", "upload")]


DROPPED = """
async ([data, name, kind]) => {
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], name, { type: kind }));
  const arena = document.querySelector('#arena');
  for (const event of ['dragenter', 'dragover', 'drop']) {
    arena.dispatchEvent(new DragEvent(event, { dataTransfer: files, bubbles: true, cancelable: true }));
  }
}
"""


async def drop(page: Page, data: bytes, name: str, kind: str) -> None:
    await page.evaluate(DROPPED, [json.decode(json.encode(data)), name, kind])


async def test_a_photo_may_be_dropped_onto_the_arena(page: Page, system: System, between: Between) -> None:
    between.answer = seen("none", "no-hand")
    await sit_down(page, system.url)
    await drop(page, photo(), "hand.jpg", "image/jpeg")
    await page.locator("#consent-yes").click()
    await expect(page.locator("#hand-text")).to_contain_text("No hand was found")
    assert small_jpeg(between.pictures[0], 1024).size == (1024, 768)


async def test_a_file_that_is_no_picture_is_told_of_and_not_sent(page: Page, system: System, between: Between) -> None:
    await sit_down(page, system.url)
    await choose(page, b"<html>no picture</html>", "hand.jpg")
    await page.locator("#consent-yes").click()
    await expect(page.locator("#hand-text")).to_contain_text("could not be read")
    assert between.pictures == []
    await plays_by_button_and_key(page)


async def test_pictures_are_given_only_while_the_box_is_ticked(page: Page, system: System, between: Between) -> None:
    between.answer = seen("rock", "unsure")
    await sit_down(page, system.url)
    await choose(page, photo())
    await page.locator("#consent-yes").click()
    await page.locator("#hand-no").click()
    await page.locator("#gifts summary").click()
    await page.locator("#donate").check()
    await choose(page, photo())
    await page.locator("#hand-yes").wait_for()
    assert [gesture.get("donate", False) for gesture in between.plays] == [False, True]


async def test_what_was_given_can_be_deleted(page: Page, system: System) -> None:
    await sit_down(page, system.url)
    await page.locator("#gifts summary").click()
    await page.locator("#forget").click()
    await expect(page.locator("#forgotten")).to_have_text("There was nothing of yours.")


async def test_what_the_real_server_says_of_a_photo_without_a_hand_is_shown(page: Page, system: System) -> None:
    await sit_down(page, system.url)
    await choose(page, photo())
    await page.locator("#consent-yes").click()
    await expect(page.locator("#hand-say")).not_to_be_empty()
    await expect(page.locator("#hand-text")).not_to_have_text("Looking…")
    await plays_by_button_and_key(page)


@pytest.mark.parametrize("viewport", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_mirror_fits_the_screen(
    page: Page, system: System, between: Between, viewport: Any, scheme: Any
) -> None:
    async def fits() -> None:
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    between.answer = seen("scissors", "unsure")
    await page.set_viewport_size(viewport)
    await page.emulate_media(color_scheme=scheme)
    await sit_down(page, system.url)
    await page.locator("#hand-switch").click()
    await fits()
    await page.locator("#consent-yes").click()
    await expect(page.locator("#hand")).to_have_attribute("data-label", "scissors")
    await fits()
    await page.locator("#countdown").select_option("0")
    await page.locator("#hand-go").click()
    await page.locator("#hand-yes").wait_for()
    await page.locator("#gifts summary").click()
    await fits()
