"""Deltas as the rows of the tables' statements."""

from typing import Any

from server.projections import tables
from server.projections.deltas import Deltas

Row = tuple[Any, ...]


def changes(deltas: Deltas) -> list[tuple[str, list[Row]]]:
    """The statements beside the one that moves the position, each with the rows that it takes."""
    seats: list[Row] = [(seat.match, seat.player, seat.human, seat.opponent, seat.alias) for seat in deltas.seated]
    players: list[Row] = [
        (player, won.wins, won.losses, won.ties, won.points) for player, won in sorted(deltas.players.items())
    ]
    versions: list[Row] = [
        (*version, won.wins + won.losses + won.ties, won.losses, won.ties)
        for version, won in sorted(deltas.versions.items())
    ]
    found: list[tuple[str, list[Row]]] = [
        (tables.SEAT, seats),
        (tables.LEAVE, [(match,) for match in deltas.left]),
        (tables.ADD_PLAYER, players),
        (tables.ADD_VERSION, versions),
    ]
    return [(sql, rows) for sql, rows in found if rows]
