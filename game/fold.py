"""A match from its records: the one way in which a match moves on, for fresh records and for the log's alike."""

from collections.abc import Sequence

from msgspec.structs import replace

from game.errors import CorruptRecord
from game.knowledge import learn
from game.moves import INDEX, Move, outcome
from game.past import begun
from game.points import gains, round_values
from game.records import Closed, Input, Opened, Played, Record, Scores, Sealed
from game.state import NO_MODEL, Match, PlayedRound
from game.trust import Trust, judged, settled, staked


def rebuild(records: Sequence[Record]) -> Match:
    """The match that these records tell, in order; raises CorruptRecord where they contradict the rules."""
    if not records or not isinstance(records[0], Opened):
        raise CorruptRecord("The records do not begin with the opening of a match.")
    match = begin(records[0])
    for record in records[1:]:
        match = apply(match, record)
    return match


def begin(opened: Opened) -> Match:
    """The match as its first record leaves it."""
    known = replace(opened.known, trust=staked(opened.known.trust), past=begun(opened.known.past))
    return Match(opened=opened, known=known, values=round_values(opened.seed, 1))


def apply(match: Match, record: Record) -> Match:
    """The match after one more record; raises CorruptRecord where the record cannot follow."""
    if record.match == match.id and record.round == match.round and match.closed is None:
        if isinstance(record, Sealed) and match.sealed is None and record.values == match.values:
            version = match.version if record.version == NO_MODEL else record.version
            return replace(match, sealed=record, version=version)
        if isinstance(record, Played) and match.sealed is not None:
            if record != settle(match, match.sealed, record.player_move, record.input, record.at):
                raise CorruptRecord(f"The record of round {record.round} contradicts the rules.")
            return advance(match, match.sealed, record)
        if isinstance(record, Closed) and record.scores == match.scores:
            return replace(match, closed=record)
    raise CorruptRecord(f"A record '{type(record).__name__}' of round {record.round} cannot follow here.")


def settle(match: Match, sealed: Sealed, move: Move, input: Input, at: int) -> Played:
    """How the sealed round comes out if the player throws `move`."""
    result = outcome(move, sealed.move)
    to_player, to_bot = gains(move, sealed.move, result, sealed.values)
    return Played(
        match=match.id,
        round=sealed.round,
        player_move=move,
        bot_move=sealed.move,
        outcome=result,
        gained=Scores(to_player, to_bot),
        scores=Scores(match.scores.player + to_player, match.scores.bot + to_bot),
        input=input,
        at=at,
    )


def advance(match: Match, sealed: Sealed, played: Played) -> Match:
    """The match after its sealed round came out as `settle` says."""
    known = learn(match.known, played.player_move, played.bot_move, played.outcome, sealed.values)
    return replace(
        match,
        rounds=(*match.rounds, PlayedRound(sealed, played)),
        sealed=None,
        scores=played.scores,
        known=replace(known, trust=_earned(known.trust, sealed, played.player_move)),
        values=round_values(match.opened.seed, played.round + 1),
    )


def _earned(trust: Trust, sealed: Sealed, thrown: Move) -> Trust:
    """What the round says of predictions of this player, gambit or not; nothing where no model expected anything."""
    if sealed.version == NO_MODEL:
        return trust
    at = INDEX[thrown]
    return settled(judged(trust, sealed.probabilities[at]), sealed.edge[at])
