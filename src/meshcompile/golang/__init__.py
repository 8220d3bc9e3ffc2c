"""Parts of Go's standard library that behave differently from Python's: JSON, regular expressions, URLs and sorting."""
