"""What the sidecar says of the models it holds, over HTTP: which it refuses, how fast they are, whether they fail.

By the Open Inference Protocol's model repository and statistics extensions, as Triton defines them. Beside that
protocol it says what it sees in an image.
"""

from http.client import HTTPException
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from msgspec import MsgspecError, Raw, Struct, json

from game.assignment import Alias
from trainer.errors import SidecarUnavailable

_TIMEOUT_S = 3.0

Answer = TypeVar("Answer")


class Loaded(Struct, frozen=True):
    """One alias as the store wants it, `name` being family.alias, and whether that version is what serves."""

    name: str
    version: str
    state: str
    reason: str = ""


class Count(Struct, frozen=True):
    """How often, and nanoseconds in all."""

    count: int = 0
    ns: int = 0


class Inferences(Struct, frozen=True):
    success: Count = Count()
    fail: Count = Count()


class Statistics(Struct, frozen=True):
    """What one loaded version has done since it was loaded; `name` is its family, a count one of rounds."""

    name: str
    version: str
    inference_count: int = 0
    inference_stats: Inferences = Inferences()


class _Statistics(Struct, frozen=True):
    model_stats: list[Statistics]


class Sidecar:
    """The sidecar's HTTP side; every method raises SidecarUnavailable."""

    def __init__(self, host: str, port: int) -> None:
        self._url = f"http://{host}:{port}"

    def index(self) -> list[Loaded]:
        """Every alias of every family."""
        return self._asked("POST", "/v2/repository/index", list[Loaded])

    def statistics(self) -> list[Statistics]:
        """Of every loaded version."""
        return self._asked("GET", "/v2/models/stats", _Statistics).model_stats

    def load(self, name: str) -> str | None:
        """Look at the store now; what keeps the name from being served as the store says, None if nothing does."""
        try:
            self._asked("POST", f"/v2/repository/models/{name}/load", Any)
        except SidecarRefused as refused:
            return str(refused)
        return None

    def look(self, image: bytes, alias: Alias) -> Raw:
        """What the gesture models under this alias see in an image, as JSON; raises SidecarRefused for a bad one."""
        return self._asked("POST", f"/gestures/predict?alias={alias}", Raw, image)

    def _asked(self, method: str, path: str, kind: type[Answer], body: bytes = b"") -> Answer:
        request = Request(self._url + path, method=method, data=body if method == "POST" else None)
        try:
            with urlopen(request, timeout=_TIMEOUT_S) as answer:
                return json.decode(answer.read(), type=kind)
        except HTTPError as error:
            raise SidecarRefused(error.code, error.read().decode(errors="replace")[:500]) from error
        except (URLError, OSError, HTTPException, MsgspecError) as error:
            raise SidecarUnavailable(f"The sidecar does not answer at {self._url}{path}: {error}.") from error


class SidecarRefused(SidecarUnavailable):
    """It answered, with an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text
