"""Images that players give: only with their consent, only once the move they show has counted, and until they ask back.

Until then an image is nowhere but in memory, one for each player.
"""

import logging

from msgspec import Struct

from game.moves import Move
from server.errors import LogUnavailable
from server.ports import Gifts
from server.room import Room

log = logging.getLogger(__name__)

MOST = 200
"""Images kept of one player; further ones are let go."""
PENDING_BYTES = 8 * 1024 * 1024
"""What all images together may have whose moves have not counted yet; further ones are let go."""


class Offer(Struct, frozen=True):
    """An image of the move that its player is about to make, and when they consented (milliseconds since 1970)."""

    match: str
    round: int
    image: bytes
    at: int


class Donations:
    """Every player's offers, and what was kept of them."""

    def __init__(self, gifts: Gifts) -> None:
        self._gifts = gifts
        self._offers: dict[str, Offer] = {}
        self._room = Room(PENDING_BYTES)
        self._traces = False  # whether what was deleted may still stand in the write-ahead log

    def offer(self, player: str, offer: Offer) -> None:
        """Hold this image until the round's move counts; the latest one is it."""
        self.let_go(player)
        if self._room.take(len(offer.image)):
            self._offers[player] = offer

    def withdraw(self, player: str, image: bytes) -> None:
        """Let go of this image, if it is the one that is held."""
        offer = self._offers.get(player)
        if offer is not None and offer.image is image:
            self.let_go(player)

    def let_go(self, player: str) -> None:
        """Whatever the player has offered is not kept."""
        offer = self._offers.pop(player, None)
        if offer is not None:
            self._room.leave(len(offer.image))

    async def thrown(self, player: str, match: str, round: int, move: Move) -> None:
        """A move has counted: keep the image that was offered for it, labelled with the move, and no earlier one."""
        offer = self._offers.get(player)
        self.let_go(player)
        if offer is None or (offer.match, offer.round) != (match, round):
            return
        try:
            await self._gifts.give(player, match, round, move, offer.at, offer.image, MOST)
        except LogUnavailable as error:
            log.warning("An image that a player gave was not kept: %s", error)

    async def forget(self, player: str) -> int:
        """Delete all that the player gave, so that no byte of it stays in the files; returns how many images."""
        self.let_go(player)
        given = await self._gifts.given(player)
        if given:
            self._traces = True
            await self._gifts.take_back(player)
        if self._traces:  # perhaps of an earlier time, when somebody was reading the files
            await self._gifts.scrub()
            self._traces = False
        return given
