"""What was played, as what is learned from: the round log and other play, in columns, rows and sides."""
