"""The loop closed: people play, the trainer learns from the log, and the next match is served by what it learned."""

import asyncio
from collections.abc import Iterator
from random import Random

import pytest
from support.referee import check
from support.stubborn import Message, Stubborn

from bench.system import System
from models.store import SHIPPED, FolderStore

CLIENTS, MATCHES = 12, 12
ROUNDS = 1000
"""New rounds after which the trainer learns; the players make more."""
NEXT = {"rock": "paper", "paper": "scissors", "scissors": "rock"}


@pytest.fixture
def learning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("learning"), RPS_RETRAIN_ROUNDS=str(ROUNDS), RPS_POLL_S="0.2") as system:
        for name in ("inference", "server", "trainer"):
            system.start(name)
        system.until_ready()
        yield system


def cycling(random: Random):
    """A habit that nobody in the shipped data has so plainly: one move after the other, rarely anything else."""

    def choose(round: Message, results: list[Message]) -> str:
        if not results or random.random() < 0.05:
            return random.choice(list(NEXT))
        return NEXT[results[-1]["player_move"]]

    return choose


@pytest.mark.timeout(300)
async def test_the_next_match_is_served_by_what_was_learned(learning: System) -> None:
    shipped = {pin.version for pins in FolderStore(SHIPPED).table().aliases.values() for pin in pins.values()}
    players = [Stubborn(learning.url, cycling(Random(number))) for number in range(CLIENTS)]
    await asyncio.gather(*(play(player, number) for number, player in enumerate(players)))
    table = await published(learning)
    versions = {family: pins["Production"].version for family, pins in table.aliases.items()}
    learned = {family: version for family, version in versions.items() if version not in shipped}
    assert learned, learning.log("trainer")
    family, version = next(iter(learned.items()))
    player = Stubborn(learning.url, cycling(Random(99)))
    served = [await player.play(family, f"after-{number}") for number in range(12)]
    assert version in {over["served_by"]["version"] for over in served}
    by_version = {over["served_by"]["version"]: over["served_by"]["alias"] for over in served}
    assert by_version[version] == "Production"
    for over in served:
        check(learning.get(f"/api/matches/{over['match']}"))
    assert learning.log("server").count("Play at") == learning.log("inference").count("Ready in") == 1


async def play(player: Stubborn, number: int) -> None:
    for match in range(MATCHES):
        await player.play(("brian", "forrest", "logan")[(number + match) % 3], f"{number}-{match}")


async def published(system: System):
    """The aliases once the sidecar serves the first that the trainer published."""
    store = FolderStore(system.folder / "store")
    while not (table := store.table()).generation or "generation 1" not in system.log("inference"):
        await asyncio.sleep(0.1)
    return table
