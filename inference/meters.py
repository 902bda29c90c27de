"""What the sidecar counts and times. Everything here is counted on the loop's thread.

What is only looked at when somebody collects, such as queues and versions, is in `inference.levels`.
"""

from inference.runs import Runs
from telemetry.tallies import SIZES, Tallies


class Meters:
    """One process's instruments; `runs` is to be told of every shelf of predictors."""

    def __init__(self) -> None:
        self.tallies = Tallies("rps.inference")
        self.runs = Runs()
        self.requests = self.tallies.counter(
            "rps.inference.requests",
            "{request}",
            "Requests on the socket for predictions by what became of them. A family that nothing serves is `unknown`; "
            "overloaded are also those of more players than can be followed. Who left before an answer counts nowhere.",
            "family",
            "result",
        )
        self.duration = self.tallies.histogram(
            "rps.inference.duration",
            "s",
            "`waited`: from a request's arrival to the start of its run. `ran`: a run for all requests of its batch. "
            "Where a family follows players, waiting includes the reading of the player's past.",
            "family",
            "stage",
        )
        self.batch_size = self.tallies.histogram(
            "rps.inference.batch.size",
            "{request}",
            "Requests that were answered by one run; always 1 where a family follows players.",
            "family",
            bounds=SIZES,
        )
        self.looks = self.tallies.counter(
            "rps.looks", "{image}", "Images by the label that was seen, or the code of the refusal.", "result"
        )
        self.look_duration = self.tallies.histogram(
            "rps.look.duration",
            "s",
            "`waited`: from an image's arrival to the start of looking. `looked`: decoding and looking.",
            "stage",
        )
        self.store_looks = self.tallies.counter(
            "rps.store.looks", "{look}", "Looks at a store for what it wants served.", "store", "result"
        )
        self.store_look_duration = self.tallies.histogram(
            "rps.store.look.duration", "s", "A look at a store, with the loading of what is new there.", "store"
        )
        self.tallies.total(
            "rps.model.runs",
            "{run}",
            "Runs of predictors over a batch of rows; in a failed one some row got no probabilities.",
            "family",
            "version",
            "result",
            read=self.runs.counts,
        )
        self.tallies.total(
            "rps.model.run.time",
            "s",
            "Processor time of the runs of predictors.",
            "family",
            "version",
            read=self.runs.seconds,
        )
