"""Measurements, reported as ratios within one run."""
