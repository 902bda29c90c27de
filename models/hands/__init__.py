"""Seeing hands: from an image's bytes to what it shows, alike in the sidecar and in the trainer's evaluation."""
