"""The trainer: learns from the round log and publishes better models."""
