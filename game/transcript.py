"""A finished match for anybody to check: the rules, the seals and the scores, from the seed alone."""

from msgspec import Struct

from game.fairness import commitment, opens, sha256_hex
from game.moves import Move, Outcome, outcome
from game.points import TARGET, gains, round_values
from game.records import Closed, Reason, Scores, Winner
from game.state import Match, PlayedRound
from game.views import over
from game.wire import PROTOCOL, ServedBy, Worth


class TranscriptRound(Struct, frozen=True):
    round: int
    values: Worth
    commitment: str
    reveal: str
    player_move: Move
    bot_move: Move
    outcome: Outcome
    gained: Scores
    scores: Scores


class Transcript(Struct, frozen=True):
    """All of a finished match that is public; nothing in it tells who played."""

    protocol: str
    match: str
    opponent: str
    seed: str
    seed_hash: str
    rounds: list[TranscriptRound]
    scores: Scores
    winner: Winner
    reason: Reason
    served_by: ServedBy


def transcript(match: Match, closed: Closed) -> Transcript:
    """The transcript of a match that has ended."""
    end = over(match, closed)
    return Transcript(
        protocol=PROTOCOL,
        match=match.id,
        opponent=match.opened.opponent,
        seed=end.seed,
        seed_hash=sha256_hex(end.seed),
        rounds=[_told(round) for round in match.rounds],
        scores=end.scores,
        winner=end.winner,
        reason=end.reason,
        served_by=end.served_by,
    )


def _told(round: PlayedRound) -> TranscriptRound:
    sealed, played = round.sealed, round.played
    return TranscriptRound(
        round=played.round,
        values=sealed.values,
        commitment=commitment(sealed.reveal),
        reveal=sealed.reveal,
        player_move=played.player_move,
        bot_move=played.bot_move,
        outcome=played.outcome,
        gained=played.gained,
        scores=played.scores,
    )


def verify(told: Transcript) -> list[str]:
    """Every fault in a transcript, in plain words; none if the match was fair and rightly scored."""
    faults = [] if sha256_hex(told.seed) == told.seed_hash else ["The seed does not hash to `seed_hash`."]
    scores = Scores(0, 0)
    for number, round in enumerate(told.rounds, start=1):
        if max(scores.player, scores.bot) >= TARGET:
            faults.append(f"Round {number} was played after the match had been decided.")
        faults += (f"Round {number}: {fault}" for fault in _faults(told, round, number, scores))
        scores = round.scores
    return [*faults, *_end_faults(told, scores)]


def _faults(told: Transcript, round: TranscriptRound, number: int, before: Scores) -> list[str]:
    reveal = opens(round.reveal, round.commitment)
    result = outcome(round.player_move, round.bot_move)
    to_player, to_bot = gains(round.player_move, round.bot_move, result, round.values)
    checks = {
        f"it is numbered {round.round}.": round.round == number,
        "the values do not follow from the seed.": round.values == round_values(told.seed, number),
        "the reveal does not open the commitment.": reveal is not None,
        "the sealed move is not the one played.": reveal is None
        or (reveal.match, reveal.round, reveal.move) == (told.match, number, round.bot_move),
        f"the outcome is {result}, not {round.outcome}.": round.outcome is result,
        "the points gained do not follow the rules.": round.gained == Scores(to_player, to_bot),
        "the scores do not add up.": round.scores == Scores(before.player + to_player, before.bot + to_bot),
    }
    return [fault for fault, holds in checks.items() if not holds]


def _end_faults(told: Transcript, scores: Scores) -> list[str]:
    ahead = (scores.player > scores.bot) - (scores.player < scores.bot)
    decided = max(scores.player, scores.bot) >= TARGET
    by_score = (Winner.TIE, Winner.PLAYER, Winner.BOT)[ahead]
    checks = {
        "The final scores are not those of the last round.": told.scores == scores,
        "The match ended before either side reached the target.": decided or told.reason is not Reason.TARGET,
        "The winner does not follow from how the match ended.": told.winner
        is (by_score if told.reason is Reason.TARGET else Winner.BOT),
    }
    return [fault for fault, holds in checks.items() if not holds]
