"""Codes of the programs that render input: MC004x."""

from meshcompile.diagnostics import Code, Severity

PROGRAM_MISSING = Code(
    "MC0040",
    "program-missing",
    Severity.ERROR,
    "`{program}` is not on PATH",
    "Your own `helm`, `kustomize` and `kubectl` read Helm charts, kustomizations and live clusters. Install the "
    "program, or render elsewhere and pass the YAML.",
)
PROGRAM_FAILED = Code(
    "MC0041",
    "program-failed",
    Severity.ERROR,
    "`{command}` failed with status {status}: {problem}",
    "The program that renders the input or reads the cluster reported an error. The message comes from that program.",
)
PROGRAM_TOO_SLOW = Code(
    "MC0042",
    "program-too-slow",
    Severity.ERROR,
    "`{command}` did not finish within {seconds:g} seconds",
    "The program was stopped. It may be waiting for the network or for a login. Use `--timeout` to give it more time.",
)
CLUSTER_PARTLY_READ = Code(
    "MC0043",
    "cluster-partly-read",
    Severity.WARNING,
    "`{command}` could not read everything: {problem}",
    "The rest of the cluster was read. A common cause is a role that may read only some kinds. Objects that could not "
    "be read are missing from the result.",
)
UNEXPECTED_OUTPUT = Code(
    "MC0044",
    "unexpected-output",
    Severity.ERROR,
    "`{command}` printed unexpected output: {problem}",
    "Another program with the same name may come first on PATH.",
)
