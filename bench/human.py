"""A player with the ways of people: takes time over a throw, keeps habits, leaves, loses the connection and comes back.

What was told is kept and held against what is told later (`bench.told`).
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from bench.counts import Wait
from bench.guest import Guest, Heard, Refused, Welcome
from bench.habits import Habit, pace
from bench.told import Told, Unsound
from game.codes import Code
from game.wire import Draining, Leave, MatchMessage, Over, Result, Round, Start, Sync, Throw

if TYPE_CHECKING:
    from bench.crowd import Crowd

AWAY_S = 1.0
"""Median time that a dropped player stays away."""
PASSING = frozenset((Code.SLOW_DOWN, Code.LOG_UNAVAILABLE))
"""Refusals after which the same is said again."""
WRONGED = frozenset((Code.BAD_TOKEN, Code.UNKNOWN_MATCH, Code.ALREADY_MOVED, Code.CORRUPT_RECORD))
"""Refusals that these players can only meet if something of theirs was lost or changed."""


class Human(Guest):
    """Comes, plays match after match, and goes; `end` asks them to come to an end."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        super().__init__(crowd, number)
        self.told: Told | None = None
        self._habit = Habit(self.random)
        self._matches = 0
        self._open: Round | None = None
        """The round that they think about."""
        self._aimed = self._leaves_at = self._drops_at = 0
        self._thrown_at = self._result_at = 0.0

    @property
    def busy(self) -> bool:
        return self.told is not None

    def end(self) -> None:
        """Come to an end as the crowd is told to."""
        if self.told is None:
            self.go()
        elif self.crowd.leaving and self._open is not None:
            self._throw()

    def take(self, message: Heard) -> None:
        if isinstance(message, Welcome):
            self._welcomed(message)
        elif isinstance(message, Refused):
            self._refused(message)
        elif not isinstance(message, Draining) and self.told is not None:
            self._match(self.told, message)

    def cut_off(self) -> None:
        self._open, self._thrown_at, self._result_at = None, 0.0, 0.0

    def give_up(self, what: str) -> None:
        """Count it, and let somebody else take the place."""
        self.counts.fault(what)
        if self.told is not None:
            self.crowd.played(self.told)
        self.told = None
        self.go()

    def _welcomed(self, welcome: Welcome) -> None:
        told, self._aimed = self.told, 0
        if welcome.match is not None and (told is None or told.match not in (None, welcome.match)):
            raise Unsound(f"A player was welcomed to the match {welcome.match}, which is not theirs to go on with.")
        if told is None:
            self._begin()
        elif told.match is None:
            self.say(Start(told.opponent, told.ref))
        else:
            self.say(Sync(told.match, told.seen))

    def _refused(self, refused: Refused) -> None:
        self.counts.refused[refused.code] += 1
        if refused.code in WRONGED:
            raise Unsound(f"A player who was in the right was refused: {refused.code}, {refused.message}")
        if refused.code in PASSING:
            self.later(refused.retry_after_ms / 1e3, self.again)
        else:
            self.away(refused.retry_after_ms / 1e3)

    def _begin(self) -> None:
        """Begin a match with somebody."""
        if self.crowd.ending:
            self.go()
            return
        ways, random = self.crowd.ways, self.random
        self._matches += 1
        told = self.told = Told(f"{self.number}-{self._matches}", random.choice(ways.opponents))
        self._leaves_at = random.randint(2, 8) if random.random() < ways.leaves else 0
        self._drops_at = random.randint(1, 8) if random.random() < ways.drops else 0
        self.say(Start(told.opponent, told.ref))

    def _match(self, told: Told, message: MatchMessage) -> None:
        fresh = told.hear(message)
        if isinstance(message, Result):
            if fresh:
                self._came_out(told, message)
        elif isinstance(message, Over):
            self._over(told)
        elif isinstance(message, Round) and message.seq == told.newest:
            self._opened(message)

    def _opened(self, round: Round) -> None:
        if self._result_at:
            self.counts.waits[Wait.ROUND].append(perf_counter() - self._result_at)
            self._result_at = 0.0
        self.back()
        if self._aimed == round.round:  # told twice
            return
        self._aimed, self._open = round.round, round
        self.later(0 if self.crowd.leaving else pace(self.random, *self.crowd.ways.think), self._throw)

    def _throw(self) -> None:
        """Throw in the open round, or do what happens instead this time."""
        told, round, self._open = self.told, self._open, None
        if told is None or round is None:
            return
        if self.crowd.leaving or round.round == self._leaves_at:
            self.say(Leave(round.match))
            return
        if round.round not in told.thrown:
            told.thrown[round.round] = self._habit.choose()
        throw = Throw(round.match, round.round, told.thrown[round.round])
        if round.round != self._drops_at:
            self._thrown_at = perf_counter()
            self.say(throw)
            return
        self._drops_at = 0
        if self.random.random() < 0.5:  # the throw may get there, its result does not
            self.say(throw)
        self.away(pace(self.random, AWAY_S, 0.5))

    def _came_out(self, told: Told, result: Result) -> None:
        self.counts.rounds += 1
        self.counts.sources[result.thought.source] += 1
        self._habit.learn(result.player_move, result.bot_move, result.outcome)
        if self._thrown_at:
            self._result_at = perf_counter()
            self.counts.waits[Wait.RESULT].append(self._result_at - self._thrown_at)
            self._thrown_at = 0.0
        if result.seq == told.newest:
            self.expect()

    def _over(self, told: Told) -> None:
        self.back()
        self.counts.matches += 1
        self.crowd.played(told)
        self.told, self._open, self._result_at = None, None, 0.0
        ways = self.crowd.ways
        if self.crowd.ending or self.random.random() < ways.goes:
            self.go()
        else:
            self.later(pace(self.random, ways.pause_s, 0.5), self._begin)
