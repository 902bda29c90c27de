"""Dashboards, objectives and alerts as code: `python -m k8s.boards` writes what Grafana and Prometheus read."""
