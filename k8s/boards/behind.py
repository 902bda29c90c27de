"""What is behind the game: rows of its dashboard about the models' answers, the round log and hands."""

from k8s.boards.panels import About, Query, Shown, graph
from k8s.boards.promql import SERVER, or_zero, quantile, rate


def models() -> list[Shown]:
    return [
        graph("Fallbacks, by reason", _about("Rounds per second that the equilibrium played for want of an answer.",
              "late: the sidecar is slow; down: not connected; error: it refuses what it is asked."), "ops",
              Query(or_zero(rate("rps_fallbacks_total", "reason"), SERVER, "reason"), "{{reason}}")),
        graph("Waiting for models, by stage (p99)",
              _about("`asked` is the server's wait; within it a request `waited` in the sidecar and `ran`.",
                     "asked alone is high: the loop of the server; waited: the sidecar is short of processor time."),
              "s", Query(quantile(0.99, "rps_inference_duration_seconds", "family, stage"), "{{family}} {{stage}}"),
              lines=[(0.04, "red")]),
        graph("Requests to the models, by result", _about("Requests at the sidecar per second.",
              "overloaded or late: more is asked than it can answer; refused and unsound: see its log."), "ops",
              Query(rate("rps_inference_requests_total", "family, result"), "{{family}} {{result}}"), stacked=True),
        graph("Connected to the sidecar", _about("1 while the server is connected, for rounds and for images.",
              "0: see whether the sidecar runs."), "none",
              Query("min by (line) (rps_inference_connected)", "{{line}}")),
        graph("Requests in line", _about("What waits in the sidecar.", "never zero again: it is overloaded."), "none",
              Query("sum by (line) (rps_inference_queue_depth)", "{{line}}")),
        graph("Requests in one run", _about("Requests that one run of a model answers; 95 % are below.",
              "nothing is wrong with large batches by themselves."), "none",
              Query(quantile(0.95, "rps_inference_batch_size", "family"), "{{family}}")),
    ]  # fmt: skip


def log() -> list[Shown]:
    return [
        graph("Commits to the round log", _about("Group commits per second, by result.",
              "failed: every throw in it was refused; look at the disk."), "ops",
              Query(rate("rps_log_commits_total", "result"), "{{result}}"), width=6),
        graph("A commit", _about("How long one takes.", "the disk is slow, or somebody else writes to it."), "s",
              Query(quantile(0.5, "rps_log_commit_duration_seconds"), "p50"),
              Query(quantile(0.99, "rps_log_commit_duration_seconds"), "p99"), width=6),
        graph("Writes", _about("Writes in one commit (p95), and writes waiting for one.",
              "the line of those waiting grows: the disk does not keep up."), "none",
              Query(quantile(0.95, "rps_log_commit_writes"), "in a commit"),
              Query("sum(rps_log_pending)", "waiting"), width=6),
        graph("The loop's lag (p99)", _about("How late the server's event loop runs a timer.",
              "something holds the loop up or the machine is short of processor time."), "s",
              Query(quantile(0.99, "rps_loop_lag_seconds"), "p99"), lines=[(0.1, "red")], width=6),
    ]  # fmt: skip


def hands() -> list[Shown]:
    none = "no image was looked at since the server started, or it tells nothing."
    return [
        graph("Gestures, by what they show", About("Images per second, by sign and whether they counted as a throw.",
              "few accepted: see why, on the right.", none), "ops",
              Query(rate("rps_gestures_total", "label, accepted"), "{{label}} accepted {{accepted}}"), stacked=True),
        graph("Gestures that did not count, by reason", About("Images per second that were no clear throw.",
              "one reason far above the others after new hand models: go back to the version before.", none), "ops",
              Query(or_zero(rate('rps_gestures_total{accepted="false"}', "reason"), SERVER, "reason"),
                           "{{reason}}"), stacked=True),
        graph("Confidence, by sign (median)", About("How sure the hand models are.",
              "it falls for one sign: cameras or light have changed, or the model has.", none), "percentunit",
              Query(quantile(0.5, "rps_gesture_confidence", "label"), "{{label}}")),
        graph("Looks, by result", About("Images at the sidecar per second.", "short of time, or pictures are bad.",
              none), "ops", Query(rate("rps_looks_total", "result"), "{{result}}"), stacked=True, width=12),
        graph("A look, by stage (p95)", About("How long an image waited in line and was looked at.",
              "waited: too many at once; looked: short of processor time.", none), "s",
              Query(quantile(0.95, "rps_look_duration_seconds", "stage"), "{{stage}}"), width=12),
    ]  # fmt: skip


def _about(shows: str, if_bad: str) -> About:
    return About(shows, if_bad, "nothing of the kind has happened since the process started, or it tells nothing.")
