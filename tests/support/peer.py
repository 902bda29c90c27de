"""An asker that keeps what it is told."""

from game.ask import Response


class Peer:
    def __init__(self, there: bool = True) -> None:
        self.there = there
        self.told: list[list[Response]] = []

    def waiting(self) -> bool:
        return self.there

    def tell(self, responses: list[Response]) -> None:
        self.told.append(responses)

    @property
    def heard(self) -> list[Response]:
        """Everything in order."""
        return [response for told in self.told for response in told]
