"""What the three processes tell of themselves: metrics, traces and log lines, by OpenTelemetry's conventions."""
