"""How often one connection, or one address, may speak."""

from collections import OrderedDict


class Bucket:
    """A token bucket: `burst` messages at once, `rate` a second after that."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._then = now

    def take(self, now: float) -> float:
        """Zero if a message is allowed now, else the seconds to wait for one."""
        self._tokens = min(self._burst, self._tokens + (now - self._then) * self._rate)
        self._then = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate

    def give_back(self) -> None:
        """Undo one `take`: play that moves a match on is paced by the match itself."""
        self._tokens += 1


class Buckets:
    """A bucket for each of those who spoke last."""

    def __init__(self, rate: float, burst: int, most: int = 4096) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, who: str, now: float) -> float:
        """As `Bucket.take`, of theirs."""
        bucket = self._buckets.pop(who, None) or Bucket(self._rate, self._burst, now)
        self._buckets[who] = bucket
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return bucket.take(now)
