"""What the trainer's doctor looks at."""
