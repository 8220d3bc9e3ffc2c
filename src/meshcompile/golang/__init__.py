"""What Go's standard library does where Python's differs: JSON, regular expressions, URLs, sorting."""
