"""What the sidecar's doctor looks at."""
