"""The selection of diagnostics, and their output formats for people and for programs."""
