"""The images of one socket: what is looked at, what waits, and when a look becomes a throw.

One preview and one throw are looked at at a time. Of the previews that come meanwhile the newest waits, and the others
are refused; a throw is looked at at once, or refused. None of this holds up the socket's other messages.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Protocol

from msgspec import UNSET, Struct

from game.codes import Code
from game.gestures import Cause, Look
from game.images import measured
from game.moves import Move
from game.records import Input
from game.wire import MAX_IMAGE, Gesture, Intent, Seen
from server.donations import Donations, Offer
from server.errors import Refusal
from server.limits import Bucket
from server.ports import Eyes
from server.previews import Previews
from server.room import Room
from server.spans import traceparent, within
from telemetry.traces import Kind, Span

RATE = 12
"""Images of one socket in a second, after a burst."""
BURST = 6
PREVIEW_S = 0.5
"""Patience with the eyes: an older preview shows a hand that has moved on."""
PLAY_S = 1.5
RETRY_MS = 250


class Voice(Protocol):
    """What becomes of an image is told through these."""

    def show(self, seen: Seen, intent: Intent) -> None:
        """Tell what was seen in an image that is not thrown."""

    async def throw(self, gesture: Gesture, move: Move, seen: Seen, arrived: float) -> None:
        """Let the player throw with the image that arrived then (monotonic), and tell `seen` once it counts."""

    async def attempt(self, doing: Callable[[], Awaitable[None]], about: Gesture, arrived: float) -> None:
        """Do something about an image that arrived then; whatever is wrong with it is refused with its code."""

    def span(self, gesture: Gesture) -> Span | None:
        """The span of the round that it is played in, if that is traced."""

    def refuse(self, refusal: Refusal, about: Gesture) -> None: ...


class Frame(Struct, frozen=True):
    """An image, what was said of it and when (milliseconds since 1970), and when it arrived (monotonic seconds)."""

    gesture: Gesture
    at: int
    image: bytes
    arrived: float


class Gestures:
    """From a socket's first image to its last. Where one `follows`, the next binary frame is it."""

    def __init__(self, eyes: Eyes, room: Room, donations: Donations, player: str, stream: str, voice: Voice) -> None:
        """`stream` is a name of this socket's own, `room` what all sockets' images share."""
        self._eyes = eyes
        self._room = room
        self._donations = donations
        self._player = player
        self._stream = stream
        self._voice = voice
        self._bucket = Bucket(RATE, BURST, monotonic())
        self._previews = Previews()
        self.follows = False
        self._expected: tuple[Gesture, int] | None = None
        self._waiting: Frame | None = None
        self._looking: dict[Intent, tuple[Frame, asyncio.Task[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def announced(self) -> None:
        """A gesture was announced: an image follows, which is let go unless `expect` is called."""
        self.follows, self._expected = True, None

    def expect(self, gesture: Gesture, at: int) -> None:
        """The image announced at this time may come; raises Refusal where nobody looks, or there are too many."""
        if not self._eyes.connected:
            raise Refusal(Code.GESTURES_OFF)
        wait = self._bucket.take(monotonic())
        if wait:
            raise Refusal(Code.SLOW_DOWN, retry_after_ms=int(wait * 1000) + 1)
        self._expected = gesture, at

    @property
    def expected(self) -> Gesture | None:
        """The gesture whose image is about to come."""
        return None if self._expected is None else self._expected[0]

    def arrived(self, image: bytes, at: float) -> None:
        """Take the image that follows, to be looked at now or soon, or let it go if its gesture was refused.

        It came `at` this time (monotonic seconds). Raises Refusal or BadImage.
        """
        expected, self._expected, self.follows = self._expected, None, False
        if len(image) > MAX_IMAGE:
            raise Refusal(Code.TOO_LARGE)
        if expected is not None:
            measured(image)
            self._take(Frame(*expected, image, at))

    def gone(self) -> None:
        """The socket is gone, and its images with it; only a throw that has begun is carried out."""
        self._let_go(None)
        for _, task in self._looking.values():
            task.cancel()

    def _take(self, frame: Frame) -> None:
        intent = frame.gesture.intent
        if intent is Intent.PLAY and intent in self._looking:
            raise Refusal(Code.SLOW_DOWN, "The image before this one is being looked at.", retry_after_ms=RETRY_MS)
        if not self._room.take(len(frame.image)):
            raise Refusal(Code.SLOW_DOWN, "Too many images are under way.", retry_after_ms=RETRY_MS)
        if intent is Intent.PLAY:
            self._offer(frame)
        if intent is Intent.PLAY or not self._looking:
            self._begin(frame)
        else:
            self._let_go(Refusal(Code.SLOW_DOWN, "A newer image took its place.", retry_after_ms=RETRY_MS))
            self._waiting = frame

    def _begin(self, frame: Frame) -> None:
        intent = frame.gesture.intent
        doing = self._play if intent is Intent.PLAY else self._preview
        task = asyncio.create_task(self._voice.attempt(partial(doing, frame), frame.gesture, frame.arrived))
        self._looking[intent] = frame, task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._looked_at(frame))  # one cancelled at once has never begun

    def _looked_at(self, frame: Frame) -> None:
        """The look is over, and the frame that waits is the next."""
        held = self._looking.get(frame.gesture.intent)
        if held is None or held[0] is not frame:
            return
        del self._looking[frame.gesture.intent]
        self._room.leave(len(frame.image))
        waiting = self._waiting
        if waiting is not None and not self._looking:
            self._waiting = None
            self._begin(waiting)

    def _let_go(self, refusal: Refusal | None) -> None:
        """Give up the frame that waits, if one does."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._room.leave(len(waiting.image))
            if refusal is not None:
                self._voice.refuse(refusal, waiting.gesture)

    async def _preview(self, frame: Frame) -> None:
        look = await self._look(frame, PREVIEW_S, "")
        self._previews.remember(frame.gesture, look, monotonic())
        self._voice.show(_seen(frame.gesture, look, accepted=False, reason=look.reason), Intent.PREVIEW)

    async def _play(self, frame: Frame) -> None:
        gesture = frame.gesture
        try:
            with within(self._voice.span(gesture), "look", Kind.CLIENT) as span:
                look = await self._look(frame, PLAY_S, traceparent(span))
        except Refusal:
            self._donations.withdraw(self._player, frame.image)
            raise
        move = look.move
        if move is None or not self._previews.support(gesture, look, monotonic()):
            reason = look.reason or Cause.UNSURE
            self._voice.show(_seen(gesture, look, accepted=False, reason=reason), Intent.PLAY)
            return
        await self._voice.throw(gesture, move, _seen(gesture, look, accepted=True, reason=None), frame.arrived)
        self._bucket.give_back()  # play that moves a match on is paced by the match itself

    def _offer(self, frame: Frame) -> None:
        """A throw's image is the player's offer, if they give it; else they give none any more for this round."""
        gesture = frame.gesture
        if gesture.donate:
            self._donations.offer(self._player, Offer(gesture.match, gesture.round, frame.image, frame.at))
        else:
            self._donations.let_go(self._player)

    async def _look(self, frame: Frame, patience: float, trace: str) -> Look:
        stream = self._stream if frame.gesture.input is Input.CAMERA else ""
        try:
            return await self._eyes.look(frame.image, patience, stream, trace)
        finally:
            self._looked_at(frame)


def _seen(gesture: Gesture, look: Look, *, accepted: bool, reason: Cause | None) -> Seen:
    return Seen(
        match=gesture.match,
        round=gesture.round,
        label=look.label,
        confidence=look.confidence,
        probabilities=look.probabilities,
        accepted=accepted,
        reason=UNSET if reason is None else reason,
        landmarks=look.landmarks or UNSET,
    )
