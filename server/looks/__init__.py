"""What the server's doctor looks at."""
