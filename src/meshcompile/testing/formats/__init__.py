"""The results of tests, printed: for people, for programs that read TAP or JUnit, and for GitHub."""
