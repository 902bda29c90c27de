"""The inference sidecar: keeps every served model hot, and answers match servers over a Unix socket."""
