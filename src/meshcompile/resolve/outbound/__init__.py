"""What a sidecar's outbound listeners take, and where they send it."""
