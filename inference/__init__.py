"""The inference sidecar: holds the hot models and answers what they expect."""
