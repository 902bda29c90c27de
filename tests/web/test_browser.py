"""The game in a real browser against the real system: whole matches, refreshes, lost sockets, keys, small screens."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from shutil import which
from typing import Any, Protocol

import pytest
from playwright.async_api import Browser, BrowserContext, Page, WebSocketRoute, async_playwright, expect
from support.client import connected

CHROMIUM = which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the chromium browser on the path")

OPPONENTS = ("brian", "forrest", "logan")
MOVES = ("rock", "paper", "scissors")
PATIENCE_MS = 20_000
SMALL = {"width": 360, "height": 740}
LARGE = {"width": 1280, "height": 800}
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


class System(Protocol):
    url: str


@dataclass
class Complaints:
    """What the browser's console said against the page."""

    texts: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> Page:
        page.on("pageerror", lambda error: self.texts.append(str(error)))
        page.on("console", lambda said: self.texts.append(said.text) if said.type in {"error", "warning"} else None)
        return page


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport=LARGE)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    await context.add_init_script(VIOLATIONS)
    yield context
    await context.close()


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
async def page(context: BrowserContext, system: System, complaints: Complaints) -> Page:
    page = complaints.watch(await context.new_page())
    await page.goto(system.url)
    return page


async def sit_down(page: Page, opponent: str = "logan") -> None:
    await page.locator(f'[data-opponent="{opponent}"] button').click()
    await open_round(page, 1)


async def open_round(page: Page, number: int) -> None:
    await page.locator(f'#moves[data-ready="yes"][data-round="{number}"]').wait_for()


async def throw(page: Page, number: int) -> None:
    """Play round `number` by its button and wait until its seal has been checked."""
    await page.locator(f'[data-move="{MOVES[number % 3]}"]').click()
    await expect(page.locator(f'#rounds > [data-round="{number}"]')).to_have_attribute("data-seal", "holds")


async def settled(page: Page, number: int) -> bool:
    """Wait for the round after `number`, or the end; whether the match goes on."""
    goes_on = f'#moves[data-ready="yes"][data-round="{number + 1}"]'
    await page.locator(f'{goes_on}, body[data-screen="over"]').first.wait_for()
    return await page.locator('body[data-screen="match"]').count() == 1


async def health(page: Page) -> dict[str, int]:
    meters = {side: page.locator(f'.side[data-side="{side}"] [role="meter"]') for side in ("player", "bot")}
    return {side: int(await meter.get_attribute("aria-valuenow") or -1) for side, meter in meters.items()}


async def open_seal(page: Page) -> str:
    return await page.locator("#commitment").get_attribute("data-full") or ""


async def no_complaints(page: Page, complaints: Complaints) -> None:
    assert complaints.texts == []
    assert await page.evaluate("window.violations") == []


async def transcript(page: Page, system: System) -> dict[str, Any]:
    address = await page.locator("#transcript").get_attribute("href")
    answer = await page.request.get(f"{system.url}{address}")
    assert answer.ok
    told: dict[str, Any] = await answer.json()
    return told


@pytest.mark.parametrize("opponent", OPPONENTS)
async def test_a_whole_match_with_a_refresh_in_the_middle(
    page: Page, system: System, complaints: Complaints, opponent: str
) -> None:
    await sit_down(page, opponent)
    seals: list[str] = []
    number, goes_on = 0, True
    while goes_on:
        number += 1
        if number == 4:
            before = (await open_seal(page), await health(page))
            await page.reload()
            await open_round(page, number)
            assert (await open_seal(page), await health(page)) == before
            await expect(page.locator('#rounds > [data-seal="holds"]')).to_have_count(3)
        seals.append(await open_seal(page))
        await throw(page, number)
        goes_on = await settled(page, number)

    told = await transcript(page, system)
    assert told["opponent"] == opponent
    assert [round["commitment"] for round in told["rounds"]] == seals
    scores = told["scores"]
    assert max(scores.values()) >= 100
    assert await health(page) == {"player": max(0, 100 - scores["bot"]), "bot": max(0, 100 - scores["player"])}
    await expect(page.locator('#rounds > [data-seal="holds"]')).to_have_count(number)
    await expect(page.locator("#end")).to_have_attribute("data-winner", told["winner"])
    await expect(page.locator('#checks > [data-holds="yes"]')).to_have_count(4)
    await expect(page.locator("#checks > [data-holds]")).to_have_count(4)
    served = told["served_by"]
    for word in (served["family"], served["alias"], served["version"]):
        await expect(page.locator("#served")).to_contain_text(word)
    await expect(page.locator("#alarm")).to_be_hidden()
    await no_complaints(page, complaints)


async def test_what_the_bot_thought_is_told_after_the_throw(page: Page) -> None:
    await sit_down(page)
    await expect(page.locator("#thought")).to_be_hidden()
    await throw(page, 1)
    await expect(page.locator("#thought")).to_have_attribute("data-source", "gambit")
    shares = await page.locator("#thought .share").all_inner_texts()
    assert abs(sum(int(share.split()[0]) for share in shares) - 100) <= 1


async def test_the_values_are_told_before_the_throw(page: Page) -> None:
    await sit_down(page)
    values = {rank: page.locator(f'[data-move][data-rank="{rank}"]') for rank in ("low", "mid", "high")}
    low, mid, high = [int(await values[rank].get_attribute("data-value") or 0) for rank in ("low", "mid", "high")]
    assert low == 10
    assert mid in range(11, 16)
    assert high == mid + 5
    await expect(values["high"].locator(".value")).to_have_text(f"{high / 10:.1f}")


async def test_the_game_is_played_by_keys_alone(page: Page, complaints: Complaints) -> None:
    await page.locator('[data-opponent="forrest"] button').wait_for()
    focused = page.locator('[data-opponent="forrest"] button:focus')
    while not await focused.count():
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    for number, key in enumerate(("r", "P", "s"), start=1):
        await open_round(page, number)
        await page.keyboard.press(key)
        await expect(page.locator(f'#rounds > [data-round="{number}"]')).to_have_attribute("data-seal", "holds")
        await expect(page.locator("#announce")).to_contain_text("points")
    await open_round(page, 4)
    while not await page.locator("#leave:focus").count():
        await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("r")  # not a throw: a question is open
    await page.locator("#leave-now").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("body")).to_have_attribute("data-screen", "over")
    await expect(page.locator("#rounds > li")).to_have_count(3)
    await expect(page.locator("#end")).to_have_attribute("data-winner", "bot")
    await expect(page.locator("#end-title")).to_be_focused()
    await no_complaints(page, complaints)


async def test_a_name_may_hold_the_letters_of_the_keys_and_is_kept(page: Page) -> None:
    await page.locator("[data-opponent]").first.wait_for()
    await page.locator("#name").press_sequentially("rpsRPS")
    await page.keyboard.press("Enter")
    await expect(page.locator("#who")).to_have_text("rpsRPS")
    await page.reload()
    await expect(page.locator("#who")).to_have_text("rpsRPS")


async def test_rematch_and_another_opponent(page: Page) -> None:
    await sit_down(page, "brian")
    await leave(page)
    await page.locator("#rematch").click()
    await open_round(page, 1)
    await expect(page.locator("#rounds > li")).to_have_count(0)
    await leave(page)
    await page.locator("#change").click()
    await expect(page.locator('[data-opponent="brian"] .record')).to_have_text("0 won · 2 lost")
    await sit_down(page, "logan")


async def test_how_the_models_fare_is_told_on_the_first_screen(page: Page, system: System) -> None:
    async with connected(system.url) as client:
        await client.hello()
        over = await client.play_out(await client.start("logan"))
    served = over["served_by"]
    await page.reload()
    row = page.locator(f'#fare [data-alias="{served["alias"]}"]').filter(has_text="Logan")
    await expect(row).to_contain_text(served["version"])
    await expect(row).to_contain_text("%")
    await sit_down(page)
    await expect(page.locator("#fare")).to_be_hidden()


async def leave(page: Page) -> None:
    await page.locator("#leave").click()
    await page.locator("#leave-now").click()
    await page.locator('body[data-screen="over"]').wait_for()


async def test_a_dead_network_is_shown_and_the_throw_survives_it(page: Page, context: BrowserContext) -> None:
    await sit_down(page)
    seal = await open_seal(page)
    await context.set_offline(True)
    await page.locator('[data-move="rock"]').click()
    await expect(page.locator("body")).to_have_attribute("data-link", "offline")
    await expect(page.locator("#banner")).to_be_visible()
    await context.set_offline(False)
    await expect(page.locator("body")).to_have_attribute("data-link", "online")
    await expect(page.locator('#rounds > [data-round="1"]')).to_have_attribute("data-seal", "holds")
    await page.locator("#rounds summary").first.click()
    await expect(page.locator('[data-round="1"] .commitment')).to_have_text(seal)
    await open_round(page, 2)
    await expect(page.locator("#banner")).to_be_hidden()


async def test_a_draining_server_is_left_and_found_again(page: Page) -> None:
    sockets: list[WebSocketRoute] = []

    def between(browser: WebSocketRoute) -> None:
        browser.connect_to_server()
        sockets.append(browser)

    await page.route_web_socket("**/ws", between)
    await page.reload()
    await sit_down(page)
    seal = await open_seal(page)
    sockets[-1].send('{"type":"draining","retry_after_ms":1500}')
    await expect(page.locator("#banner")).to_contain_text("about to restart")
    await throw(page, 1)  # what is open may still be played
    await expect(page.locator("#banner")).to_be_hidden()
    assert len(sockets) == 2
    await expect(page.locator("body")).to_have_attribute("data-link", "online")
    await page.locator("#rounds summary").first.click()
    await expect(page.locator('[data-round="1"] .commitment')).to_have_text(seal)
    await open_round(page, 2)


async def test_two_tabs_play_one_match(page: Page, context: BrowserContext, system: System) -> None:
    await sit_down(page)
    other = await context.new_page()
    await other.goto(system.url)
    await open_round(other, 1)
    await throw(other, 1)
    await open_round(page, 2)
    assert await open_seal(page) == await open_seal(other)
    await throw(page, 2)
    await open_round(other, 3)
    assert await health(page) == await health(other)
    await expect(other.locator('#rounds > [data-seal="holds"]')).to_have_count(2)


async def test_a_window_that_gave_way_says_so_and_takes_the_game_back(
    page: Page, context: BrowserContext, system: System
) -> None:
    await sit_down(page)
    seal = await open_seal(page)
    await page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden' })")
    for _ in range(4):  # a player has four sockets at one server: the fifth takes the place of the first
        await (other := await context.new_page()).goto(system.url)
        await open_round(other, 1)
    await expect(page.locator("body")).to_have_attribute("data-link", "elsewhere")
    await expect(page.locator("#banner")).to_contain_text("You play in another window now.")
    await throw(other, 1)
    await open_round(other, 2)
    await expect(page.locator("#moves")).to_have_attribute("data-round", "1")  # nothing is told here any more
    await page.get_by_role("button", name="Play here").click()
    await open_round(page, 2)
    await expect(page.locator("#banner")).to_be_hidden()
    await page.locator("#rounds summary").first.click()
    await expect(page.locator('[data-round="1"] .commitment')).to_have_text(seal)


async def test_a_token_that_the_server_does_not_know_makes_a_new_player(page: Page) -> None:
    await page.locator("[data-opponent]").first.wait_for()
    known = await page.locator("#who").inner_text()
    await page.evaluate("localStorage.setItem('rps-quest.token', 'nobody')")
    await page.reload()
    await page.locator('body[data-link="online"]').wait_for()
    await expect(page.locator("#who")).not_to_have_text(known)
    await sit_down(page)


async def test_a_lying_server_raises_the_alarm(page: Page, system: System) -> None:
    def between(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def forge(text: str | bytes) -> None:
            nonce = r'(nonce\\":\\")[0-9a-f]'
            browser.send(re.sub(nonce, r"\g<1>x", str(text)) if '"round":2' in str(text) else text)

        server.on_message(forge)

    await page.route_web_socket("**/ws", between)
    await page.reload()
    await sit_down(page)
    await throw(page, 1)
    await expect(page.locator("#alarm")).to_be_hidden()
    await open_round(page, 2)
    await page.locator('[data-move="rock"]').click()
    await expect(page.locator('#rounds > [data-round="2"]')).to_have_attribute("data-seal", "broken")
    await expect(page.locator("#alarm")).to_contain_text("Round 2")


@pytest.mark.parametrize("viewport", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_screen_scrolls_sideways(page: Page, viewport: Any, scheme: Any) -> None:
    async def fits() -> None:
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    await page.set_viewport_size(viewport)
    await page.emulate_media(color_scheme=scheme)
    await page.locator("[data-opponent]").first.wait_for()
    await fits()
    await sit_down(page, "forrest")
    await fits()
    await throw(page, 1)
    await page.locator("#rounds summary").first.click()
    await fits()
    await leave(page)
    await expect(page.locator("#checks > li")).to_have_count(4)
    await fits()
