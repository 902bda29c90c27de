"""Teaches the sidecar to read hands: photos in folders, training, judging by the served pipeline, publishing."""
