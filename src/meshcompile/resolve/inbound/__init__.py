"""What a sidecar serves: its ports and the filter chains of its inbound listener."""
