"""Codes of statements and of what no request reaches: MC21xx."""

from meshcompile.diagnostics import Code, Severity

REFUTED_STATEMENT = Code(
    "MC2101",
    "refuted-statement",
    Severity.ERROR,
    "`{statement}` does not hold: {violation}",
    "A statement of `meshcompile prove` is false. The finding has a request that shows it, and `meshcompile explain` "
    "follows that request; or it names the route or the fact that breaks a rule. It is reported at the first line to "
    "blame. Change the configuration, or the statement.",
)
UNKNOWN_STATEMENT = Code(
    "MC2102",
    "unknown-statement",
    Severity.ERROR,
    "`{statement}` is neither proved nor refuted: {reason}",
    "A statement of `meshcompile prove` cannot be decided: it depends on something that meshcompile does not evaluate, "
    "such as an external authorizer or a Wasm filter, or the computation would become too large. Nothing is guessed. "
    "Make the statement narrower, or name what it depends on in the configuration.",
)
UNUSABLE_STATEMENT = Code(
    "MC2103",
    "unusable-statement",
    Severity.ERROR,
    "{problem}",
    "A statement of `meshcompile prove` cannot be checked as written: it says nothing or several things, or it names a "
    "service, a workload or a fact that does not exist. `schemas/prove.json` describes the fields. Other statements "
    "are checked.",
)
