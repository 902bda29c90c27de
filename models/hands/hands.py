"""MediaPipe's two networks together: where hands are, and where their points are."""

from pathlib import Path

from PIL import Image as Pictures

from models.hands.fetch import FETCHED, LANDMARKS, PALMS, complete
from models.hands.marks import Landmarks, Marks
from models.hands.palms import Palms
from models.hands.regions import Region

LEAST_PALM = 0.1
"""Far below MediaPipe's 0.5: whether there is a hand, the landmark network knows better."""
CANDIDATES = 2


class Hands:
    """For one thread at a time."""

    def __init__(self, palms: Palms, landmarks: Landmarks) -> None:
        self._palms = palms
        self._landmarks = landmarks

    @classmethod
    def load(cls, folder: Path = FETCHED) -> "Hands | None":
        """The networks, None where they were not fetched or are not what they should be."""
        if not complete(folder):
            return None
        return cls(Palms(folder / PALMS), Landmarks(folder / LANDMARKS))

    def found(self, picture: Pictures.Image, margin: float = 0.0) -> list[Marks]:
        """What may be hands, the likeliest first, seen with so wide a border around."""
        palms = self._palms.find(picture, LEAST_PALM, margin)[:CANDIDATES]
        return sorted((self.read(picture, palm.region) for palm in palms), key=lambda marks: -marks.presence)

    def read(self, picture: Pictures.Image, region: Region) -> Marks:
        """The hand that should be under the region."""
        return self._landmarks.read(picture, region)
