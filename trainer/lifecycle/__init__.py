"""What serves: decisions and their ledger, the evidence they rest on, and who may order them."""
