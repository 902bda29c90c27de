"""The round log of PostgreSQL in a SQLite file, for everything here that reads the log; it can always be made again."""
