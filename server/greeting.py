"""Who says hello: somebody new, or who a token was given to; and the opponents that they are shown."""

from collections.abc import Mapping

from msgspec.structs import replace

from game import wire
from game.codes import Code
from game.opponents import Opponent
from server.errors import Refusal
from server.ports import Chance, Player, Players

NOBODY = wire.Record(0, 0, 0)


async def admitted(hello: wire.Hello, players: Players, chance: Chance) -> Player:
    """The player, made or found and renamed as they wish; raises Refusal where the token is nobody's."""
    if hello.token is None:
        id = chance.id()
        player = Player(id, hello.name or f"Player {id[-4:]}")
        await players.register(player)
        return player
    found = await players.admit(hello.token)
    if found is None:
        raise Refusal(Code.BAD_TOKEN)
    if hello.name is None or hello.name == found.name:
        return found
    await players.rename(found.id, hello.name)
    return replace(found, name=hello.name)


def cards(opponents: Mapping[str, Opponent], records: Mapping[str, wire.Record]) -> list[wire.OpponentCard]:
    """Every opponent, and how the player has fared against each."""
    return [
        wire.OpponentCard(family, card.name, family, card.about, records.get(family, NOBODY))
        for family, card in opponents.items()
    ]
