"""The checks. A module here is a check if it has a function with its own name, from `Context` to findings."""
