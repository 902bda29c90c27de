"""Images wait in a bounded line and are looked at one at a time, in a thread beside the loop.

The header of an image is checked before it joins the line. Of one stream one frame waits at most: a newer one takes its
place, unless the one that waits has more time left, as a throw has beside the previews. An image that could not be
answered in time any more is not looked at. Whatever is wrong with one image, the others are answered.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

from game.assignment import Alias
from game.codes import MEANING, Code
from game.errors import BadImage
from game.images import measured
from game.look import MAX_UPLOAD, LookRequest, LookResponse
from inference.looking import Asker, Place, looked, refused, stand_back
from inference.meters import Meters
from inference.sights import Sights
from inference.tracks import Tracks
from telemetry.traces import NO_TRACES, Span, Traces

LINE = 32
LINE_BYTES = 16 * 1024 * 1024
"""What all images that wait may have together: two uploads of the largest kind, or all the frames that may wait."""
SLOWEST_S = 0.1
"""An image is given up at most so long before its deadline, however slow the last ones were."""


class Lookout:
    """The line of images and the one thread that looks at them; `work` must be running for any to be answered."""

    def __init__(
        self,
        sights: Sights,
        clock: Callable[[], float] = time.monotonic,
        *,
        meters: Meters | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._sights = sights
        self._clock = clock
        self._meters = meters or Meters()
        self._traces = traces
        self._line: OrderedDict[Hashable, Place] = OrderedDict()
        self._bytes = 0
        self._some = asyncio.Event()
        self._tracks = Tracks()
        self._pace = 0.0
        self._thread = ThreadPoolExecutor(1, "looking", stand_back)

    def __len__(self) -> int:
        """Images that wait."""
        return len(self._line)

    def ask(self, request: LookRequest, asker: Asker) -> None:
        """Answer the request when its turn comes, or refuse it now."""
        span = self._traces.remote(request.trace, "look") if request.trace else None
        try:
            self._join(request, asker, span)
        except BadImage as error:
            self._tell(asker, span, refused(request, error.code, error.text))

    async def look(self, image: bytes, alias: Alias, seconds: float) -> LookResponse:
        """Ask about a single image, and wait for the answer."""
        alone = _Alone()
        self.ask(LookRequest(0, self._clock() + seconds, image, alias=alias), alone)
        return await alone.answer

    async def work(self) -> NoReturn:
        """Look at one image after the other, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            place = await self._next()
            began, stream = self._clock(), (place.asker, place.request.stream)
            track = self._tracks.take(stream, began) if place.request.stream else None
            response, track = await loop.run_in_executor(self._thread, looked, place, track)
            ended = self._clock()
            self._pace += 0.2 * (ended - began - self._pace)
            ids = None if place.span is None else place.span.ids
            self._meters.look_duration.record(began - place.came, "waited", trace=ids)
            self._meters.look_duration.record(ended - began, "looked", trace=ids)
            if place.request.stream and track is not None:
                self._tracks.keep(stream, track, ended)
            if self._awaited(place):
                self._tell(place.asker, place.span, response)

    def drain(self) -> None:
        """Refuse all that waits. What is being looked at is answered if its asker is still there when that is done."""
        while self._line:
            place = self._pop()
            if self._awaited(place):
                self._refuse(place, "The sidecar is about to stop.")

    def _join(self, request: LookRequest, asker: Asker, span: Span | None) -> None:
        """Raises BadImage where the image has no place in the line."""
        sight = self._sights.of(request.alias)
        if sight is None:
            raise BadImage(Code.GESTURES_OFF, MEANING[Code.GESTURES_OFF])
        if len(request.image) > MAX_UPLOAD:
            raise BadImage(Code.TOO_LARGE, f"An image of more than {MAX_UPLOAD} bytes is too large.")
        measured(request.image)
        key: Hashable = (asker, request.stream) if request.stream else object()
        older = self._line.get(key)
        if older and older.request.deadline > request.deadline:
            raise BadImage(Code.SLOW_DOWN, "The frame before this one still waits.")
        size = self._bytes + len(request.image) - (len(older.request.image) if older else 0)
        if size > LINE_BYTES or (older is None and len(self._line) == LINE):
            raise BadImage(Code.SLOW_DOWN, "Too many images wait already.")
        self._line[key] = Place(request, asker, self._clock(), sight, span)
        self._bytes = size
        self._some.set()
        if older:
            self._refuse(older, "A newer frame took the place of this one.")

    async def _next(self) -> Place:
        """The next image that anybody waits for and that can be answered in time."""
        while True:
            while self._line:
                place = self._pop()
                if not self._awaited(place):
                    continue
                if self._clock() + min(self._pace, SLOWEST_S) < place.request.deadline:
                    return place
                self._refuse(place, "Its turn did not come in time.")
            self._some.clear()
            await self._some.wait()

    def _pop(self) -> Place:
        _, place = self._line.popitem(last=False)
        self._bytes -= len(place.request.image)
        return place

    def _awaited(self, place: Place) -> bool:
        """Whether anybody waits for the answer; where nobody does, its trace ends here."""
        waiting = place.asker.waiting()
        if not waiting and place.span is not None:
            place.span.fail("nobody waits")
            place.span.end()
        return waiting

    def _refuse(self, place: Place, text: str) -> None:
        self._tell(place.asker, place.span, refused(place.request, Code.SLOW_DOWN, text))

    def _tell(self, asker: Asker, span: Span | None, response: LookResponse) -> None:
        result = response.look.label.value if response.look else (response.code or Code.BAD_IMAGE).value
        self._meters.looks.add(result)
        if span is not None:
            span.note(rps_result=result)
            if response.look is None:
                span.fail(result)
            span.end()
        asker.tell([response])


class _Alone:
    """Who asks about one image."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[LookResponse] = asyncio.get_running_loop().create_future()

    def waiting(self) -> bool:
        return not self.answer.done()

    def tell(self, responses: Sequence[LookResponse]) -> None:
        if self.waiting():
            self.answer.set_result(responses[0])
