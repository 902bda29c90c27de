"""The database on PostgreSQL, for several servers at once; `log.opened` is the way in."""
