"""The checks. A module here is a check when it has a function of its own name: `Context` to findings."""
