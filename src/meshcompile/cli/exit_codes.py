"""What the exit status says. docs/reference/exit-codes.md is the page about it."""

OK = 0
FINDINGS = 1
USAGE = 2
UNREADABLE = 3
INTERNAL = 4
INTERRUPTED = 130
