"""Codes of the programs that render input: MC004x."""

from meshcompile.diagnostics import Code, Severity

PROGRAM_MISSING = Code(
    "MC0040",
    "program-missing",
    Severity.ERROR,
    "`{program}` is not on PATH",
    "Helm charts, kustomizations and live clusters are read through your own `helm`, `kustomize` and `kubectl`. "
    "Install the program, or render elsewhere and pass the YAML.",
)
PROGRAM_FAILED = Code(
    "MC0041",
    "program-failed",
    Severity.ERROR,
    "`{command}` failed with status {status}: {problem}",
    "The program that renders the input, or reads the cluster, reported an error. The message is its own.",
)
PROGRAM_TOO_SLOW = Code(
    "MC0042",
    "program-too-slow",
    Severity.ERROR,
    "`{command}` did not end within {seconds:g} seconds",
    "The program was stopped. It may wait for a network or a login; `--timeout` gives it more time.",
)
CLUSTER_PARTLY_READ = Code(
    "MC0043",
    "cluster-partly-read",
    Severity.WARNING,
    "`{command}` could not read everything: {problem}",
    "The rest of the cluster was read. A role that may only read some kinds is a common cause; what is missing takes "
    "no part in the result.",
)
UNEXPECTED_OUTPUT = Code(
    "MC0044",
    "unexpected-output",
    Severity.ERROR,
    "`{command}` printed something else than expected: {problem}",
    "Another program of the same name may be first on PATH.",
)
