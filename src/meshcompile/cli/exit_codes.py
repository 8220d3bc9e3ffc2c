"""The exit statuses. docs/reference/exit-codes.md documents them."""

OK = 0
FINDINGS = 1
USAGE = 2
UNREADABLE = 3
INTERNAL = 4
INTERRUPTED = 130
