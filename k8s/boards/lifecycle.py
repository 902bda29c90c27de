"""The dashboard of the lifecycle: what is learned, what is decided, and whether the trainer keeps up."""

from k8s.boards.board import Row, board
from k8s.boards.panels import About, Query, Shown, graph, number
from k8s.boards.promql import TRAINER, or_zero, quantile, rate
from k8s.boards.worth import REFUSED

_SILENT = "the trainer tells nothing."


def lifecycle() -> str:
    rows: list[Row] = [
        ("Now", _now()),
        ("Decisions", _decisions()),
        ("Cycles", _cycles()),
        ("The trainer's work", _work()),
    ]
    return board("rps-lifecycle", "Lifecycle", "How models come and go (docs/lifecycle.md).", rows)


def _now() -> list[Shown]:
    return [
        number("Trainers that lead", About("1 while one holds the lease.", "0: none works.", _SILENT), "none",
               or_zero("sum(rps_trainer_leading)", TRAINER), [(2, "red")]),
        number("Cycle", About("The number of the cycle under way, or of the next.", "see whether it makes progress.",
               _SILENT), "none", "max(rps_trainer_cycle_number)"),
        number("Progress", About("How far the cycle under way is; zero between cycles.",
               "it stands still for an hour: CycleStuck.", _SILENT), "percent",
               "max(rps_trainer_cycle_progress_percent)"),
        number("Time left", About("How long the cycle will still take.", "it grows: short of processor time.",
               "no cycle is under way, or it has only just begun."), "s", "max(rps_trainer_cycle_remaining_seconds)"),
        number("Unlearned rounds", About("Rounds played since the last finished cycle.",
               "far above RPS_RETRAIN_ROUNDS: cycles fail.", _SILENT), "none", "max(rps_trainer_rounds_unlearned)"),
        number("Last cycle ended", About("Time since then.", "more than a day: ModelsStale.",
               "no cycle has ever finished, or the trainer tells nothing."), "s",
               "min(rps_trainer_trained_age_seconds)", [(86400, "red")]),
    ]  # fmt: skip


def _decisions() -> list[Shown]:
    none = "no comparison is under way, or the trainer tells nothing."
    return [
        graph("Entries of the ledger", About("All decisions ever made, by kind and family.",
              "`python -m trainer ledger show` tells the evidence of each.", _SILENT), "none",
              Query("max by (kind, family) (rps_trainer_decisions_total)", "{{kind}} {{family}}")),
        graph("Evidence", About("The E-value of comparisons under way; at 20 the decision falls.",
              "it never rises: the challengers are no better, which is no fault.", none), "none",
              Query("max by (family, step) (rps_promotion_e_value)", "{{family}} {{step}}"), lines=[(20, "yellow")]),
        graph("Pairs", About("Pairs of matches that each comparison has seen.",
              "none is added while people play: see the stream's lag.", none), "none",
              Query("max by (family, step) (rps_promotion_pairs)", "{{family}} {{step}}")),
    ]  # fmt: skip


def _cycles() -> list[Shown]:
    return [
        graph("Progress, by phase", About("Percent of the cycle under way.", "flat for an hour: CycleStuck.", _SILENT),
              "percent", Query("max by (phase) (rps_trainer_cycle_progress_percent)", "{{phase}}"), width=12),
        graph("Cycles in an hour, by status", About("Cycles that ended.",
              "failed ones are tried again, ever later; the log says which step failed.",
              _SILENT), "none",
              Query(_per_hour("rps_trainer_cycles_total", "status"), "{{status}}"), width=12),
        graph("Steps in an hour, by status", About("Steps that ended.", "failed: see the trainer's log.",
              _SILENT), "none",
              Query(_per_hour("rps_trainer_steps_total", "step, status"), "{{step}} {{status}}"), width=12),
        graph("A step (median)", About("How long each step takes.", "slower each time: the log grows, or processor "
              "time is short.", "no step has ended in the last day."), "s",
              Query(quantile(0.5, "rps_trainer_step_duration_seconds", "step", "1d"), "{{step}}"), width=12),
    ]  # fmt: skip


def _work() -> list[Shown]:
    return [
        graph("Turns, by result", About("Turns of the trainer's loop per second.", "failed: see its log.", _SILENT),
              "ops", Query(rate("rps_trainer_turns_total", "result"), "{{result}}")),
        graph("A turn (p95)", About("How long one takes.", "many seconds: orders and promotions wait for it.", _SILENT),
              "s", Query(quantile(0.95, "rps_trainer_turn_duration_seconds"), "p95")),
        graph("Log not read yet", About("Records left to read.", "it does not shrink: ScoreboardBehind.", _SILENT),
              "none", Query("max by (reader) (rps_trainer_stream_lag)", "{{reader}}")),
        graph("Calls of the registry", About("Runs of the registry's child in an hour, by result.",
              "failed: MLflow is down; what it missed waits in the outbox.",
              _SILENT), "none",
              Query(_per_hour("rps_registry_calls_total", "result"), "{{result}}")),
        graph("The registry (p95)", About("How long it takes to bring it in line.", "minutes: its database is slow.",
              "it was not told in the last day."), "s",
              Query(quantile(0.95, "rps_registry_duration_seconds", "", "1d"), "p95")),
        graph("Calls of the store", About("The trainer's calls in an hour, by operation and result.",
              "failed: StoreUnreachable.", _SILENT), "none",
              Query(_per_hour("rps_store_calls_total", "operation, result"), "{{operation}} {{result}}")),
        graph("Looks at the stores", About("The sidecar's looks per second, by store and result.",
              "failed: StoreUnreachable.", "the sidecar tells nothing."), "ops",
              Query(rate("rps_store_looks_total", "store, result"), "{{store}} {{result}}")),
        graph("A look at a store (p95)", About("How long it takes.", "seconds: the store is slow or far away.",
              "the sidecar tells nothing."), "s",
              Query(quantile(0.95, "rps_store_look_duration_seconds", "store"), "{{store}}")),
        graph("Orders", About("Orders on the admin port in an hour, by status.",
              "4xx that nobody knows of: somebody tries tokens.", _SILENT), "none",
              Query(_per_hour("rps_orders_total", "order, status"), "{{order}} {{status}}")),
        graph("Bundles refused", About("Aliases whose bundle is refused; what served before goes on.",
              "BundleRefused says what to do.", "the sidecar tells nothing."), "none",
              Query(REFUSED, "{{family}} {{alias}}"), lines=[(1, "red")]),
    ]  # fmt: skip


def _per_hour(total: str, by: str) -> str:
    return or_zero(f"sum by ({by}) (increase({total}[1h]))", TRAINER, by.split(", ")[-1])
