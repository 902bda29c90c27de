"""What the log says of all matches, kept up row by row."""
