"""What was fitted, told to MLflow."""
