"""The match server: carries messages, performs effects, keeps the round log."""
