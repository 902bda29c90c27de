"""How the bot decides: before the player throws, from the gambit, a model's prediction or the equilibrium."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from game import fairness, features, policy, trust
from game.assignment import Alias, follows
from game.equilibrium import Mix, Row, Stakes, equilibrium, prospects, stakes
from game.events import Answer
from game.gambits import LENGTH, SCRIPTS
from game.moves import MOVES, Move
from game.points import by_rank
from game.records import Prediction, Sealed, Source
from game.state import NO_MODEL, Match
from game.views import by_move

_NO_EDGE: Row = (0.0, 0.0, 0.0)


class Decision(Struct, frozen=True):
    """The bot's mix over its moves and why; `expected` is the player's move as it saw it coming.

    `lean` is how far it leaned on that, and `edge` what the mix wins beyond the round's value by the player's move.
    """

    source: Source
    version: str
    expected: Row
    mix: Mix
    lean: float = 0.0
    edge: Row = _NO_EDGE


def decide(match: Match, predictions: Mapping[Alias, Prediction], game: Stakes) -> Decision:
    """The gambit in the opening, then the assigned model's prediction; the equilibrium where there is none."""
    alias = follows(match.opened.alias)
    served = None if alias is None else predictions.get(alias)
    if served is None:
        mix, expected, _ = equilibrium(game)
        decision = Decision(Source.MODEL if alias is None else Source.FALLBACK, NO_MODEL, expected, mix)
    else:
        expected = served.probabilities
        lean, risk = match.opened.lean * trust.lean(match.known.trust), trust.risk(match.known.trust)
        hopes = prospects(match.scores.bot, match.scores.player, match.values)
        mix = policy.respond(game, expected, lean, hopes, risk)
        decision = Decision(Source.MODEL, served.version, expected, mix, lean, policy.edge(game, mix))
    if match.round > LENGTH:
        return decision
    scripted = by_rank(match.values)[SCRIPTS[match.opened.gambit][match.round - 1]]
    return replace(decision, source=Source.GAMBIT, mix=_surely(scripted), lean=0.0, edge=_NO_EDGE)


def _surely(move: Move) -> Mix:
    rock, paper, scissors = (float(candidate is move) for candidate in MOVES)
    return rock, paper, scissors


def seal(match: Match, answer: Answer) -> Sealed:
    """The round as it opens: the bot's move fixed and provable."""
    game = stakes(match.scores.bot, match.scores.player, match.values)
    decision = decide(match, answer.predictions, game)
    move = policy.draw_move(decision.mix, answer.draw)
    reveal = fairness.Reveal(
        v=fairness.VERSION,
        match=match.id,
        round=match.round,
        move=move,
        source=decision.source,
        version=decision.version,
        probabilities=by_move(decision.expected),
        mix=by_move(decision.mix),
        nonce=answer.nonce,
        lean=decision.lean,
    )
    return Sealed(
        match=match.id,
        round=match.round,
        values=match.values,
        move=move,
        source=decision.source,
        version=decision.version,
        probabilities=decision.expected,
        worth=policy.worth(game, decision.expected),
        predictions=answer.predictions,
        features=features.digest(answer.ask.features),
        reveal=fairness.canonical(reveal),
        at=answer.at,
        lean=decision.lean,
        edge=decision.edge,
    )
