"""Who can be played against: one entry for each family of models."""

from msgspec import Struct


class Opponent(Struct, frozen=True):
    id: str
    name: str
    family: str
    about: str


OPPONENTS: dict[str, Opponent] = {
    opponent.id: opponent
    for opponent in (
        Opponent("brian", "Brian", "brian", "A neural network. Slow to commit, hard to shake off once he has you."),
        Opponent("forrest", "Forrest", "forrest", "Hundreds of decision trees. Remembers what you do when you lose."),
        Opponent("logan", "Logan", "logan", "A plain logistic regression. Simple, calm, and better than he looks."),
        Opponent("maxine", "Maxine", "maxine", "A panel of experts on you. The longer you play, the more she sees."),
    )
}
