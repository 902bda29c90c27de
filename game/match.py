"""A match as a function: events in, effects out.

`step` decides: it checks an event against the match, says what to record and tell, and changes nothing if the event
is not allowed. The match itself moves on only by folding those records (`game.fold`). Whoever performs the effects
keeps their order: what is written is durable before what follows is told.
"""

from typing import assert_never

from game import views
from game.errors import AlreadyMoved, MatchOver, RoundNotOpen, StaleRound
from game.events import Answer, Ask, Effect, Event, Leave, Tell, Throw, Write
from game.features import pack, vector
from game.fold import advance, apply, begin, settle
from game.points import TARGET
from game.records import Closed, Opened, Reason, Scores, Sealed, Winner
from game.sealing import seal
from game.state import Match, PlayedRound


def start(opened: Opened) -> tuple[Match, list[Effect]]:
    """A new match, and what must be done to begin it."""
    match = begin(opened)
    return match, [Write(opened), Tell(views.matched(match)), question(match)]


def resume(match: Match) -> list[Effect]:
    """What must be done to go on with a match that was read back from the log."""
    return [question(match)] if match.closed is None and match.sealed is None else []


def step(match: Match, event: Event) -> tuple[Match, list[Effect]]:
    """Advance a match by one event; raise GameError and change nothing if it is not allowed."""
    if isinstance(event, Throw):
        return _throw(match, event)
    if isinstance(event, Answer):
        return _answer(match, event)
    if isinstance(event, Leave):
        return _leave(match, event)
    assert_never(event)


def awaited(match: Match, round: int) -> Sealed:
    """The bot's move in this round, if it is the one that the player may throw in; raises GameError."""
    if match.closed is not None:
        raise MatchOver("The match has ended.")
    if round != match.round:
        raise StaleRound(f"Round {match.round} is being played, not round {round}.")
    if match.sealed is None:
        raise RoundNotOpen(f"Round {round} has not been opened yet.")
    return match.sealed


def question(match: Match) -> Ask:
    """What to ask the models before the coming round."""
    scores = match.scores
    features = vector(match.known, match.values, scores.player, scores.bot, match.round)
    return Ask(match.round, pack(features), match.known.past)


def _answer(match: Match, answer: Answer) -> tuple[Match, list[Effect]]:
    if match.closed is not None:
        raise MatchOver("The match has ended.")
    if answer.ask.round != match.round or match.sealed is not None:
        raise StaleRound(f"Round {answer.ask.round} is not waiting for the bot's move.")
    sealed = seal(match, answer)
    return apply(match, sealed), [Write(sealed), Tell(views.round_opened(sealed, match.scores))]


def _throw(match: Match, throw: Throw) -> tuple[Match, list[Effect]]:
    if throw.round < match.round:
        return match, [Tell(views.result(_same(match, throw)))]
    sealed = awaited(match, throw.round)
    played = settle(match, sealed, throw.move, throw.input, throw.at)
    match = advance(match, sealed, played)
    told = Tell(views.result(match.rounds[-1]))
    if max(match.scores.player, match.scores.bot) < TARGET:
        return match, [Write(played), told, question(match)]
    match, effects = _close(match, Reason.TARGET, throw.at)
    return match, [Write(played), told, *effects]


def _same(match: Match, throw: Throw) -> PlayedRound:
    """The earlier round, if this throw repeats what was accepted for it."""
    round = match.rounds[throw.round - 1]
    if round.played.player_move is not throw.move:
        raise AlreadyMoved(f"Round {throw.round} was already played with {round.played.player_move}.")
    return round


def _leave(match: Match, leave: Leave) -> tuple[Match, list[Effect]]:
    if match.closed is not None:
        return match, [Tell(views.over(match, match.closed))]
    return _close(match, leave.reason, leave.at)


def _winner(scores: Scores, reason: Reason) -> Winner:
    """The higher score, once the target is reached; who does not finish gives the match to the bot."""
    if reason is Reason.TARGET and scores.player >= scores.bot:
        return Winner.TIE if scores.player == scores.bot else Winner.PLAYER
    return Winner.BOT


def _close(match: Match, reason: Reason, at: int) -> tuple[Match, list[Effect]]:
    closed = Closed(
        match=match.id,
        round=match.round,
        winner=_winner(match.scores, reason),
        reason=reason,
        scores=match.scores,
        version=match.version,
        known=match.known,
        at=at,
    )
    match = apply(match, closed)
    return match, [Write(closed), Tell(views.over(match, closed))]
