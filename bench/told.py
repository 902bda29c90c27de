"""One match as its player was told of it: the same number is always the same words, and all of it is fair."""

from collections.abc import Iterator

from msgspec import Struct

from game.fairness import opens
from game.moves import Move
from game.transcript import Transcript, TranscriptRound, verify
from game.wire import PROTOCOL, Matched, MatchMessage, Over, Result, Round


class Unsound(Exception):
    """The server told something that contradicts what it told before, or the rules."""


class Pair(Struct, frozen=True):
    """A round as it opened and as it came out."""

    opened: Round
    result: Result


class Told:
    """A match from the wish to play it to its end, over as many connections as that takes."""

    def __init__(self, ref: str, opponent: str) -> None:
        self.ref = ref
        self.opponent = opponent
        self.match: str | None = None
        self.over: Over | None = None
        self.messages: dict[int, MatchMessage] = {}
        self.thrown: dict[int, Move] = {}
        self.seen = 0
        """Nothing that was told up to this number is missing."""

    @property
    def newest(self) -> int:
        return max(self.messages, default=0)

    def hear(self, message: MatchMessage) -> bool:
        """Take in a message; whether it is new. Raises Unsound."""
        if self.match is None:
            self.match = message.match
        if message.match != self.match:
            raise Unsound(f"The match {self.match} became {message.match}.")
        before = self.messages.setdefault(message.seq, message)
        if before != message:
            raise Unsound(f"What was told as number {message.seq} of match {self.match} was told otherwise later.")
        if before is not message:
            return False
        while self.seen + 1 in self.messages:
            self.seen += 1
        if isinstance(message, Result):
            self._came_out(message)
        elif isinstance(message, Over):
            self._ended(message)
        return True

    def results(self) -> list[Result]:
        """The rounds that were acknowledged."""
        return [message for message in self.messages.values() if isinstance(message, Result)]

    def _came_out(self, result: Result) -> None:
        opened, where = self.messages.get(result.seq - 1), f"round {result.round} of match {self.match}"
        thrown = self.thrown.get(result.round)
        if thrown is not result.player_move:
            raise Unsound(f"The throw {thrown} in {where} was counted as {result.player_move}.")
        if not isinstance(opened, Round):
            raise Unsound(f"The result of {where} was told, but not its opening.")
        reveal = opens(result.reveal, opened.commitment)
        if reveal is None or reveal.move is not result.bot_move:
            raise Unsound(f"The bot's move in {where} is not the one that was sealed.")

    def _ended(self, over: Over) -> None:
        self.over = over
        faults = [f"Match {self.match}: {fault}" for fault in self._faults(over)]
        if faults:
            raise Unsound(" ".join(faults))

    def _faults(self, over: Over) -> list[str]:
        rounds = list(self._pairs())
        if self.seen != over.seq or len(rounds) != over.rounds:
            return [f"Of {over.rounds} rounds and {over.seq} messages {len(rounds)} and {self.seen} were told."]
        faults = verify(self._transcript(over, rounds))
        before = [(0, 0), *((pair.result.scores.player, pair.result.scores.bot) for pair in rounds)]
        for (player, bot), pair in zip(before, rounds, strict=False):
            if (pair.opened.scores.player, pair.opened.scores.bot) != (player, bot):
                faults.append(f"Round {pair.opened.round} opened with other scores than the one before it left.")
        return faults

    def _pairs(self) -> Iterator[Pair]:
        for seq in sorted(self.messages):
            opened, result = self.messages[seq], self.messages.get(seq + 1)
            if isinstance(opened, Round) and isinstance(result, Result):
                yield Pair(opened, result)

    def _transcript(self, over: Over, rounds: list[Pair]) -> Transcript:
        matched = self.messages[1]
        assert isinstance(matched, Matched)
        return Transcript(
            protocol=PROTOCOL,
            match=over.match,
            opponent=matched.opponent,
            seed=over.seed,
            seed_hash=matched.seed_hash,
            rounds=[_round(pair) for pair in rounds],
            scores=over.scores,
            winner=over.winner,
            reason=over.reason,
            served_by=over.served_by,
        )


def _round(pair: Pair) -> TranscriptRound:
    opened, result = pair.opened, pair.result
    return TranscriptRound(
        round=result.round,
        values=opened.values,
        commitment=opened.commitment,
        reveal=result.reveal,
        player_move=result.player_move,
        bot_move=result.bot_move,
        outcome=result.outcome,
        gained=result.gained,
        scores=result.scores,
    )
