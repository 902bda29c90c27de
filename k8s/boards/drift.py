"""The dashboard of data and drift: who plays, how, and whether play is still what the models learned from."""

from k8s.boards.board import Row, board
from k8s.boards.learning import SHIFTED
from k8s.boards.panels import About, Query, Shown, graph
from k8s.boards.promql import rate

_EMPTY = "there are fewer than 500 rounds on either side, or the trainer tells nothing."


def drift() -> str:
    rows: list[Row] = [("Has play changed?", _shift()), ("Who plays, and how", _mix())]
    about = "Recent rounds beside those that the models learned from, and who plays."
    return board("rps-drift", "Drift", about, rows)


def _shift() -> list[Shown]:
    return [
        graph(
            "Population stability index",
            About(
                "How far recent rounds differ from the reference, for each group of features. Below .1 they are alike, "
                "from .1 on they have moved, beyond .25 they are other ones.",
                "see which group, and whether log-loss rises with it (dashboard Models); a cycle learns the new play.",
                _EMPTY,
            ),
            "none",
            Query("max by (group) (rps_drift_psi)", "{{group}}"),
            lines=[(0.1, "yellow"), (SHIFTED, "red")],
            width=16,
        ),
        graph(
            "Rounds in the windows",
            About("Rounds that are compared.", "few: the index is rough; wait for more play.", _EMPTY),
            "none",
            Query("max by (window) (rps_drift_rounds)", "{{window}}"),
        ),
    ]


def _mix() -> list[Shown]:
    server = "nobody plays so, or the server tells nothing."

    def share(metric: str, label: str) -> Query:
        return Query(f"{rate(metric, label)} / on () group_left () {rate(metric)}", f"{{{{{label}}}}}")

    return [
        graph("Signs of hands", About("The share of each sign among images.",
              "`other` or `none` grow: cameras, light or the hand models have changed.", server), "percentunit",
              share("rps_gestures_total", "label"), stacked=True),
        graph("How moves are made", About("The share of each input among rounds.",
              "camera or upload vanish: hands are not read any more.", server), "percentunit",
              share("rps_rounds_total", "input"), stacked=True),
        graph("Outcomes", About("The share of rounds that players win, lose and draw.",
              "players win ever more: predictions have become worse, see dashboard Models.", server), "percentunit",
              share("rps_rounds_total", "outcome"), stacked=True),
        graph("Who plays", About("Rounds in the log by kind of player, per second.",
              "bots crowd out people: of their matches only RPS_BOT_SHARE is learned from.",
              "the log is empty, or the trainer tells nothing."), "ops",
              Query(rate("rps_log_rounds_total", "player_kind"), "{{player_kind}}"), stacked=True, width=12),
        graph("Rounds in the log", About("All of them, by kind of player.",
              "it stands still while people play: the scoreboard is stuck, see ScoreboardBehind.",
              "the log is empty, or the trainer tells nothing."), "none",
              Query("max by (player_kind) (rps_log_rounds_total)", "{{player_kind}}"), stacked=True, width=12),
    ]  # fmt: skip
