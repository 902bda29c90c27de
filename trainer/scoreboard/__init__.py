"""The scoreboard: how good each version is, and whether players change, by totals that follow from the round log."""
