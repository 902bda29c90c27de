"""The dashboard of the game: what players meet, and whether the objectives are kept."""

from k8s.boards.behind import hands, log, models
from k8s.boards.board import Row, board
from k8s.boards.kept import kept
from k8s.boards.panels import About, Query, Shown, graph, number
from k8s.boards.promql import SERVER, or_zero, quantile, rate

UNTOLD = "the server tells nothing, or nothing of the kind has happened since it started."


def game() -> str:
    rows: list[Row] = [
        ("Now", _now()),
        ("Objectives: what players may rely on", kept()),
        ("Rounds", _rounds()),
        ("How long it takes", _durations()),
        ("Players and matches", _players()),
        ("Models answering", models()),
        ("The round log and the loop", log()),
        ("Hands", hands()),
    ]
    return board(
        "rps-game", "Game", "What players meet: rate, errors and duration of rounds, and what is behind.", rows
    )


def _now() -> list[Shown]:
    lost = f"({rate('rps_round_failures_total')} or vector(0))"
    played = rate("rps_rounds_total")
    return [
        number("Rounds per second", _about("Rounds played and durable.", "no players, or none can connect."), "ops",
               or_zero(played, SERVER)),
        number("Failed rounds", _about("The share of throws that the server failed.", "see Rounds failed, by reason."),
               "percentunit", or_zero(f"{lost} / ({lost} + ({played} or vector(0)) > 0)", SERVER), [(0.001, "red")]),
        number("99 % of rounds within", _about("From a throw's arrival to its result, at the server.",
               "see How long it takes."), "s", quantile(0.99, "rps_round_duration_seconds"), [(0.1, "red")]),
        number("Open sockets", _about("Browsers connected now.", "a sudden fall: players were cut off, see the log."),
               "none", "sum(rps_connections)"),
        number("Live matches", _about("Matches of players who are present.", "none for all the sockets: see refusals."),
               "none", "sum(rps_matches_active)"),
        number("Rounds without a model", _about("The share that the equilibrium played because no model answered.",
               "see Fallbacks, by reason."), "percentunit",
               or_zero(f"({rate('rps_fallbacks_total')} or vector(0)) / ({played} > 0)", SERVER), [(0.05, "red")]),
    ]  # fmt: skip


def _rounds() -> list[Shown]:
    unusual = "compare with who is playing; a share at zero that should not be is a path that broke."
    told = [
        graph(
            f"Rounds, by {label}",
            _about(f"Rounds played per second, by {label}{more}.", unusual),
            "ops",
            Query(rate("rps_rounds_total", label), f"{{{{{label}}}}}"),
            stacked=True,
        )
        for label, more in (
            ("outcome", " for the player"),
            ("opponent", ""),
            ("input", ""),
            ("source", " of the bot's move: model, gambit in rounds 1 to 3, or fallback"),
        )
    ]
    failed = graph(
        "Rounds failed, by reason",
        About(
            "Throws per second that the server failed. The player is told and may throw again.",
            "log-unavailable: the disk or the database; corrupt-record: that match is void; error: read the log.",
            "the server tells nothing. None failed is a line at zero.",
        ),
        "ops",
        Query(or_zero(rate("rps_round_failures_total", "reason"), SERVER, "reason"), "{{reason}}"),
        width=16,
    )
    return [*told, failed]


def _durations() -> list[Shown]:
    sums = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
    return [
        graph(
            "A round",
            _about("From the arrival of a throw to its result being told. Points lead to traces where Prometheus keeps "
                   "exemplars: it does of what comes by OTLP, not of /metrics.",
                   "compare with log commits and the loop's lag below: what rises with it is the cause."),
            "s", *(Query(quantile(share, "rps_round_duration_seconds"), name) for share, name in sums),
            lines=[(0.1, "red")], exemplars=True,
        ),
        graph(
            "Opening a round",
            _about("From asking the models to the sealed round being told.", "see how long models take to answer."),
            "s", *(Query(quantile(share, "rps_round_opening_duration_seconds"), name) for share, name in sums),
            exemplars=True,
        ),
        graph(
            "Opening a round, by opponent (p95)",
            _about("The same by whom it is played against.", "one alone is slow: look at that family's models."),
            "s", Query(quantile(0.95, "rps_round_opening_duration_seconds", "opponent"), "{{opponent}}"),
        ),
        graph("Messages, by type", _about("Messages from browsers per second.",
              "many `unreadable`: an old page, or somebody trying things; both are only refused."), "ops",
              Query(rate("rps_messages_total", "type"), "{{type}}"), stacked=True, width=12),
        graph("Handling a message, by type (p95)", _about("From its arrival to its answer.",
              "one type alone is slow: `image` waits for the hand models, `move` for the log."), "s",
              Query(quantile(0.95, "rps_message_duration_seconds", "type"), "{{type}}"), width=12),
    ]  # fmt: skip


def _players() -> list[Shown]:
    return [
        graph("Sockets and matches", _about("Open sockets, and live matches of players who are present.",
              "near RPS_MAX_CONNECTIONS newcomers are refused."), "none",
              Query("sum(rps_connections)", "sockets"), Query("sum(rps_matches_active)", "matches")),
        graph("Matches opened", _about("Matches begun per second, by opponent.", "none though sockets are open: see "
              "refusals."), "ops", Query(rate("rps_matches_opened_total", "opponent"), "{{opponent}}"), stacked=True),
        graph("Matches closed", _about("Matches per second, by why they ended and who won.",
              "`void` is a damaged record; many `left` or `expired`: players give up, look at durations."), "ops",
              Query(rate("rps_matches_closed_total", "reason, winner"), "{{reason}} {{winner}}"), stacked=True),
        graph("Returns to a match", _about("How often a live match was found again at hello, or a sync answered.",
              "`failed` is an error of the server, see its log; `unknown` asks for a match that never was."), "ops",
              Query(or_zero(rate("rps_resumes_total", "way, result"), SERVER, "result"), "{{way}} {{result}}"),
              width=12),
        graph("Refusals, by code", _about("Messages refused per second; docs/protocol.md says what each code means.",
              "slow-down: one client sends too much; log-unavailable and corrupt-record: see the log."), "ops",
              Query(or_zero(rate("rps_refusals_total", "code"), SERVER, "code"), "{{code}}"), width=12),
    ]  # fmt: skip


def _about(shows: str, if_bad: str) -> About:
    return About(shows, if_bad, UNTOLD)
