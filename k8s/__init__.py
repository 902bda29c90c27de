"""What runs and watches RPS Quest beyond one machine; no process imports it."""
